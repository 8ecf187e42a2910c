/*
 * Length-prefixed lists, from the peer or from the user: both are only bytes
 * here.
 */
#include "options/wire.h"

#include <string.h>

int
iss_wire_append(struct iss_error *err, struct iss_buf *list, const char *option,
    const void *name, size_t len)
{
	unsigned char entry[1 + ISS_WIRE_NAME_MAX];

	if (len == 0)
		return iss_error_set(
		    err, "%s: a protocol name must not be empty", option);
	if (len > ISS_WIRE_NAME_MAX)
		return iss_error_set(err,
		    "%s: a protocol name is too long (%zu bytes, at most %d)",
		    option, len, ISS_WIRE_NAME_MAX);
	if (list->len + 1 + len > ISS_WIRE_MAX)
		return iss_error_set(err,
		    "%s: the protocol names are too long together (at most "
		    "%d bytes)",
		    option, ISS_WIRE_MAX);

	entry[0] = (unsigned char)len;
	memcpy(entry + 1, name, len);
	if (!iss_buf_append(list, entry, 1 + len))
		return iss_error_set(err, "%s: out of memory", option);
	return ISS_OK;
}

bool
iss_wire_next(struct iss_wire *wire, const unsigned char **name, size_t *len)
{
	size_t first;

	if (wire->len == 0)
		return false;
	first = wire->bytes[0];
	if (first == 0 || first > wire->len - 1)
		return false;
	*name = wire->bytes + 1;
	*len = first;
	wire->bytes += 1 + first;
	wire->len -= 1 + first;
	return true;
}

bool
iss_wire_is_sound(struct iss_wire wire)
{
	const unsigned char *name;
	bool any = false;
	size_t len;

	while (iss_wire_next(&wire, &name, &len))
		any = true;
	return any && wire.len == 0;
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

bool
iss_wire_select(struct iss_wire preferred, struct iss_wire other,
    const unsigned char **name, size_t *len)
{
	const unsigned char *next;
	size_t next_len;

	if (!iss_wire_is_sound(preferred) || !iss_wire_is_sound(other))
		return false;
	while (iss_wire_next(&preferred, &next, &next_len)) {
		if (contains(other, next, next_len)) {
			*name = next;
			*len = next_len;
			return true;
		}
	}
	return false;
}
