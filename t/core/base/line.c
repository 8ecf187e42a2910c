/*
 * Lines by every form of $/, from input that comes in pieces of every size.
 */
#include "base/line.h"

#include <stdlib.h>

#include "tap.h"

enum { MOST_LINES = 6 };

struct bytes {
	const char *at;
	size_t len;
};

/* clang-format off */
#define B(text) { text, sizeof(text) - 1 }
/* clang-format on */

static const struct row {
	const char *name;
	struct iss_line line;
	struct bytes input;
	struct bytes lines[MOST_LINES];
	bool rest; /* the last of them has no end */
} rows[] = {
	{
	    .name = "newlines",
	    .line = { .sep = "\n", .sep_len = 1 },
	    .input = B("one\ntwo\n\nfour\n"),
	    .lines = { B("one\n"), B("two\n"), B("\n"), B("four\n") },
	},
	{
	    .name = "a line without an end",
	    .line = { .sep = "\n", .sep_len = 1 },
	    .input = B("one\ntwo"),
	    .lines = { B("one\n"), B("two") },
	    .rest = true,
	},
	{
	    .name = "no input",
	    .line = { .sep = "\n", .sep_len = 1 },
	    .input = B(""),
	},
	{
	    .name = "NUL bytes in the lines",
	    .line = { .sep = "\n", .sep_len = 1 },
	    .input = B("a\0b\n\0\n\0"),
	    .lines = { B("a\0b\n"), B("\0\n"), B("\0") },
	    .rest = true,
	},
	{
	    .name = "NUL as the separator",
	    .line = { .sep = "\0", .sep_len = 1 },
	    .input = B("a\nb\0\0c\0"),
	    .lines = { B("a\nb\0"), B("\0"), B("c\0") },
	},
	{
	    .name = "CR LF",
	    .line = { .sep = "\r\n", .sep_len = 2 },
	    .input = B("a\nb\rc\r\r\n\n\r\n"),
	    .lines = { B("a\nb\rc\r\r\n"), B("\n\r\n") },
	},
	{
	    .name = "a separator that begins like itself",
	    .line = { .sep = "aab", .sep_len = 3 },
	    .input = B("aaabaabab"),
	    .lines = { B("aaab"), B("aab"), B("ab") },
	    .rest = true,
	},
	{
	    .name = "a separator of one repeated byte",
	    .line = { .sep = "---", .sep_len = 3 },
	    .input = B("-----x----"),
	    .lines = { B("---"), B("--x---"), B("-") },
	    .rest = true,
	},
	{
	    .name = "a separator with NUL in it",
	    .line = { .sep = "\0x\0", .sep_len = 3 },
	    .input = B("a\0\0x\0b\0x"),
	    .lines = { B("a\0\0x\0"), B("b\0x") },
	    .rest = true,
	},
	{
	    .name = "a separator with high bytes",
	    .line = { .sep = "\xff\xfe", .sep_len = 2 },
	    .input = B("a\xff\xff\xfe\x7f\xff\xfe"),
	    .lines = { B("a\xff\xff\xfe"), B("\x7f\xff\xfe") },
	},
	{
	    .name = "a separator that is longer than the input",
	    .line = { .sep = "separator", .sep_len = 9 },
	    .input = B("tor"),
	    .lines = { B("tor") },
	    .rest = true,
	},
	{
	    .name = "a separator does not reach back into the line before",
	    .line = { .sep = "abab", .sep_len = 4 },
	    .input = B("ababab"),
	    .lines = { B("abab"), B("ab") },
	    .rest = true,
	},
	{
	    .name = "paragraphs",
	    .line = { .kind = ISS_LINE_PARAGRAPH },
	    .input = B("\n\none\ntwo\n\n\n\nthree\n\n"),
	    .lines = { B("one\ntwo\n\n"), B("three\n\n") },
	},
	{
	    .name = "a paragraph with one newline at the end",
	    .line = { .kind = ISS_LINE_PARAGRAPH },
	    .input = B("one\n\ntwo\n"),
	    .lines = { B("one\n\n"), B("two\n") },
	    .rest = true,
	},
	{
	    .name = "nothing but newlines is no paragraph",
	    .line = { .kind = ISS_LINE_PARAGRAPH },
	    .input = B("\n\n\n"),
	},
	{
	    .name = "records",
	    .line = { .kind = ISS_LINE_RECORD, .record = 3 },
	    .input = B("abc\n\0def"),
	    .lines = { B("abc"), B("\n\0d"), B("ef") },
	    .rest = true,
	},
	{
	    .name = "records of one byte",
	    .line = { .kind = ISS_LINE_RECORD, .record = 1 },
	    .input = B("a\n\0"),
	    .lines = { B("a"), B("\n"), B("\0") },
	},
	{
	    .name = "a record that is as long as the input",
	    .line = { .kind = ISS_LINE_RECORD, .record = 4 },
	    .input = B("abcd"),
	    .lines = { B("abcd") },
	},
	{
	    .name = "a record that is longer than memory",
	    .line = { .kind = ISS_LINE_RECORD, .record = (size_t)-1 },
	    .input = B("abcd"),
	    .lines = { B("abcd") },
	    .rest = true,
	},
	{
	    .name = "everything",
	    .line = { .kind = ISS_LINE_ALL },
	    .input = B("a\n\n\0b\n"),
	    .lines = { B("a\n\n\0b\n") },
	    .rest = true,
	},
};

