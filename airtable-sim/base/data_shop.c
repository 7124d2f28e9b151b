#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/data.h"
#include "airtable-sim/base/data_more.h"
#include "airtable-sim/base/data_parts.h"
#include "airtable-sim/base/data_shop_texts.h"
#include "airtable-sim/base/field_json.h"
#include "airtable-sim/base/links.h"
#include "airtable-sim/cells/cell.h"
#include "airtable-sim/cells/kinds.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define DAY_MS		INT64_C(86400000)
#define PRODUCTS_MAX	3	/* of one order */

enum { P_SKU, P_NAME, P_CATEGORY, P_SUPPLIER, P_PRICE, P_STOCK, P_THRESHOLD, P_PACK, P_BARCODE };
enum { S_NAME, S_EMAIL, S_RELIABILITY, S_LEAD_TIME, S_PHONE, S_WEBSITE };
enum { C_NAME, C_EMAIL, C_CITY, C_LOYALTY, C_SINCE, C_ACTIVE, C_NOTES, C_TAGS, C_MANAGER };
enum { O_CUSTOMER = SIM_ORDER_FIELDS, O_PRODUCTS };

/* The shop while it is made. */
struct shop {
	struct sim_base		*b;
	struct sim_action	 a;	/* of nobody, and nobody notices */
	struct sim_settings	 settings;
	struct sim_random	 r;
	uint64_t		 seed;
	int64_t			 now_ms;
	struct sim_table	*orders, *products, *suppliers, *customers;
	uint32_t		*customer_of;	/* rank in the pool -> slot, SIM_NO_ROW: none */
};

/* A new field, described as the app would; its id is made of the table's and its own name. */
static bool
add_field(struct sim_table *t, const char *word, const char *json)
{
	cJSON *d = cJSON_Parse(json);
	struct sim_reply why = { 0 };
	char name[64];
	bool ok = d != NULL && sim_field_create(t, d, true, &why) != NULL;

	if (ok) {
		struct sim_field *f = &t->fields[t->field_count - 1];

		(void)snprintf(name, sizeof(name), "%s%.40s", word, f->name);
		sim_data_id("fld", name, f->id);
	}
	sim_reply_free(&why);
	cJSON_Delete(d);
	return ok;
}

static struct sim_table *
add_table(struct shop *s, const char *name, const char *word, const char *const *fields, size_t n)
{
	struct sim_table *t = sim_table_new(s->b, name);
	bool ok = t != NULL;

	if (!ok)
		return NULL;
	sim_data_id("tbl", name, t->id);
	sim_data_id("viw", name, t->view_id);
	for (size_t i = 0; i < n && ok; i++)
		ok = add_field(t, word, fields[i]);
	return ok ? t : NULL;
}

/* A new row that is so many days old and has room for all fields; NULL: out of memory. */
static struct sim_cell *
add_row(struct shop *s, struct sim_table *t, uint32_t days)
{
	int64_t created = s->now_ms - days * DAY_MS;
	char id[SIM_ID_SIZE];
	uint32_t slot;
	struct sim_row *row;

	sim_random_id(&s->r, "rec", id);
	if ((slot = sim_table_add_row(s->b, t, id, created < 0 ? 0 : created)) == SIM_NO_ROW)
		return NULL;
	row = &t->rows[slot];
	if ((row->cells = calloc(t->field_count, sizeof(*row->cells))) == NULL)
		return NULL;
	row->cell_count = (uint16_t)t->field_count;
	return row->cells;
}

static struct sim_cell
number(double d)
{
	return (struct sim_cell){ .kind = SIM_NUM, .number = d };
}

static struct sim_cell
choice(uint32_t place)
{
	return (struct sim_cell){ .kind = SIM_CHOICE, .choice = place };
}

static bool
json(struct sim_cell *cell, const char *text)
{
	if (!sim_cell_text(cell, str_of(text)))
		return false;
	cell->kind = SIM_JSON;
	return true;
}

static bool
one_in(struct shop *s, uint32_t n)
{
	return sim_random_below(&s->r, n) == 0;
}

