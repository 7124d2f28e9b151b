#include <math.h>
#include <stdio.h>
#include <string.h>

#include "airtable-sim/cells/kinds.h"
#include "airtable-sim/cells/locale.h"

#define DIGITS_MAX	1e15

/* ---- numbers ---------------------------------------------------------------------------- */
/* A number in ${places} decimals, thousands apart when ${grouped}; the sign is the caller's. */
static void
add_decimal(struct buf *b, double d, int places, bool grouped)
{
	struct buf plain = { 0 };
	const char *text;
	size_t whole;

	buf_printf(&plain, "%.*f", places, fabs(d));
	text = buf_cstr(&plain);
	whole = strcspn(text, ".");
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (grouped && i > 0 && i < whole && (whole - i) % 3 == 0)
			buf_add_char(b, ',');
		buf_add_char(b, text[i]);
	}
	buf_free(&plain);
}

/* Is it below zero as it is shown? */
static bool
shows_minus(double d, int places)
{
	return d < 0 && round(fabs(d) * pow(10, places)) > 0;
}

/* What holds no number, or one with too many digits, is shown as it is; true when that was done. */
static bool
shown_odd(struct buf *b, const struct sim_showing *s, const struct sim_cell *c)
{
	if (c->kind == SIM_NUM && fabs(c->number) < DIGITS_MAX)
		return false;
	sim_cell_plain(b, s->field, c);
	return true;
}

void
sim_show_number(struct buf *b, const struct sim_showing *s, const struct sim_cell *c)
{
	if (shown_odd(b, s, c))
		return;
	if (shows_minus(c->number, s->field->precision))
		buf_add_char(b, '-');
	add_decimal(b, c->number, s->field->precision, false);
}

void
sim_show_currency(struct buf *b, const struct sim_showing *s, const struct sim_cell *c)
{
	if (shown_odd(b, s, c))
		return;
	if (shows_minus(c->number, s->field->precision))
		buf_add_char(b, '-');
	buf_add_cstr(b, s->field->symbol == NULL ? "$" : s->field->symbol);
	add_decimal(b, c->number, s->field->precision, true);
}

void
sim_show_percent(struct buf *b, const struct sim_showing *s, const struct sim_cell *c)
{
	if (shown_odd(b, s, c))
		return;
	if (shows_minus(c->number * 100, s->field->precision))
		buf_add_char(b, '-');
	add_decimal(b, c->number * 100, s->field->precision, false);
	buf_add_char(b, '%');
}

void
sim_show_duration(struct buf *b, const struct sim_showing *s, const struct sim_cell *c)
{
	int places = s->field->duration_format <= SIM_H_MM_SS ? 0 :
	    (int)s->field->duration_format - SIM_H_MM_SS;
	double seconds, minutes;

	if (shown_odd(b, s, c))
		return;
	seconds = fabs(c->number);
	if (c->number < 0)
		buf_add_char(b, '-');
	if (s->field->duration_format == SIM_H_MM) {
		minutes = floor(seconds / 60);
		buf_printf(b, "%.0f:%02d", floor(minutes / 60), (int)fmod(minutes, 60));
		return;
	}
	seconds = round(seconds * pow(10, places)) / pow(10, places);
	minutes = floor(seconds / 60);
	buf_printf(b, "%.0f:%02d:%0*.*f", floor(minutes / 60), (int)fmod(minutes, 60),
	    places == 0 ? 2 : places + 3, places, fmod(seconds, 60));
}

/* ---- dates ------------------------------------------------------------------------------ */
void
sim_show_moment(struct buf *b, const struct sim_showing *s, bool time, int64_t ms)
{
	static const char *const dates[SIM_DATE_FORMATS] = {
		[SIM_ISO] = "YYYY-MM-DD", [SIM_LOCAL] = "l", [SIM_FRIENDLY] = "LL",
		[SIM_US] = "M/D/YYYY", [SIM_EUROPEAN] = "D/M/YYYY"
	};
	const struct sim_field *f = s->field;
	/* a field has a zone of its own, unless it is everybody's own */
	struct str own = f->zone == NULL ? STR("utc") : str_of(f->zone);
	struct str zone = !time ? STR("utc") : str_is(own, "client") ? s->zone : own;
	struct sim_moment m = sim_moment_in(zone, s->locale, ms);

	sim_date_write(b, str_of(dates[f->date_format]), &m);
	if (time)
		sim_date_write(b, f->clock_12 ? STR(" h:mma") : STR(" HH:mm"), &m);
}

