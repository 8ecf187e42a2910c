/*
 * Text as bytes of ASCII, whatever the locale says.
 */
#ifndef ISS_ASCII_H
#define ISS_ASCII_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Are all bytes below 0x80? */
bool iss_ascii_is(const void *bytes, size_t len);

/* A byte in lower case; only A to Z change. */
int iss_ascii_lower(int c);

/* Are len bytes the same, apart from the case of A to Z? */
bool iss_ascii_equal(const void *a, const void *b, size_t len);

/*
 * Append bytes that came from a stranger to a message.  Anything but printable
 * ASCII is written as \xNN, and so are '\' and ',', which could forge an entry
 * of a list.  After 100 bytes comes "...".
 */
void iss_ascii_show(struct iss_buf *out, const void *bytes, size_t len);

#endif
