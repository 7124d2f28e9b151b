#include <stdlib.h>
#include <string.h>

#include "airtable-sim/http/reqlog.h"
#include "common/base/json_write.h"

#define PATH_MAX_BYTES	512

uint64_t
sim_log_arrival(struct sim_log *l, int64_t arrival_ms, int64_t simulated_ms,
    const char *method, const char *target)
{
	struct sim_log_entry *e;
	char *path;

	if (l->ring == NULL && (l->ring = calloc(SIM_LOG_MAX, sizeof(*l->ring))) == NULL)
		return 0;
	if ((path = strndup(target, PATH_MAX_BYTES)) == NULL)
		return 0;
	e = &l->ring[++l->last % SIM_LOG_MAX];
	free(e->path);
	*e = (struct sim_log_entry){ .seq = l->last, .arrival_ms = arrival_ms,
	    .simulated_ms = simulated_ms, .path = path };
	(void)strncpy(e->method, method, sizeof(e->method) - 1);	/* zeroed above */
	return l->last;
}

void
sim_log_answer(struct sim_log *l, uint64_t seq, int64_t now_ms, int status, uint64_t records)
{
	struct sim_log_entry *e;

	if (seq == 0 || l->ring == NULL)
		return;
	e = &l->ring[seq % SIM_LOG_MAX];
	if (e->seq != seq)
		return;
	e->duration_ms = now_ms - e->arrival_ms;
	e->status = status;
	e->records = records;
}

static void
add_entry(struct buf *b, const struct sim_log_entry *e)
{
	buf_add_char(b, '{');
	json_member_uint(b, "seq", e->seq);
	json_member_int(b, "arrivalMs", e->arrival_ms);
	json_member_instant(b, "simulated", e->simulated_ms);
	json_member_int(b, "simulatedMs", e->simulated_ms);
	json_member_int(b, "durationMs", e->duration_ms);
	json_member_string(b, "method", str_of(e->method));
	json_member_string(b, "path", str_of(e->path));
	json_member_int(b, "status", e->status);
	json_member_uint(b, "records", e->records);
	buf_add_char(b, '}');
}

void
sim_log_json(struct buf *b, const struct sim_log *l, uint64_t since, uint64_t max)
{
	uint64_t oldest = l->last >= SIM_LOG_MAX ? l->last - SIM_LOG_MAX + 1 : 1;

	buf_printf(b, "{\"last\":%llu,\"entries\":[", (unsigned long long)l->last);
	for (uint64_t seq = since + 1 > oldest ? since + 1 : oldest; seq <= l->last && max > 0;
	    seq++, max--) {
		json_next(b);
		add_entry(b, &l->ring[seq % SIM_LOG_MAX]);
	}
	buf_add_cstr(b, "]}");
}

void
sim_log_reset(struct sim_log *l)
{
	if (l->ring != NULL)
		for (size_t i = 0; i < SIM_LOG_MAX; i++)
			free(l->ring[i].path);
	free(l->ring);
	*l = (struct sim_log){ 0 };
}
