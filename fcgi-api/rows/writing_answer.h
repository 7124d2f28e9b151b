#ifndef FCGI_API_ROWS_WRITING_ANSWER_H
#define FCGI_API_ROWS_WRITING_ANSWER_H

#include "fcgi-api/rows/writing.h"

/* writing.c's other half: from results to an answer. */

/* Within a snapshot: compose the answer from a write's ${body}, see message.h. */
void	writing_answer(struct api *, const struct writing *, struct str body, uint64_t generation);
/* A waiting_finish; its state is a struct writing. */
void	writing_finish(struct api *, const struct waiting *, enum err,
	    const struct message_reply *);

#endif
