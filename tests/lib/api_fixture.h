#ifndef TESTS_LIB_API_FIXTURE_H
#define TESTS_LIB_API_FIXTURE_H

#include "fcgi-api/http/route.h"
#include "fcgi-api/metrics/metrics.h"
#include "syncd/apply/apply.h"
#include "tests/lib/fastcgi_peer.h"
#include "tests/lib/support.h"

/*
 * A worker without its process: FastCGI requests over a socket pair, a real
 * store written by another process, and a syncd that is played by the test.
 */
struct api_fixture {
	struct config	 config;
	struct docs	 docs;
	struct loop	*loop;
	struct api	*api;
	struct connections *cs;
	struct buf	 answer;	/* the last one, as text */
	const struct counters *metrics;	/* not NULL: it is the process that answers /metrics */
	uint64_t	*committed;	/* generation of the writer's last commit; shared with its process */
};
extern struct api_fixture fx;

/* Checked fixtures: no store; four orders (api_fill()) and no syncd; both. */
void		 api_setup(void);
void		 api_setup_filled(void);
void		 api_setup_syncd(void);
void		 api_teardown(void);

/* Run it in another process, as LMDB wants a writer; it ends with _exit when it fails. */
void		 in_writer(void (*change)(struct apply *));
/* For such functions: commit; ${meta} NULL: nothing else. */
void		 apply_or_exit(struct apply *, const struct change *, size_t n, enum change_source,
		    const struct apply_meta *);
/*
 * Four orders: ORD-1 (recA..., Pending), one named "sync" (recB...), and two
 * ORD-3 (recC..., recD...).
 */
void		 api_fill(struct apply *);
/* ORD-1 becomes Shipped. */
void		 api_ship(struct apply *);
/* NULL: empty */
struct value	 text_value(const char *);
/* ${format}, which has one %llu, with this generation; good for four at a time. */
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
/* Is the answer there?  It is in fx.answer then. */
bool		 answered(void);
/* The answer is there, has this status and holds this text. */
void		 expect(int status, const char *holds);
void		 expect_get(const char *uri, int status, const char *holds);
/* It holds this text too, or does not. */
void		 expect_text(const char *holds);
void		 expect_no_text(const char *lacks);

/* The line that syncd got; it is an error if there is none. */
const char	*syncd_line(void);
/* Nothing came to syncd. */
void		 expect_no_line(void);
/* Answer the line: ${rest} stands behind the id. */
void		 syncd_say(const char *line, const char *rest);
/* For that: a message of one item, and this is its result. */
const char	*syncd_confirmed(uint64_t generation, const char *result);
void		 syncd_close(void);

#endif
