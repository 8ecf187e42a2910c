/*
 * The text of SSL_version, and the names of protocol versions.
 */
#ifndef ISS_VERSION_H
#define ISS_VERSION_H

#include <stdint.h>

#include "base/error.h"

/* The default is TLS 1.2 and up; that of the manual of 1.77 is all but SSLv2.
 */
#define ISS_VERSION_DEFAULT "SSLv23:!SSLv2:!SSLv3:!TLSv1:!TLSv1_1"
#define ISS_VERSION_DEFAULT_1_77 "SSLv23:!SSLv2"

/* The meaning of a text, for an SSL_CTX. */
struct iss_version_range {
	int min;          /* for SSL_CTX_set_min_proto_version(3) */
	int max;          /* for SSL_CTX_set_max_proto_version(3) */
	uint64_t options; /* SSL_OP_NO_* to be set */
};

/*
 * Parse names separated by ':', in any case, with blanks around them.  Those
 * without '!' are joined, those with '!' are taken away from them, or from
 * everything if there are no others; "" is the default; a ':' at the end does
 * not count.  SSLv23 leaves min and
 * max at 0, which means: do not call the setter, so that a limit in
 * OPENSSL_CONF stays in force.  Exclusions become options for the same reason.
 *
 * Returns ISS_OK; ISS_INVALID for a word that is not a version; ISS_ERROR for a
 * version that the linked OpenSSL cannot do, or when every version is
 * excluded.  On failure *out is untouched and err names SSL_version, the word
 * to blame and, for an invalid one, the valid ones.
 */
int iss_version_parse(
    struct iss_error *err, struct iss_version_range *out, const char *text);

/*
 * The name of a version, such as "TLSv1_3", by its number on the wire, as
 * SSL_version(3) returns it; "(unknown)" for any other number.  Static.
 */
const char *iss_version_name(int number);

#endif