/* ---- suppliers and products -------------------------------------------------------------- */
static bool
add_supplier(struct shop *s, uint32_t i)
{
	struct sim_cell *c = add_row(s, s->suppliers, 400 + i);
	char text[96];

	if (c == NULL)
		return false;
	c[S_NAME] = sim_data_text(suppliers[i]);
	if (i % 9 != 8)
		c[S_RELIABILITY] = number((700 + sim_random_below(&s->r, 300)) / 1000.0);
	c[S_LEAD_TIME] = number(1 + sim_random_below(&s->r, 45));
	(void)snprintf(text, sizeof(text), "orders@supplier%02u.example.com", i + 1);
	if (!one_in(s, 20) && !sim_cell_text(&c[S_EMAIL], str_of(text)))
		return false;
	(void)snprintf(text, sizeof(text), "+49 30 555 %04u", 100 + 37 * i);
	if (!one_in(s, 10) && !sim_cell_text(&c[S_PHONE], str_of(text)))
		return false;
	(void)snprintf(text, sizeof(text), "https://supplier%02u.example.com/?lang=en&from=shop", i + 1);
	return one_in(s, 10) || sim_cell_text(&c[S_WEBSITE], str_of(text));
}

/* Thirteen digits, the last of which checks the others. */
static bool
add_barcode(struct sim_cell *cell, uint32_t i)
{
	char digits[16], text[64];
	int sum = 0;

	(void)snprintf(digits, sizeof(digits), "400638%06u", 1000 + i);
	for (int k = 0; k < 12; k++)
		sum += (digits[k] - '0') * (k % 2 == 0 ? 1 : 3);
	(void)snprintf(text, sizeof(text), "{\"text\":\"%s%d\",\"type\":\"ean13\"}", digits,
	    (10 - sum % 10) % 10);
	return json(cell, text);
}

static bool
add_product(struct shop *s, uint32_t i)
{
	static const unsigned char packs[] = { 1, 1, 1, 6, 10, 12, 24 };
	struct sim_cell *c = add_row(s, s->products, 60 + i);
	uint32_t good = i % COUNT(goods), threshold = 5 * (1 + sim_random_below(&s->r, 20));
	char text[96];

	if (c == NULL)
		return false;
	(void)snprintf(text, sizeof(text), "SKU-%04u", i + 1);
	if (!sim_cell_text(&c[P_SKU], str_of(text)))
		return false;
	(void)snprintf(text, sizeof(text), "%s %s", qualities[i / COUNT(goods) % COUNT(qualities)],
	    goods[good].name);
	if (!sim_cell_text(&c[P_NAME], str_of(text)))
		return false;
	if (!one_in(s, 40))
		c[P_CATEGORY] = choice(goods[good].category);
	if (!one_in(s, 50)) {
		if (!sim_links_new(&c[P_SUPPLIER], 1))
			return false;
		c[P_SUPPLIER].links[0] = sim_random_below(&s->r, SIM_SHOP_SUPPLIERS);
	}
	if (!one_in(s, 60))
		c[P_PRICE] = number((199 + sim_random_below(&s->r, 20000)) / 100.0);
	/* some are sold out, some below their threshold, most well stocked */
	c[P_STOCK] = number(one_in(s, 12) ? 0 : sim_random_below(&s->r, threshold * 6));
	if (!one_in(s, 30))
		c[P_THRESHOLD] = number(threshold);
	c[P_PACK] = number(packs[sim_random_below(&s->r, COUNT(packs))]);
	return one_in(s, 15) || add_barcode(&c[P_BARCODE], i);
}

