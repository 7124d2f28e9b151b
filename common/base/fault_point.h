#ifndef COMMON_BASE_FAULT_POINT_H
#define COMMON_BASE_FAULT_POINT_H

/*
 * Places where a test ends the process as a power cut would.  In a build
 * with -DORDERDECK_FAULT_POINTS and ORDERDECK_FAULT="name:n" in the
 * environment, reaching that point for the nth time raises SIGKILL; other
 * builds contain none of this.
 *
 *	before-outbox-commit	changes were accepted, or are about to be sent
 *	after-outbox-commit
 *	after-send		the bytes of a change have left
 *	before-confirm-commit	the outcome of changes is known
 *	after-confirm-commit
 *	before-answer		a caller is about to get its answer
 *	after-answer
 *	migrate-meta		a store of an older format is updated, in one transaction
 *	migrate-writes
 *	migrate-history
 *	exchange-begin		syncctl is about to exchange the store's files
 *	exchange-next		the new store lies beside the old one
 *	exchange-aside		the old one has been set aside
 *	exchange-readers	the new table of readers is there
 *	exchange-end		the new store is in place
 */
#ifdef ORDERDECK_FAULT_POINTS
void	fault_point(const char *name);
#else
#define fault_point(name)	((void)0)
#endif

#endif
