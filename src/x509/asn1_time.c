/*
 * Conversion in days and seconds, since a time_t may end in 2038.
 */
#include "x509/asn1_time.h"

#include <limits.h>

#include <openssl/err.h>

enum { SECONDS_A_DAY = 24 * 60 * 60 };

bool
iss_asn1_time_get(const ASN1_TIME *time, int64_t *seconds)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, rest;
	bool ok = epoch != NULL && time != NULL &&
		  ASN1_TIME_diff(&days, &rest, epoch, time);

	ASN1_TIME_free(epoch);
	ERR_clear_error();
	if (ok)
		*seconds = (int64_t)days * SECONDS_A_DAY + rest;
	return ok;
}

/* All days that ASN.1 can express fit in an int. */
int
iss_asn1_time_set(struct iss_error *err, ASN1_TIME *time, int64_t seconds)
{
	int64_t days = seconds / SECONDS_A_DAY;

	if (days < INT_MIN || days > INT_MAX ||
	    ASN1_TIME_adj(
		time, 0, (int)days, (long)(seconds % SECONDS_A_DAY)) == NULL)
		return iss_error_set(err,
		    "invalid time %lld (must be seconds since 1970, in the "
		    "years 0-9999)",
		    (long long)seconds);
	return ISS_OK;
}
