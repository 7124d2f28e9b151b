#include <stdlib.h>

#include "syncd/airtable/listing.h"

enum err
listing_begin(struct listing *l, struct store *st, const struct schema *schema)
{
	uint32_t rows = store_rows_end(st, schema);

	listing_end(l);
	if ((l->seen = calloc(rows / 64 + 1, sizeof(*l->seen))) == NULL)
		return ERR_NOMEM;
	l->rows = rows;
	return ERR_OK;
}

bool
listing_under_way(const struct listing *l)
{
	return l->seen != NULL;
}

void
listing_see(struct listing *l, uint32_t row)
{
	if (row < l->rows)
		l->seen[row / 64] |= UINT64_C(1) << (row % 64);
}

bool
listing_unseen(const struct listing *l, uint32_t *row)
{
	while (*row < l->rows && (l->seen[*row / 64] >> (*row % 64) & 1) != 0)
		(*row)++;
	return *row < l->rows;
}

void
listing_end(struct listing *l)
{
	free(l->seen);
	*l = (struct listing){ .seen = NULL };
}
