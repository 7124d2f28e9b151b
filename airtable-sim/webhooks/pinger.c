#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "airtable-sim/webhooks/pinger.h"
#include "common/base/instant.h"

#define FLIGHTS_MAX	16
#define IDLE_MS		60000	/* wake-ups come when needed */

/* A ping under way. */
struct flight {
	CURL			*easy;		/* NULL: free */
	struct curl_slist	*headers;
	struct sim_ping		 ping;
	size_t			 received;	/* bytes of the answer's body */
	bool			 strict;
	char			 problem[CURL_ERROR_SIZE];
};

struct sim_pinger {
	struct sim_state	*state;
	CURLM			*multi;
	pthread_t		 thread;
	bool			 over;		/* under the data lock */
	struct flight		 flights[FLIGHTS_MAX];
};

/* May be called by any thread. */
static void
wake(void *cookie)
{
	struct sim_pinger *p = cookie;

	(void)curl_multi_wakeup(p->multi);
}

static size_t
count_body(char *data, size_t size, size_t n, void *cookie)
{
	struct flight *f = cookie;

	(void)data;
	f->received += size * n;
	return size * n;
}

static void
end_flight(struct sim_pinger *p, struct flight *f)
{
	if (f->easy != NULL) {
		(void)curl_multi_remove_handle(p->multi, f->easy);
		curl_easy_cleanup(f->easy);
	}
	curl_slist_free_all(f->headers);
	sim_ping_free(&f->ping);
	*f = (struct flight){ 0 };
}

static bool
add_header(struct flight *f, const char *line)
{
	struct curl_slist *longer = curl_slist_append(f->headers, line);

	if (longer == NULL)
		return false;
	f->headers = longer;
	return true;
}

static bool
prepare(struct flight *f, long timeout_ms)
{
	struct buf mac = { 0 };
	bool ok;

	buf_printf(&mac, "X-Airtable-Content-MAC: %s", buf_cstr(&f->ping.mac));
	ok = buf_status(&mac) == ERR_OK && add_header(f, "Content-Type: application/json") &&
	    add_header(f, "Expect:") && add_header(f, buf_cstr(&mac));
	buf_free(&mac);
	return ok && (f->easy = curl_easy_init()) != NULL &&
	    curl_easy_setopt(f->easy, CURLOPT_URL, f->ping.url) == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers) == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE,
	        (curl_off_t)f->ping.body.len) == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, f->ping.body.data) == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, count_body) == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f) == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->problem) == CURLE_OK &&
	    curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f) == CURLE_OK;
}

static struct flight *
free_flight(struct sim_pinger *p)
{
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		if (p->flights[i].easy == NULL)
			return &p->flights[i];
	return NULL;
}

/* The outcome, for the webhook's state; ${why} NULL: well received. */
static void
report(struct sim_pinger *p, const struct flight *f, double duration_ms, const char *why)
{
	struct sim_state *s = p->state;

	(void)pthread_mutex_lock(&s->data);
	sim_webhooks_pinged(&s->webhooks, &s->settings, sim_state_clock(s), &f->ping, duration_ms,
	    why);
	(void)pthread_mutex_unlock(&s->data);
}

/* Start what is due; how long there is nothing to start, in ms.  -1: it shall end. */
static int
start_due(struct sim_pinger *p)
{
	struct sim_state *s = p->state;
	struct flight *f;
	int64_t wait = IDLE_MS;
	long timeout_ms;
	bool over, taken;

	while ((f = free_flight(p)) != NULL) {
		(void)pthread_mutex_lock(&s->data);
		over = p->over;
		taken = !over && sim_webhooks_take_ping(&s->webhooks, s->base->id,
		    sim_state_clock(s), &f->ping, &wait);
		timeout_ms = (long)s->settings.ping_timeout_ms;
		f->strict = s->settings.ping_strict_body != 0;
		(void)pthread_mutex_unlock(&s->data);
		if (over)
			return -1;
		if (!taken)
			return wait < 0 || wait > IDLE_MS ? IDLE_MS : (int)wait;
		if (!prepare(f, timeout_ms) ||
		    curl_multi_add_handle(p->multi, f->easy) != CURLM_OK) {
			report(p, f, 0, "out of memory");
			end_flight(p, f);
		}
	}
	return IDLE_MS;
}

static void
land(struct sim_pinger *p, struct flight *f, CURLcode code)
{
	char text[SIM_WHY_SIZE];
	const char *why = NULL;
	double seconds = 0;
	long status = 0;

	(void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(f->easy, CURLINFO_TOTAL_TIME, &seconds);
	if (code != CURLE_OK) {
		why = f->problem[0] != '\0' ? f->problem : curl_easy_strerror(code);
	} else if (status != 200 && status != 204) {
		(void)snprintf(text, sizeof(text), "The HTTP status was %ld", status);
		why = text;
	} else if (f->strict && f->received > 0) {
		why = "The response body was not empty";
	}
	report(p, f, seconds * 1000, why);
	end_flight(p, f);
}

static void *
ping(void *cookie)
{
	struct sim_pinger *p = cookie;
	int wait, running, left;
	CURLMsg *m;

	while ((wait = start_due(p)) >= 0) {
		if (curl_multi_perform(p->multi, &running) != CURLM_OK)
			break;
		while ((m = curl_multi_info_read(p->multi, &left)) != NULL) {
			struct flight *f = NULL;

			if (m->msg != CURLMSG_DONE)
				continue;
			(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&f);
			land(p, f, m->data.result);
			wait = 0;	/* what follows it may be due at once */
		}
		if (curl_multi_poll(p->multi, NULL, 0, wait, NULL) != CURLM_OK)
			break;
	}
	return NULL;
}

struct sim_pinger *
sim_pinger_start(struct sim_state *s)
{
	struct sim_pinger *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->state = s;
	if ((p->multi = curl_multi_init()) == NULL)
		goto err0;
	if (pthread_create(&p->thread, NULL, ping, p) != 0)
		goto err1;
	(void)pthread_mutex_lock(&s->data);
	s->webhooks.wake = wake;
	s->webhooks.cookie = p;
	(void)pthread_mutex_unlock(&s->data);
	return p;
err1:
	(void)curl_multi_cleanup(p->multi);
err0:
	free(p);
	return NULL;
}

void
sim_pinger_stop(struct sim_pinger *p)
{
	struct sim_state *s;

	if (p == NULL)
		return;
	s = p->state;
	(void)pthread_mutex_lock(&s->data);
	p->over = true;
	s->webhooks.wake = NULL;
	(void)pthread_mutex_unlock(&s->data);
	wake(p);
	(void)pthread_join(p->thread, NULL);
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		end_flight(p, &p->flights[i]);
	(void)curl_multi_cleanup(p->multi);
	free(p);
}
