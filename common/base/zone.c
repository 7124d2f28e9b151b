#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/zone.h"

#define NAME_MAX_BYTES	64
#define SECONDS_PER_DAY	INT64_C(86400)

static pthread_mutex_t threads = PTHREAD_MUTEX_INITIALIZER;	/* of the functions that end in _in */

static char current[NAME_MAX_BYTES + 1];	/* asked for last ... */
static bool current_known;			/* ... and in the tz database */

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
	char text[NAME_MAX_BYTES + 1] = "";

	if (name.len == strlen(current) && memcmp(name.ptr, current, name.len) == 0)
		return current_known ? ERR_OK : ERR_INVALID_PARAMETER;
	if (name.len <= NAME_MAX_BYTES) {
		memcpy(text, name.ptr, name.len);
		text[name.len] = '\0';
	}
	current_known = name.len <= NAME_MAX_BYTES && (str_is(name, "UTC") || exists(text));
	if (setenv("TZ", current_known ? text : "UTC", 1) == -1) {
		current[0] = '\0';
		return ERR_NOMEM;
	}
	tzset();
	(void)strcpy(current, text);
	return current_known ? ERR_OK : ERR_INVALID_PARAMETER;
}

/* The local day of an instant, and by how much the clock there is ahead of UTC. */
static int32_t
local_day(int64_t seconds, int64_t *ahead)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	*ahead = 0;
	/* fails only for years beyond an int, which no instant has */
	if (localtime_r(&t, &tm) == NULL)
		return 0;
	*ahead = tm.tm_gmtoff;
	return instant_day_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

int32_t
zone_day(int64_t ms)
{
	int64_t ahead;

	return local_day(ms >= 0 ? ms / 1000 : (ms - 999) / 1000, &ahead);
}

/*
 * mktime() would need a guess whether summer time is in force and is vague
 * about midnights that don't exist.  On nearly all days midnight is where the
 * clock's distance from UTC says; days only ever grow, so search for the others.
 */
int64_t
zone_day_start(int32_t day)
{
	int64_t low = (day - 2) * SECONDS_PER_DAY, high = (day + 2) * SECONDS_PER_DAY;
	int64_t ahead, guess;

	(void)local_day(day * SECONDS_PER_DAY, &ahead);
	guess = day * SECONDS_PER_DAY - ahead;
	if (local_day(guess, &ahead) == day && local_day(guess - 1, &ahead) < day)
		return guess * 1000;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (local_day(middle, &ahead) >= day)
			high = middle;
		else
			low = middle + 1;
	}
	return low * 1000;
}

/* By how much the clock is ahead of UTC. */
static int64_t
ahead_at(int64_t seconds)
{
	int64_t ahead;

	(void)local_day(seconds, &ahead);
	return ahead;
}

/* The first second in (low, high] at which the clock is so far ahead as at ${high}. */
static int64_t
clock_put(int64_t low, int64_t high)
{
	int64_t then = ahead_at(high);

	while (low + 1 < high) {
		int64_t middle = low + (high - low) / 2;

		if (ahead_at(middle) == then)
			high = middle;
		else
			low = middle;
	}
	return high;
}

int64_t
zone_same_time(int32_t day, int64_t ms)
{
	int64_t now = ms >= 0 ? ms / 1000 : (ms - 999) / 1000, start = zone_day_start(day) / 1000;
	int64_t end = zone_day_start(day + 1) / 1000, before = ahead_at(start), after = ahead_at(end - 1);
	int64_t time = now + ahead_at(now), first, second;

	if (now >= start && now < end)
		return ms;
	time = day * SECONDS_PER_DAY + (time % SECONDS_PER_DAY + SECONDS_PER_DAY) % SECONDS_PER_DAY;
	first = time - before;	/* by the clock as the day began ... */
	second = time - after;	/* ... and as it ended */
	if (ahead_at(first) != before)
		first = ahead_at(second) == after ? second : clock_put(second, first);
	first = first < start ? start : first;
	return (first > end ? end : first) * 1000;
}

int64_t
zone_date_start(int32_t day)
{
	int64_t start = zone_day_start(day);

	return zone_day(start) == day ? start : start - 1;
}

int64_t
zone_date_start_in(struct str zone, int32_t day)
{
	int64_t start;

	(void)pthread_mutex_lock(&threads);
	(void)zone_use(zone);	/* UTC when this machine lacks it */
	start = zone_date_start(day);
	(void)pthread_mutex_unlock(&threads);
	return start;
}

enum err
zone_ahead_in(struct str zone, int64_t ms, int64_t *ahead_ms)
{
	enum err err;
	int64_t ahead;

	(void)pthread_mutex_lock(&threads);
	err = zone_use(zone);
	(void)local_day(ms >= 0 ? ms / 1000 : (ms - 999) / 1000, &ahead);
	(void)pthread_mutex_unlock(&threads);
	*ahead_ms = ahead * 1000;
	return err;
}
