#include "common/tables/schema.h"

static const char *const statuses[] = {
	"Pending", "Processing", "Shipped", "Delivered", "Cancelled"
};
static const char *const priorities[] = { "Low", "Medium", "High" };

static const struct field fields[ORDER_FIELDS] = {
	[ORDER_ORDER_ID] = {
		.name = "orderId", .airtable = "Order ID", .kind = FIELD_TEXT,
		.flags = FIELD_SEARCH | FIELD_SORT | FIELD_KEY | FIELD_CREATE | FIELD_NAMES
	},
	[ORDER_CUSTOMER] = {
		.name = "customer", .airtable = "Customer", .kind = FIELD_TEXT,
		.flags = FIELD_SEARCH | FIELD_SORT | FIELD_EXACT | FIELD_CREATE | FIELD_NAMES
	},
	[ORDER_STATUS] = {
		.name = "status", .airtable = "Status", .kind = FIELD_SELECT,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_GROUP | FIELD_CREATE,
		.options = statuses, .option_count = 5
	},
	[ORDER_PRIORITY] = {
		.name = "priority", .airtable = "Priority", .kind = FIELD_SELECT,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_GROUP | FIELD_CREATE,
		.options = priorities, .option_count = 3
	},
	[ORDER_TOTAL] = {
		.name = "orderTotal", .airtable = "Order Total", .kind = FIELD_MONEY,
		.flags = FIELD_SORT | FIELD_CREATE,
		.from = "minTotal", .to = "maxTotal", .to_inclusive = true
	},
	[ORDER_CREATED_AT] = {
		.name = "createdAt", .airtable = "Created At", .kind = FIELD_INSTANT,
		.flags = FIELD_SORT, .from = "createdFrom", .to = "createdTo"
	},
	[ORDER_UPDATED_AT] = {
		.name = "updatedAt", .airtable = "Updated At", .kind = FIELD_INSTANT,
		.flags = FIELD_SORT | FIELD_STAMP, .from = "updatedFrom", .to = "updatedTo"
	}
};

const struct schema orders_schema = {
	.name = "orders",
	.airtable = "Orders",
	.number = 1,
	.fields = fields,
	.field_count = ORDER_FIELDS,
	.default_sort = ORDER_CREATED_AT,
	.default_descending = true,
	.sum_field = ORDER_TOTAL,
	.day_field = ORDER_CREATED_AT,
	.state_field = ORDER_STATUS,
	.title = "Orders",
	.noun = "order"
};
