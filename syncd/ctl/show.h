#ifndef SYNCD_CTL_SHOW_H
#define SYNCD_CTL_SHOW_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "common/base/buf.h"

/*
 * Documents of syncd as lines for people.  Members that are missing are left
 * out; control characters in texts are shown as "?", so that nothing that
 * came from elsewhere can steer a terminal.
 */

/* The status document: one "name  value" line for each subject. */
void	 ctl_show_status(const cJSON *status, struct buf *);
/* A run under way in one line: "full sync: 45% [####......] 900 of 2000 records, 9 pages". */
void	 ctl_show_progress(const cJSON *sync, struct buf *);
/* A run that has ended in one line. */
void	 ctl_show_result(const cJSON *sync, struct buf *);
/* The cause of a failed run: "code: detail". */
void	 ctl_show_cause(const cJSON *error, struct buf *);
/* Text from elsewhere. */
void	 ctl_show_text(const char *text, struct buf *);

/* A member of an object: its text, or NULL; its number, or ${otherwise}. */
double	 ctl_number(const cJSON *object, const char *name, double otherwise);
/* Is sync.state this word? */
bool	 ctl_state_is(const cJSON *sync, const char *state);

#endif
