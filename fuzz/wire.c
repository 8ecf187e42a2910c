/*
 * Any bytes as lists of protocol names, a server's and a client's; the first
 * byte is the length of the server's list.
 */
#include "options/wire.h"

#include <stdint.h>
#include <string.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names that are read can be written again, byte for byte. */
static void
claim_rewritten(struct iss_wire wire)
{
	struct iss_wire rest = wire;
	const unsigned char *name;
	struct iss_error err;
	struct iss_buf again;
	size_t len;

	iss_error_clear(&err);
	iss_buf_init(&again, ISS_WIRE_MAX);
	while (iss_wire_next(&rest, &name, &len))
		claim(iss_wire_append(&err, &again, "x", name, len) == 0);
	claim(again.len + rest.len == wire.len);
	claim(again.len == 0 || memcmp(again.data, wire.bytes, again.len) == 0);
	claim(iss_wire_is_sound(wire) == (rest.len == 0 && again.len > 0));
	iss_buf_release(&again);
}

static bool
contains(struct iss_wire wire, const unsigned char *wanted, size_t wanted_len)
{
	const unsigned char *name;
	size_t len;

	while (iss_wire_next(&wire, &name, &len))
		if (len == wanted_len && memcmp(name, wanted, len) == 0)
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_wire server, client;
	const unsigned char *name;
	size_t len;

	if (size == 0 || size > ISS_WIRE_MAX)
		return 0;
	server.bytes = data + 1;
	server.len = data[0] < size - 1 ? data[0] : size - 1;
	client.bytes = server.bytes + server.len;
	client.len = size - 1 - server.len;

	claim_rewritten(server);
	claim_rewritten(client);
	if (iss_wire_select(server, client, &name, &len)) {
		claim(iss_wire_is_sound(server) && iss_wire_is_sound(client));
		claim(name > server.bytes && len > 0 &&
		      name + len <= server.bytes + server.len);
		claim(contains(client, name, len));
	}
	return 0;
}
