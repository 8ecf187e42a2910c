/*
 * Alternative names from a type and a value, and back.
 */
#include "x509/altname.h"

#include <openssl/err.h>

#include "x509/cert.h"
#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A string literal, zeros within included. */
#define BYTES(literal) literal, sizeof(literal) - 1

static const struct name_case {
	int type;
	const char *value;
	size_t len;
	const char *shown; /* NULL: it is refused */
	size_t shown_len;
} cases[] = {
	{ GEN_DNS, BYTES("example.test"), BYTES("example.test") },
	{ GEN_DNS, BYTES(""), BYTES("") },
	{ GEN_DNS, BYTES("good\0evil"), BYTES("good\0evil") },
	{ GEN_DNS, BYTES("\xff"), NULL, 0 },
	{ GEN_EMAIL, BYTES("me@example.test"), BYTES("me@example.test") },
	{ GEN_EMAIL, BYTES("m\xc3\xbc@example.test"), NULL, 0 },
	{ GEN_URI, BYTES("http://a/;b,c"), BYTES("http://a/;b,c") },
	{ GEN_URI, BYTES("http://\xc3\xbc/"), NULL, 0 },
	{ GEN_IPADD, BYTES("127.0.0.1"), BYTES("127.0.0.1") },
	{ GEN_IPADD, BYTES("\x7f\0\0\1"), BYTES("127.0.0.1") },
	{ GEN_IPADD, BYTES("::1a"), BYTES("::1a") },
	{ GEN_IPADD, BYTES("2001:DB8::0:1"), BYTES("2001:db8::1") },
	{ GEN_IPADD, BYTES("\x7f\0\0"), NULL, 0 },
	{ GEN_IPADD, BYTES("localhost"), NULL, 0 },
	{ GEN_IPADD, BYTES("127.0.0.1\0"), NULL, 0 },
	{ GEN_IPADD, BYTES(""), NULL, 0 },
	{ GEN_RID, BYTES("1.2.3.4"), BYTES("1.2.3.4") },
	{ GEN_RID, BYTES("1.2.3.4\0.5"), NULL, 0 },
	{ GEN_RID, BYTES("x"), NULL, 0 },
	{ GEN_RID, BYTES("HMAC"), NULL, 0 }, /* known, but without number */
	{ GEN_OTHERNAME, BYTES("HMAC;UTF8:x"), NULL, 0 },
	{ GEN_OTHERNAME, BYTES("1.2.3.4;FORMAT:UTF8,UTF8:a\xc3\xbc"),
	    BYTES("a\xc3\xbc") },
	{ GEN_OTHERNAME, BYTES("1.2.3.4;IA5:a"), BYTES("a") },
	{ GEN_OTHERNAME, BYTES("1.2.3.4;INT:5"), BYTES("\2\1\5") },
	{ GEN_OTHERNAME, BYTES("1.2.3.4;SEQ:section"), NULL, 0 },
	{ GEN_OTHERNAME, BYTES("1.2.3.4"), NULL, 0 },
	{ GEN_EDIPARTY, BYTES("\xa5\6\xa1\4\x0c\2hi"),
	    BYTES("\xa5\6\xa1\4\x0c\2hi") },
	{ GEN_EDIPARTY, BYTES("\xa5\6\xa1\4\x0c\2hi\0"), NULL, 0 },
	{ GEN_EDIPARTY, BYTES("\x82\1a"), NULL, 0 },
	{ GEN_X400, BYTES("\xa5\6\xa1\4\x0c\2hi"), NULL, 0 },
	{ GEN_X400, BYTES(""), NULL, 0 },
	{ GEN_DIRNAME, BYTES("/CN=x"), NULL, 0 },
	{ 9, BYTES("x"), NULL, 0 },
	{ -1, BYTES("x"), NULL, 0 },
};

static void
test_case(size_t row)
{
	const struct name_case *c = &cases[row];
	struct iss_error err;
	struct iss_buf value;
	GENERAL_NAME *name;

	iss_error_clear(&err);
	name = iss_altname_new(&err, c->type, c->value, c->len);
	is_int(ERR_peek_error(), 0, "row %zu: the queue is empty", row);
	if (c->shown == NULL) {
		ok(name == NULL, "row %zu: %s %s is refused", row,
		    iss_altname_type(c->type), c->value);
		ok(iss_error_is_set(&err), "... with a reason");
		return;
	}
	iss_buf_init(&value, ISS_CERT_TEXT_MAX);
	if (ok(name != NULL, "row %zu: %s is made", row,
		iss_altname_type(c->type)))
		iss_altname_value(&err, name, &value);
	else
		diag("%s", err.text);
	ok(value.len == c->shown_len &&
		memcmp(iss_buf_text(&value), c->shown, value.len) == 0,
	    "... and told: %s", iss_buf_text(&value));
	iss_buf_release(&value);
	GENERAL_NAME_free(name);
}

static void
test_types(void)
{
	static const char *const words[] = { "OTHERNAME", "EMAIL", "DNS",
		"X400", "DIRNAME", "EDIPARTY", "URI", "IP", "RID" };
	size_t i;

	for (i = 0; i < COUNT(words); i++) {
		is_text(iss_altname_type((int)i), words[i], "type %zu", i);
		is_int(iss_altname_number(words[i]), i, "%s", words[i]);
	}
	is_int(iss_altname_number("dns"), GEN_DNS, "in any case");
	is_int(iss_altname_number("foo"), -1, "an unknown word");
	is_int(iss_altname_number(""), -1, "no word");
	is_text(iss_altname_type(9), "", "an unknown number");
	is_text(iss_altname_type(-1), "", "a negative one");
}

/* Too long to be shown as text. */
static void
test_long_oid(void)
{
	char dotted[512] = "1.2";
	const unsigned char *der;
	struct iss_error err;
	struct iss_buf value;
	GENERAL_NAME *name;
	ASN1_OBJECT *oid;
	size_t i;

	for (i = 0; i < 60; i++)
		strcat(dotted, ".1234567");
	iss_error_clear(&err);
	iss_buf_init(&value, 1024);
	name = iss_altname_new(&err, GEN_RID, dotted, strlen(dotted));
	is_int(iss_altname_value(&err, name, &value), ISS_OK,
	    "a long object identifier");
	der = (const unsigned char *)value.data;
	oid = d2i_ASN1_OBJECT(NULL, &der, (long)value.len);
	ok(oid != NULL && OBJ_cmp(oid, name->d.registeredID) == 0,
	    "... in DER");
	ASN1_OBJECT_free(oid);
	iss_buf_release(&value);
	GENERAL_NAME_free(name);
}

int
main(void)
{
	size_t i;

	test_types();
	test_long_oid();
	for (i = 0; i < COUNT(cases); i++)
		test_case(i);
	return tap_done();
}
