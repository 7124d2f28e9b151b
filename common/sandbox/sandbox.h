#ifndef COMMON_SANDBOX_SANDBOX_H
#define COMMON_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

/*
 * What a process may still do once it has started, so that an attacker who
 * takes it over gains little.  There are two nets, each used if the kernel has
 * it: a seccomp filter (which system calls at all) and Landlock (which folders,
 * to read or to write).  Neither can be taken off again.
 *
 * A call that is not permitted is refused with EPERM, a file outside with
 * EACCES, and the process goes on.  The first refusal of each system call is
 * logged by its number.
 *
 * Never permitted: running a program, making a process (threads are fine),
 * listening, tracing or signalling another process, changing limits, mounts or
 * users, loading anything into the kernel.
 */
#define SANDBOX_FOLDERS	24

enum sandbox_may {
	SANDBOX_READ,
	SANDBOX_UPDATE,		/* also write existing files */
	SANDBOX_WRITE		/* also create and remove files */
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
 * Permit this for the files below the folder ${path} (or for that one file).
 * ${path} is not copied; "" is ignored.  What does not exist when the sandbox is
 * entered is not permitted later either.
 */
void		sandbox_permit(struct sandbox *, const char *path, enum sandbox_may);
/* The same for the folder that holds the file ${path}. */
void		sandbox_permit_folder_of(struct sandbox *, const char *path, enum sandbox_may);

/*
 * Confine this thread and those it makes, from here on.  Call it while there is
 * no other thread, and after log_open().  A net that the kernel lacks is logged;
 * ERR_INTERNAL: one that it has could not be used.
 */
enum err	sandbox_enter(const struct sandbox *);

/*
 * Has one of the permitted folders been replaced by another of that name since?
 * Only a new process can use the new one.  Outside a sandbox: false.
 */
bool		sandbox_outdated(void);

/* Write no core of this process, and let nobody but root look into its memory. */
void		sandbox_hide_memory(void);

#endif