static bool
add_goods(struct shop *s)
{
	static const char *const of_suppliers[] = {
		"{\"name\":\"Name\",\"type\":\"singleLineText\"}",
		"{\"name\":\"E-mail\",\"type\":\"email\"}",
		"{\"name\":\"Reliability\",\"type\":\"percent\",\"options\":{\"precision\":1}}",
		"{\"name\":\"Lead Time Days\",\"type\":\"number\",\"options\":{\"precision\":0}}",
		"{\"name\":\"Phone\",\"type\":\"phoneNumber\"}",
		"{\"name\":\"Website\",\"type\":\"url\"}",
	};
	static const char *const of_products[] = {
		"{\"name\":\"SKU\",\"type\":\"singleLineText\"}",
		"{\"name\":\"Name\",\"type\":\"singleLineText\"}",
		"{\"name\":\"Category\",\"type\":\"singleSelect\",\"options\":{\"choices\":[]}}",
		("{\"name\":\"Supplier\",\"type\":\"multipleRecordLinks\",\"options\":"
		"{\"linkedTableId\":\"tblSuppliers00000\",\"prefersSingleRecordLink\":true}}"),
		"{\"name\":\"Price\",\"type\":\"currency\",\"options\":{\"precision\":2,\"symbol\":\"$\"}}",
		"{\"name\":\"Stock Quantity\",\"type\":\"number\",\"options\":{\"precision\":0}}",
		"{\"name\":\"Reorder Threshold\",\"type\":\"number\",\"options\":{\"precision\":0}}",
		"{\"name\":\"Pack\",\"type\":\"number\",\"options\":{\"precision\":0}}",
		"{\"name\":\"Barcode\",\"type\":\"barcode\"}",
	};

	s->suppliers = add_table(s, "Suppliers", "Sup", of_suppliers, COUNT(of_suppliers));
	if (s->suppliers == NULL)
		return false;
	s->products = add_table(s, "Products", "Prd", of_products, COUNT(of_products));
	if (s->products == NULL || !sim_data_choices(s->b, &s->products->fields[P_CATEGORY], categories,
	    COUNT(categories)))
		return false;
	for (uint32_t i = 0; i < SIM_SHOP_SUPPLIERS; i++)
		if (!add_supplier(s, i))
			return false;
	for (uint32_t i = 0; i < SIM_SHOP_PRODUCTS; i++)
		if (!add_product(s, i))
			return false;
	return true;
}

/* ---- customers --------------------------------------------------------------------------- */
struct ranked {
	const char	*name;		/* the pool's */
	uint32_t	 rank;
};

static int
by_address(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	uintptr_t p = (uintptr_t)x->name, q = (uintptr_t)y->name;

	return (p > q) - (p < q);
}

/* The customers of all orders by rank, SIM_NO_ROW for an order that has none; NULL: out of memory. */
static uint32_t *
ranks_of_orders(const struct shop *s)
{
	size_t n = s->b->pool_count;
	struct ranked *pool = calloc(n, sizeof(*pool)), key = { 0 };
	uint32_t *ranks = malloc((s->orders->row_count + 1u) * sizeof(*ranks));

	for (size_t i = 0; i < n && pool != NULL; i++)
		pool[i] = (struct ranked){ s->b->pool[i], (uint32_t)i };
	if (pool != NULL)
		qsort(pool, n, sizeof(*pool), by_address);
	for (uint32_t i = 0; i < s->orders->row_count && pool != NULL && ranks != NULL; i++) {
		const struct sim_cell *c = sim_row_cell(&s->orders->rows[i], SIM_ORDER_CUSTOMER);
		const struct ranked *found = NULL;

		if (c->kind == SIM_TEXT) {
			key.name = c->text;
			found = bsearch(&key, pool, n, sizeof(*pool), by_address);
		}
		ranks[i] = found == NULL ? SIM_NO_ROW : found->rank;
	}
	if (pool == NULL) {
		free(ranks);
		ranks = NULL;
	}
	free(pool);
	return ranks;
}

/* Letters and digits of the name, and its rank, as an address. */
static bool
add_email(struct sim_cell *cell, const char *name, uint32_t rank)
{
	char text[128];
	size_t n = 0;

	for (; *name != '\0' && n < 60; name++)
		if (isalnum((unsigned char)*name))
			text[n++] = (char)tolower((unsigned char)*name);
	(void)snprintf(text + n, sizeof(text) - n, "%u@example.com", rank + 1);
	return sim_cell_text(cell, str_of(text));
}

