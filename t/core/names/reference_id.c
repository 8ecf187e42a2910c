/*
 * Hosts as users give them: names, addresses, Unicode, and what is neither.
 */
#include "names/reference_id.h"

#include <stdlib.h>

#include "tap.h"

/* clang-format off */

/* What iss_reference_id_init makes of a text. */
#define TEXT(s) s, sizeof(s) - 1
#define X61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define X63 X61 "aa"

static const struct good_host {
	const char *text;
	enum iss_reference_kind kind;
	const char *name;
} good_hosts[] = {
	{ "www.example.com", ISS_REFERENCE_NAME, "www.example.com" },
	{ "WWW.Example.COM", ISS_REFERENCE_NAME, "www.example.com" },
	{ "www.example.com.", ISS_REFERENCE_NAME, "www.example.com" },
	{ "localhost", ISS_REFERENCE_NAME, "localhost" },
	{ "a", ISS_REFERENCE_NAME, "a" },
	{ "a.", ISS_REFERENCE_NAME, "a" },
	{ "3com.com", ISS_REFERENCE_NAME, "3com.com" },
	{ "1.2.3.4.example", ISS_REFERENCE_NAME, "1.2.3.4.example" },
	{ "1.2.3.4a", ISS_REFERENCE_NAME, "1.2.3.4a" },
	{ "0x7g", ISS_REFERENCE_NAME, "0x7g" },
	{ "01a", ISS_REFERENCE_NAME, "01a" },
	{ "a.bx", ISS_REFERENCE_NAME, "a.bx" },
	{ "AZ-az_09.test", ISS_REFERENCE_NAME, "az-az_09.test" },
	{ "x0", ISS_REFERENCE_NAME, "x0" },
	{ "_sip._tcp.example.com", ISS_REFERENCE_NAME, "_sip._tcp.example.com" },
	{ "a--b.example", ISS_REFERENCE_NAME, "a--b.example" },
	{ "xn--mller-kva.de", ISS_REFERENCE_NAME, "xn--mller-kva.de" },
	{ X63 ".com", ISS_REFERENCE_NAME, X63 ".com" },
	{ X63 "." X63 "." X63 "." X61, ISS_REFERENCE_NAME,
	  X63 "." X63 "." X63 "." X61 },
	{ X63 "." X63 "." X63 "." X61 ".", ISS_REFERENCE_NAME,
	  X63 "." X63 "." X63 "." X61 },
	{ "127.0.0.1", ISS_REFERENCE_IPV4, "127.0.0.1" },
	{ "0.0.0.0", ISS_REFERENCE_IPV4, "0.0.0.0" },
	{ "255.255.255.255", ISS_REFERENCE_IPV4, "255.255.255.255" },
	{ "::1", ISS_REFERENCE_IPV6, "::1" },
	{ "::", ISS_REFERENCE_IPV6, "::" },
	{ "[::1]", ISS_REFERENCE_IPV6, "::1" },
	{ "2001:DB8:0:0:0:0:0:A", ISS_REFERENCE_IPV6, "2001:db8::a" },
	{ "[2001:db8::a]", ISS_REFERENCE_IPV6, "2001:db8::a" },
	{ "::ffff:1.2.3.4", ISS_REFERENCE_IPV6, "::ffff:1.2.3.4" },
#ifdef HAVE_LIBIDN2
	{ "m\303\274ller.de", ISS_REFERENCE_NAME, "xn--mller-kva.de" },
	{ "M\303\234LLER.DE.", ISS_REFERENCE_NAME, "xn--mller-kva.de" },
	{ "mu\314\210ller.de", ISS_REFERENCE_NAME, "xn--mller-kva.de" },
	{ "stra\303\237e.de", ISS_REFERENCE_NAME, "xn--strae-oqa.de" },
	{ "\344\276\213\343\200\202jp", ISS_REFERENCE_NAME, "xn--fsq.jp" },
	{ "_a.m\303\274ller.de", ISS_REFERENCE_NAME, "_a.xn--mller-kva.de" },
#endif
};

