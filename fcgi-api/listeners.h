#ifndef FCGI_API_LISTENERS_H
#define FCGI_API_LISTENERS_H

/*
 * Listening Unix sockets, kept by the master over the lives of its workers.
 */

/*
 * Create, bind (mode 0660) and listen at ${path}: non-blocking, close-on-exec.
 * A file left by a dead process is replaced; one where somebody listens is
 * not.  -1 with errno: EADDRINUSE in that case.
 */
int	listener_open(const char *path);

/* Close and remove the file. */
void	listener_close(int fd, const char *path);

#endif
