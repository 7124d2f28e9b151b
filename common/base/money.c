#include "common/base/money.h"

#define DECIMALS	4
#define SHOWN		2

enum err
money_parse(struct str text, int64_t *units)
{
	return fixed_parse(text, DECIMALS, units, NULL);
}

enum err
money_from_double(double v, int64_t *units)
{
	return fixed_from_double(v, DECIMALS, units);
}

void
money_add(struct buf *b, money_sum units)
{
	fixed_add(b, units, DECIMALS, SHOWN);
}
