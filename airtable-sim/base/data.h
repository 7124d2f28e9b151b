#ifndef AIRTABLE_SIM_BASE_DATA_H
#define AIRTABLE_SIM_BASE_DATA_H

#include <stdint.h>

#include "airtable-sim/base/base.h"

/*
 * The orders that the simulator starts with: made from a seed and a "now",
 * in whole numbers only, so that they are the same on every machine.
 * Creation over the last 45 days by a weekday and hour pattern, statuses by
 * age, log-normal totals with cents, customers that come back, about 3 % of
 * every optional cell empty, and texts that trip careless readers (quotes,
 * commas, formulas, emoji).
 */
#define SIM_DATA_BASE_ID	"appOrderdeckDemo1"
#define SIM_DATA_TABLE_ID	"tblOrders00000001"
#define SIM_DATA_ORDERS_MAX	500000u

/* The fields of the table Orders, in this order. */
enum sim_order_field {
	SIM_ORDER_ID, SIM_ORDER_CUSTOMER, SIM_ORDER_STATUS, SIM_ORDER_TOTAL,
	SIM_ORDER_CREATED_AT, SIM_ORDER_UPDATED_AT, SIM_ORDER_PRIORITY, SIM_ORDER_NOTES,
	SIM_ORDER_LABEL, SIM_ORDER_FIELDS
};

/* A base whose first table is Orders with ${orders} rows; NULL: out of memory. */
struct sim_base	*sim_data_new(const char *base_id, uint32_t orders, uint64_t seed, int64_t now_ms);

/* One more generated order, the ${n}th (from 0) of its base, created at ${created_ms}. */
uint32_t	 sim_data_add_order(struct sim_base *, struct sim_table *, uint64_t seed,
		    uint32_t n, int64_t created_ms, int64_t now_ms);

#endif