/* A reader of lines: what a line has by now, and which one it is. */
struct reader {
	const struct row *row;
	char *have;
	size_t had;
	size_t lines;
	size_t wrong;
};

static void
line_done(struct reader *reader)
{
	const struct bytes *want = &reader->row->lines[reader->lines++];

	if (reader->lines > MOST_LINES || want->len != reader->had ||
	    memcmp(want->at, reader->have, want->len) != 0)
		reader->wrong++;
	free(reader->have);
	reader->have = NULL;
	reader->had = 0;
}

/* Let the line take from a piece; how many bytes are gone from it. */
static size_t
take(struct reader *reader, const char *piece, size_t len)
{
	const struct iss_line *line = &reader->row->line;
	size_t skipped = 0, taken;
	char *larger;
	bool ends;

	if (reader->had == 0)
		skipped = iss_line_skip(line, piece, len);
	if (skipped == len)
		return len;
	taken = iss_line_take(line, reader->have, reader->had, piece + skipped,
	    len - skipped, &ends);
	/* Of exactly that size, so that a read beyond it is seen. */
	larger = malloc(reader->had + taken);
	if (reader->had > 0)
		memcpy(larger, reader->have, reader->had);
	memcpy(larger + reader->had, piece + skipped, taken);
	free(reader->have);
	reader->have = larger;
	reader->had += taken;
	if (ends)
		line_done(reader);
	else if (skipped + taken != len)
		reader->wrong++; /* a line that does not end takes all */
	return skipped + taken;
}

static void
test_pieces(const struct row *row, size_t size)
{
	struct reader reader = { .row = row };
	size_t at, len, count = 0;
	char *piece;

	for (at = 0; at < row->input.len; at += take(&reader, piece, len)) {
		len = row->input.len - at < size ? row->input.len - at : size;
		if (at > 0)
			free(piece);
		piece = malloc(len);
		memcpy(piece, row->input.at + at, len);
	}
	if (row->input.len > 0)
		free(piece);
	ok((reader.had > 0) == row->rest, "%s, %zu at once: %s", row->name,
	    size, row->rest ? "the rest has no end" : "the last one ends");
	if (reader.had > 0)
		line_done(&reader);
	while (count < MOST_LINES && row->lines[count].at != NULL)
		count++;
	is_int((long long)reader.lines, (long long)count, "... so many lines");
	is_int((long long)reader.wrong, 0, "... which are these");
}

/* An end is looked for in what is new, with what was there before it. */
static void
test_given(void)
{
	struct iss_line line = {
		.kind = ISS_LINE_TEXT, .sep = "\r\n", .sep_len = 2
	};
	bool ends = true;

	is_int((long long)iss_line_take(&line, "a\r\n", 3, "b", 1, &ends), 1,
	    "an end among the bytes that were there before");
	ok(!ends, "... does not count");
	is_int((long long)iss_line_take(&line, "\r", 1, "\n\r\n", 3, &ends), 1,
	    "the first of two ends");
	ok(ends, "... is the end");
	ends = true;
	is_int((long long)iss_line_take(&line, "\r", 1, NULL, 0, &ends), 0,
	    "nothing new");
	ok(!ends, "... is not an end");
	line.kind = ISS_LINE_RECORD;
	line.record = 5;
	is_int((long long)iss_line_take(&line, "abc", 3, "defg", 4, &ends), 2,
	    "a record takes no more than it lacks");
	ok(ends, "... and ends");
	is_int((long long)iss_line_skip(&line, "\n\n", 2), 0,
	    "newlines are skipped between paragraphs alone");
}

int
main(void)
{
	size_t i, size;

	for (i = 0; i < ROWS(rows); i++)
		for (size = 1; size <= rows[i].input.len + 1; size++)
			test_pieces(&rows[i], size);
	test_given();
	return tap_done();
}
