#include <stdlib.h>
#include <string.h>

#include "airtable-sim/api/call.h"
#include "airtable-sim/api/comments.h"
#include "airtable-sim/api/list_query.h"
#include "airtable-sim/base/field_json.h"
#include "common/base/json_write.h"

#define PAGE_MAX	100

size_t
sim_comments_of(const struct sim_base *b, const char *record)
{
	size_t n = 0;

	for (size_t i = 0; i < b->comment_count; i++)
		n += strcmp(b->comments[i].record, record) == 0;
	return n;
}

void
sim_comments_free(struct sim_base *b)
{
	for (size_t i = 0; i < b->comment_count; i++)
		free(b->comments[i].text);
	free(b->comments);
	b->comments = NULL;
	b->comment_count = 0;
}

/* Its place if it is one about the record; comment_count: it is not. */
static size_t
place_of(const struct sim_base *b, struct str record, struct str id)
{
	size_t i = 0;

	while (i < b->comment_count && !(str_is(id, b->comments[i].id) &&
	    str_is(record, b->comments[i].record)))
		i++;
	return i;
}

static void
add_user(struct buf *b, const struct sim_user *u, const char *name)
{
	json_member_string(b, "id", str_of(u->id));
	json_member_string(b, "email", str_of(u->email));
	json_member_string(b, name, str_of(u->name));
}

/* Whom the text names as @[usrXXXXXXXXXXXXXX], each once; nothing when it names nobody. */
static void
add_mentions(struct buf *b, const struct sim_base *base, const char *text)
{
	size_t start = b->len;
	bool seen[SIM_COLLABORATORS_MAX] = { false }, any = false;

	json_name(b, "mentioned");
	buf_add_char(b, '{');
	while ((text = strstr(text, "@[usr")) != NULL) {
		const struct sim_user *u = NULL;

		text += 2;
		if (strlen(text) > SIM_ID_LEN && text[SIM_ID_LEN] == ']')
			u = sim_base_user(base, (struct str){ text, SIM_ID_LEN });
		if (u == NULL || seen[u - base->collaborators])
			continue;
		seen[u - base->collaborators] = any = true;
		json_name(b, u->id);
		buf_add_char(b, '{');
		json_member_string(b, "type", STR("user"));
		add_user(b, u, "displayName");
		buf_add_char(b, '}');
	}
	buf_add_char(b, '}');
	if (!any && buf_status(b) == ERR_OK)
		b->len = start;
}

static void
add_comment(struct buf *b, const struct sim_base *base, const struct sim_comment *c)
{
	buf_add_char(b, '{');
	json_member_string(b, "id", str_of(c->id));
	json_member_instant(b, "createdTime", c->created_ms);
	json_member_instant(b, "lastUpdatedTime", c->updated_ms);
	json_member_string(b, "text", str_of(c->text));
	json_name(b, "author");
	buf_add_char(b, '{');
	add_user(b, &c->author, "name");
	buf_add_char(b, '}');
	if (c->parent[0] != '\0')
		json_member_string(b, "parentCommentId", str_of(c->parent));
	add_mentions(b, base, c->text);
	buf_add_char(b, '}');
}

/* Is the record there?  False with the error in the reply. */
static bool
has_record(struct sim_call *call, struct sim_reply *reply)
{
	uint32_t slot = sim_table_row(call->table, call->record);

	if (slot != SIM_NO_ROW && !call->table->rows[slot].deleted)
		return true;
	sim_reply_no_record(reply, call->settings);
	return false;
}

/* pageSize and offset; false with the error in the reply. */
static bool
read_page(struct sim_call *call, struct sim_reply *reply, size_t *size, size_t *from)
{
	for (size_t i = 0; i < call->uri->param_count; i++) {
		const struct sim_param *p = &call->uri->params[i];
		bool ok = !call->settings->strict_parameters;

		if (str_is(p->name, "pageSize")) {
			ok = sim_read_count(p->value, PAGE_MAX, size);
		} else if (str_is(p->name, "offset")) {
			size_t place = place_of(call->base, call->record, p->value);

			ok = place < call->base->comment_count || p->value.len == 0;
			*from = p->value.len == 0 ? *from : place + 1;
		}
		if (!ok) {
			sim_reply_invalid(reply);
			return false;
		}
	}
	return true;
}