void
sim_show_date(struct buf *b, const struct sim_showing *s, const struct sim_cell *c)
{
	if (c->kind == SIM_INSTANT)
		sim_show_moment(b, s, s->field->type != SIM_DATE, c->instant);
	else
		sim_cell_plain(b, s->field, c);
}

/* ---- lists and objects ------------------------------------------------------------------ */
/* An item of a list, in quotes where it has a comma or a quote itself. */
static void
add_item(struct buf *b, struct str text, bool first)
{
	bool quoted = text.len > 0 && (memchr(text.ptr, ',', text.len) != NULL ||
	    memchr(text.ptr, '"', text.len) != NULL);

	if (!first)
		buf_add_cstr(b, ", ");
	if (quoted)
		buf_add_char(b, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (quoted && text.ptr[i] == '"')
			buf_add_char(b, '"');
		buf_add_char(b, text.ptr[i]);
	}
	if (quoted)
		buf_add_char(b, '"');
}

/* Texts, numbers, and objects by what people call them. */
static void
add_value(struct buf *b, const cJSON *v)
{
	static const char *const names[] = { "name", "text", "value", "filename", "label" };
	const char *text;

	if (cJSON_IsString(v))
		buf_add_cstr(b, v->valuestring);
	else if (cJSON_IsNumber(v))
		sim_number_add(b, v->valuedouble);
	else if (cJSON_IsTrue(v))
		buf_add_cstr(b, "checked");
	for (size_t i = 0; cJSON_IsObject(v) && i < sizeof(names) / sizeof(names[0]); i++)
		if ((text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(v, names[i]))) != NULL) {
			buf_add_cstr(b, text);
			return;
		}
}

/* The items of a list, as ${add} puts each down. */
static void
show_items(struct buf *b, const struct sim_showing *s, const struct sim_cell *c,
    void (*add)(struct buf *, const struct sim_showing *, const cJSON *))
{
	cJSON *list = c->kind == SIM_JSON ? cJSON_ParseWithLength(c->text, c->len) : NULL;
	const cJSON *item;

	if (!cJSON_IsArray(list))
		sim_cell_plain(b, s->field, c);
	else
		cJSON_ArrayForEach(item, list) {
			struct buf text = { 0 };

			add(&text, s, item);
			add_item(b, buf_str(&text), item == list->child);
			buf_free(&text);
		}
	cJSON_Delete(list);
}

static void
add_any(struct buf *b, const struct sim_showing *s, const cJSON *item)
{
	(void)s;
	add_value(b, item);
}

void
sim_show_list(struct buf *b, const struct sim_showing *s, const struct sim_cell *c)
{
	show_items(b, s, c, add_any);
}

void
sim_show_links(struct buf *b, const struct sim_showing *s, const struct sim_cell *c)
{
	if (c->kind != SIM_LINKED) {
		sim_show_list(b, s, c);
		return;
	}
	for (uint32_t i = 0; i < c->len; i++) {
		struct buf name = { 0 };

		sim_row_name(&name, s->field->linked, c->links[i]);
		add_item(b, buf_str(&name), i == 0);
		buf_free(&name);
	}
}

static void
add_attachment(struct buf *b, const struct sim_showing *s, const cJSON *item)
{
	const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "url"));

	(void)s;
	add_value(b, item);
	if (url != NULL)
		buf_printf(b, " (%s)", url);
}

void
sim_show_attachments(struct buf *b, const struct sim_showing *s, const struct sim_cell *c)
{
	show_items(b, s, c, add_attachment);
}

void
sim_show_object(struct buf *b, const struct sim_showing *s, const struct sim_cell *c)
{
	cJSON *object = c->kind == SIM_JSON ? cJSON_ParseWithLength(c->text, c->len) : NULL;

	if (cJSON_IsObject(object))
		add_value(b, object);
	else
		sim_cell_plain(b, s->field, c);
	cJSON_Delete(object);
}
