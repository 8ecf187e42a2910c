/*
 * Any bytes as a ClientHello.
 */
#include "context/hello.h"

#include <stdint.h>
#include <string.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
is_within(struct iss_wire list, const uint8_t *data, size_t size)
{
	claim(list.len == 0 ||
	      (list.bytes >= data && list.bytes + list.len <= data + size));
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
	}
	claim(left.len == 0);
	return 0;
}
