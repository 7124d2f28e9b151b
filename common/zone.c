#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/instant.h"
#include "common/zone.h"

#define NAME_MAX_BYTES	64
#define SECONDS_PER_DAY	INT64_C(86400)

static char current[NAME_MAX_BYTES + 1];

static bool
exists(const char *name)
{
	char path[NAME_MAX_BYTES + 32] = "/usr/share/zoneinfo/";

	if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL)
		return false;
	(void)strcat(path, name);
	return access(path, R_OK) == 0;
}

enum err
zone_use(struct str name)
{
	char text[NAME_MAX_BYTES + 1] = "UTC";
	enum err e = ERR_OK;

	if (name.len == strlen(current) && memcmp(name.ptr, current, name.len) == 0)
		return ERR_OK;
	if (name.len <= NAME_MAX_BYTES) {
		memcpy(text, name.ptr, name.len);
		text[name.len] = '\0';
	}
	if (name.len > NAME_MAX_BYTES || (!str_is(name, "UTC") && !exists(text))) {
		(void)strcpy(text, "UTC");
		e = ERR_INVALID_PARAMETER;
	}
	if (setenv("TZ", text, 1) == -1)
		return ERR_NOMEM;
	tzset();
	if (e == ERR_OK)
		(void)strcpy(current, text);
	return e;
}

int32_t
zone_day(int64_t ms)
{
	time_t t = (time_t)(ms >= 0 ? ms / 1000 : (ms - 999) / 1000);
	struct tm tm;

	/* fails only for years beyond an int, which no instant has */
	if (localtime_r(&t, &tm) == NULL)
		return 0;
	return instant_day_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

/*
 * mktime() would need a guess whether summer time is in force and is vague
 * about midnights that don't exist; days only ever grow, so search instead.
 */
int64_t
zone_day_start(int32_t day)
{
	int64_t low = (day - 2) * SECONDS_PER_DAY, high = (day + 2) * SECONDS_PER_DAY;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (zone_day(middle * 1000) >= day)
			high = middle;
		else
			low = middle + 1;
	}
	return low * 1000;
}