static bool
add_manager(struct shop *s, struct sim_cell *cell)
{
	struct sim_user user;
	struct buf b = { 0 };
	bool ok;

	sim_user_named(&user, managers[sim_random_below(&s->r, COUNT(managers))]);
	(void)sim_base_add_user(s->b, &user);
	sim_add_user(&b, &user);
	ok = buf_status(&b) == ERR_OK && json(cell, buf_cstr(&b));
	buf_free(&b);
	return ok;
}

static bool
add_tags(struct shop *s, struct sim_cell *cell)
{
	uint32_t first = sim_random_below(&s->r, COUNT(tags)), n = sim_random_below(&s->r, 4);
	char text[128] = "[";

	for (uint32_t i = 0; i < n; i++) {
		(void)strcat(text, i == 0 ? "\"" : ",\"");
		(void)strcat(text, tags[(first + i) % COUNT(tags)]);
		(void)strcat(text, "\"");
	}
	(void)strcat(text, "]");
	return n == 0 || json(cell, text);
}

static bool
add_customer(struct shop *s, uint32_t rank)
{
	uint32_t days = 50 + sim_random_below(&s->r, 1500);
	struct sim_cell *c = add_row(s, s->customers, days);
	int64_t since = s->now_ms - days * DAY_MS;

	if (c == NULL)
		return false;
	s->customer_of[rank] = s->customers->row_count - 1;
	c[C_NAME] = sim_data_text(s->b->pool[rank]);
	if (!one_in(s, 25) && !add_email(&c[C_EMAIL], s->b->pool[rank], rank))
		return false;
	if (!one_in(s, 25))
		c[C_CITY] = sim_data_text(cities[sim_random_below(&s->r, COUNT(cities))]);
	if (!one_in(s, 8)) {
		uint32_t u = sim_random_below(&s->r, 16);

		c[C_LOYALTY] = choice(u < 8 ? 0 : u < 12 ? 1 : u < 15 ? 2 : 3);
	}
	if (!one_in(s, 30) && since >= 0)
		c[C_SINCE] = (struct sim_cell){ .kind = SIM_INSTANT, .instant = since - since % DAY_MS };
	if (!one_in(s, 6))
		c[C_ACTIVE].kind = SIM_TRUE;
	if (one_in(s, 5))
		c[C_NOTES] = sim_data_text(customer_notes[sim_random_below(&s->r, COUNT(customer_notes))]);
	return add_tags(s, &c[C_TAGS]) && (one_in(s, 4) || add_manager(s, &c[C_MANAGER]));
}

/* Those that orders show, and others until there are enough. */
static bool
add_customers(struct shop *s, const uint32_t *ranks)
{
	static const char *const fields[] = {
		"{\"name\":\"Name\",\"type\":\"singleLineText\"}",
		"{\"name\":\"Email\",\"type\":\"email\"}",
		"{\"name\":\"City\",\"type\":\"singleLineText\"}",
		"{\"name\":\"Loyalty\",\"type\":\"singleSelect\",\"options\":{\"choices\":[]}}",
		"{\"name\":\"Since\",\"type\":\"date\",\"options\":{\"dateFormat\":{\"name\":\"iso\"}}}",
		"{\"name\":\"Active\",\"type\":\"checkbox\"}",
		"{\"name\":\"Notes\",\"type\":\"multilineText\"}",
		"{\"name\":\"Tags\",\"type\":\"multipleSelects\",\"options\":{\"choices\":[]}}",
		"{\"name\":\"Account Manager\",\"type\":\"singleCollaborator\"}",
	};
	uint32_t all = (uint32_t)s->b->pool_count, wanted = 0, spare;

	s->customers = add_table(s, "Customers", "Cus", fields, COUNT(fields));
	if (s->customers == NULL ||
	    !sim_data_choices(s->b, &s->customers->fields[C_LOYALTY], loyalties, COUNT(loyalties)) ||
	    !sim_data_choices(s->b, &s->customers->fields[C_TAGS], tags, COUNT(tags)))
		return false;
	for (uint32_t i = 0; i < all; i++)
		s->customer_of[i] = SIM_NO_ROW;
	for (uint32_t i = 0; i < s->orders->row_count; i++)
		if (ranks[i] != SIM_NO_ROW && s->customer_of[ranks[i]] == SIM_NO_ROW) {
			s->customer_of[ranks[i]] = 0;	/* shown */
			wanted++;
		}
	spare = wanted < SIM_SHOP_CUSTOMERS ? SIM_SHOP_CUSTOMERS - wanted : 0;
	for (uint32_t i = 0; i < all; i++) {
		if (s->customer_of[i] == SIM_NO_ROW && spare == 0)
			continue;
		spare -= s->customer_of[i] == SIM_NO_ROW;
		if (!add_customer(s, i))
			return false;
	}
	return true;
}

