#ifndef TESTS_LIB_API_FIXTURE_H
#define TESTS_LIB_API_FIXTURE_H

#include "fcgi-api/http/route.h"
#include "fcgi-api/metrics/metrics.h"
#include "syncd/apply/apply.h"
#include "tests/lib/fastcgi_peer.h"
#include "tests/lib/support.h"

/*
 * A worker without its process: FastCGI requests over a socket pair, a real
 * store written by another process, and the test in the role of syncd.
 */
struct api_fixture {
	const struct tables *tables;	/* NULL: tables_builtin; set it before the setup */
	struct config	 config;
	struct docs	 docs;
	struct loop	*loop;
	struct api	*api;
	struct connections *cs;
	struct buf	 answer;	/* the last one, as text */
	bool		 slow;		/* exports are answered, as the slow pool does it */
	const struct counters *metrics;	/* not NULL: play the process that answers /metrics */
	uint64_t	*committed;	/* generation of the writer's last commit; shared with its process */
};
extern struct api_fixture fx;

/* Checked fixtures: no store; four orders (api_fill()) and no syncd; both. */
void		 api_setup(void);
void		 api_setup_filled(void);
void		 api_setup_syncd(void);
void		 api_teardown(void);

/* Run ${change} in another process, as LMDB requires of a writer; on failure it calls _exit(). */
void		 in_writer(void (*change)(struct apply *));
/* For such functions: commit ${n} changes, with ${meta} (NULL: none). */
void		 apply_or_exit(struct apply *, const struct change *, size_t n, enum change_source,
		    const struct apply_meta *);
/*
 * Four orders: ORD-1 (recA..., Pending), one named "sync" (recB...), and two
 * ORD-3 (recC..., recD...).
 */
void		 api_fill(struct apply *);
/* ORD-1 becomes Shipped. */
void		 api_ship(struct apply *);
/* A value with this text; NULL: empty. */
struct value	 text_value(const char *);
/* ${format}, which has one %llu, with this generation; valid until four more calls. */
const char	*with(const char *format, uint64_t generation) __attribute__((format(printf, 1, 0)));

/* Another connection, after the one before was closed with close_web(). */
void		 open_web(void);
void		 close_web(void);
void		 turns(int n);
/* Send a request; ${header} is NAME, value or NULL. */
void		 ask(const char *method, const char *uri, const char *header, const char *value,
		    const char *body);
/* The same with several headers: NAME, value, ..., NULL. */
void		 ask_with(const char *method, const char *uri, const char *const *headers,
		    const char *body);
/* Has an answer arrived?  It is then in fx.answer. */
bool		 answered(void);
/* Assert that an answer has arrived with this status, and holds this text. */
void		 expect(int status, const char *holds);
void		 expect_get(const char *uri, int status, const char *holds);
/* Assert that the same answer holds this text too, or does not. */
void		 expect_text(const char *holds);
void		 expect_no_text(const char *lacks);

/* The line that syncd received; fails if there is none. */
const char	*syncd_line(void);
/* Assert that syncd received nothing. */
void		 expect_no_line(void);
/* Answer the line: ${rest} follows the id. */
void		 syncd_say(const char *line, const char *rest);
/* ${rest} for a write of one item with this result. */
const char	*syncd_confirmed(uint64_t generation, const char *result);
void		 syncd_close(void);

#endif
