#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "common/base/hash.h"
#include "common/query/text_search.h"
#include "common/store/columns.h"

/*
 * Places where the first and the last byte of the term match are found a
 * vector at a time; only there the whole term is compared.  Restarting
 * memmem() after every hit costs far more when many texts match.
 */
struct search {
	const char	*ends;		/* unaligned u32s */
	const char	*texts;
	size_t		 len;
	struct str	 term;
	uint64_t	*hits;
	size_t		 row;		/* of the last hit: the next one is not in an earlier row */
};

/* Move s->row forward to the text that holds byte ${at}: galloping, then halving. */
static void
seek_row(struct search *s, size_t at)
{
	size_t step = 1;

	if (load_u32(s->ends, s->row) > at)
		return;
	while (s->row + step < COLUMN_SEGMENT && load_u32(s->ends, s->row + step) <= at) {
		s->row += step;
		step *= 2;
	}
	for (; step > 0; step /= 2)
		if (s->row + step < COLUMN_SEGMENT && load_u32(s->ends, s->row + step) <= at)
			s->row += step;
	s->row++;
}

/* Look for the term at ${at}.  Returns where to go on: after a hit, at the next text. */
static size_t
try_at(struct search *s, size_t at)
{
	if (memcmp(s->texts + at, s->term.ptr, s->term.len) != 0)
		return at + 1;
	seek_row(s, at);
	s->hits[s->row / 64] |= UINT64_C(1) << (s->row % 64);
	return load_u32(s->ends, s->row) + 1;
}

#ifdef __SSE2__
#define WIDTH	16u

/* All hits that begin in [at, at + WIDTH); returns where to go on. */
static size_t
search_block(struct search *s, size_t at)
{
	size_t last = s->term.len - 1, next = at;
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)(s->texts + at));
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(s->texts + at + last));
	unsigned fits = (unsigned)_mm_movemask_epi8(_mm_and_si128(
	    _mm_cmpeq_epi8(a, _mm_set1_epi8(s->term.ptr[0])),
	    _mm_cmpeq_epi8(b, _mm_set1_epi8(s->term.ptr[last]))));

	while (fits != 0) {
		next = try_at(s, at + (unsigned)__builtin_ctz(fits));
		if (next >= at + WIDTH)
			return next;
		fits &= ~0u << (next - at);
	}
	return at + WIDTH;
}
#endif

void
text_search(struct str segment, struct str term, uint64_t *hits)
{
	struct search s = {
		.ends = segment.ptr, .texts = segment.ptr + COLUMN_ENDS_BYTES,
		.len = segment.len - COLUMN_ENDS_BYTES, .term = term, .hits = hits
	};
	size_t at = 0;

#ifdef __SSE2__
	while (at + WIDTH + term.len - 1 <= s.len)
		at = search_block(&s, at);
#endif
	while (at + term.len <= s.len)
		at = try_at(&s, at);
}

int64_t
text_hash(struct str s)
{
	uint64_t h = hash_str(s);
	int64_t result;

	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);	/* splitmix64's end */
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	h ^= h >> 31;
	memcpy(&result, &h, sizeof(result));
	return result == COLUMN_EMPTY ? 0 : result;
}
