/*
 * Times of ASN.1 as seconds: both types, both ends of what they can express,
 * and text that is not a time.
 */
#include "x509/asn1_time.h"

#include <openssl/err.h>

#include "tap.h"

static void
test_get(void)
{
	static const struct {
		int type;
		const char *text;
		bool readable;
		int64_t seconds;
	} cases[] = {
		{ V_ASN1_UTCTIME, "700101000000Z", true, 0 },
		{ V_ASN1_UTCTIME, "691231235959Z", true, -1 },
		{ V_ASN1_UTCTIME, "500101000000Z", true, -631152000 },
		{ V_ASN1_UTCTIME, "491231235959Z", true, 2524607999 },
		{ V_ASN1_GENERALIZEDTIME, "20500101000000Z", true, 2524608000 },
		{ V_ASN1_GENERALIZEDTIME, "99991231235959Z", true,
		    INT64_C(253402300799) },
		{ V_ASN1_GENERALIZEDTIME, "00000101000000Z", true,
		    INT64_C(-62167219200) },
		{ V_ASN1_UTCTIME, "", false, 0 },
		{ V_ASN1_UTCTIME, "701301000000Z", false, 0 },
		{ V_ASN1_UTCTIME, "700230000000Z", false, 0 },
		{ V_ASN1_UTCTIME, "7001010000", false, 0 },
		{ V_ASN1_UTCTIME, "tomorrow", false, 0 },
		{ V_ASN1_GENERALIZEDTIME, "700101000000Z", false, 0 },
	};
	ASN1_TIME *when;
	int64_t seconds;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		when = ASN1_STRING_type_new(cases[i].type);
		ASN1_STRING_set(when, cases[i].text, -1);
		seconds = 42;
		ok(iss_asn1_time_get(when, &seconds) == cases[i].readable,
		    "'%s': %s", cases[i].text,
		    cases[i].readable ? "a time" : "not a time");
		is_int(seconds, cases[i].readable ? cases[i].seconds : 42,
		    "... seconds");
		ok(ERR_peek_error() == 0, "... no error is left behind");
		ASN1_STRING_free(when);
	}
	seconds = 42;
	ok(!iss_asn1_time_get(NULL, &seconds) && seconds == 42,
	    "no time at all is not a time");
}

#define YEAR_0 INT64_C(-62167219200)
#define LAST INT64_C(253402300799) /* of the year 9999 */

static void
test_set(void)
{
	static const struct {
		int64_t seconds;
		int type; /* 0: it is refused */
	} cases[] = {
		{ 0, V_ASN1_UTCTIME },
		{ -1, V_ASN1_UTCTIME },
		{ INT64_C(2147483648), V_ASN1_UTCTIME },
		{ INT64_C(2524607999), V_ASN1_UTCTIME },
		{ INT64_C(2524608000), V_ASN1_GENERALIZEDTIME },
		{ INT64_C(-631152000), V_ASN1_UTCTIME },
		{ INT64_C(-631152001), V_ASN1_GENERALIZEDTIME },
		{ LAST, V_ASN1_GENERALIZEDTIME },
		{ LAST + 1, 0 },
		{ INT64_C(-2208988800), V_ASN1_GENERALIZEDTIME }, /* 1900 */
		{ YEAR_0 - 1, 0 },
		{ INT64_C(1) << 52, 0 },
		{ -(INT64_C(1) << 52), 0 },
		{ INT64_MAX, 0 },
		{ INT64_MIN, 0 },
	};
	struct iss_error err;
	ASN1_TIME *when;
	int64_t seconds;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		when = ASN1_TIME_new();
		iss_error_clear(&err);
		is_int(iss_asn1_time_set(&err, when, cases[i].seconds),
		    cases[i].type != 0 ? ISS_OK : ISS_ERROR, "set %lld seconds",
		    (long long)cases[i].seconds);
		if (cases[i].type == 0) {
			has_text(err.text, "seconds since 1970", "... why");
		} else {
			is_int(ASN1_STRING_type(when), cases[i].type,
			    "... its type");
			ok(iss_asn1_time_get(when, &seconds) &&
				seconds == cases[i].seconds,
			    "... and back");
		}
		ASN1_TIME_free(when);
	}
}

int
main(void)
{
	test_get();
	test_set();
	return tap_done();
}
