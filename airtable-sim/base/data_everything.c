#include <string.h>

#include "airtable-sim/base/data_more.h"
#include "airtable-sim/base/data_parts.h"
#include "airtable-sim/base/edits.h"
#include "airtable-sim/base/field_json.h"
#include "airtable-sim/base/links.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const thing_fields[] = {
	"{\"name\":\"Name\",\"type\":\"singleLineText\"}",
	"{\"name\":\"Amount\",\"type\":\"number\",\"options\":{\"precision\":2}}",
};

static const char *const things[] = {
	"{\"Name\":\"One\",\"Amount\":1}", "{\"Name\":\"Two, or so\",\"Amount\":2.5}",
	"{\"Name\":\"Three \\\"3\\\"\",\"Amount\":-3}", "{\"Name\":\"四\"}", "{\"Amount\":0}",
};

/* In this order: computed fields behind those that they read. */
static const char *const fields[] = {
	"{\"name\":\"Text\",\"type\":\"singleLineText\"}",
	"{\"name\":\"Long Text\",\"type\":\"multilineText\"}",
	"{\"name\":\"Rich Text\",\"type\":\"richText\"}",
	"{\"name\":\"Email\",\"type\":\"email\"}",
	"{\"name\":\"URL\",\"type\":\"url\"}",
	"{\"name\":\"Phone\",\"type\":\"phoneNumber\"}",
	"{\"name\":\"Integer\",\"type\":\"number\",\"options\":{\"precision\":0}}",
	"{\"name\":\"Decimal\",\"type\":\"number\",\"options\":{\"precision\":8}}",
	"{\"name\":\"Currency\",\"type\":\"currency\",\"options\":{\"precision\":2,\"symbol\":\"€\"}}",
	"{\"name\":\"Percent\",\"type\":\"percent\",\"options\":{\"precision\":1}}",
	"{\"name\":\"Duration\",\"type\":\"duration\",\"options\":{\"durationFormat\":\"h:mm:ss\"}}",
	"{\"name\":\"Rating\",\"type\":\"rating\",\"options\":{\"max\":5,\"icon\":\"star\","
	    "\"color\":\"yellowBright\"}}",
	"{\"name\":\"Checkbox\",\"type\":\"checkbox\"}",
	"{\"name\":\"Date\",\"type\":\"date\",\"options\":{\"dateFormat\":{\"name\":\"european\"}}}",
	"{\"name\":\"Date Time\",\"type\":\"dateTime\",\"options\":{\"timeZone\":\"Europe/Berlin\","
	    "\"dateFormat\":{\"name\":\"iso\"},\"timeFormat\":{\"name\":\"24hour\"}}}",
	"{\"name\":\"Select\",\"type\":\"singleSelect\",\"options\":{\"choices\":[{\"name\":\"Plain\","
	    "\"color\":\"blueLight2\"},{\"name\":\"a, b\"},{\"name\":\"none\"},{\"name\":\"\\\"quoted\\\"\"}]}}",
	"{\"name\":\"Multi Select\",\"type\":\"multipleSelects\",\"options\":{\"choices\":["
	    "{\"name\":\"red\",\"color\":\"redLight2\"},{\"name\":\"a, b\"},{\"name\":\"🟢\"}]}}",
	"{\"name\":\"Links\",\"type\":\"multipleRecordLinks\",\"options\":{\"linkedTableId\":"
	    "\"tblThings00000000\"}}",
	"{\"name\":\"Related\",\"type\":\"multipleRecordLinks\",\"options\":{\"linkedTableId\":"
	    "\"tblEverything0000\"}}",
	"{\"name\":\"Barcode\",\"type\":\"barcode\"}",
	"{\"name\":\"Collaborator\",\"type\":\"singleCollaborator\"}",
	"{\"name\":\"Collaborators\",\"type\":\"multipleCollaborators\"}",
	"{\"name\":\"Attachments\",\"type\":\"multipleAttachments\"}",
	"{\"name\":\"AI Text\",\"type\":\"aiText\"}",
	"{\"name\":\"Created\",\"type\":\"createdTime\"}",
	"{\"name\":\"Modified\",\"type\":\"lastModifiedTime\"}",
	"{\"name\":\"Created By\",\"type\":\"createdBy\"}",
	"{\"name\":\"Modified By\",\"type\":\"lastModifiedBy\"}",
	"{\"name\":\"Number\",\"type\":\"autoNumber\"}",
	"{\"name\":\"Formula\",\"type\":\"formula\",\"options\":{\"formula\":"
	    "\"{Integer} / {Decimal}\",\"result\":{\"type\":\"number\",\"options\":{\"precision\":2}}}}",
	"{\"name\":\"Text Formula\",\"type\":\"formula\",\"options\":{\"formula\":"
	    "\"{Text} & ' (' & {Select} & ')'\"}}",
	"{\"name\":\"Date Formula\",\"type\":\"formula\",\"options\":{\"formula\":"
	    "\"DATEADD({Date}, 1, 'days')\"}}",
	"{\"name\":\"Lookup\",\"type\":\"multipleLookupValues\",\"options\":{\"recordLinkFieldId\":"
	    "\"Links\",\"fieldIdInLinkedTable\":\"Amount\"}}",
	"{\"name\":\"Rollup\",\"type\":\"rollup\",\"options\":{\"recordLinkFieldId\":\"Links\","
	    "\"fieldIdInLinkedTable\":\"Amount\",\"formula\":\"MAX(values)\",\"result\":"
	    "{\"type\":\"number\",\"options\":{\"precision\":2}}}}",
	"{\"name\":\"Count\",\"type\":\"count\",\"options\":{\"recordLinkFieldId\":\"Links\"}}",
	"{\"name\":\"Button\",\"type\":\"button\"}",
	"{\"name\":\"Sync Source\",\"type\":\"externalSyncSource\",\"options\":{\"choices\":"
	    "[{\"name\":\"Elsewhere\"}]}}",
};

