/*
 * The times in certificates and OCSP responses as seconds since 1970.
 */
#ifndef ISS_ASN1_TIME_H
#define ISS_ASN1_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/asn1.h>

#include "base/error.h"

/* The time in seconds; false if it is NULL or cannot be read. */
bool iss_asn1_time_get(const ASN1_TIME *time, int64_t *seconds);

/*
 * Set the time.  Returns ISS_OK, or ISS_ERROR when it is outside of the years
 * 0 to 9999, which are all that ASN.1 can express.
 */
int iss_asn1_time_set(struct iss_error *err, ASN1_TIME *time, int64_t seconds);

#endif
