/*
 * A ClientHello as bytes: what is read out of it, and that a damaged one is
 * refused.
 */
#include "context/hello.h"

#include <stdlib.h>

#include "tap.h"

/* Header, version and random. */
#define BEGIN                                                                  \
	"\1\0\0\0"                                                             \
	"\3\3"                                                                 \
	"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
#define BYTES(literal) (literal), sizeof(literal) - 1

/* No session, two ciphers, no compression. */
#define BODY                                                                   \
	"\0"                                                                   \
	"\0\4\12\12\23\1"                                                      \
	"\1\0"

static const char full[] =
    BEGIN BODY "\0\121"
	       "\0\0\0\13\0\11\0\0\6A.test"     /* server_name */
	       "\32\32\0\0"                     /* GREASE */
	       "\0\53\0\7\6\72\72\3\4\3\3"      /* versions */
	       "\0\12\0\6\0\4\0\35\0\27"        /* groups */
	       "\0\15\0\4\0\2\4\3"              /* sigalgs */
	       "\0\13\0\2\1\0"                  /* formats */
	       "\0\20\0\16\0\14\2h2\10http/1.1" /* ALPN */
	       "\0\43\0\1x"                     /* a ticket */
	       "\0\52\0\0";                     /* early data */

/* On the heap, so that a byte too far is found. */
static bool
parse(struct iss_hello *hello, const char *bytes, size_t len,
    unsigned char **copy)
{
	*copy = malloc(len > 0 ? len : 1);
	memcpy(*copy, bytes, len);
	return iss_hello_parse(hello, *copy, len);
}

static void
is_numbers(struct iss_wire list, const unsigned int *wanted, size_t count,
    const char *what)
{
	unsigned int number = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (iss_hello_next_number(&list, 2, &number) &&
		    number == wanted[i])
			continue;
		ok(false, "%s: number %d", what, (int)i);
		return;
	}
	ok(!iss_hello_next_number(&list, 2, &number), "%s", what);
}

static void
test_full(void)
{
	static const unsigned int ciphers[] = { 0x0a0a, 0x1301 },
				  versions[] = { 0x3a3a, 0x0304, 0x0303 },
				  groups[] = { 29, 23 }, sigalgs[] = { 0x0403 },
				  types[] = { 0, 0x1a1a, 43, 10, 13, 11, 16, 35,
					  42 };
	struct iss_hello hello;
	struct iss_wire left, body;
	unsigned char *copy;
	unsigned int type = 0;
	size_t i;

	ok(parse(&hello, full, sizeof(full) - 1, &copy), "a whole message");
	is_numbers(hello.ciphers, ciphers, ROWS(ciphers), "ciphers");
	is_numbers(hello.versions, versions, ROWS(versions), "versions");
	is_numbers(hello.groups, groups, ROWS(groups), "groups");
	is_numbers(hello.sigalgs, sigalgs, ROWS(sigalgs), "sigalgs");
	is_int(hello.version, 0x0303, "the old version");
	is_text(hello.host.name, "a.test", "the name");
	is_int((long long)hello.alpn.len, 12, "protocols");
	is_int((long long)hello.formats.len, 1, "formats of points");
	ok(hello.early_data && hello.resumes, "early data, a ticket");
	left = hello.extensions;
	for (i = 0; i < ROWS(types); i++)
		ok(iss_hello_next_extension(&left, &type, &body) &&
			type == types[i],
		    "extension %u", types[i]);
	ok(!iss_hello_next_extension(&left, &type, &body), "... no more");
	free(copy);
}

/* Only where the extensions begin may a message end. */
static void
test_cut_off(void)
{
	const size_t shortest = sizeof(BEGIN BODY) - 1;
	struct iss_hello hello;
	unsigned char *copy;
	size_t len;

	for (len = 0; len < sizeof(full) - 1; len++) {
		if (parse(&hello, full, len, &copy) != (len == shortest))
			ok(false, "cut off at %d", (int)len);
		free(copy);
	}
	ok(len == sizeof(full) - 1, "cut off everywhere");
}

