/*
 * Any bytes as a ClientHello.
 */
#include "context/hello.h"

#include <stdint.h>
#include <string.h>

#include "claim.h"
#include "sessions/offered.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
is_within(struct iss_wire list, const uint8_t *data, size_t size)
{
	claim(list.len == 0 ||
	      (list.bytes >= data && list.bytes + list.len <= data + size));
}

/* As many ids as there are, whatever the extension is. */
static void
read_ids(struct iss_wire body)
{
	const unsigned char *id;
	size_t i;

	for (i = 0; iss_offered_psk(body.bytes, body.len, i, &id); i++)
		claim(id >= body.bytes &&
		      id + ISS_OFFERED_LEN <= body.bytes + body.len);
	claim(i <= body.len / ISS_OFFERED_LEN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_hello hello;
	struct iss_wire left, body;
	unsigned int type;

	if (!iss_hello_parse(&hello, data, size))
		return 0;
	is_within(hello.ciphers, data, size);
	is_within(hello.versions, data, size);
	is_within(hello.groups, data, size);
	is_within(hello.sigalgs, data, size);
	is_within(hello.formats, data, size);
	is_within(hello.alpn, data, size);
	claim(hello.ciphers.len % 2 == 0 && hello.versions.len % 2 == 0);
	claim(hello.has_name || !hello.name_is_valid);
	if (hello.name_is_valid)
		claim(strlen(hello.host.name) > 0);
	left = hello.extensions;
	while (iss_hello_next_extension(&left, &type, &body)) {
		claim(type <= 0xffff);
		is_within(body, data, size);
		read_ids(body);
	}
	claim(left.len == 0);
	return 0;
}
