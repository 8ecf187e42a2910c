/*
 * Any bytes as the server_name extension of a ClientHello.
 */
#include "context/vhosts.h"

#include <stdint.h>
#include <string.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char host[] = "a.test";
	struct iss_ctx one = { .host = host };
	struct iss_ctx *hosts[] = { &one };
	struct iss_ctx ctx = { .vhosts = hosts, .n_vhosts = 1 };
	const unsigned char *name;
	size_t len;

	if (!iss_vhosts_parse(data, size, &name, &len))
		return 0;
	claim(name == data + 5 && len > 0 && len <= 255);
	claim(name + len == data + size);
	claim(memchr(name, '\0', len) == NULL);
	if (iss_vhosts_find(&ctx, name, len) != NULL)
		claim(len == strlen(host) || len == strlen(host) + 1);
	return 0;
}
