#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "common/store/currency.h"
#include "common/store/keys.h"

/* The character that begins at *i, which moves to the next one; -1: not UTF-8. */
static utf8proc_int32_t
next_char(struct str s, size_t *i)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + *i,
	    (utf8proc_ssize_t)(s.len - *i), &c);

	*i += n > 0 ? (size_t)n : 0;
	return n > 0 ? c : -1;
}

bool
currency_symbol_valid(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.len; count++) {
		utf8proc_int32_t c = next_char(s, &i);
		utf8proc_category_t kind;

		if (c == -1)
			return false;
		kind = utf8proc_category(c);
		if (kind == UTF8PROC_CATEGORY_CC || kind == UTF8PROC_CATEGORY_ZL ||
		    kind == UTF8PROC_CATEGORY_ZP)
			return false;
	}
	return count <= CURRENCY_SYMBOL_MAX;
}

bool
currency_is_word(const struct currency *c)
{
	struct str s = str_of(c->symbol);

	for (size_t i = 0; i < s.len;) {
		utf8proc_category_t kind = utf8proc_category(next_char(s, &i));

		if (kind < UTF8PROC_CATEGORY_LU || kind > UTF8PROC_CATEGORY_LO)
			return false;
	}
	return s.len > 0;
}

void
currency_add(const struct currency *c, struct buf *b)
{
	buf_add_char(b, c->precision < 0 ? '-' : (char)('0' + c->precision));
	buf_add_char(b, ' ');
	buf_add_cstr(b, c->symbol);
}

static void
set_symbol(struct currency *c, struct str symbol)
{
	if (currency_symbol_valid(symbol))
		(void)snprintf(c->symbol, sizeof(c->symbol), "%.*s", STR_FMT(symbol));
}

void
currency_read(struct currency *c, struct str text)
{
	*c = (struct currency){ .precision = -1 };
	if (text.len < 2 || text.ptr[1] != ' ')
		return;
	if (text.ptr[0] >= '0' && text.ptr[0] <= '0' + CURRENCY_PRECISION_MAX)
		c->precision = text.ptr[0] - '0';
	set_symbol(c, (struct str){ text.ptr + 2, text.len - 2 });
}

bool
currency_load(struct db_txn *txn, db_id meta, struct currency *c)
{
	struct str told, setting;
	bool known;

	(void)meta_get(txn, meta, META_MONEY, &told);
	known = meta_get(txn, meta, META_CURRENCY, &setting);
	currency_read(c, told);
	if (c->precision < 0)
		c->precision = CURRENCY_PRECISION;
	if (c->symbol[0] == '\0')
		set_symbol(c, setting);
	return known;
}
