#ifndef SYNCD_CTL_USER_H
#define SYNCD_CTL_USER_H

#include <stdbool.h>

/*
 * Whose rights syncctl works with.  root works in a store as the user whose
 * it is: what is made there is that user's, and a link that was put there
 * leads no further than that user could go.
 *
 * The user is the owner of the folder; where that is root, the owner of the
 * data file.  The group is the data file's.
 */

/*
 * As root: be that user from now on, but for what is open already.  Else
 * nothing, but that who ${changes} the store has to be its user.  false: not
 * possible, and the cause has been told.
 */
bool	 user_of_store(const char *store_path, bool changes);
/* Back to who called.  false: not possible, which has been told. */
bool	 user_self(void);

#endif
