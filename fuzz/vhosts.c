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
	struct iss_vhost one = { .name = host };
	struct iss_vhosts vhosts = { .list = &one, .count = 1 };
	const unsigned char *name;
	size_t len;

	if (!iss_vhosts_parse(data, size, &name, &len))
		return 0;
	claim(name == data + 5 && len > 0 && len <= 255);
	claim(name + len == data + size);
	claim(memchr(name, '\0', len) == NULL);
	if (iss_vhosts_find(&vhosts, name, len) != NULL)
		claim(len == strlen(host) || len == strlen(host) + 1);
	return 0;
}
