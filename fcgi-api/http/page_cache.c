#include <stdlib.h>

#include "common/base/hash.h"
#include "fcgi-api/http/page_cache.h"

#define SETS	16u
#define WAYS	4u	/* pages in a set: those whose hashes agree in the lowest bits */
#define SEEN	1024u

struct slot {
	uint64_t	hash;		/* of table, query and coding */
	uint64_t	generation;
	uint64_t	used;		/* when: the cache's clock; 0: empty */
	unsigned	table;
	size_t		query_len;
	char		query[PAGE_CACHE_QUERY_MAX];
	struct buf	body;
};

struct page_cache {
	struct slot	slots[SETS * WAYS];
	uint32_t	seen[SEEN];	/* traces of pages composed once */
	uint64_t	clock;		/* counts uses */
	size_t		bytes;		/* capacity of all bodies */
	unsigned	hand;		/* the next slot to give its memory back */
};

struct page_cache *
page_cache_new(void)
{
	return calloc(1, sizeof(struct page_cache));
}

void
page_cache_free(struct page_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < SETS * WAYS; i++)
		buf_free(&c->slots[i].body);
	free(c);
}

/* The bits are mixed once more, as the lowest ones alone are poor. */
static uint64_t
key_hash(const struct page_key *k)
{
	uint64_t h = hash_add(HASH_BEGIN + k->gzip + 2 * k->table, k->query.ptr, k->query.len);

	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* The slot that holds the page, of any generation, or NULL. */
static struct slot *
slot_of(struct page_cache *c, const struct page_key *k, uint64_t hash)
{
	struct slot *set = &c->slots[hash % SETS * WAYS];

	for (struct slot *s = set; s < set + WAYS; s++)
		if (s->used != 0 && s->hash == hash && s->table == k->table &&
		    str_eq((struct str){ s->query, s->query_len }, k->query))
			return s;
	return NULL;
}

bool
page_cache_get(struct page_cache *c, const struct page_key *k, struct str *body)
{
	struct slot *s;

	if (k->query.len > PAGE_CACHE_QUERY_MAX ||
	    (s = slot_of(c, k, key_hash(k))) == NULL || s->generation != k->generation)
		return false;
	s->used = ++c->clock;
	*body = buf_str(&s->body);
	return true;
}

/* Was it composed before at this generation?  A trace may be lost, or rarely another page's. */
static bool
seen_before(struct page_cache *c, const struct page_key *k, uint64_t hash)
{
	uint32_t *place = &c->seen[hash / SETS % SEEN];
	uint32_t trace = (uint32_t)(hash >> 32) ^ (uint32_t)(k->generation * 0x9e3779b1u);

	if (*place == trace)
		return true;
	*place = trace;
	return false;
}

static void
slot_empty(struct page_cache *c, struct slot *s)
{
	c->bytes -= s->body.cap;
	buf_free(&s->body);
	s->used = 0;
}

/* The slot of its set that was not used for the longest time. */
static struct slot *
slot_oldest(struct page_cache *c, uint64_t hash)
{
	struct slot *set = &c->slots[hash % SETS * WAYS], *oldest = set;

	for (struct slot *s = set + 1; s < set + WAYS; s++)
		if (s->used < oldest->used)
			oldest = s;
	return oldest;
}

/* Copy the body.  Memory is kept from one body to the next if it fits and is not far too large. */
static bool
slot_fill(struct page_cache *c, struct slot *s, struct str body)
{
	if (s->body.cap <= body.len || s->body.cap > 2 * body.len + 4096) {
		slot_empty(c, s);
		(void)buf_reserve(&s->body, body.len + body.len / 4);	/* status below */
		c->bytes += s->body.cap;
	}
	buf_clear(&s->body);
	buf_add_str(&s->body, body);
	return buf_status(&s->body) == ERR_OK;
}

void
page_cache_put(struct page_cache *c, const struct page_key *k, struct str body)
{
	uint64_t hash;
	struct slot *s;

	if (k->query.len > PAGE_CACHE_QUERY_MAX || body.len > PAGE_CACHE_BODY_MAX)
		return;
	hash = key_hash(k);
	if ((s = slot_of(c, k, hash)) == NULL) {
		if (!seen_before(c, k, hash))
			return;
		s = slot_oldest(c, hash);
	}
	if (!slot_fill(c, s, body)) {
		slot_empty(c, s);
		return;
	}
	s->hash = hash;
	s->table = k->table;
	s->generation = k->generation;
	s->used = ++c->clock;
	s->query_len = k->query.len;
	if (k->query.len > 0)
		memcpy(s->query, k->query.ptr, k->query.len);
	while (c->bytes > PAGE_CACHE_BYTES_MAX) {
		struct slot *victim = &c->slots[c->hand++ % (SETS * WAYS)];

		if (victim != s)
			slot_empty(c, victim);
	}
}

size_t
page_cache_bytes(const struct page_cache *c)
{
	return c->bytes;
}
