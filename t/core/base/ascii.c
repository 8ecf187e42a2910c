/*
 * Text as ASCII: bounds of the letters, high bytes, and bytes of strangers in
 * a message.
 */
#include "base/ascii.h"

#include <stdlib.h>

#include "tap.h"

/* clang-format off */
#define B(text) text, sizeof(text) - 1
/* clang-format on */

/* Every byte by itself. */
static void
test_bytes(void)
{
	size_t ascii = 0, changed = 0, wrong = 0;
	unsigned char byte;
	int c;

	for (c = 0; c < 256; c++) {
		byte = (unsigned char)c;
		ascii += iss_ascii_is(&byte, 1);
		changed += iss_ascii_lower(c) != c;
		wrong += (c >= 'A' && c <= 'Z') != (iss_ascii_lower(c) != c);
	}
	is_int((long long)ascii, 128, "half of all bytes are ASCII");
	is_int((long long)changed, 26, "26 letters change to lower case");
	is_int((long long)wrong, 0, "... A to Z and no others");
	is_int(iss_ascii_lower('Z'), 'z', "... to their own");
}

static void
test_is(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool is;
	} cases[] = {
		{ B(""), true },
		{ B("abc"), true },
		{ B("a\0b\x7f"), true },
		{ B("\x80"), false },
		{ B("abc\xff"), false },
		{ B("\xc3\xbc"
		    "bc"),
		    false },
		{ B("a\0\x80"), false },
	};
	size_t i;

	for (i = 0; i < ROWS(cases); i++)
		ok(iss_ascii_is(cases[i].bytes, cases[i].len) == cases[i].is,
		    "row %zu: %s", i, cases[i].is ? "ASCII" : "not ASCII");
	ok(iss_ascii_is("ab\xff", 2), "bytes behind the last do not count");
}

static void
test_equal(void)
{
	static const struct {
		const char *a, *b;
		size_t len;
		bool equal;
	} cases[] = {
		{ "abc", "ABC", 3, true },
		{ "abc", "abd", 2, true },
		{ "abc", "abd", 3, false },
		{ "a\0b", "A\0B", 3, true },
		{ "a\0b", "a\0c", 3, false },
		{ "@[", "`{", 2, false }, /* beside the letters */
		{ "\xc4", "\xe4", 1, false },
		{ "a", "b", 0, true },
	};
	size_t i;

	for (i = 0; i < ROWS(cases); i++)
		ok(iss_ascii_equal(cases[i].a, cases[i].b, cases[i].len) ==
			cases[i].equal,
		    "row %zu: %s", i, cases[i].equal ? "equal" : "not equal");
}

static void
test_show(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *shown;
	} cases[] = {
		{ B(""), "" },
		{ B("a.test"), "a.test" },
		{ B(" ~"), " ~" },
		{ B("a\0b"), "a\\x00b" },
		{ B("\x1f\x7f\x80\xff"), "\\x1f\\x7f\\x80\\xff" },
		{ B("a, DNS:b"), "a\\x2c DNS:b" },
		{ B("\\x41"), "\\x5cx41" },
	};
	char *bytes = malloc(101), shown[101 + 3];
	struct iss_buf out;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_buf_init(&out, 1024);
		iss_ascii_show(&out, cases[i].bytes, cases[i].len);
		is_text(
		    iss_buf_text(&out), cases[i].shown, "row %zu is shown", i);
		iss_buf_release(&out);
	}
	memset(bytes, 'x', 101);
	memset(shown, 'x', 100);
	for (i = 100; i <= 101; i++) {
		snprintf(shown + 100, 4, "%s", i > 100 ? "..." : "");
		iss_buf_init(&out, 1024);
		iss_ascii_show(&out, bytes, i);
		is_text(iss_buf_text(&out), shown, "%zu bytes", i);
		iss_buf_release(&out);
	}
	iss_buf_init(&out, 2);
	iss_ascii_show(&out, "abc", 3);
	ok(out.overflowed && out.len <= 2, "a buffer that is too small");
	iss_buf_release(&out);
	free(bytes);
}

int
main(void)
{
	test_bytes();
	test_is();
	test_equal();
	test_show();
	return tap_done();
}
