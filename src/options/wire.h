/*
 * Lists of protocol names as ALPN (RFC 7301, 3.1) and NPN carry them: each name
 * follows its length in one byte.
 */
#ifndef ISS_WIRE_H
#define ISS_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

enum {
	ISS_WIRE_NAME_MAX = 255, /* bytes of one name */
	ISS_WIRE_MAX = 65535     /* bytes of a list; the buffer's max */
};

/* A list, or the rest of one: iss_wire_next takes names off its front. */
struct iss_wire {
	const unsigned char *bytes;
	size_t len;
};

/*
 * Append a name to a list in a buffer made with ISS_WIRE_MAX.  Returns ISS_OK,
 * or ISS_ERROR with the list unchanged and err naming the option: the name is
 * empty or too long, the list is full, or memory ran out.
 */
int iss_wire_append(struct iss_error *err, struct iss_buf *list,
    const char *option, const void *name, size_t len);

/*
 * Take the first name off the list; it is borrowed from the list's bytes.
 * False at the end, and at a name that is empty or longer than the rest of the
 * list: then wire->len is not 0.
 */
bool iss_wire_next(
    struct iss_wire *wire, const unsigned char **name, size_t *len);

/* Does the list have at least one name, and no broken ones? */
bool iss_wire_is_sound(struct iss_wire wire);

/*
 * Choose by one side's order: the first name of the preferred list that the
 * other has as well, borrowed from the preferred list's bytes.  False if they
 * have no name in common, or one of the lists is broken.
 */
bool iss_wire_select(struct iss_wire preferred, struct iss_wire other,
    const unsigned char **name, size_t *len);

#endif
