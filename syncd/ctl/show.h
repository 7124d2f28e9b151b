#ifndef SYNCD_CTL_SHOW_H
#define SYNCD_CTL_SHOW_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "common/base/buf.h"

/*
 * syncd's documents as lines for people.  Missing members are left out;
 * control characters in texts are shown as "?", so that no foreign text can
 * control the terminal.
 */

/* The status document: one "name  value" line for each subject. */
void	 ctl_show_status(const cJSON *status, struct buf *);
/* A running sync in one line: "full sync: 45% [####......] 900 of 2000 records, 9 pages". */
void	 ctl_show_progress(const cJSON *sync, struct buf *);
/* A finished sync in one line. */
void	 ctl_show_result(const cJSON *sync, struct buf *);
/* The cause of a failed sync: "code: detail". */
void	 ctl_show_cause(const cJSON *error, struct buf *);
/* A foreign text. */
void	 ctl_show_text(const char *text, struct buf *);

/* A member of an object: its text, or NULL; its number, or ${otherwise}. */
double	 ctl_number(const cJSON *object, const char *name, double otherwise);
/* Is sync.state this word? */
bool	 ctl_state_is(const cJSON *sync, const char *state);

#endif
