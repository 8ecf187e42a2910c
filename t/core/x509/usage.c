/*
 * Usages in bits and in the words of openssl.cnf.
 */
#include "x509/usage.h"

#include "tap.h"

static void
test_text(void)
{
	static const struct {
		uint32_t usages;
		const char *key, *netscape, *extended;
	} cases[] = {
		{ 0, "", "", "" },
		{ ISS_USAGE_CA, "", "", "" },
		{ ISS_USAGE_DIGITAL_SIGNATURE, "digitalSignature", "", "" },
		{ ISS_USAGE_DECIPHER_ONLY | ISS_USAGE_NON_REPUDIATION,
		    "nonRepudiation,decipherOnly", "", "" },
		{ ISS_USAGE_NS_CLIENT | ISS_USAGE_NS_OBJ_CA, "", "client,objCA",
		    "" },
		{ ISS_USAGE_TIME_STAMPING | ISS_USAGE_CLIENT_AUTH, "", "",
		    "clientAuth,timeStamping" },
		{ UINT32_MAX,
		    "digitalSignature,nonRepudiation,keyEncipherment,"
		    "dataEncipherment,keyAgreement,keyCertSign,cRLSign,"
		    "encipherOnly,decipherOnly",
		    "client,server,email,objsign,sslCA,emailCA,objCA",
		    "clientAuth,serverAuth,emailProtection,codeSigning,"
		    "timeStamping" },
	};
	const char *want;
	struct iss_buf out;
	size_t i, kind;

	for (i = 0; i < ROWS(cases); i++)
		for (kind = 0; kind < ISS_USAGE_KINDS; kind++) {
			want = kind == ISS_USAGE_KEY        ? cases[i].key
			       : kind == ISS_USAGE_NETSCAPE ? cases[i].netscape
							    : cases[i].extended;
			iss_buf_init(&out, 1024);
			iss_usage_text(
			    &out, cases[i].usages, (enum iss_usage_kind)kind);
			is_text(iss_buf_text(&out), want, "usages %x, kind %zu",
			    (unsigned)cases[i].usages, kind);
			iss_buf_release(&out);
		}
}

/* The words go behind what is there, as "critical,". */
static void
test_append(void)
{
	struct iss_buf out;

	iss_buf_init(&out, 1024);
	iss_buf_puts(&out, "critical,");
	iss_usage_text(&out,
	    ISS_USAGE_DIGITAL_SIGNATURE | ISS_USAGE_KEY_AGREEMENT,
	    ISS_USAGE_KEY);
	is_text(iss_buf_text(&out), "critical,digitalSignature,keyAgreement",
	    "usages are appended");
	iss_buf_release(&out);
}

int
main(void)
{
	test_text();
	test_append();
	is_text(iss_usage_key_name(0), "digitalSignature", "the first bit");
	is_text(iss_usage_key_name(8), "decipherOnly", "the last one");
	ok(iss_usage_key_name(9) == NULL, "there is none behind it");
	ok(iss_usage_key_name(1000) == NULL, "... nor far behind");
	return tap_done();
}
