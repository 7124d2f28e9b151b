#ifndef FCGI_API_ROWS_WRITING_H
#define FCGI_API_ROWS_WRITING_H

#include "common/store/history.h"
#include "fcgi-api/http/handlers.h"

/*
 * A request that changes rows, from its check to its answer:
 *
 *	headers		Idempotency-Key, If-Match and query parameters are checked
 *	kept		an answer kept for its key is looked up, to be given again
 *	read		what the body says is checked
 *	resolve		its rows are looked up in the store
 *	weigh		so many rows must be within the client's limit
 *	send		one message to syncd; the handler is done for now
 *	answer		composed from the results, in the order asked for
 *
 * In a bulk edit each row has its own fate: what is wrong with one is
 * noted as its problem and never stops the others.
 */

/* One row that the request names. */
struct target {
	bool		sound;		/* nothing is wrong with it in the request itself */
	bool		refused;	/* it has a problem of its own */
	enum err	code;		/* that problem's */
	bool		named;		/* an id was given */
	size_t		asked_at, asked_len;	/* the id as it was given, in ->texts */
	char		record[64];	/* "": no such row */
	size_t		problem_at, problem_len;	/* refused: the problem document, in ->problems */
};

struct writing;
struct writing_kind {
	enum message_kind	message;
	bool	 bulk;
	bool	 versioned;	/* If-Match may be given */
	bool	 undo;		/* what has changed since is a conflict */
	/*
	 * Check the request and make targets and items (writing_targets()).
	 * false: it is answered with a problem.
	 */
	bool	(*read)(struct api *, struct writing *);
	/*
	 * Within a snapshot: find the records and complete the items.  The
	 * items of targets that got a problem are sent as refused.
	 * Not called when a single row's answer is kept.  false: answered.
	 */
	bool	(*resolve)(struct api *, struct writing *);
};

struct writing {
	const struct writing_kind *kind;
	struct target	*targets;
	size_t		 count;
	size_t		 taken;		/* how many of them are not refused */
	uint64_t	 version;	/* of If-Match; 0: any */
	bool		 again;		/* the key was seen before: what is known now may differ from then */
	struct buf	 texts, problems;
	struct buf	 queued;	/* a create's row, as it is shown until it has an id */
	uint64_t	 number;	/* bulk undo: which edit */
	struct history_place place;	/* undo: which change; generation 0: the last */
};

/* All of the above. */
enum outcome	 writing_run(struct api *, const struct writing_kind *);

/* ---- for read and resolve ---- */
/* The body as JSON, kept until the message is sent.  NULL: answered with a problem. */
const cJSON	*writing_body(struct api *);
/* The same, but there may be none: *body is then NULL.  false: answered. */
bool		 writing_optional_body(struct api *, const cJSON **body);
/* Keep ${json} until the message is sent; it is freed when that fails.  ERR_NOMEM. */
enum err	 writing_keep(struct api *, cJSON *json);
/* Room for ${n} targets of api->table and as many items in api->message.  false: answered. */
bool		 writing_targets(struct api *, struct writing *, size_t n);
/* The request names the target by ${id}, which is copied. */
void		 target_name(struct writing *, struct target *, struct str id);
static inline struct str
target_asked(const struct writing *w, const struct target *t)
{
	if (!t->named || buf_status(&w->texts) != ERR_OK)
		return (struct str){ NULL, 0 };
	return (struct str){ w->texts.data + t->asked_at, t->asked_len };
}
/* Its record is the one in ${row}: fills t->record and *view. */
enum err	 target_row(struct api *, struct target *, uint32_t row, struct row_view *);
/* Do If-Match and If-None-Match let this version pass?  w->version is what the row must have. */
bool		 writing_matches(const struct api *, struct writing *, uint64_t current);
/* Its row is gone since the key was first used: its result may still be found by the id it was given. */
void		 target_gone(struct target *, struct str id);
/* The target has this problem; ${errors}: as problem_add() takes them. */
void		 target_problem(struct writing *, struct target *, enum err, const char *detail,
		    struct str errors);

#endif