/* ---- what orders link to ------------------------------------------------------------------ */
/* The products of the ${n}th order; how many. */
static uint32_t
products_of(uint64_t seed, uint32_t n, uint32_t slots[static PRODUCTS_MAX])
{
	struct sim_random r = { (seed * 31 + 5) ^ (uint64_t)n << 32 };
	uint32_t roll, count, made = 0;

	(void)sim_random_next(&r);
	roll = sim_random_below(&r, 100);
	count = roll < 3 ? 0 : roll < 62 ? 1 : roll < 88 ? 2 : 3;
	while (made < count) {	/* u^2: few products sell well */
		uint64_t u = sim_random_below(&r, 1 << 16);
		uint32_t slot = (uint32_t)((u * u >> 16) * SIM_SHOP_PRODUCTS >> 16), i = 0;

		while (i < made && slots[i] != slot)
			i++;
		if (i == made)
			slots[made++] = slot;
	}
	return made;
}

static bool
link_orders(struct shop *s, const uint32_t *ranks)
{
	uint32_t n = s->orders->row_count;
	uint32_t *customers = malloc((n + 1u) * sizeof(*customers)), *products = NULL;

	if (customers == NULL || !sim_base_keep(s->b, customers) ||
	    (products = malloc((n + 1u) * PRODUCTS_MAX * sizeof(*products))) == NULL ||
	    !sim_base_keep(s->b, products))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct sim_row *row = &s->orders->rows[i];
		struct sim_cell cell = { .kind = SIM_LINKED, .shared = true, .len = 1 };
		struct sim_cell *grown = realloc(row->cells, (O_PRODUCTS + 1) * sizeof(*grown));

		if (grown == NULL)
			return false;
		row->cells = grown;
		memset(grown + O_CUSTOMER, 0, 2 * sizeof(*grown));
		row->cell_count = O_PRODUCTS + 1;
		if (ranks[i] != SIM_NO_ROW) {
			customers[i] = s->customer_of[ranks[i]];
			cell.links = &customers[i];
			grown[O_CUSTOMER] = cell;
		}
		cell.links = products;
		if ((cell.len = products_of(s->seed, i, products)) > 0)
			grown[O_PRODUCTS] = cell;
		products += cell.len;
	}
	return true;
}

static bool
add_links(struct shop *s, const uint32_t *ranks)
{
	return add_field(s->orders, "", "{\"name\":\"Customer Link\",\"type\":\"multipleRecordLinks\","
	        "\"options\":{\"linkedTableId\":\"tblCustomers00000\",\"prefersSingleRecordLink\":true}}") &&
	    add_field(s->orders, "", "{\"name\":\"Products\",\"type\":\"multipleRecordLinks\","
	        "\"options\":{\"linkedTableId\":\"tblProducts000000\"}}") &&
	    link_orders(s, ranks) && sim_links_pair_all(&s->a, s->products, 0) &&
	    sim_links_pair_all(&s->a, s->orders, 0);
}

