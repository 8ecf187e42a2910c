/*
 * TLSA records as a user writes them: what is understood, what is refused.
 */
#include "options/tlsa.h"

#include "tap.h"

#define X16 "0123456789abcdef"
#define X32 X16 X16
#define X64 X32 X32

/* clang-format off */
#define B(text) text, sizeof(text) - 1
/* clang-format on */

static struct iss_error err;

static const struct {
	const char *label;
	const char *text;
	size_t text_len;
	const char *why; /* NULL: understood, as 3 1 2 with these bytes: */
	size_t len;
} texts[] = {
	{ "a record", B("3 1 2 " X32), NULL, 16 },
	{ "capitals", B("3 1 2 0123ABCDEF"), NULL, 5 },
	{ "blanks everywhere", B(" 3\t1\n2  01 2 3\r\n"), NULL, 2 },
	{ "zeros in front", B("003 01 2 0123"), NULL, 2 },
	{ "nothing", B(""), "three numbers", 0 },
	{ "blanks alone", B("   "), "three numbers", 0 },
	{ "no blank before the data", B("3 1 2ab"), "three numbers", 0 },
	{ "two numbers", B("3 1 "), "three numbers", 0 },
	{ "no blank behind the numbers", B("3 1 2"), "three numbers", 0 },
	{ "a large number", B("3 1 256 0123"), "three numbers", 0 },
	{ "a number that is too long", B("3 1 99999999999 0123"),
	    "three numbers", 0 },
	{ "a negative number", B("-3 1 2 0123"), "three numbers", 0 },
	{ "digits alone", B(X32), "three numbers", 0 },
	{ "no data", B("3 1 2 "), "without data", 0 },
	{ "an odd digit", B("3 1 2 012"), "odd", 0 },
	{ "a letter", B("3 1 2 01xy"), "not a hexadecimal", 0 },
	{ "a colon", B("3 1 2 01:23"), "not a hexadecimal", 0 },
	{ "a NUL", B("3 1 2 01\00023"), "not a hexadecimal", 0 },
};

static void
test_texts(void)
{
	struct iss_tlsa_list all = { 0 };
	size_t i;
	int rv;

	for (i = 0; i < ROWS(texts); i++) {
		iss_error_clear(&err);
		rv = iss_tlsa_list_add_text(
		    &err, &all, "SSL_x", texts[i].text, texts[i].text_len);
		if (texts[i].why != NULL) {
			is_int(rv, ISS_ERROR, "%s: refused", texts[i].label);
			has_text(err.text, "SSL_x: ", "... the option");
			has_text(err.text, texts[i].why, "... why");
			is_int((long)all.count, 0, "... the list stays");
		} else if (is_int(rv, ISS_OK, "%s", texts[i].label)) {
			ok(all.list->usage == 3 && all.list->selector == 1 &&
				all.list->type == 2,
			    "... the numbers");
			is_int((long)all.list->len, (long)texts[i].len,
			    "... the length");
			ok(memcmp(all.list->data, "\x01\x23", 2) == 0,
			    "... the data");
		}
		iss_tlsa_list_release(&all);
	}
}

/* Which data are digits? */
static void
test_fields(void)
{
	static const struct {
		const char *label;
		unsigned char type;
		const char *data;
		size_t data_len, len;
	} cases[] = {
		{ "SHA-256", 1, B(X32), 32 },
		{ "... in digits", 1, B(X64), 32 },
		{ "SHA-512", 2, B(X64), 64 },
		{ "... in digits", 2, B(X64 X64), 64 },
		{ "DER", 0, B("\x30\x03\x02\x01\x05"), 5 },
		{ "... in digits", 0, B("3003020105"), 5 },
		{ "as many digits as SHA-256 has bytes", 0, B(X32), 16 },
		{ "as many digits as SHA-512 has bytes", 0, B(X64), 32 },
		{ "an odd number of digits", 0, B("30030"), 5 },
		{ "other characters", 9, B("0x30"), 4 },
		{ "digits of an unknown type", 9, B("0a0b"), 2 },
	};
	struct iss_tlsa_list all = { 0 };
	struct iss_tlsa one = { .usage = 3 };
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		one.type = cases[i].type;
		one.data = (unsigned char *)cases[i].data;
		one.len = cases[i].data_len;
		is_int(iss_tlsa_list_add(&err, &all, "SSL_x", &one), ISS_OK,
		    "%s", cases[i].label);
		is_int((long)all.list[i].len, (long)cases[i].len,
		    "... as so many bytes");
	}
	is_int(all.list[5].data[4], 5, "... the digits are decoded");
	iss_tlsa_list_release(&all);
}

static void
test_bounds(void)
{
	static unsigned char large[ISS_TLSA_DATA_MAX + 1];
	struct iss_tlsa one = { .data = large, .len = sizeof(large) };
	struct iss_tlsa_list all = { 0 }, copy = { 0 };
	int i;

	iss_error_clear(&err);
	is_int(iss_tlsa_list_add(&err, &all, "SSL_x", &one), ISS_ERROR,
	    "too much data");
	has_text(err.text, "longer than 65535", "... why");
	ok(iss_tlsa_list_copy(&copy, &all) && copy.count == 0,
	    "a copy of nothing");
	one.len = 1;
	for (i = 0; i < ISS_TLSA_MAX; i++) {
		*large = (unsigned char)i;
		iss_tlsa_list_add(&err, &all, "SSL_x", &one);
	}
	is_int((long)all.count, ISS_TLSA_MAX, "many records");
	iss_error_clear(&err);
	is_int(iss_tlsa_list_add(&err, &all, "SSL_x", &one), ISS_ERROR,
	    "... and one more");
	has_text(err.text, "more than 256", "... why");
	ok(iss_tlsa_list_copy(&copy, &all), "a copy");
	iss_tlsa_list_cut(&all, 2);
	is_int((long)all.count, 2, "cut");
	iss_tlsa_list_release(&all);
	is_int((long)all.count, 0, "released");
	is_int(copy.list[ISS_TLSA_MAX - 1].data[0], 255,
	    "the copy has bytes of its own");
	iss_tlsa_list_release(&copy);
}

int
main(void)
{
	test_texts();
	test_fields();
	test_bounds();
	return tap_done();
}
