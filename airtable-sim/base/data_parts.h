#ifndef AIRTABLE_SIM_BASE_DATA_PARTS_H
#define AIRTABLE_SIM_BASE_DATA_PARTS_H

#include "airtable-sim/base/base.h"

/* What makes the data of all tables that the simulator starts with: data.c, data_shop.c. */

/* An id made of a name, so that people recognise it: fldOrderTotal0000. */
void		 sim_data_id(const char *prefix, const char *name, char id[static SIM_ID_SIZE]);
/* Choices with such ids; false: out of memory. */
bool		 sim_data_choices(struct sim_base *, struct sim_field *, const char *const *names, size_t n);
/* A cell with a text that lives as long as the base. */
struct sim_cell	 sim_data_text(const char *);

/* data_shop.c, data_everything.c: the tables that data_more.h describes; false: out of memory. */
bool		 sim_shop_add(struct sim_base *, uint64_t seed, int64_t now_ms);
bool		 sim_everything_add(struct sim_base *, int64_t now_ms);

#endif
