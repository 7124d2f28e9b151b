#ifndef FCGI_API_METRICS_METRICS_H
#define FCGI_API_METRICS_METRICS_H

#include <cjson/cJSON.h>

#include "fcgi-api/http/api.h"

/*
 * GET /metrics: Prometheus' text.  The counters of all workers are summed
 * here, the store is read, syncd is asked; what nginx knows of itself it
 * tells in parameters of the request.  A process of its own answers, so that
 * neither a storm of requests nor one of exports keeps it waiting, and a
 * web server's server of its own passes it on, never the public one.
 * ${counters} NULL: there are none.
 */
enum outcome	metrics_answer(struct api *, char *const *envp, const struct counters *counters);

/* Parts of it.  metrics/workers.c: what the workers counted. */
void		metrics_add_workers(struct buf *, const struct counters *);
/* metrics/syncd.c: syncd's status document; NULL: it does not answer. */
void		metrics_add_syncd(struct buf *, const cJSON *status);

#endif
