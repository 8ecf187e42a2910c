/* Values that are PEM, DER, URIs, or none of these. */
#include "x509/material.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

static void
test_kinds(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum iss_material kind;
	} cases[] = {
		{ "", 0, ISS_MATERIAL_NONE },
		{ "server.pem", 10, ISS_MATERIAL_NONE },
		{ "/etc/server:1.pem", 17, ISS_MATERIAL_NONE },
		{ "a text\n-----BEGIN CERTIFICATE-----\n", 35,
		    ISS_MATERIAL_PEM },
		{ "file:/a.pem", 11, ISS_MATERIAL_URI },
		{ "pkcs11:token=a;object=b", 23, ISS_MATERIAL_URI },
		{ "C:\\server.pem", 13, ISS_MATERIAL_NONE },
		{ "1file:/a", 8, ISS_MATERIAL_NONE },
		{ "no scheme: a", 12, ISS_MATERIAL_NONE },
		{ "file:/a\0b", 9, ISS_MATERIAL_NONE },
		{ "\x30\x03\x02\x01\x01", 5, ISS_MATERIAL_DER },
		{ "\x30\x03\x02\x01\x01x", 6, ISS_MATERIAL_NONE },
		{ "\x30\x03\x02\x01", 4, ISS_MATERIAL_NONE },
		{ "\x30\x80\x02\x01\x01", 5, ISS_MATERIAL_NONE },
		{ "\x02\x01\x01", 3, ISS_MATERIAL_NONE },
	};
	size_t i;

	for (i = 0; i < ROWS(cases); i++)
		is_int(iss_material_kind(cases[i].bytes, cases[i].len),
		    cases[i].kind, "the kind of case %zu", i);
}

static void
test_certs(void)
{
	static const char nowhere[] = "file:/nowhere/at/all.pem";
	STACK_OF(X509) *certs = NULL;
	struct iss_error err;

	iss_error_clear(&err);
	is_int(iss_material_certs(
		   &err, "SSL_ca", nowhere, sizeof(nowhere) - 1, &certs),
	    ISS_ERROR, "a URI of nothing");
	has_text(err.text, "SSL_ca: the URI", "... the option is named");
	ok(certs == NULL, "... nothing is made");
	ok(!iss_material_has_key(nowhere, sizeof(nowhere) - 1),
	    "... nor has it a key");
}

int
main(void)
{
	test_kinds();
	test_certs();
	return tap_done();
}
