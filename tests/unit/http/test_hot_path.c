#include <sys/socket.h>
#include <sys/wait.h>

#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/zone.h"
#include "fcgi-api/fastcgi/records.h"
#include "fcgi-api/http/gzip.h"
#include "fcgi-api/http/page_cache.h"
#include "fcgi-api/http/route.h"
#include "tests/lib/fastcgi_peer.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/support.h"

/*
 * A read makes no allocation in steady state.  The whole process is counted,
 * libraries too, between the request's arrival and its answer.
 */
#ifndef __has_feature
#define __has_feature(x)	0
#endif

static bool counting;
static unsigned long allocations;

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
/* of <sanitizer/allocator_interface.h>, which comes with clang only */
int	__sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t),
	    void (*)(const volatile void *));

static void
on_malloc(const volatile void *p, size_t n)
{
	(void)p, (void)n;
	if (counting)
		allocations++;
}

static void
on_free(const volatile void *p)
{
	(void)p;
}

static void
counter_install(void)
{
	ck_assert_int_ne(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free), 0);
}
#else
/* Every library uses these of the program in place of the C library's. */
void	*__libc_malloc(size_t);
void	*__libc_calloc(size_t, size_t);
void	*__libc_realloc(void *, size_t);

void *
malloc(size_t n)
{
	allocations += counting;
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	allocations += counting;
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	allocations += counting;
	return __libc_realloc(p, n);
}

static void
counter_install(void)
{
}
#endif

#define ORDERS	2000

static struct config config;
static struct docs docs;
static struct loop *loop;
static struct api *api;
static struct connections *cs;
static int web;
static struct buf request, answer, in;

static void
on_request(void *cookie, struct connection *c, char *const *envp, struct str body, enum err e)
{
	enum err parsed = api_begin(api, envp, body, e);

	(void)cookie;
	api->connection = c;
	if (route_run(api, parsed, NULL) == ANSWERED)
		api_send(api, c, &api->account);
	api_release(api);
	log_request(NULL);
}