static bool
add_computed(struct shop *s)
{
	return add_field(s->products, "Prd", "{\"name\":\"Stock Value\",\"type\":\"formula\",\"options\":"
	        "{\"formula\":\"{Price} * {Stock Quantity}\",\"result\":{\"type\":\"currency\","
	        "\"options\":{\"precision\":2,\"symbol\":\"$\"}}}}") &&
	    add_field(s->products, "Prd", "{\"name\":\"Supplier Lead Time\",\"type\":"
	        "\"multipleLookupValues\",\"options\":{\"recordLinkFieldId\":\"Supplier\","
	        "\"fieldIdInLinkedTable\":\"Lead Time Days\"}}") &&
	    add_field(s->suppliers, "Sup", "{\"name\":\"Product Count\",\"type\":\"count\",\"options\":"
	        "{\"recordLinkFieldId\":\"Products\"}}") &&
	    add_field(s->customers, "Cus", "{\"name\":\"Order Count\",\"type\":\"count\",\"options\":"
	        "{\"recordLinkFieldId\":\"Orders\"}}") &&
	    add_field(s->customers, "Cus", "{\"name\":\"Lifetime Value\",\"type\":\"rollup\",\"options\":"
	        "{\"recordLinkFieldId\":\"Orders\",\"fieldIdInLinkedTable\":\"Order Total\",\"formula\":"
	        "\"SUM(values)\",\"result\":{\"type\":\"currency\",\"options\":{\"precision\":2,"
	        "\"symbol\":\"$\"}}}}");
}

bool
sim_shop_add(struct sim_base *b, uint64_t seed, int64_t now_ms)
{
	struct shop s = { .b = b, .r = { seed * 17 + 11 }, .seed = seed, .now_ms = now_ms,
	    .orders = b->tables[0] };
	uint32_t *ranks = ranks_of_orders(&s);
	bool ok;

	sim_settings_default(&s.settings);
	s.a = (struct sim_action){ .base = b, .settings = &s.settings, .now_ms = now_ms };
	s.customer_of = malloc((b->pool_count + 1) * sizeof(*s.customer_of));
	ok = ranks != NULL && s.customer_of != NULL && add_goods(&s) && add_customers(&s, ranks) &&
	    add_links(&s, ranks) && add_computed(&s);
	free(ranks);
	free(s.customer_of);
	return ok;
}

bool
sim_shop_link_order(struct sim_action *a, struct sim_table *orders, uint32_t slot, uint64_t seed,
    uint32_t n)
{
	const struct sim_table *customers = sim_base_table(a->base, STR("tblCustomers00000"));
	const struct sim_table *products = sim_base_table(a->base, STR("tblProducts000000"));
	const struct sim_cell *name = sim_row_cell(&orders->rows[slot], SIM_ORDER_CUSTOMER);
	int to_customer = sim_table_field(orders, STR("fldCustomerLink00"));
	int to_products = sim_table_field(orders, STR("fldProducts000000"));
	uint32_t slots[PRODUCTS_MAX], count, customer;
	struct sim_cell cell;

	if (customers != NULL && to_customer >= 0 && name->kind == SIM_TEXT &&
	    orders->fields[to_customer].linked == customers &&
	    (customer = sim_linked_row(customers, (struct str){ name->text, name->len })) != SIM_NO_ROW) {
		if (!sim_links_new(&cell, 1))
			return false;
		cell.links[0] = customer;
		if (!sim_links_put(a, orders, slot, (size_t)to_customer, cell))
			return false;
	}
	if (products == NULL || to_products < 0 || orders->fields[to_products].linked != products)
		return true;
	count = products_of(seed, n, slots);
	if (!sim_links_new(&cell, count))
		return false;
	cell.len = 0;
	for (uint32_t i = 0; i < count; i++)
		if (slots[i] < products->row_count && !products->rows[slots[i]].deleted)
			cell.links[cell.len++] = slots[i];
	if (cell.len == 0) {
		if (count > 0)
			free(cell.links);
		return true;
	}
	return sim_links_put(a, orders, slot, (size_t)to_products, cell);
}
