#ifndef FCGI_API_METRICS_TEXT_H
#define FCGI_API_METRICS_TEXT_H

#include "common/base/buf.h"
#include "common/base/histogram.h"

/*
 * Prometheus' text format.  ${labels} are composed by the caller without
 * braces (route="/api/orders",method="GET"), of words that need no escapes;
 * NULL: none.
 */

/* The lines that describe a metric, once before its values.  ${type}: counter, gauge, histogram. */
void	metric_begin(struct buf *, const char *name, const char *type, const char *help);
void	metric_uint(struct buf *, const char *name, const char *labels, uint64_t value);
void	metric_double(struct buf *, const char *name, const char *labels, double value);
void	metric_histogram(struct buf *, const char *name, const char *labels,
	    const struct histogram *);

/* A gauge or counter with one value. */
void	metric_one(struct buf *, const char *name, const char *type, const char *help, double value);

#endif
