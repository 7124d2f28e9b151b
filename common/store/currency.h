#ifndef COMMON_STORE_CURRENCY_H
#define COMMON_STORE_CURRENCY_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/store/db.h"

/*
 * How amounts are shown.  What the base says about the sum_field lies in meta
 * as META_MONEY (currency_add()), the setting summary.currency as
 * META_CURRENCY, both as they were when the summary's body was made; the
 * setting is used where the base has no symbol.
 */
#define CURRENCY_SYMBOL_MAX	8	/* characters */
#define CURRENCY_SYMBOL_SIZE	(CURRENCY_SYMBOL_MAX * 4 + 1)
#define CURRENCY_PRECISION_MAX	4	/* decimals, as many as money.h has */
#define CURRENCY_PRECISION	2	/* where the base has none */

#define CURRENCY_NOTHING	"- "	/* META_MONEY's value when the base says nothing */

struct currency {
	char	symbol[CURRENCY_SYMBOL_SIZE];	/* UTF-8; "": none is known */
	int	precision;			/* decimals that are always shown; -1: not known */
};

/* At most CURRENCY_SYMBOL_MAX characters of UTF-8, none a control character or a line end? */
bool	currency_symbol_valid(struct str);
/* Is the symbol a word, such as CHF, which stands apart from its amount? */
bool	currency_is_word(const struct currency *);
/* META_MONEY's value: "2 $". */
void	currency_add(const struct currency *, struct buf *);
/* The reverse; a malformed text counts as CURRENCY_NOTHING. */
void	currency_read(struct currency *, struct str text);
/*
 * The currency in force, with a precision of 0 to CURRENCY_PRECISION_MAX.
 * false: a build that knew no currencies wrote the store last, or the
 * transaction has a fault; the setting's symbol is then missing.
 */
bool	currency_load(struct db_txn *, db_id meta, struct currency *);

#endif