/* Another process is the writer, as LMDB requires. */
static void
make_store(void)
{
	static struct made_order m[ORDERS];
	static struct change c[ORDERS];
	uint64_t seed = 7;
	const struct apply_meta synced = { .table = &orders_schema, .synced_ms = 1700000000000 };
	struct apply_result r;
	struct apply *a;
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (apply_open(&config, &tables_builtin, &a) != ERR_OK)
			_exit(1);
		for (unsigned i = 0; i < ORDERS; i++) {
			made_order(&m[i], i, &seed);
			c[i] = (struct change){ .table = &orders_schema, .record = m[i].r, .base = CHANGE_ANY_BASE };
		}
		if (apply_changes(a, c, ORDERS, SOURCE_FULL_SYNC, &synced, instant_now(), &r) != ERR_OK)
			_exit(1);
		apply_close(a);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static void
setup(void)
{
	struct connections_setup setup = { .listen_fd = -1, .max = 10, .stall_ms = 10000,
	    .request = on_request };
	int fds[2], bytes = 1 << 20;

	counter_install();
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	make_store();
	ck_assert_int_eq(zone_use(STR("UTC")), ERR_OK);
	ck_assert_int_eq(FCGX_Init(), 0);
	ck_assert_ptr_nonnull(setup.loop = loop = loop_new());
	ck_assert_ptr_nonnull(api = api_new(&config, &docs, &tables_builtin));
	api->loop = loop;
	ck_assert_ptr_nonnull(cs = connections_new(&setup));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	/* a page goes into the socket at once, as it does into a web server that reads */
	ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
	ck_assert_int_eq(connections_adopt(cs, fds[0]), ERR_OK);
	web = fds[1];
	ck_assert_ptr_nonnull(buf_reserve(&in, 1 << 20));
	ck_assert_ptr_nonnull(buf_reserve(&answer, 1 << 20));
}

static void
teardown(void)
{
	connections_free(cs);
	api_free(api);
	loop_free(loop);
	buf_free(&request);
	buf_free(&answer);
	buf_free(&in);
	(void)close(web);
}

/* The answer to a request as nginx sends it, into answer; what it allocates is counted. */
static void
get(const char *query, const char *accept, const char *none_match)
{
	char uri[200];
	const char *params[] = { "REQUEST_METHOD", "GET", "REQUEST_URI", uri,
	    "REMOTE_ADDR", "127.0.0.1", "REQUEST_ID", "0a1b2c3d-1796068320.852-17-4242",
	    "HTTP_ACCEPT_ENCODING", accept, none_match != NULL ? "HTTP_IF_NONE_MATCH" : NULL,
	    none_match, NULL };
	enum err e;
	ssize_t n;

	(void)snprintf(uri, sizeof(uri), "/api/%s", query);
	buf_clear(&request);
	peer_add_request(&request, 1, true, params, (struct str){ NULL, 0 });
	ck_assert_int_eq(send(web, request.data, request.len, 0), (ssize_t)request.len);
	counting = true;
	e = loop_turn(loop, INT64_MAX);
	counting = false;
	ck_assert_int_eq(e, ERR_OK);
	buf_clear(&in);
	n = recv(web, buf_reserve(&in, 1 << 20), 1 << 20, MSG_DONTWAIT);
	ck_assert_int_gt(n, 0);
	buf_commit(&in, (size_t)n);
	ck_assert(peer_take_answer(&in, &answer));
}

/* Check the status, and whether there is a body. */
static void
expect(const char *status)
{
	ck_assert_msg(strstr(buf_cstr(&answer), status) != NULL, "%s", buf_cstr(&answer));
}

/* Every kind of read; ${round}: another page each time. */
static void
read_all_kinds(unsigned round)
{
	char uri[100];

	get("orders", "", NULL);
	expect("{\"orders\":[{\"id\":");
	get("orders", "gzip, br", NULL);
	expect("Content-Encoding: gzip");
	(void)snprintf(uri, sizeof(uri), "orders?pageSize=10&page=%u&sort=-orderTotal", round % 200 + 1);
	get(uri, "", NULL);
	expect("{\"orders\":[{\"id\":");
	get(uri, "gzip", NULL);
	expect("Content-Encoding: gzip");
	(void)snprintf(uri, sizeof(uri), "orders?status=Pending,Shipped&search=ma&page=%u", round % 4 + 1);
	get(uri, "", NULL);
	expect("\r\n\r\n{\"orders\":[");
	get("orders", "", "*");
	expect("Status: 304 ");
	get("orders/summary", "", NULL);
	expect("{\"generation\":");
	get("orders/summary", "gzip", NULL);
	expect("Content-Encoding: gzip");
	get("orders/rec00000000007919", "", NULL);
	expect("\r\n\r\n{\"id\":\"rec00000000007919\"");
}

START_TEST(a_thousand_lists_and_summaries_allocate_nothing)
{
	for (unsigned i = 0; i < 1200; i++)	/* all that is grown is grown */
		read_all_kinds(i);
	ck_assert_uint_gt(allocations, 0);	/* the counter counts */
	allocations = 0;
	for (unsigned i = 0; i < 1000; i++)
		read_all_kinds(i);
	ck_assert_uint_eq(allocations, 0);
	ck_assert_uint_le(page_cache_bytes(api->pages), PAGE_CACHE_BYTES_MAX);
}
END_TEST

static bool
plain(const struct buf *b, struct records_plain *r)
{
	static char text[4096];

	return records_plain((const unsigned char *)b->data, b->len, text, r);
}

START_TEST(a_request_as_nginx_sends_it_is_read_without_libfcgi)
{
	const char *params[] = { "A", "1", "EMPTY", "", "", "x", NULL };
	struct records_plain r;
	struct buf b = { .data = NULL };

	peer_add_request(&b, 259, true, params, (struct str){ NULL, 0 });
	ck_assert(plain(&b, &r));
	ck_assert_int_eq(r.request_id, 259);
	ck_assert(r.keep);
	ck_assert_str_eq(r.envp[0], "A=1");
	ck_assert_str_eq(r.envp[1], "EMPTY=");
	ck_assert_str_eq(r.envp[2], "=x");
	ck_assert_ptr_null(r.envp[3]);
	for (size_t len = 0; len < b.len; len++) {	/* and no part of it */
		struct buf part = { .data = b.data, .len = len };

		ck_assert(!plain(&part, &r));
	}
	buf_add(&b, "\1", 1);	/* nor with something behind it */
	ck_assert(!plain(&b, &r));
	buf_free(&b);
}
END_TEST

START_TEST(a_name_of_any_length_fits_and_a_lying_length_does_not)
{
	static char longer[300];
	const char *params[] = { longer, longer, NULL };
	struct records_plain r;
	struct buf b = { .data = NULL };

	memset(longer, 'n', sizeof(longer) - 1);
	peer_add_request(&b, 1, false, params, (struct str){ NULL, 0 });
	ck_assert(plain(&b, &r));
	ck_assert(!r.keep);
	ck_assert_uint_eq(strlen(r.envp[0]), 2 * 299 + 1);
	b.data[24 + 3]++;	/* the name's length, behind two record heads and BEGIN's body */
	ck_assert(!plain(&b, &r));
	b.data[24 + 3] -= 2;
	ck_assert(!plain(&b, &r));	/* a byte is left over, which is no pair */
	buf_free(&b);
}
END_TEST

START_TEST(more_pairs_than_there_is_room_for_are_left_to_libfcgi)
{
	const char *params[2 * (RECORDS_PLAIN_PAIRS + 1) + 1] = { NULL };
	struct records_plain r;
	struct buf b = { .data = NULL };

	for (size_t i = 0; i < (size_t)2 * RECORDS_PLAIN_PAIRS; i++)
		params[i] = "p";
	peer_add_request(&b, 1, true, params, (struct str){ NULL, 0 });
	ck_assert(plain(&b, &r));
	params[2 * RECORDS_PLAIN_PAIRS] = params[2 * RECORDS_PLAIN_PAIRS + 1] = "p";
	buf_clear(&b);
	peer_add_request(&b, 1, true, params, (struct str){ NULL, 0 });
	ck_assert(!plain(&b, &r));
	buf_free(&b);
}
END_TEST

/* ---- the cache alone ---- */

static struct page_cache *pages;

static void
setup_pages(void)
{
	ck_assert_ptr_nonnull(pages = page_cache_new());
}

static void
teardown_pages(void)
{
	page_cache_free(pages);
}

static struct page_key
key(uint64_t generation, const char *query)
{
	return (struct page_key){ .generation = generation, .query = str_of(query) };
}

static bool
kept(struct page_key k, const char *want)
{
	struct str body;

	if (!page_cache_get(pages, &k, &body))
		return false;
	ck_assert_msg(str_is(body, want), "%.*s", STR_FMT(body));
	return true;
}

static void
put(struct page_key k, const char *body)
{
	page_cache_put(pages, &k, str_of(body));
}

START_TEST(a_page_is_kept_when_it_is_requested_twice)
{
	put(key(1, "page=1"), "one");
	ck_assert(!kept(key(1, "page=1"), ""));
	put(key(1, "page=1"), "one");
	ck_assert(kept(key(1, "page=1"), "one"));
	ck_assert(!kept(key(1, "page=2"), ""));
	ck_assert(!kept(key(1, ""), ""));
}
END_TEST

START_TEST(a_page_is_given_to_its_own_generation_only)
{
	put(key(1, "q"), "old");
	put(key(1, "q"), "old");
	ck_assert(!kept(key(2, "q"), ""));
	ck_assert(!kept(key(0, "q"), ""));
	put(key(2, "q"), "new");	/* it was wanted before: kept at once */
	ck_assert(kept(key(2, "q"), "new"));
	ck_assert(!kept(key(1, "q"), ""));
}
END_TEST

START_TEST(two_requests_count_only_within_a_generation)
{
	put(key(1, "q"), "old");
	put(key(2, "q"), "new");
	ck_assert(!kept(key(2, "q"), ""));
}
END_TEST

START_TEST(codings_are_kept_apart)
{
	struct page_key packed = key(1, "q");

	packed.gzip = true;
	put(key(1, "q"), "identity");
	put(key(1, "q"), "identity");
	ck_assert(!kept(packed, ""));
	put(packed, "gzip");
	put(packed, "gzip");
	ck_assert(kept(packed, "gzip"));
	ck_assert(kept(key(1, "q"), "identity"));
}
END_TEST

START_TEST(paging_through_all_does_not_evict_the_popular_page)
{
	char query[32];

	put(key(1, "page=1"), "popular");
	put(key(1, "page=1"), "popular");
	for (int i = 2; i < 100000; i++) {
		(void)snprintf(query, sizeof(query), "page=%d", i);
		put(key(1, query), "once");
	}
	ck_assert(kept(key(1, "page=1"), "popular"));
}
END_TEST

START_TEST(memory_is_bounded_whatever_is_requested)
{
	char *body = malloc(PAGE_CACHE_BODY_MAX + 1), query[32];
	uint64_t seed = 3;

	ck_assert_ptr_nonnull(body);
	memset(body, 'b', PAGE_CACHE_BODY_MAX + 1);
	for (int i = 0; i < 2000; i++) {
		struct str s = { body, made_random(&seed, PAGE_CACHE_BODY_MAX + 1) };
		struct page_key k = { .generation = 1 };

		(void)snprintf(query, sizeof(query), "page=%d", i);
		k.query = str_of(query);
		page_cache_put(pages, &k, s);
		page_cache_put(pages, &k, s);
		ck_assert_uint_le(page_cache_bytes(pages), PAGE_CACHE_BYTES_MAX);
		ck_assert(page_cache_get(pages, &k, &s));
	}
	/* too large, too long */
	for (int i = 0; i < 2; i++) {
		struct page_key k = key(1, "large");

		page_cache_put(pages, &k, (struct str){ body, PAGE_CACHE_BODY_MAX + 1 });
		k.query = (struct str){ body, PAGE_CACHE_QUERY_MAX + 1 };
		page_cache_put(pages, &k, STR("x"));
		ck_assert(!kept(k, ""));
		ck_assert(!kept(key(1, "large"), ""));
	}
	free(body);
}
END_TEST

START_TEST(compressed_bodies_unpack_to_what_they_were)
{
	struct gzip *g = gzip_new();
	struct buf out = { .data = NULL };
	static char body[200000], back[sizeof(body)];
	uint64_t seed = 5;

	ck_assert_ptr_nonnull(g);
	for (size_t len = 0; len <= sizeof(body); len = len * 3 + 1) {
		z_stream z = { 0 };

		for (size_t i = 0; i < len; i++)
			body[i] = (char)('a' + made_random(&seed, 20));
		ck_assert_int_eq(gzip_body(g, (struct str){ body, len }, &out), ERR_OK);
		ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
		z.next_in = (Bytef *)out.data;
		z.avail_in = (uInt)out.len;
		z.next_out = (Bytef *)back;
		z.avail_out = sizeof(back);
		ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
		ck_assert_uint_eq(z.total_out, len);
		ck_assert_uint_eq(z.avail_in, 0);
		ck_assert_int_eq(memcmp(back, body, len), 0);
		ck_assert_int_eq(inflateEnd(&z), Z_OK);
	}
	buf_free(&out);
	gzip_free(g);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("hot path");
	TCase *reads = tcase_create("reads"), *records = tcase_create("records");
	TCase *cache = tcase_create("cache");

	tcase_set_tags(reads, "no-valgrind");	/* it has an allocator of its own */
	tcase_add_checked_fixture(reads, setup, teardown);
	tcase_add_test(reads, a_thousand_lists_and_summaries_allocate_nothing);
	suite_add_tcase(s, reads);
	tcase_add_test(records, a_request_as_nginx_sends_it_is_read_without_libfcgi);
	tcase_add_test(records, a_name_of_any_length_fits_and_a_lying_length_does_not);
	tcase_add_test(records, more_pairs_than_there_is_room_for_are_left_to_libfcgi);
	suite_add_tcase(s, records);
	tcase_add_checked_fixture(cache, setup_pages, teardown_pages);
	tcase_add_test(cache, a_page_is_kept_when_it_is_requested_twice);
	tcase_add_test(cache, a_page_is_given_to_its_own_generation_only);
	tcase_add_test(cache, two_requests_count_only_within_a_generation);
	tcase_add_test(cache, codings_are_kept_apart);
	tcase_add_test(cache, paging_through_all_does_not_evict_the_popular_page);
	tcase_add_test(cache, memory_is_bounded_whatever_is_requested);
	tcase_add_test(cache, compressed_bodies_unpack_to_what_they_were);
	suite_add_tcase(s, cache);
	return s;
}

int
main(void)
{
	return run_suite(suite());
}
