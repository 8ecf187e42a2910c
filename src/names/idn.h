/*
 * Unicode names and A-labels (RFC 5890), converted by libidn2.  The library
 * is optional: without it every conversion fails and says so.
 */
#ifndef ISS_IDN_H
#define ISS_IDN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

enum { ISS_IDN_MAX = 1024 }; /* bytes; a longer name is refused */

/* Was the core built with libidn2? */
bool iss_idn_is_available(void);

/*
 * Append a name with its Unicode labels as A-labels, in lower case (UTS 46,
 * non-transitional).  The name is UTF-8.  Returns ISS_OK, or ISS_ERROR for
 * invalid UTF-8, a name that IDNA forbids, an embedded NUL, and always without
 * libidn2.
 */
int iss_idn_to_ascii(
    struct iss_error *err, struct iss_buf *out, const char *name, size_t len);

/* Append a name with its A-labels as Unicode, in UTF-8.  Returns likewise. */
int iss_idn_to_unicode(
    struct iss_error *err, struct iss_buf *out, const char *name, size_t len);

#endif
