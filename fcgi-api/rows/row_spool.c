#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/log.h"
#include "common/tables/kind.h"
#include "fcgi-api/rows/row_spool.h"

/*
 * A record in the file: u32 how many bytes follow, this head, the id, then for
 * each field that is present: of amounts and times the i64, and of all but
 * amounts the u32 length and the text.
 */
struct spooled {
	uint32_t	present;	/* bit f: field f is not empty */
	uint32_t	id_len;
};

struct row_spool {
	const struct schema	*schema;
	FILE			*file;
	struct buf		 bytes;	/* of the record at hand */
};

FILE *
spool_file(const char *dir)
{
	struct buf path = { .data = NULL };
	FILE *f = NULL;
	int fd;

	buf_printf(&path, "%s/orderdeck-export.XXXXXX", dir);
	if (buf_status(&path) != ERR_OK || *buf_cstr(&path) == '\0') {
		errno = ENOMEM;
		return NULL;
	}
	if ((fd = mkostemp(path.data, O_CLOEXEC)) != -1) {
		if (unlink(path.data) == -1)
			log_warn("export: %s: %s", path.data, strerror(errno));
		if ((f = fdopen(fd, "w+")) == NULL)
			(void)close(fd);
	}
	buf_free(&path);
	return f;
}

static enum err
failed(const char *what)
{
	int cause = errno;

	log_error("export: %s: %s", what, strerror(cause));
	return err_from_errno(cause);
}

enum err
row_spool_new(const char *dir, const struct schema *schema, struct row_spool **out)
{
	struct row_spool *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return ERR_NOMEM;
	s->schema = schema;
	if ((s->file = spool_file(dir)) == NULL) {
		free(s);
		return failed(dir);
	}
	*out = s;
	return ERR_OK;
}

void
row_spool_free(struct row_spool *s)
{
	if (s == NULL)
		return;
	(void)fclose(s->file);	/* nothing in it is wanted any more */
	buf_free(&s->bytes);
	free(s);
}

static bool
has_number(const struct schema *schema, size_t f)
{
	return !kind_is_text(schema->fields[f].kind);
}

static bool
has_text(const struct schema *schema, size_t f)
{
	return kind_is_text(schema->fields[f].kind) || schema->fields[f].kind == FIELD_INSTANT;
}

static void
encode(struct buf *b, const struct schema *schema, const struct record *r)
{
	struct spooled head = { .id_len = (uint32_t)r->id.len };

	for (size_t f = 0; f < schema->field_count; f++)
		if (r->values[f].present)
			head.present |= UINT32_C(1) << f;
	buf_add(b, &head, sizeof(head));
	buf_add_str(b, r->id);
	for (size_t f = 0; f < schema->field_count; f++) {
		const struct value *v = &r->values[f];
		uint32_t n = (uint32_t)v->text.len;

		if (!v->present)
			continue;
		if (has_number(schema, f))
			buf_add(b, &v->number, sizeof(v->number));
		if (!has_text(schema, f))
			continue;
		buf_add(b, &n, sizeof(n));
		buf_add_str(b, v->text);
	}
}

enum err
row_spool_add(struct row_spool *s, const struct record *r)
{
	uint32_t n;
	enum err e;

	buf_clear(&s->bytes);
	encode(&s->bytes, s->schema, r);
	if ((e = buf_status(&s->bytes)) != ERR_OK)
		return e;
	n = (uint32_t)s->bytes.len;
	if (fwrite(&n, sizeof(n), 1, s->file) != 1 || fwrite(s->bytes.data, n, 1, s->file) != 1)
		return failed("rows");
	return ERR_OK;
}

enum err
row_spool_rewind(struct row_spool *s)
{
	return fflush(s->file) == 0 && fseek(s->file, 0, SEEK_SET) == 0 ? ERR_OK : failed("rows");
}

static struct str
take(struct str *rest, size_t n)
{
	struct str part = { rest->ptr, n };

	rest->ptr += n;
	rest->len -= n;
	return part;
}

/* We have written these bytes ourselves: their lengths are right. */
static void
decode(const struct schema *schema, struct str bytes, struct record *r)
{
	struct spooled head;

	memcpy(&head, take(&bytes, sizeof(head)).ptr, sizeof(head));
	*r = (struct record){ .id = take(&bytes, head.id_len), .known = schema_all(schema) };
	for (size_t f = 0; f < schema->field_count; f++) {
		struct value *v = &r->values[f];
		uint32_t n;

		if (!(v->present = head.present >> f & 1))
			continue;
		if (has_number(schema, f))
			memcpy(&v->number, take(&bytes, sizeof(v->number)).ptr, sizeof(v->number));
		if (!has_text(schema, f))
			continue;
		memcpy(&n, take(&bytes, sizeof(n)).ptr, sizeof(n));
		v->text = take(&bytes, n);
	}
}

enum err
row_spool_next(struct row_spool *s, struct record *r)
{
	uint32_t n;
	char *at;

	if (fread(&n, sizeof(n), 1, s->file) != 1)
		return ferror(s->file) ? failed("rows") : ERR_NOT_FOUND;
	buf_clear(&s->bytes);
	if ((at = buf_reserve(&s->bytes, n)) == NULL)
		return buf_status(&s->bytes);
	if (fread(at, n, 1, s->file) != 1)
		return failed("rows");
	buf_commit(&s->bytes, n);
	decode(s->schema, buf_str(&s->bytes), r);
	return ERR_OK;
}