static const struct {
	const char *label, *bytes;
	size_t len;
	bool good, named, valid;
} cases[] = {
	{ "an odd list of ciphers", BYTES(BEGIN "\0\0\3\1\2\3\1\0"), false,
	    false, false },
	{ "bytes behind the extensions", BYTES(BEGIN BODY "\0\0x"), false,
	    false, false },
	{ "an odd list of groups", BYTES(BEGIN BODY "\0\11\0\12\0\5\0\3\0\35x"),
	    false, false, false },
	{ "a list of groups cut off", BYTES(BEGIN BODY "\0\6\0\12\0\2\0\2"),
	    false, false, false },
	{ "an odd list of versions", BYTES(BEGIN BODY "\0\10\0\53\0\4\3\3\4\3"),
	    false, false, false },
	{ "an odd list of signatures",
	    BYTES(BEGIN BODY "\0\11\0\15\0\5\0\3\4\3\4"), false, false, false },
	{ "a byte behind the formats of points",
	    BYTES(BEGIN BODY "\0\7\0\13\0\3\1\0x"), false, false, false },
	{ "a byte behind the protocols",
	    BYTES(BEGIN BODY "\0\12\0\20\0\6\0\3\2h2x"), false, false, false },
	{ "half the type of an extension", BYTES(BEGIN BODY "\0\1\32"), false,
	    false, false },
	{ "half the length of one", BYTES(BEGIN BODY "\0\3\32\32\0"), false,
	    false, false },
	{ "an extension that is cut off", BYTES(BEGIN BODY "\0\4\32\32\0\1"),
	    false, false, false },
	{ "a damaged list of protocols",
	    BYTES(BEGIN BODY "\0\10\0\20\0\4\0\2\5h"), false, false, false },
	{ "a damaged name", BYTES(BEGIN BODY "\0\5\0\0\0\1x"), true, true,
	    false },
	{ "a name that is no host",
	    BYTES(BEGIN BODY "\0\15\0\0\0\11\0\7\0\0\4a..b"), true, true,
	    false },
	{ "a name beyond ASCII",
	    BYTES(BEGIN BODY "\0\15\0\0\0\11\0\7\0\0\4\303\244.b"), true, true,
	    false },
	{ "an address", BYTES(BEGIN BODY "\0\20\0\0\0\14\0\12\0\0\0071.2.3.4"),
	    true, true, true },
	{ "no extension", BYTES(BEGIN BODY), true, false, false },
};

static void
test_case(size_t i)
{
	struct iss_hello hello;
	unsigned char *copy;
	bool good = parse(&hello, cases[i].bytes, cases[i].len, &copy);

	ok(good == cases[i].good, "%s", cases[i].label);
	if (good) {
		ok(hello.has_name == cases[i].named, "... a name?");
		ok(hello.name_is_valid == cases[i].valid, "... a valid one?");
	}
	free(copy);
}

static void
test_resumes(void)
{
	struct iss_hello hello;
	unsigned char *copy;

	ok(parse(&hello, BYTES(BEGIN "\1s\0\2\23\1\1\0"), &copy) &&
		hello.resumes,
	    "an id of a session");
	free(copy);
	ok(parse(&hello, BYTES(BEGIN "\1s\0\2\23\1\1\0\0\7\0\53\0\3\2\3\4"),
	       &copy) &&
		!hello.resumes,
	    "... means nothing in TLS 1.3");
	free(copy);
	ok(parse(&hello, BYTES(BEGIN BODY "\0\5\0\51\0\1x"), &copy) &&
		hello.resumes,
	    "a pre-shared key");
	free(copy);
	ok(parse(&hello, BYTES(BEGIN BODY "\0\4\0\43\0\0"), &copy) &&
		!hello.resumes,
	    "an empty ticket");
	free(copy);
}

int
main(void)
{
	size_t i;

	test_full();
	test_cut_off();
	for (i = 0; i < ROWS(cases); i++)
		test_case(i);
	test_resumes();
	return tap_done();
}
