#include "common/base/zone.h"
#include "common/tables/moment.h"

#define MS_PER_DAY	INT64_C(86400000)

/* The day of a valid date. */
static int32_t
day_of(struct str date)
{
	int64_t ms = 0;

	(void)instant_parse(date, &ms);
	/* midnights only: the division leaves nothing */
	return (int32_t)(ms / MS_PER_DAY);
}

enum err
moment_parse(struct str text, struct value *v)
{
	enum err e = instant_parse(text, &v->number);

	if (e != ERR_OK || text.len != MOMENT_DATE_LEN)
		return e;
	v->text = text;
	v->number = zone_date_start(day_of(text));
	/* east of UTC the first day begins before the first instant */
	v->number = v->number < INSTANT_MIN ? INSTANT_MIN : v->number;
	return ERR_OK;
}

enum err
moment_format(const struct value *v, char text[static INSTANT_TEXT_SIZE])
{
	if (!moment_is_date(v))
		return instant_format(v->number, text);
	memcpy(text, v->text.ptr, MOMENT_DATE_LEN);
	text[MOMENT_DATE_LEN] = '\0';
	return ERR_OK;
}

int32_t
moment_day(const struct value *v)
{
	return moment_is_date(v) ? day_of(v->text) : zone_day(v->number);
}
