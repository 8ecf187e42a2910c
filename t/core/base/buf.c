/*
 * Growable bytes: their bound, their terminator, their overflow.
 */
#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

static void
test_empty(void)
{
	struct iss_buf buf;

	iss_buf_init(&buf, 10);
	is_text(iss_buf_text(&buf), "", "a new buffer is empty");
	is_int((long long)buf.len, 0, "no bytes");
	ok(iss_buf_append(&buf, NULL, 0), "nothing can be appended");
	ok(iss_buf_puts(&buf, ""), "and the empty text");
	is_text(iss_buf_text(&buf), "", "it is still empty");
	iss_buf_release(&buf);
	iss_buf_release(&buf);
	ok(buf.data == NULL && buf.len == 0, "released twice is fine");
	is_int((long long)buf.max, 10, "the bound outlives release");
}

static void
test_grow(void)
{
	char *want = malloc(100001);
	struct iss_buf buf;
	size_t i, bad = 0;

	iss_buf_init(&buf, 100000);
	for (i = 0; i < 100000; i++) {
		want[i] = (char)('a' + i % 26);
		if (!iss_buf_append(&buf, &want[i], 1) ||
		    buf.data[buf.len] != '\0')
			bad++;
	}
	want[100000] = '\0';
	is_int((long long)bad, 0, "100000 bytes, always terminated");
	is_int((long long)buf.len, 100000, "all are there");
	ok(strcmp(iss_buf_text(&buf), want) == 0, "and are what was appended");
	ok(!iss_buf_append(&buf, "x", 1), "one more does not fit");
	iss_buf_release(&buf);
	free(want);
}

/* Sizes around powers of two, in one step and in two. */
static void
test_sizes(void)
{
	static const size_t sizes[] = { 1, 2, 62, 63, 64, 65, 127, 128, 129,
		255, 256, 257, 4095, 4096, 4097 };
	char bytes[4097];
	size_t i;

	memset(bytes, 'x', sizeof(bytes));
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t size = sizes[i];
		struct iss_buf buf;

		iss_buf_init(&buf, size);
		ok(iss_buf_append(&buf, bytes, size), "%zu at once", size);
		is_int((long long)strlen(iss_buf_text(&buf)), (long long)size,
		    "%zu at once: length", size);
		iss_buf_release(&buf);
		ok(iss_buf_append(&buf, bytes, size - 1) &&
			iss_buf_append(&buf, bytes, 1),
		    "%zu in two steps", size);
		is_int((long long)strlen(iss_buf_text(&buf)), (long long)size,
		    "%zu in two steps: length", size);
		ok(!iss_buf_append(&buf, bytes, 1), "%zu is the bound", size);
		iss_buf_release(&buf);
	}
}

static void
test_overflow(void)
{
	struct iss_buf buf;

	iss_buf_init(&buf, 5);
	ok(iss_buf_puts(&buf, "abc"), "three of five");
	ok(!iss_buf_puts(&buf, "def"), "three more do not fit");
	ok(buf.overflowed, "that is remembered");
	is_text(iss_buf_text(&buf), "abc", "nothing was appended");
	ok(!iss_buf_puts(&buf, "d"), "after an overflow nothing fits");
	is_text(iss_buf_text(&buf), "abc", "so a chain has no gap");
	iss_buf_release(&buf);
	ok(!buf.overflowed, "a released buffer may be used again");
	ok(iss_buf_puts(&buf, "abcde"), "up to its bound");
	iss_buf_release(&buf);

	iss_buf_init(&buf, 5);
	iss_buf_puts(&buf, "abc");
	ok(!iss_buf_append(&buf, "x", SIZE_MAX), "SIZE_MAX does not wrap");
	is_text(iss_buf_text(&buf), "abc", "nothing was appended then");
	iss_buf_release(&buf);

	iss_buf_init(&buf, 0);
	ok(!iss_buf_puts(&buf, "a"), "a bound of nothing");
	is_text(iss_buf_text(&buf), "", "holds nothing");
	iss_buf_release(&buf);
}

static void
test_bytes(void)
{
	struct iss_buf buf;

	iss_buf_init(&buf, 100);
	iss_buf_append(&buf, "a\0b", 3);
	iss_buf_append(&buf, "\0\377", 2);
	ok(buf.len == 5 && memcmp(buf.data, "a\0b\0\377", 6) == 0,
	    "NUL is a byte as any other");
	iss_buf_release(&buf);
}

static void
test_printf(void)
{
	struct iss_buf buf;
	char text[200];

	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	iss_buf_init(&buf, 210);
	ok(iss_buf_printf(&buf, "%d-%s", 42, "x"), "printf");
	ok(iss_buf_printf(&buf, "%s", ""), "of nothing");
	is_text(iss_buf_text(&buf), "42-x", "appends");
	ok(iss_buf_printf(&buf, "%s", text), "and grows");
	is_int((long long)buf.len, 203, "the length");
	is_int((long long)strlen(iss_buf_text(&buf)), 203, "terminated");
	ok(!iss_buf_printf(&buf, "%08d", 1), "eight more do not fit");
	is_int((long long)buf.len, 203, "nothing was appended");
	is_int((long long)strlen(iss_buf_text(&buf)), 203, "nor written");
	ok(buf.overflowed, "the overflow is remembered");
	iss_buf_release(&buf);
}

static void
test_drop(void)
{
	struct iss_buf buf;

	iss_buf_init(&buf, 10);
	iss_buf_drop(&buf, 0);
	is_int((long long)buf.len, 0, "nothing can be dropped of nothing");
	iss_buf_puts(&buf, "0123456789");
	iss_buf_drop(&buf, 4);
	is_text(iss_buf_text(&buf), "456789", "the front is dropped");
	ok(iss_buf_puts(&buf, "abcd"), "what was dropped makes room");
	is_text(iss_buf_text(&buf), "456789abcd", "behind the rest");
	iss_buf_drop(&buf, 10);
	is_text(iss_buf_text(&buf), "", "everything is dropped");
	ok(iss_buf_puts(&buf, "x"), "and it goes on");
	iss_buf_release(&buf);
}

int
main(void)
{
	test_empty();
	test_grow();
	test_sizes();
	test_overflow();
	test_bytes();
	test_printf();
	test_drop();
	return tap_done();
}
