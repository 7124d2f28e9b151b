#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "airtable-sim/cells/locale.h"
#include "common/base/instant.h"
#include "common/base/zone.h"

#define DAY_MS	INT64_C(86400000)

#define EN_MONTHS { "January", "February", "March", "April", "May", "June", "July", "August", \
	"September", "October", "November", "December" }
#define EN_DAYS	{ "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" }
#define PT_MONTHS { "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", \
	"setembro", "outubro", "novembro", "dezembro" }
#define PT_DAYS	{ "domingo", "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", \
	"sexta-feira", "sábado" }
#define CJK_MONTHS { "1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", \
	"11月", "12月" }

static const struct sim_locale locales[] = {
	{ "en", "M/D/YYYY", "MMMM D, YYYY", EN_MONTHS, EN_DAYS },	/* the first is the fallback */
	{ "en-ca", "YYYY-MM-DD", "MMMM D, YYYY", EN_MONTHS, EN_DAYS },
	{ "en-gb", "D/M/YYYY", "D MMMM YYYY", EN_MONTHS, EN_DAYS },
	{ "en-au", "D/M/YYYY", "D MMMM YYYY", EN_MONTHS, EN_DAYS },
	{ "de", "D.M.YYYY", "D. MMMM YYYY",
	    { "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
	      "Oktober", "November", "Dezember" },
	    { "Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag" } },
	{ "fr", "D/M/YYYY", "D MMMM YYYY",
	    { "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
	      "octobre", "novembre", "décembre" },
	    { "dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi" } },
	{ "es", "D/M/YYYY", "D [de] MMMM [de] YYYY",
	    { "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
	      "octubre", "noviembre", "diciembre" },
	    { "domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado" } },
	{ "it", "D/M/YYYY", "D MMMM YYYY",
	    { "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto",
	      "settembre", "ottobre", "novembre", "dicembre" },
	    { "domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato" } },
	{ "nl", "D-M-YYYY", "D MMMM YYYY",
	    { "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september",
	      "oktober", "november", "december" },
	    { "zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag" } },
	{ "pt", "D/M/YYYY", "D [de] MMMM [de] YYYY", PT_MONTHS, PT_DAYS },
	{ "sv", "YYYY-M-D", "D MMMM YYYY",
	    { "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september",
	      "oktober", "november", "december" },
	    { "söndag", "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag" } },
	{ "da", "D.M.YYYY", "D. MMMM YYYY",
	    { "januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september",
	      "oktober", "november", "december" },
	    { "søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag" } },
	{ "nb", "D.M.YYYY", "D. MMMM YYYY",
	    { "januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september",
	      "oktober", "november", "desember" },
	    { "søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag" } },
	{ "ja", "YYYY/M/D", "YYYY年M月D日", CJK_MONTHS,
	    { "日曜日", "月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日" } },
	{ "zh", "YYYY/M/D", "YYYY年M月D日", CJK_MONTHS,
	    { "星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六" } },
};
#define LOCALES	(sizeof(locales) / sizeof(locales[0]))

static const struct sim_locale *
locale_named(struct str name)
{
	for (size_t i = 0; i < LOCALES; i++)
		if (name.len == strlen(locales[i].name) &&
		    strncasecmp(name.ptr, locales[i].name, name.len) == 0)
			return &locales[i];
	return NULL;
}

const struct sim_locale *
sim_locale_find(struct str name)
{
	const struct sim_locale *found = locale_named(name);
	const char *dash = name.len == 0 ? NULL : memchr(name.ptr, '-', name.len);

	if (found == NULL && dash != NULL)	/* de-at is written like de */
		found = locale_named((struct str){ name.ptr, (size_t)(dash - name.ptr) });
	return found != NULL ? found : &locales[0];
}

/* A zone's name as the tz database has it. */
static struct str
zone_name(struct str zone)
{
	if (zone.len == 0 || str_is(zone, "client") || str_is(zone, "utc"))
		return STR("UTC");
	return zone;
}

bool
sim_zone_known(struct str zone)
{
	int64_t ahead;

	return zone_ahead_in(zone_name(zone), 0, &ahead) == ERR_OK;
}

struct sim_moment
sim_moment_in(struct str zone, struct str locale, int64_t utc_ms)
{
	struct sim_moment m = { .utc_ms = utc_ms, .locale = sim_locale_find(locale) };

	(void)zone_ahead_in(zone_name(zone), utc_ms, &m.ahead_ms);	/* UTC where there is no such zone */
	return m;
}

int64_t
sim_zone_instant(struct str zone, int64_t local_ms)
{
	int64_t ahead;

	(void)zone_ahead_in(zone_name(zone), local_ms, &ahead);
	(void)zone_ahead_in(zone_name(zone), local_ms - ahead, &ahead);
	return local_ms - ahead;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct sim_civil
sim_civil_of(int64_t local_ms)
{
	int64_t day = floor_div(local_ms, DAY_MS), in_day = local_ms - day * DAY_MS;
	struct sim_civil c = {
		.hour = (int)(in_day / 3600000), .minute = (int)(in_day / 60000 % 60),
		.second = (int)(in_day / 1000 % 60), .ms = (int)(in_day % 1000),
		.weekday = (int)((day % 7 + 11) % 7)	/* 1970 began on a Thursday */
	};

	instant_civil_from_day((int32_t)day, &c.year, &c.month, &c.day);
	c.year_day = (int)(day - instant_day_from_civil(c.year, 1, 1)) + 1;
	return c;
}

int
sim_week_iso(const struct sim_civil *c)
{
	int thursday = c->year_day + 3 - (c->weekday + 6) % 7;	/* of this week: its year counts */
	int length = instant_day_from_civil(c->year + 1, 1, 1) - instant_day_from_civil(c->year, 1, 1);

	if (thursday > length)
		thursday -= length;
	else if (thursday < 1)
		thursday += instant_day_from_civil(c->year, 1, 1) -
		    instant_day_from_civil(c->year - 1, 1, 1);
	return (thursday - 1) / 7 + 1;
}

int
sim_week_us(const struct sim_civil *c)
{
	int first = ((c->weekday - c->year_day + 1) % 7 + 7) % 7;	/* weekday of January 1 */
	int length = instant_day_from_civil(c->year + 1, 1, 1) - instant_day_from_civil(c->year, 1, 1);
	int saturday = c->year_day + 6 - c->weekday;

	return saturday > length ? 1 : (c->year_day + first - 1) / 7 + 1;
}
