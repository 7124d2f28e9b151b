#ifndef SYNCD_CTL_USER_H
#define SYNCD_CTL_USER_H

#include <stdbool.h>

/*
 * Whose rights syncctl works with.  root works in a store as the store's user:
 * the files made there belong to that user, and a link planted there leads no
 * further than that user could go.
 *
 * The store's user is the owner of the folder; where that is root, the owner
 * of the data file.  The group is the data file's.
 */

/*
 * As root: become the store's user from now on; open files are unaffected.  As
 * anyone else: only check, if the command ${changes} the store, that the caller
 * is its user.  false: not possible; the cause has been printed.
 */
bool	 user_of_store(const char *store_path, bool changes);
/* Become the calling user again.  false: not possible; the cause has been printed. */
bool	 user_self(void);

#endif
