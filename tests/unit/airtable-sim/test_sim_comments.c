#include <stdio.h>

#include "tests/lib/sim_support.h"

static char	comments[128];	/* the path of the first order's */

static void
setup(void)
{
	sim_start(3);
	(void)snprintf(comments, sizeof(comments), "%s/%s/comments", SIM_ORDERS,
	    orders_table()->rows[0].id);
}

/* Comment on the first order; returns the comment's id, which the next call overwrites. */
static const char *
say(int64_t now_ms, const char *text)
{
	static char id[SIM_ID_SIZE];
	char body[256];

	(void)snprintf(body, sizeof(body), "{\"text\":\"%s\"}", text);
	ck_assert_int_eq(call_at(now_ms, "POST", comments, body), 200);
	(void)snprintf(id, sizeof(id), "%s", text_at("id"));
	ck_assert(sim_id_valid(str_of(id), "com"));
	return id;
}

/* The path of one comment. */
static const char *
one(const char *id)
{
	static char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", comments, id);
	return path;
}

START_TEST(comments_are_listed_newest_first)
{
	(void)say(SIM_NOW, "first");
	(void)say(SIM_NOW + 1500, "second");
	ck_assert_int_eq(call("GET", comments, ""), 200);
	ck_assert_int_eq(size_at("comments"), 2);
	ck_assert_str_eq(text_at("comments/0/text"), "second");
	ck_assert_str_eq(text_at("comments/0/createdTime"), "2026-11-20T12:00:01.500Z");
	ck_assert_str_eq(text_at("comments/1/text"), "first");
	ck_assert_str_eq(text_at("comments/1/author/email"), SIM_USER_EMAIL);
	ck_assert(cJSON_IsNull(at("comments/1/lastUpdatedTime")));
	ck_assert(cJSON_IsNull(at("offset")));
	ck_assert_ptr_null(at("comments/1/mentioned"));
}
END_TEST

START_TEST(pages_follow_each_other)
{
	char target[256];

	for (int i = 0; i < 5; i++)
		(void)say(SIM_NOW, i == 0 ? "oldest" : "more");
	(void)snprintf(target, sizeof(target), "%s?pageSize=3", comments);
	ck_assert_int_eq(call("GET", target, ""), 200);
	ck_assert_int_eq(size_at("comments"), 3);
	(void)snprintf(target, sizeof(target), "%s?pageSize=3&offset=%s", comments, text_at("offset"));
	ck_assert_int_eq(call("GET", target, ""), 200);
	ck_assert_int_eq(size_at("comments"), 2);
	ck_assert_str_eq(text_at("comments/1/text"), "oldest");
	ck_assert(cJSON_IsNull(at("offset")));
	(void)snprintf(target, sizeof(target), "%s?pageSize=101", comments);
	ck_assert_int_eq(call("GET", target, ""), 422);
	(void)snprintf(target, sizeof(target), "%s?offset=comAAAAAAAAAAAAAA", comments);
	ck_assert_int_eq(call("GET", target, ""), 422);
}
END_TEST

START_TEST(a_comment_is_changed_answered_and_deleted)
{
	char id[SIM_ID_SIZE], body[128];

	(void)snprintf(id, sizeof(id), "%s", say(SIM_NOW, "tpyo"));
	ck_assert_int_eq(call_at(SIM_NOW + 1000, "PATCH", one(id), "{\"text\":\"typo\"}"), 200);
	ck_assert_str_eq(text_at("text"), "typo");
	ck_assert_str_eq(text_at("lastUpdatedTime"), "2026-11-20T12:00:01.000Z");
	(void)snprintf(body, sizeof(body), "{\"text\":\"yes\",\"parentCommentId\":\"%s\"}", id);
	ck_assert_int_eq(call("POST", comments, body), 200);
	ck_assert_str_eq(text_at("parentCommentId"), id);
	ck_assert_int_eq(call("DELETE", one(id), ""), 200);
	ck_assert(reply_has("\"deleted\":true"));
	ck_assert_int_eq(call("DELETE", one(id), ""), 404);
	ck_assert_int_eq(call("PATCH", one(id), "{\"text\":\"late\"}"), 404);
	ck_assert_int_eq(call("GET", comments, ""), 200);
	ck_assert_int_eq(size_at("comments"), 1);
}
END_TEST

