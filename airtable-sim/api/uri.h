#ifndef AIRTABLE_SIM_API_URI_H
#define AIRTABLE_SIM_API_URI_H

#include <stddef.h>

#include "common/base/err.h"
#include "common/base/str.h"

/*
 * A request's target, taken apart: decoded path segments (empty ones left
 * out, so a trailing slash means nothing) and decoded parameters in order.
 * "+" is a space in the query only.
 */
#define SIM_SEGMENTS_MAX	8

struct sim_param {
	struct str	name, value;	/* NUL-terminated as well */
};

struct sim_uri {
	struct str		 path[SIM_SEGMENTS_MAX];
	size_t			 path_count;	/* SIM_SEGMENTS_MAX + 1: more than fit */
	struct sim_param	*params;
	size_t			 param_count;
	char			*memory;	/* what all of it points into */
};

/* ERR_NOMEM or ERR_OK: there is no target that can't be taken apart. */
enum err	 sim_uri_parse(struct sim_uri *, const char *target);
void		 sim_uri_free(struct sim_uri *);

#endif