static const char *const rows[] = {
	"{}",
	"{\"Text\":\"Ordinary\",\"Long Text\":\"Two\\nlines\",\"Rich Text\":\"**bold**\\n\","
	    "\"Email\":\"a@example.com\",\"URL\":\"https://example.com/\",\"Phone\":\"+49 30 1\","
	    "\"Integer\":7,\"Decimal\":2,\"Currency\":12.5,\"Percent\":0.125,\"Duration\":3661,"
	    "\"Rating\":4,\"Checkbox\":true,\"Date\":\"2026-02-28\",\"Date Time\":"
	    "\"2026-03-29T01:30:00.000Z\",\"Select\":\"Plain\",\"Multi Select\":[\"red\",\"a, b\"],"
	    "\"Links\":\"One, \\\"Two, or so\\\"\",\"Barcode\":{\"text\":\"4006381333931\",\"type\":\"ean13\"},"
	    "\"Collaborator\":\"demo@example.com\",\"Collaborators\":\"demo@example.com\",\"Attachments\":"
	    "[{\"url\":\"https://dl.example.com/a/plan.pdf\"}],\"AI Text\":{\"state\":\"generated\","
	    "\"value\":\"made up\",\"isStale\":false},\"Button\":{\"label\":\"Open\",\"url\":"
	    "\"https://example.com/\"},\"Sync Source\":{\"id\":\"selElsewhere00000\",\"name\":\"Elsewhere\"}}",
	"{\"Text\":\"=SUM(A1)\",\"Integer\":0,\"Decimal\":0,\"Currency\":0,\"Percent\":0,\"Duration\":0,"
	    "\"Select\":\"none\",\"Multi Select\":[\"🟢\"]}",
	"{\"Text\":\"-1\",\"Integer\":-7,\"Decimal\":-0.00000001,\"Currency\":-0.01,\"Percent\":-1.5,"
	    "\"Duration\":-90,\"Date\":\"1969-12-31\",\"Date Time\":\"1969-12-31T23:59:59.999Z\"}",
	"{\"Text\":\"very large\",\"Integer\":9007199254740993,\"Decimal\":1e21,\"Currency\":1e15,"
	    "\"Percent\":1000,\"Duration\":359999,\"Rating\":5,\"Date\":\"9999-12-31\","
	    "\"Date Time\":\"9999-12-31T23:59:59.999Z\"}",
	"{\"Text\":\"divided by nothing\",\"Integer\":1,\"Decimal\":0}",
	"{\"Text\":\"👩‍👩‍👧 ‮right to left‬ \\u0001 é e\\u0301\",\"Long Text\":\"\\t\\n\\n\",\"Email\":\"no address\","
	    "\"URL\":\"javascript:alert(1)\",\"Phone\":\"call me\",\"Select\":\"\\\"quoted\\\"\"}",
	"{\"Text\":\"  spaces  \",\"Long Text\":\"<script>alert(1)</script>\",\"Select\":\"a, b\","
	    "\"Links\":\"四\",\"Barcode\":{\"text\":\"=1+1\"},\"Attachments\":["
	    "{\"url\":\"https://dl.example.com/1\",\"filename\":\"a \\\"b\\\".png\"},"
	    "{\"url\":\"https://dl.example.com/2?x=1\"}]}",
	"{\"Text\":\"of another type\",\"Integer\":\"seven\",\"Currency\":[1],\"Checkbox\":\"yes\","
	    "\"Date\":17,\"Select\":{\"name\":\"Plain\"},\"Multi Select\":\"red\",\"Lookup\":[null,true,\"x\"],"
	    "\"Rollup\":{\"error\":\"#ERROR!\"},\"Formula\":{\"specialValue\":\"NaN\"}}",
	"{\"Text\":\"related\",\"Links\":\"One, Two, \\\"Three \\\"\\\"3\\\"\\\"\\\"\"}",
};

