/*
 * A ClientHello (RFC 8446, 4.1.2) as a program may want to see it: everything
 * as it was sent, GREASE (RFC 8701) included.
 */
#ifndef ISS_HELLO_H
#define ISS_HELLO_H

#include <stdbool.h>
#include <stddef.h>

#include "names/reference_id.h"
#include "options/wire.h"

/* The lists are borrowed from the bytes of the message. */
struct iss_hello {
	int version;                  /* legacy_version */
	struct iss_wire ciphers;      /* numbers of two bytes */
	struct iss_wire extensions;   /* for iss_hello_next_extension */
	struct iss_wire versions;     /* likewise; empty: no such extension */
	struct iss_wire groups;       /* likewise */
	struct iss_wire sigalgs;      /* likewise */
	struct iss_wire formats;      /* of points; numbers of one byte */
	struct iss_wire alpn;         /* names, for iss_wire_next */
	bool has_name;                /* server_name was sent: */
	bool name_is_valid;           /* then host is set */
	struct iss_reference_id host; /* lower case, no final dot */
	bool early_data;
	bool resumes; /* offers a session */
};

/* Read a whole message, with its header of four bytes.  False if it is damaged
 * in a way that OpenSSL may find later. */
bool iss_hello_parse(
    struct iss_hello *hello, const unsigned char *message, size_t len);

/* Take the first extension off the list: its number and its bytes.  False at
 * the end. */
bool iss_hello_next_extension(
    struct iss_wire *extensions, unsigned int *type, struct iss_wire *body);

/* Take a number of so many bytes off a list; false at the end. */
bool iss_hello_next_number(
    struct iss_wire *list, size_t size, unsigned int *number);

#endif
