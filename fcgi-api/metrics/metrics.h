#ifndef FCGI_API_METRICS_METRICS_H
#define FCGI_API_METRICS_METRICS_H

#include <cjson/cJSON.h>

#include "fcgi-api/http/api.h"

/*
 * GET /metrics in Prometheus' text format.  The counters of all workers are
 * summed here, the store is read, and syncd is asked; nginx gives its own
 * numbers in parameters of the request.  A process that does nothing else
 * answers, so that neither a flood of requests nor one of exports keeps it
 * waiting.  nginx passes it on from a server of its own (metrics.listen),
 * never from the public one.  ${counters} NULL: there are none.
 */
enum outcome	metrics_answer(struct api *, char *const *envp, const struct counters *counters);

/* Parts of it.  metrics/workers.c: what the workers counted. */
void		metrics_add_workers(struct buf *, const struct counters *, const struct tables *);
/* metrics/syncd.c: syncd's status document; NULL: it does not answer. */
void		metrics_add_syncd(struct buf *, const cJSON *status);

#endif
