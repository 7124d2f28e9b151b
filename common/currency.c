#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "common/currency.h"
#include "common/store_keys.h"

bool
currency_symbol_valid(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.len; count++) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + i,
		    (utf8proc_ssize_t)(s.len - i), &c);
		utf8proc_category_t kind;

		if (n <= 0)
			return false;
		kind = utf8proc_category(c);
		if (kind == UTF8PROC_CATEGORY_CC || kind == UTF8PROC_CATEGORY_ZL ||
		    kind == UTF8PROC_CATEGORY_ZP)
			return false;
		i += (size_t)n;
	}
	return count <= CURRENCY_SYMBOL_MAX;
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

int
currency_load(MDB_txn *txn, MDB_dbi meta, struct currency *c)
{
	struct str told = { NULL, 0 }, setting = { NULL, 0 };
	int rc = meta_get(txn, meta, META_MONEY, &told);

	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = meta_get(txn, meta, META_CURRENCY, &setting);
	currency_read(c, told);
	if (c->precision < 0)
		c->precision = CURRENCY_PRECISION;
	if (c->symbol[0] == '\0')
		set_symbol(c, setting);
	return rc;
}
