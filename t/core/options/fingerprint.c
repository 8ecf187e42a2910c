/*
 * Fingerprints as a user writes them: what is understood, what is refused.
 */
#include "options/fingerprint.h"

#include "tap.h"

#define X16 "0123456789abcdef"
#define X32 X16 X16

static const struct {
	const char *label;
	const char *text;
	const char *algo; /* NULL: refused */
	bool pubkey;
	size_t len;
	const char *why;
} cases[] = {
	{ "md5 by length", X32, .algo = "md5", .len = 16 },
	{ "sha1 by length", X32 "01234567", .algo = "sha1", .len = 20 },
	{ "sha256 by length", X32 X32, .algo = "sha256", .len = 32 },
	{ "sha512 by length", X32 X32 X32 X32, .algo = "sha512", .len = 64 },
	{ "of a key, by length", "pub$" X32 X32, .algo = "sha256",
	    .pubkey = true, .len = 32 },
	{ "named", "sha384$" X32 X32 X32, .algo = "sha384", .len = 48 },
	{ "named, of a key", "sha1$pub$" X32 "01234567", .algo = "sha1",
	    .pubkey = true, .len = 20 },
	{ "capitals", "0123456789ABCDEF" X16, .algo = "md5", .len = 16 },
	{ "colons anywhere", "::01:23456789abcdef" X16 ":", .algo = "md5",
	    .len = 16 },

	{ "nothing", "", .why = "no known digest has this length" },
	{ "colons alone", ":::", .why = "no known digest has this length" },
	{ "three bytes", "abcdef", .why = "no known digest has this length" },
	{ "48 bytes without a name", X32 X32 X32,
	    .why = "no known digest has this length" },
	{ "an odd digit", X32 "0", .why = "odd" },
	{ "a blank", " " X32, .why = "not a hexadecimal" },
	{ "a letter", "0123456789abcdeg" X16, .why = "not a hexadecimal" },
	{ "a newline at the end", X32 "\n", .why = "not a hexadecimal" },
	{ "65 bytes", X32 X32 X32 X32 "00", .why = "too many" },
	{ "too few for the name", "sha256$" X32,
	    .why = "wrong number of digits" },
	{ "too many for the name", "md5$" X32 X32,
	    .why = "wrong number of digits" },
	{ "an unknown name", "sha257$" X32 X32, .why = "unknown digest" },
	{ "no name", "$" X32,
	    .why = "the name of the digest is empty or too long" },
	{ "32 bytes of a name", "abcdefghijklmnopqrstuvwxyz012345$" X32,
	    .why = "the name of the digest is empty or too long" },
	{ "a word that begins with pub", "public$" X32,
	    .why = "unknown digest" },
	{ "another word for pub", "sha1$key$" X32, .why = "pub" },
	{ "pub twice", "pub$pub$" X32, .why = "not a hexadecimal" },
	{ "pub first", "pub$md5$" X32, .why = "not a hexadecimal" },
};

static void
test_case(size_t i)
{
	struct iss_fingerprint_list all = { .count = 0 };
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	rv = iss_fingerprint_list_add(
	    &err, &all, "SSL_x", cases[i].text, strlen(cases[i].text));
	if (cases[i].algo == NULL) {
		is_int(rv, ISS_ERROR, "%s: refused", cases[i].label);
		has_text(err.text, "SSL_x: ", "%s: option", cases[i].label);
		has_text(err.text, cases[i].why, "%s: why", cases[i].label);
		is_int((long long)all.count, 0, "%s: the list stays",
		    cases[i].label);
	} else if (is_int(rv, ISS_OK, "%s: understood", cases[i].label)) {
		ok(strcmp(all.list[0].algo, cases[i].algo) == 0, "%s: digest",
		    cases[i].label);
		is_int(all.list[0].pubkey, cases[i].pubkey, "%s: of what",
		    cases[i].label);
		is_int((long long)all.list[0].len, (long long)cases[i].len,
		    "%s: length", cases[i].label);
		is_int(all.list[0].digest[1], 0x23, "%s: second byte",
		    cases[i].label);
	}
	iss_fingerprint_list_release(&all);
}

static void
test_lists(void)
{
	struct iss_fingerprint_list all = { .count = 0 }, copy = { .count = 0 };
	struct iss_error err;

	iss_error_clear(&err);
	ok(iss_fingerprint_list_copy(&copy, &all) && copy.count == 0,
	    "a copy of nothing");
	ok(!iss_fingerprint_list_is_of_keys(&all), "none is of a key");
	iss_fingerprint_list_add(&err, &all, "x", X32, 32);
	ok(!iss_fingerprint_list_is_of_keys(&all), "the first is of none");
	iss_fingerprint_list_add(&err, &all, "x", "pub$" X32 X32, 68);
	ok(iss_fingerprint_list_copy(&copy, &all), "a copy of two");
	iss_fingerprint_list_release(&all);
	is_int((long long)all.count, 0, "the list is empty after release");
	ok(copy.count == 2 && copy.list[1].pubkey, "the copy is not");
	copy.list[0].pubkey = true;
	ok(iss_fingerprint_list_is_of_keys(&copy), "the first is of a key");
	iss_fingerprint_list_release(&copy);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(cases); i++)
		test_case(i);
	test_lists();
	return tap_done();
}
