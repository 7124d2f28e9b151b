#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
expect(int condition)
{
	if (!condition)
		abort();
}

/* What was read is written and read again: it must be the same, and one line. */
static void
check_request(struct str line)
{
	struct message_request first, again;
	struct buf out = { 0 };
	char why[128];

	if (message_parse_request(line, &orders_schema, &first, why) != ERR_OK) {
		expect(why[0] != '\0' && memchr(why, '\0', sizeof(why)) != NULL);
		return;
	}
	message_add_request(&out, &orders_schema, &first);
	expect(memchr(out.data, '\n', out.len) == out.data + out.len - 1);
	expect(message_parse_request((struct str){ out.data, out.len - 1 },
	    &orders_schema, &again, why) == ERR_OK);
	expect(memcmp(&first, &again, sizeof(first)) == 0);
	buf_free(&out);
}

static void
check_reply(struct str line)
{
	struct message_reply first, again;
	struct buf out = { 0 }, body = { 0 }, body_again = { 0 };

	if (message_parse_reply(line, &first, &body) == ERR_OK) {
		message_add_reply(&out, &first);
		expect(memchr(out.data, '\n', out.len) == out.data + out.len - 1);
		/* detail may have come with fewer escapes than it leaves with */
		if (out.len <= MESSAGE_BYTES_MAX) {
			expect(message_parse_reply((struct str){ out.data, out.len - 1 },
			    &again, &body_again) == ERR_OK);
			expect(first.id == again.id && first.err == again.err &&
			    first.generation == again.generation &&
			    first.retry_after_ms == again.retry_after_ms &&
			    strcmp(first.detail, again.detail) == 0 &&
			    str_eq(first.body, again.body));
		}
	}
	buf_free(&out);
	buf_free(&body);
	buf_free(&body_again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str line = { (const char *)data, len };

	check_request(line);
	check_reply(line);
	return 0;
}
