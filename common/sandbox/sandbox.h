#ifndef COMMON_SANDBOX_SANDBOX_H
#define COMMON_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

/*
 * What a process may still do once it has started: so that whoever takes one
 * over by a fault in it has won little.  Two nets, each where the kernel has
 * it: a seccomp filter (which system calls, at all), and Landlock (which
 * folders, to read or to write).  Neither can be taken off again.
 *
 * A call that is not permitted is refused with EPERM, a file outside with
 * EACCES, and the process goes on.  The first refusal of each system call is
 * logged by its number.
 *
 * Never permitted: to run a program, to make a process (threads are fine), to
 * listen, to trace or to signal another process, to change limits, mounts or
 * users, to load anything into the kernel.
 */
#define SANDBOX_FOLDERS	24

enum sandbox_may {
	SANDBOX_READ,
	SANDBOX_UPDATE,		/* and write files that are there */
	SANDBOX_WRITE		/* and make and remove files */
};

struct sandbox {
	struct sandbox_folder {
		const char	*path;
		enum sandbox_may may;
	}	folders[SANDBOX_FOLDERS];
	size_t	count;
	bool	network;	/* may make connections over IP, not only to Unix sockets */
};

/*
 * What is done with files below the folder ${path} (or with that one file).
 * Not copied.  "" is ignored; what is not there when the sandbox is entered, is
 * not permitted later either.
 */
void		sandbox_permit(struct sandbox *, const char *path, enum sandbox_may);
/* The same for the folder that holds the file ${path}. */
void		sandbox_permit_folder_of(struct sandbox *, const char *path, enum sandbox_may);

/*
 * From here on, for this thread and those it makes.  Call it while there is no
 * other, and after log_open().  Where a net is missing a line says so;
 * ERR_INTERNAL: one that is there could not be used.
 */
enum err	sandbox_enter(const struct sandbox *);

/*
 * Has one of the permitted folders been replaced by another of that name since?
 * Then only a new process can use it.  Harmless outside a sandbox: false.
 */
bool		sandbox_outdated(void);

/* No core is written of this process, and nobody but root may look into its memory. */
void		sandbox_hide_memory(void);

#endif