static struct sim_table *
add_table(struct sim_action *a, const char *name, const char *const *described, size_t n)
{
	struct sim_table *t = sim_table_new(a->base, name);
	struct sim_reply why = { 0 };
	bool ok = t != NULL;

	if (!ok)
		return NULL;
	sim_data_id("tbl", name, t->id);
	sim_data_id("viw", name, t->view_id);
	for (size_t i = 0; i < n && ok; i++) {
		cJSON *d = cJSON_Parse(described[i]);

		ok = d != NULL && sim_field_create(t, d, true, &why) != NULL &&
		    sim_links_pair_all(a, t, t->field_count - 1);
		cJSON_Delete(d);
	}
	sim_reply_free(&why);
	return ok ? t : NULL;
}

/* Any JSON into any field, what fits it read with typecast. */
static bool
add_row(struct sim_action *a, struct sim_table *t, const char *text)
{
	struct sim_reply why = { 0 };
	uint32_t slot = sim_table_add_row(a->base, t, NULL, a->now_ms);
	cJSON *row = cJSON_Parse(text), *member;
	bool ok = slot != SIM_NO_ROW && row != NULL, changed;

	for (member = row == NULL ? NULL : row->child; member != NULL && ok;) {
		cJSON *next = member->next, *one = cJSON_CreateObject();

		(void)cJSON_DetachItemViaPointer(row, member);
		ok = one != NULL && cJSON_AddItemToObject(one, member->string, member);
		ok = ok && (sim_edit_row(a, t, slot, one, SIM_STAGE_TYPECAST, true, &changed, &why) ||
		    sim_edit_row(a, t, slot, one, SIM_STAGE_RAW, true, &changed, &why));
		cJSON_Delete(one);
		member = next;
	}
	cJSON_Delete(row);
	sim_reply_free(&why);
	return ok;
}

bool
sim_everything_add(struct sim_base *b, int64_t now_ms)
{
	struct sim_settings settings;
	struct sim_action a = { .base = b, .settings = &settings, .now_ms = now_ms };
	struct sim_table *t;

	sim_settings_default(&settings);
	settings.cast_failure = 1;	/* what typecast does not understand is kept as it is */
	if ((t = add_table(&a, "Things", thing_fields, COUNT(thing_fields))) == NULL)
		return false;
	for (size_t i = 0; i < COUNT(things); i++)
		if (!add_row(&a, t, things[i]))
			return false;
	if ((t = add_table(&a, "Everything", fields, COUNT(fields))) == NULL)
		return false;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (!add_row(&a, t, rows[i]))
			return false;
	return true;
}

bool
sim_tables_read(const char *text, unsigned *tables)
{
	static const struct { const char *name; unsigned tables; } words[] = {
		{ "orders", 0 }, { "shop", SIM_TABLES_SHOP }, { "everything", SIM_TABLES_EVERYTHING }
	};
	unsigned read = 0;

	for (;;) {
		size_t n = strcspn(text, ","), i = 0;

		while (i < COUNT(words) && !str_is((struct str){ text, n }, words[i].name))
			i++;
		if (i == COUNT(words))
			return false;
		read |= words[i].tables;
		if (text[n] == '\0')
			break;
		text += n + 1;
	}
	*tables = read;
	return true;
}

bool
sim_tables_add(struct sim_base *b, unsigned tables, uint64_t seed, int64_t now_ms)
{
	return ((tables & SIM_TABLES_SHOP) == 0 || sim_shop_add(b, seed, now_ms)) &&
	    ((tables & SIM_TABLES_EVERYTHING) == 0 || sim_everything_add(b, now_ms));
}
