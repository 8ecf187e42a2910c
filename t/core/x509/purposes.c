/*
 * Purposes in words, and the usages that come of them.
 */
#include "x509/purposes.h"
#include "x509/usage.h"

#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct usage_case {
	const char *words;
	bool ca;
	const char *key, *netscape, *extended;
} cases[] = {
	{ .words = "", .key = "", .netscape = "", .extended = "" },
	{ .words = " ,;--+", .key = "", .netscape = "", .extended = "" },
	{ .words = "server",
	    .key = "digitalSignature,keyEncipherment",
	    .netscape = "server",
	    .extended = "serverAuth" },
	{ .words = "SERVER, +Client",
	    .key = "digitalSignature,keyEncipherment",
	    .netscape = "client,server",
	    .extended = "clientAuth,serverAuth" },
	{ .words = "server-client",
	    .key = "digitalSignature,keyEncipherment",
	    .netscape = "server",
	    .extended = "serverAuth" },
	{ .words = "server -server",
	    .key = "",
	    .netscape = "",
	    .extended = "" },
	{ .words = "-server server",
	    .key = "digitalSignature,keyEncipherment",
	    .netscape = "server",
	    .extended = "serverAuth" },
	{ .words = "- server", /* a sign belongs to the next word alone */
	    .key = "digitalSignature,keyEncipherment",
	    .netscape = "server",
	    .extended = "serverAuth" },
	{ .words = "CA",
	    .ca = true,
	    .key = "digitalSignature,keyCertSign",
	    .netscape = "",
	    .extended = "" },
	{ .words = "sslCA,-CA",
	    .key = "digitalSignature",
	    .netscape = "sslCA",
	    .extended = "" },
	{ .words = "decipherOnly cRLSign nonRepudiation",
	    .key = "nonRepudiation,cRLSign,decipherOnly",
	    .netscape = "",
	    .extended = "" },
	{ .words = "timeStamping",
	    .key = "",
	    .netscape = "",
	    .extended = "timeStamping" },
};

static void
is_kind(uint32_t usages, enum iss_usage_kind kind, const char *expected,
    const char *words, const char *what)
{
	struct iss_buf text;

	iss_buf_init(&text, 1024);
	iss_usage_text(&text, usages, kind);
	is_text(iss_buf_text(&text), expected, "%s: %s", words, what);
	iss_buf_release(&text);
}

static void
test_case(const struct usage_case *c)
{
	struct iss_purposes purposes;
	struct iss_error err;
	uint32_t usages;

	iss_error_clear(&err);
	iss_purposes_init(&purposes);
	is_int(iss_purposes_parse(&err, &purposes, c->words), 0,
	    "'%s' is parsed", c->words);
	usages = iss_purposes_usages(&purposes);
	is_int((usages & ISS_USAGE_CA) != 0, c->ca, "%s: CA", c->words);
	is_kind(usages, ISS_USAGE_KEY, c->key, c->words, "keyUsage");
	is_kind(usages, ISS_USAGE_NETSCAPE, c->netscape, c->words, "netscape");
	is_kind(usages, ISS_USAGE_EXTENDED, c->extended, c->words, "extended");
}

static void
test_unknown(const char *words, const char *told)
{
	struct iss_purposes purposes;
	struct iss_error err;

	iss_error_clear(&err);
	iss_purposes_init(&purposes);
	is_int(iss_purposes_parse(&err, &purposes, words), ISS_ERROR,
	    "'%s' is refused", words);
	is_text(err.text, told, "... with the word");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		test_case(&cases[i]);
	test_unknown("server,foo", "unknown purpose foo");
	test_unknown("serve", "unknown purpose serve");
	test_unknown("servers", "unknown purpose servers");
	test_unknown("-\xc3\xbc"
		     "foo",
	    "unknown purpose foo");
	return tap_done();
}
