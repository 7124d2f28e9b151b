#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/outbox.h"
#include "fcgi-api/http/etag.h"
#include "fcgi-api/http/json_body.h"
#include "fcgi-api/rows/writing_answer.h"

#define GRACE_MS	5000	/* syncd's own deadline comes first */

static void
writing_free(void *cookie)
{
	struct writing *w = cookie;

	free(w->targets);
	buf_free(&w->texts);
	buf_free(&w->problems);
	buf_free(&w->queued);
	free(w);
}

/* ---- what read and resolve use ------------------------------------------------ */
enum err
writing_keep(struct api *api, cJSON *json)
{
	if (api->documents == NULL)
		api->documents = cJSON_CreateArray();
	if (cJSON_AddItemToArray(api->documents, json))
		return ERR_OK;
	cJSON_Delete(json);
	return ERR_NOMEM;
}

const cJSON *
writing_body(struct api *api)
{
	const struct request *req = &api->request;
	const char *why = NULL;
	cJSON *json = NULL;
	enum err e;

	if ((e = request_check_json(req)) != ERR_OK)
		why = "the body must be application/json";
	else if ((e = json_body_parse(req->body, &json, &why)) == ERR_OK)
		e = writing_keep(api, json);
	if (e == ERR_OK && !cJSON_IsObject(json)) {
		e = ERR_INVALID_BODY;
		why = "the body must be an object";
	}
	if (e == ERR_OK)
		return json;
	(void)api_problem(api, e, why);
	return NULL;
}

bool
writing_optional_body(struct api *api, const cJSON **body)
{
	*body = NULL;
	return api->request.body.len == 0 || (*body = writing_body(api)) != NULL;
}

bool
writing_targets(struct api *api, struct writing *w, size_t n)
{
	w->targets = calloc(n, sizeof(*w->targets));
	api->message.items = calloc(n, sizeof(*api->message.items));
	if (w->targets == NULL || api->message.items == NULL) {
		(void)api_problem(api, ERR_NOMEM, NULL);
		return false;
	}
	w->count = n;
	for (size_t i = 0; i < n; i++) {
		w->targets[i].sound = true;
		api->message.items[i].kind = w->kind->message;
	}
	return true;
}

void
target_name(struct writing *w, struct target *t, struct str id)
{
	t->named = true;
	t->asked_at = w->texts.len;
	t->asked_len = id.len;
	buf_add_str(&w->texts, id);
}

enum err
target_row(struct api *api, struct target *t, uint32_t row, struct row_view *view)
{
	enum err e = store_row(api->store, api->table, row, view);

	if (e == ERR_OK && view->id.len >= sizeof(t->record))
		e = ERR_STORE_CORRUPT;
	if (e != ERR_OK)
		return e;
	memcpy(t->record, view->id.ptr, view->id.len);
	t->record[view->id.len] = '\0';
	return ERR_OK;
}

bool
writing_matches(const struct api *api, struct writing *w, uint64_t current)
{
	const struct request *r = &api->request;
	uint64_t held;

	if (r->if_match.ptr != NULL && etag_version(r->if_match, current, &w->version) != ERR_OK)
		return false;
	if (w->version != 0 && w->version != current)
		return false;
	return r->if_none_match.ptr == NULL ||
	    etag_version(r->if_none_match, current, &held) != ERR_OK ||
	    (held != 0 && held != current);
}

void
target_gone(struct target *t, struct str id)
{
	if (id.len >= sizeof(t->record))
		return;
	memcpy(t->record, id.ptr, id.len);
	t->record[id.len] = '\0';
}

void
target_problem(struct writing *w, struct target *t, enum err e, const char *detail,
    struct str errors)
{
	t->refused = true;
	t->code = e;
	t->problem_at = w->problems.len;
	problem_add(&w->problems, e, str_of(detail), errors);
	if (w->problems.len - t->problem_at > MESSAGE_PROBLEM_MAX) {	/* without the list, then */
		w->problems.len = t->problem_at;
		problem_add(&w->problems, e, str_of(detail), (struct str){ NULL, 0 });
	}
	t->problem_len = w->problems.len - t->problem_at;
}

/* ---- the request's headers ---------------------------------------------------- */
static uint64_t
mix(uint64_t h, struct str s, uint64_t multiplier)
{
	h = hash_add_by(h, s.ptr, s.len, multiplier);
	h = (h ^ s.len) * multiplier;	/* where it ends counts too */
	return h ^ h >> 29;
}

/* Take the key, and two hashes of its request that have nothing in common but the input. */
static void
take_key(struct api *api)
{
	static const uint64_t begin[2] = { HASH_BEGIN, UINT64_C(0x9e3779b97f4a7c15) };
	static const uint64_t multiplier[2] = { HASH_PRIME, UINT64_C(0xff51afd7ed558ccd) };
	const struct request *r = &api->request;
	struct message_request *m = &api->message;
	struct str key = r->idempotency_key;

	if (key.ptr == NULL)
		return;
	if (!message_key_valid(key)) {
		field_errors_add(&api->errors, STR("Idempotency-Key"),
		    "must be 1 to %d printable ASCII characters", MESSAGE_KEY_MAX);
		return;
	}
	memcpy(m->key, key.ptr, key.len);
	m->key[key.len] = '\0';
	for (size_t k = 0; k < 2; k++) {
		uint64_t h = (begin[k] ^ (uint64_t)r->method) * multiplier[k];

		for (size_t i = 0; i < r->segment_count; i++)
			h = mix(h, r->segments[i], multiplier[k]);
		m->fingerprint[k] = mix(h, r->body, multiplier[k]);
	}
}