static const struct bad_host {
	const char *text;
	size_t len;
	const char *told;
} bad_hosts[] = {
	{ TEXT(""), "\"\" is not a valid host name: it is empty" },
	{ TEXT("."), "empty" },
	{ TEXT(".."), "empty label" },
	{ TEXT("..."), "empty label" },
	{ TEXT(".com"), "empty label" },
	{ TEXT(".example.com"), "empty label" },
	{ TEXT("www..example.com"), "empty label" },
	{ TEXT("www.example.com.."), "empty label" },
	{ TEXT(" "), "only letters" },
	{ TEXT("www example.com"), "only letters" },
	{ TEXT(" www.example.com"), "only letters" },
	{ TEXT("www.example.com "), "only letters" },
	{ TEXT("www.example.com\n"), "\"www.example.com\\x0a\" is not" },
	{ TEXT("www.example.com\r\n"), "only letters" },
	{ TEXT("www\t.example.com"), "only letters" },
	{ TEXT("www.example.com\0"), "\"www.example.com\\x00\" is not" },
	{ TEXT("www.example.com\0.evil.org"), "only letters" },
	{ TEXT("\0www.example.com"), "only letters" },
	{ TEXT("\0"), "only letters" },
	{ TEXT("\1"), "only letters" },
	{ TEXT("www.example.com\177"), "only letters" },
	{ TEXT("*"), "only letters" },
	{ TEXT("*.example.com"), "only letters" },
	{ TEXT("w*.example.com"), "only letters" },
	{ TEXT("www.example.com:443"), "only letters" },
	{ TEXT("www.example.com/"), "only letters" },
	{ TEXT("https://www.example.com"), "only letters" },
	{ TEXT("user@example.com"), "only letters" },
	{ TEXT("a::1]"), "only letters" },
	{ TEXT("[::1"), "only letters" },
	{ TEXT("[127.0.0.1]"), "only letters" },
	{ TEXT("www.example.com%"), "only letters" },
	{ TEXT("www,example,com"), "only letters" },
	{ TEXT("a\\b"), "\"a\\x5cb\" is not" },
	{ TEXT("{}"), "only letters" },
	{ TEXT("`"), "only letters" },
	{ TEXT("@"), "only letters" },
	{ TEXT("/a"), "only letters" },
	{ TEXT(X63 "a.com"), "longer than 63 bytes" },
	{ TEXT("com." X63 "a"), "longer than 63 bytes" },
	{ TEXT(X63 "." X63 "." X63 "." X61 "a"), "longer than 253 bytes" },
	{ TEXT(X63 "." X63 "." X63 "." X63 "." X63), "longer than 253" },

	/* Neither address nor name. */
	{ TEXT("010.0.0.1"), "ends in a number" },
	{ TEXT("127.0.0.01"), "ends in a number" },
	{ TEXT("127.0.0.1."), "ends in a number" },
	{ TEXT("127.0.0.256"), "ends in a number" },
	{ TEXT("256.0.0.1"), "ends in a number" },
	{ TEXT("1.2.3"), "ends in a number" },
	{ TEXT("127.1"), "ends in a number" },
	{ TEXT("1.2.3.4.5"), "ends in a number" },
	{ TEXT("2130706433"), "ends in a number" },
	{ TEXT("0"), "ends in a number" },
	{ TEXT("0x7f000001"), "ends in a number" },
	{ TEXT("0X7F000001"), "ends in a number" },
	{ TEXT("0x7f.0.0.0x1"), "ends in a number" },
	{ TEXT("0x"), "ends in a number" },
	{ TEXT("example.0x"), "ends in a number" },
	{ TEXT("example.123"), "ends in a number" },
	{ TEXT("127.0.0.1\0"), "only letters" },
	{ TEXT("127.0.0.1\n"), "only letters" },
	{ TEXT("127.0.0.1 "), "only letters" },
	{ TEXT(" 127.0.0.1"), "only letters" },
	{ TEXT("127..0.1"), "empty label" },
	{ TEXT("127.0.0.1/8"), "only letters" },
	{ TEXT("[127.0.0.1]"), "only letters" },
	{ TEXT("[www.example.com]"), "only letters" },
	{ TEXT(":"), "only letters" },
	{ TEXT(":::"), "only letters" },
	{ TEXT("1::2::3"), "only letters" },
	{ TEXT("::1 "), "only letters" },
	{ TEXT("::1\n"), "only letters" },
	{ TEXT("::1\0"), "only letters" },
	{ TEXT("::12345"), "only letters" },
	{ TEXT("1:2:3:4:5:6:7:8:9"), "only letters" },
	{ TEXT("::1."), "only letters" },
	{ TEXT("fe80::1%eth0"), "only letters" },
	{ TEXT("[]"), "only letters" },
	{ TEXT("["), "only letters" },
	{ TEXT("]"), "only letters" },
	{ TEXT("[::1"), "only letters" },
	{ TEXT("::1]"), "only letters" },
	{ TEXT("[[::1]]"), "only letters" },
	{ TEXT("[::1]:443"), "only letters" },
	{ TEXT("[::1].com"), "only letters" },

	/* Unicode. */
#ifdef HAVE_LIBIDN2
	{ TEXT("m\374ller.de"), "libidn2" },
	{ TEXT("\377"), "libidn2" },
	{ TEXT("m\303"), "libidn2" },
	{ TEXT("\300\256com"), "libidn2" },
	{ TEXT("\355\240\200.com"), "libidn2" },
	{ TEXT("m\303\274ller\0.de"), "NUL" },
	{ TEXT("m\303\274ller.de\n"), "is not a valid host name" },
	{ TEXT("m\303\274ller .de"), "is not a valid host name" },
	{ TEXT("m\303\274*.de"), "is not a valid host name" },
	{ TEXT("m\303\274ller..de"), "is not a valid host name" },
	{ TEXT("\342\204\200.example"), "only letters" }, /* a/c */
	{ TEXT("\357\274\221.0.0.\357\274\221"), "ends in a number" },
	{ TEXT("\342\200\213"), "is not a valid host name" }, /* ZWSP */
	{ TEXT(X63 "\303\274.de"), "is not a valid host name" },
#else
	{ TEXT("m\303\274ller.de"), "without libidn2" },
#endif
};

