/*
 * Lists of protocol names as ALPN (RFC 7301, 3.1) and NPN carry them: each
 * name with its length in one byte before it.  Bytes in, bytes out.
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

/* A list under way: begin with a whole one; iss_wire_next takes from it. */
struct iss_wire {
	const unsigned char *bytes;
	size_t len;
};

/*
 * Append one name to a list in a buffer made with ISS_WIRE_MAX.  On failure
 * (an empty or overlong name, a full list, no memory) the list is as it was,
 * and err blames the option (SSL_alpn_protocols, SSL_npn_protocols).
 */
int iss_wire_append(struct iss_error *err, struct iss_buf *list,
    const char *option, const void *name, size_t len);

/*
 * Take the first name from the list; it is borrowed from the list's bytes.
 * False at the end, and also at a name that is empty or longer than what is
 * left: then wire->len is not 0.
 */
bool iss_wire_next(
    struct iss_wire *wire, const unsigned char **name, size_t *len);

/* Does the list hold at least one name, and nothing but sound names? */
bool iss_wire_is_sound(struct iss_wire wire);

/*
 * The server's choice: the first of its own names that the client offers
 * too (RFC 7301, 3.2).  The name is borrowed from the server's bytes.  False
 * when they have none in common or either list is unsound.
 */
bool iss_wire_select(struct iss_wire server, struct iss_wire client,
    const unsigned char **name, size_t *len);

#endif
