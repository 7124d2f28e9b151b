#ifndef COMMON_BASE_PID_FILE_H
#define COMMON_BASE_PID_FILE_H

/*
 * One daemon of each kind per run folder: its pid file is locked as long as it lives.
 */

/* Write and lock ${path}.  The descriptor (close-on-exec), or -1 (logged). */
int	pid_file_open(const char *path);
/* Remove it. */
void	pid_file_close(int fd, const char *path);

#endif
