/*
 * Any bytes as a message of the protocol that is traced: direction, version,
 * type, and the rest.  A trace is printable, and has no NUL.
 */
#include "connection/trace.h"

#include <stdint.h>
#include <string.h>

#include "claim.h"

enum { HEAD = 4, TEXT_MAX = 1 << 16, DUMP_MAX = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
claim_printable(const struct iss_buf *text)
{
	size_t i;

	for (i = 0; i < text->len; i++)
		claim(text->data[i] == '\n' ||
		      (text->data[i] >= ' ' && text->data[i] <= '~'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_message message;
	struct iss_buf text;

	if (size < HEAD)
		return 0;
	message.sent = data[0] & 1;
	message.version = data[1] << 8 | data[2];
	message.content_type = data[3];
	message.bytes = data + HEAD;
	message.len = size - HEAD;

	iss_buf_init(&text, TEXT_MAX);
	iss_trace_message(&text, &message);
	claim(text.len < 256);
	claim_printable(&text);
	iss_buf_release(&text);

	iss_buf_init(&text, TEXT_MAX);
	iss_trace_dump(&text, &message, DUMP_MAX);
	claim_printable(&text);
	iss_buf_release(&text);
	return 0;
}
