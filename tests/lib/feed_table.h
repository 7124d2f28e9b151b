#ifndef TESTS_LIB_FEED_TABLE_H
#define TESTS_LIB_FEED_TABLE_H

#include "syncd/airtable/webhooks.h"

/* The orders table in a base's schema: fields fldA to fldG, in the order of orders_schema. */
#define FEED_SCHEMA(customer, options) \
	"{\"tables\":[{\"id\":\"tblOther\",\"name\":\"Other\",\"fields\":[]}," \
	"{\"id\":\"tblOrders\",\"name\":\"Orders\",\"fields\":[" \
	"{\"id\":\"fldA\",\"name\":\"Order ID\",\"type\":\"singleLineText\"}," \
	"{\"id\":\"fldB\",\"name\":\"" customer "\",\"type\":\"singleLineText\"}," \
	"{\"id\":\"fldC\",\"name\":\"Status\",\"type\":\"singleSelect\",\"options\":{\"choices\":[" options "]}}," \
	"{\"id\":\"fldD\",\"name\":\"Priority\",\"type\":\"singleSelect\"}," \
	"{\"id\":\"fldE\",\"name\":\"Order Total\",\"type\":\"currency\"}," \
	"{\"id\":\"fldF\",\"name\":\"Created At\",\"type\":\"dateTime\"}," \
	"{\"id\":\"fldG\",\"name\":\"Updated At\",\"type\":\"lastModifiedTime\"}," \
	"{\"id\":\"fldH\",\"name\":\"Notes\",\"type\":\"richText\"}]}]}"
#define FEED_OPTIONS	"{\"id\":\"selA\",\"name\":\"Pending\"},{\"id\":\"selB\",\"name\":\"Shipped\"}"

#endif