/* clang-format on */

static void
test_good_hosts(void)
{
	size_t i;

	for (i = 0; i < ROWS(good_hosts); i++) {
		const struct good_host *row = &good_hosts[i];
		struct iss_reference_id host = { .name = "" };
		struct iss_error err;
		size_t addr_len = row->kind == ISS_REFERENCE_NAME   ? 0
				  : row->kind == ISS_REFERENCE_IPV4 ? 4
								    : 16;

		iss_error_clear(&err);
		is_int(iss_reference_id_init(
			   &err, &host, row->text, strlen(row->text)),
		    0, "host %s is fine", row->text);
		is_text(host.name, row->name, "host %s", row->text);
		is_int(host.kind, row->kind, "host %s: kind", row->text);
		is_int((long long)host.addr_len, (long long)addr_len,
		    "host %s: bytes of the address", row->text);
	}
}

static void
test_bad_hosts(void)
{
	size_t i;

	for (i = 0; i < ROWS(bad_hosts); i++) {
		const struct bad_host *row = &bad_hosts[i];
		/* Exactly as long as it is: a read beyond is seen. */
		char *text = malloc(row->len > 0 ? row->len : 1);
		struct iss_reference_id host;
		struct iss_error err;

		memset(&host, 0x5a, sizeof(host));
		memcpy(text, row->text, row->len);
		iss_error_clear(&err);
		is_int(iss_reference_id_init(&err, &host, text, row->len),
		    ISS_ERROR, "host \"%.80s\" is refused", row->text);
		has_text(err.text, row->told, "host \"%.80s\": why", row->text);
		ok(host.name[0] == 0x5a && host.addr_len != 0,
		    "host \"%.80s\": untouched", row->text);
		free(text);
	}
}

static void
test_huge_host(void)
{
	size_t len = 1000000;
	char *text = malloc(len);
	struct iss_reference_id host;
	struct iss_error err;

	memset(text, 'a', len);
	iss_error_clear(&err);
	is_int(iss_reference_id_init(&err, &host, text, len), ISS_ERROR,
	    "a megabyte is refused");
	has_text(err.text, "aaa...\" is not", "and shown in part");
	text[0] = (char)0xc3;
	text[1] = (char)0xbc;
	iss_error_clear(&err);
	is_int(iss_reference_id_init(&err, &host, text, len), ISS_ERROR,
	    "a megabyte of UTF-8 too");
	free(text);
}

int
main(void)
{
	test_good_hosts();
	test_bad_hosts();
	test_huge_host();
	return tap_done();
}