START_TEST(mentioned_people_are_named)
{
	char body[128];

	(void)snprintf(body, sizeof(body), "{\"id\":\"%s\",\"user\":\"Ada Lovelace\",\"fields\":{}}",
	    orders_table()->rows[0].id);
	ck_assert_int_eq(door("POST", "edit", body), 200);
	(void)snprintf(body, sizeof(body), "@[%s] and @[%s], @[usrAAAAAAAAAAAAAA] @[usr",
	    sim->base->collaborators[1].id, sim->base->collaborators[1].id);
	(void)say(SIM_NOW, body);
	ck_assert_int_eq(size_at("mentioned"), 1);
	(void)snprintf(body, sizeof(body), "mentioned/%s/displayName", sim->base->collaborators[1].id);
	ck_assert_str_eq(text_at(body), "Ada Lovelace");
}
END_TEST

START_TEST(records_say_how_many_comments_they_have)
{
	(void)say(SIM_NOW, "a");
	(void)say(SIM_NOW, "b");
	ck_assert_int_eq(call("GET", SIM_ORDERS "?view=Grid%20view&recordMetadata[]=commentCount", ""), 200);
	ck_assert_int_eq(number_at("records/0/commentCount"), 2);
	ck_assert_int_eq(number_at("records/1/commentCount"), 0);
	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=1", ""), 200);
	ck_assert(!reply_has("commentCount"));
}
END_TEST

START_TEST(invalid_comments_are_refused)
{
	char target[160], id[SIM_ID_SIZE];

	ck_assert_int_eq(call("POST", comments, "{}"), 422);
	ck_assert_int_eq(call("POST", comments, "{\"text\":\"\"}"), 422);
	ck_assert_int_eq(call("POST", comments, "{\"text\":1}"), 422);
	ck_assert_int_eq(call("POST", comments, "[\"text\"]"), 422);
	ck_assert_int_eq(call("POST", comments, "{\"text\":\"a\",\"mood\":\"b\"}"), 422);
	ck_assert_int_eq(call("POST", comments,
	    "{\"text\":\"a\",\"parentCommentId\":\"comAAAAAAAAAAAAAA\"}"), 422);
	(void)snprintf(target, sizeof(target), "%s/recAAAAAAAAAAAAAA/comments", SIM_ORDERS);
	ck_assert_int_eq(call("POST", target, "{\"text\":\"a\"}"), 404);
	(void)snprintf(id, sizeof(id), "%s", say(SIM_NOW, "a"));
	(void)snprintf(target, sizeof(target), "%s/%s/comments/%s", SIM_ORDERS,
	    orders_table()->rows[1].id, id);
	ck_assert_int_eq(call("DELETE", target, ""), 404);
	ck_assert_int_eq(call("DELETE", one("comShort"), ""), 404);
	sim_table_delete_row(orders_table(), 0);
	ck_assert_int_eq(call("GET", comments, ""), 404);
}
END_TEST

START_TEST(comments_have_scopes_of_their_own)
{
	ck_assert_int_eq(door("POST", "tokens", "{\"token\":\"" SIM_TOKEN "\",\"scopes\":"
	    "[\"data.records:read\",\"data.records:write\",\"data.recordComments:read\"]}"), 200);
	ck_assert_int_eq(call("GET", comments, ""), 200);
	ck_assert_int_eq(call("POST", comments, "{\"text\":\"a\"}"), 403);
	ck_assert_int_eq(door("POST", "tokens", "{\"token\":\"" SIM_TOKEN "\",\"scopes\":"
	    "[\"data.records:read\",\"data.recordComments:write\"]}"), 200);
	ck_assert_int_eq(call("GET", comments, ""), 403);
	ck_assert_int_eq(call("POST", comments, "{\"text\":\"a\"}"), 200);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_comments");
	TCase *t = tcase_create("comments");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, comments_are_listed_newest_first);
	tcase_add_test(t, pages_follow_each_other);
	tcase_add_test(t, a_comment_is_changed_answered_and_deleted);
	tcase_add_test(t, mentioned_people_are_named);
	tcase_add_test(t, records_say_how_many_comments_they_have);
	tcase_add_test(t, invalid_comments_are_refused);
	tcase_add_test(t, comments_have_scopes_of_their_own);
	suite_add_tcase(s, t);
	return run_suite(s);
}