/* Take the user's name, which a trusted proxy gave the web server. */
static void
take_user(struct api *api)
{
	struct message_request *m = &api->message;
	struct str user = api->request.user;

	if (user.len == 0)
		return;
	if (!message_user_valid(user)) {
		log_warn("http.user_header: %zu bytes that are not a name; the change is "
		    "recorded without one", user.len);
		return;
	}
	memcpy(m->by, user.ptr, user.len);
	m->by[user.len] = '\0';
}

static bool
take_headers(struct api *api, struct writing *w)
{
	const struct request *req = &api->request;

	if (req->if_match.ptr != NULL && !w->kind->versioned)
		field_errors_add(&api->errors, STR("If-Match"), w->kind->bulk ?
		    "can't be given here; each update may have a version" : "can't be given here");
	else if (req->if_match.ptr != NULL && etag_version(req->if_match, 0, &w->version) != ERR_OK)
		field_errors_add(&api->errors, STR("If-Match"),
		    "must be a list of tags such as \"v<version>\", or *");
	take_key(api);
	take_user(api);
	api->message.defer = request_prefers_async(req);
	(void)request_no_params(req, &api->errors);
	if (!field_errors_any(&api->errors))
		return true;
	(void)api_problem(api, ERR_INVALID_PARAMETER, NULL);
	return false;
}

/* ---- an answer that is kept ------------------------------------------------------ */
static void
see_unknown(void *cookie, size_t i, const struct message_result *result)
{
	(void)i;
	if (result->err == ERR_OUTCOME_UNKNOWN)
		*(bool *)cookie = true;
}

/* Is something of it still being settled?  Then syncd knows more, or soon will. */
static bool
is_unsettled(struct str body)
{
	bool unknown = false;
	uint64_t bulk;

	return body.len == 0 ||
	    message_each_result(body, 0, &bulk, see_unknown, &unknown) != ERR_OK || unknown;
}

/* What is known of the key: ERR_NOT_FOUND: nothing; body len 0: its request is under way. */
static enum err
find_kept(struct api *api, struct kept_answer *kept)
{
	const struct message_request *m = &api->message;
	uint64_t fingerprint[2];
	enum err e = m->key[0] == '\0' ? ERR_NOT_FOUND :
	    outbox_answer(api->store, str_of(m->key), kept);

	message_fingerprint(m, fingerprint);
	if (e != ERR_OK)
		return e;
	if (kept->body.len > 0 && kept->at_ms + ANSWER_KEPT_MS < instant_now())
		return ERR_NOT_FOUND;
	if (memcmp(kept->fingerprint, fingerprint, sizeof(fingerprint)) != 0)
		return ERR_IDEMPOTENCY_CONFLICT;
	if (is_unsettled(kept->body))
		kept->body = (struct str){ NULL, 0 };
	return ERR_OK;
}

/*
 * Items refused here are sent as such, so that every result keeps its place
 * when the request is repeated, whatever would be refused then.  Records and
 * problems of items point into their targets.
 */
static enum err
complete_items(struct api *api, struct writing *w)
{
	struct message_request *m = &api->message;

	m->item_count = w->count;
	for (size_t i = 0; i < w->count; i++) {
		struct target *t = &w->targets[i];
		struct message_item *item = &m->items[i];

		item->record.id = str_of(t->record);
		if (!t->refused) {
			w->taken++;
			continue;
		}
		item->kind = MESSAGE_REFUSED;
		item->code = t->code;
		item->problem = (struct str){ w->problems.data + t->problem_at, t->problem_len };
	}
	return buf_status(&w->problems);
}

/* true: there is a message to send; false: it is answered. */
static bool
prepare(struct api *api, struct writing *w)
{
	struct kept_answer kept = { .at_ms = 0 };
	enum err e;

	if (!take_headers(api, w))
		return false;
	if ((e = api_snapshot(api)) == ERR_OK)
		e = find_kept(api, &kept);
	w->again = e == ERR_OK;
	if ((e == ERR_OK || e == ERR_NOT_FOUND) && !w->kind->read(api, w))
		return false;
	if (w->again || e == ERR_NOT_FOUND)
		e = buf_status(&w->texts);
	if (e != ERR_OK) {
		(void)api_problem(api, e, NULL);
		return false;
	}
	if (kept.body.len == 0 || w->kind->bulk) {
		if (!w->kind->resolve(api, w))
			return false;
		if ((e = complete_items(api, w)) != ERR_OK) {
			(void)api_problem(api, e, NULL);
			return false;
		}
	}
	if (kept.body.len > 0)
		writing_answer(api, w, kept.body, store_generation(api->store));
	else if (w->again)	/* syncd knows what became of it; no row is changed once more */
		return true;
	else if (w->taken > 0)
		return api_within(api, LIMIT_CHANGED_ORDERS, (uint32_t)w->taken);
	else
		writing_answer(api, w, STR("{\"results\":[]}"), store_generation(api->store));
	return false;
}

enum outcome
writing_run(struct api *api, const struct writing_kind *kind)
{
	struct writing *w = calloc(1, sizeof(*w));
	enum outcome outcome = ANSWERED;

	if (w == NULL)
		return api_problem(api, ERR_NOMEM, NULL);
	w->kind = kind;
	api->message = (struct message_request){ .type = MESSAGE_WRITE, .table = api->table,
	    .bulk = kind->bulk, .timeout_ms = api->config->write.timeout_ms };
	api->message.deadline_ms = loop_now(api->loop) + api->message.timeout_ms;
	if (prepare(api, w))
		outcome = api_wait(api, api->message.timeout_ms + GRACE_MS, writing_finish,
		    w, writing_free);
	else
		writing_free(w);
	message_request_free(&api->message);
	cJSON_Delete(api->documents);
	api->documents = NULL;
	return outcome;
}
