#include "fcgi-api/metrics/text.h"

void
metric_begin(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
add_name(struct buf *b, const char *name, const char *labels)
{
	buf_add_cstr(b, name);
	if (labels != NULL)
		buf_printf(b, "{%s}", labels);
}

void
metric_uint(struct buf *b, const char *name, const char *labels, uint64_t value)
{
	add_name(b, name, labels);
	buf_printf(b, " %llu\n", (unsigned long long)value);
}

void
metric_double(struct buf *b, const char *name, const char *labels, double value)
{
	add_name(b, name, labels);
	buf_printf(b, " %.15g\n", value);
}

void
metric_one(struct buf *b, const char *name, const char *type, const char *help, double value)
{
	metric_begin(b, name, type, help);
	metric_double(b, name, NULL, value);
}

void
metric_histogram(struct buf *b, const char *name, const char *labels, const struct histogram *h)
{
	const char *comma = labels != NULL ? "," : "";
	uint64_t below = 0;

	if (labels == NULL)
		labels = "";
	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		below += h->counts[i];
		buf_printf(b, "%s_bucket{%s%sle=\"%.15g\"} %llu\n", name, labels, comma,
		    (double)histogram_bounds[i] / 1e9, (unsigned long long)below);
	}
	below += h->counts[HISTOGRAM_BOUNDS];
	buf_printf(b, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma,
	    (unsigned long long)below);
	buf_printf(b, "%s_sum%s%s%s %.9f\n", name, comma[0] != '\0' ? "{" : "", labels,
	    comma[0] != '\0' ? "}" : "", (double)h->sum_ns / 1e9);
	buf_printf(b, "%s_count%s%s%s %llu\n", name, comma[0] != '\0' ? "{" : "", labels,
	    comma[0] != '\0' ? "}" : "", (unsigned long long)below);
}