/* The newest ones first. */
void
sim_comments_list(struct sim_call *call, struct sim_reply *reply)
{
	const struct sim_base *base = call->base;
	size_t size = PAGE_MAX, i = base->comment_count, sent = 0;
	struct buf *b = &reply->body;

	if (!has_record(call, reply) || !read_page(call, reply, &size, &i))
		return;
	reply->status = 200;
	buf_add_cstr(b, "{\"comments\":[");
	for (; i > 0; i--) {
		if (!str_is(call->record, base->comments[i - 1].record))
			continue;
		if (sent++ == size)
			break;
		json_next(b);
		add_comment(b, base, &base->comments[i - 1]);
	}
	buf_add_char(b, ']');
	json_member_string_or_null(b, "offset",
	    str_of(i > 0 ? base->comments[i - 1].id : NULL));
	buf_add_char(b, '}');
}

/* The text of the body and, where that is allowed, which one it answers; false with the error. */
static bool
read_comment(struct sim_call *call, struct sim_reply *reply, struct str *text, struct str *parent)
{
	const cJSON *member;

	*text = STR("");
	cJSON_ArrayForEach(member, call->body) {
		struct str value = str_of(cJSON_GetStringValue(member));

		if (str_is(str_of(member->string), "text"))
			*text = value;
		else if (parent != NULL && str_is(str_of(member->string), "parentCommentId") &&
		    place_of(call->base, call->record, value) < call->base->comment_count)
			*parent = value;
		else if (call->settings->strict_parameters)
			*text = (struct str){ NULL, SIM_COMMENT_TEXT_MAX + 1 };
	}
	if (text->len > 0 && text->len <= SIM_COMMENT_TEXT_MAX)
		return true;
	sim_reply_invalid(reply);
	return false;
}

/* Room for one more, which is empty; NULL: out of memory, or too many. */
static struct sim_comment *
new_comment(struct sim_base *b)
{
	struct sim_comment *grown;

	if (b->comment_count == SIM_COMMENTS_MAX ||
	    (grown = realloc(b->comments, (b->comment_count + 1) * sizeof(*grown))) == NULL)
		return NULL;
	b->comments = grown;
	memset(&grown[b->comment_count], 0, sizeof(*grown));
	return &grown[b->comment_count];
}

void
sim_comments_create(struct sim_call *call, struct sim_reply *reply)
{
	struct str text, parent = STR("");
	struct sim_comment *c;

	if (!has_record(call, reply) || !read_comment(call, reply, &text, &parent))
		return;
	if ((c = new_comment(call->base)) == NULL || (c->text = sim_copy(text)) == NULL) {
		sim_reply_internal(reply);
		return;
	}
	sim_random_id(&call->base->random, "com", c->id);
	memcpy(c->record, call->record.ptr, SIM_ID_LEN);
	memcpy(c->parent, parent.ptr, parent.len);
	c->author = (struct sim_user){ SIM_USER_ID, SIM_USER_NAME, SIM_USER_EMAIL };
	c->created_ms = call->now_ms;
	call->base->comment_count++;
	reply->status = 200;
	add_comment(&reply->body, call->base, c);
}

/* The comment of the path; NULL with the error in the reply. */
static struct sim_comment *
find_comment(struct sim_call *call, struct sim_reply *reply)
{
	size_t i;

	if (!has_record(call, reply))
		return NULL;
	if ((i = place_of(call->base, call->record, call->comment)) < call->base->comment_count)
		return &call->base->comments[i];
	sim_reply_errorf(reply, 404, "MODEL_ID_NOT_FOUND", "Comment not found");
	return NULL;
}

void
sim_comments_update(struct sim_call *call, struct sim_reply *reply)
{
	struct sim_comment *c = find_comment(call, reply);
	struct str text;

	if (c == NULL || !read_comment(call, reply, &text, NULL))
		return;
	if (!sim_rename(&c->text, text)) {
		sim_reply_internal(reply);
		return;
	}
	c->updated_ms = call->now_ms;
	reply->status = 200;
	add_comment(&reply->body, call->base, c);
}

void
sim_comments_delete(struct sim_call *call, struct sim_reply *reply)
{
	struct sim_comment *c = find_comment(call, reply);
	struct sim_base *b = call->base;

	if (c == NULL)
		return;
	reply->status = 200;
	buf_printf(&reply->body, "{\"id\":\"%s\",\"deleted\":true}", c->id);
	free(c->text);
	b->comment_count--;
	memmove(c, c + 1, (size_t)(&b->comments[b->comment_count] - c) * sizeof(*c));
}
