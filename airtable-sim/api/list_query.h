#ifndef AIRTABLE_SIM_API_LIST_QUERY_H
#define AIRTABLE_SIM_API_LIST_QUERY_H

#include "airtable-sim/api/call.h"
#include "airtable-sim/base/row_json.h"

/* The parameters of a listing, from the query or from a POSTed body. */
#define SIM_SORT_MAX		16
#define SIM_PAGE_SIZE_MAX	100

struct sim_sort_key {
	struct str	name;		/* as given; resolved into field */
	size_t		field;
	bool		descending;
};

struct sim_list_query {
	struct sim_projection	projection;
	struct sim_sort_key	sort[SIM_SORT_MAX];
	size_t			sort_count;
	struct str		filter;		/* len 0: none; points into the call */
	struct str		view;
	struct str		offset;
	size_t			page_size;
	size_t			max_records;	/* 0: all */
};

/*
 * One of cellFormat, timeZone, userLocale, returnFieldsByFieldId into the
 * projection; *ok tells whether its value is valid.  False: none of them.
 */
bool	sim_projection_set(struct sim_projection *, struct str name, struct str value, bool *ok);
/* Do they fit each other?  False with the error in the reply. */
bool	sim_projection_check(const struct sim_projection *, struct sim_reply *);
/* Fill ${q}; false with the error in the reply. */
bool	sim_list_query_read(struct sim_list_query *, struct sim_call *, struct sim_reply *);

/* A whole number from 1 to ${max}; false: it is none. */
bool	sim_read_count(struct str, size_t max, size_t *);
/* "true" and "1", which clients send for returnFieldsByFieldId. */
bool	sim_flag_is_set(struct str);
/* Mark the field in the projection; false: unknown. */
bool	sim_projection_add(struct sim_projection *, const struct sim_table *, struct str name);

#endif
