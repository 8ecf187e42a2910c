/*
 * Lists of protocol names: writing them, reading what a peer wrote, choosing.
 */
#include "options/wire.h"

#include <stdlib.h>

#include "tap.h"

/* A literal that may contain NUL: bytes and their number. */
#define BYTES(literal)                                                         \
	{                                                                      \
		(const unsigned char *)(literal), sizeof(literal) - 1          \
	}

static void
test_append(void)
{
	struct iss_error err;
	struct iss_buf list;

	iss_error_clear(&err);
	iss_buf_init(&list, ISS_WIRE_MAX);
	is_int(iss_wire_append(&err, &list, "SSL_alpn_protocols", "h2", 2), 0,
	    "first name");
	is_int(
	    iss_wire_append(&err, &list, "SSL_alpn_protocols", "http/1.1", 8),
	    0, "second name");
	is_int(iss_wire_append(&err, &list, "SSL_alpn_protocols", "a\0b", 3), 0,
	    "names are bytes");
	ok(list.len == 16 &&
		memcmp(list.data, "\2h2\10http/1.1\3a\0b", 16) == 0,
	    "the list of the three");
	iss_buf_release(&list);
}

static void
test_append_refuses(void)
{
	char name[300];
	struct iss_error err;
	struct iss_buf list;

	memset(name, 'x', sizeof(name));
	iss_buf_init(&list, ISS_WIRE_MAX);

	iss_error_clear(&err);
	is_int(iss_wire_append(&err, &list, "SSL_npn_protocols", "", 0),
	    ISS_ERROR, "an empty name is refused");
	has_text(err.text, "SSL_npn_protocols: ", "and the option blamed");

	iss_error_clear(&err);
	is_int(iss_wire_append(&err, &list, "SSL_alpn_protocols", name, 256),
	    ISS_ERROR, "256 bytes are refused");
	has_text(err.text, "SSL_alpn_protocols: ", "and the option blamed");
	has_text(err.text, "256 bytes", "and the length told");
	is_int((long long)list.len, 0, "the list is as it was");

	iss_error_clear(&err);
	is_int(iss_wire_append(&err, &list, "x", name, 255), 0,
	    "255 bytes are fine");
	is_int((unsigned char)list.data[0], 255, "with their length before");
	iss_buf_release(&list);
}

/* 255 names of 255 bytes take 65280; 255 bytes are left. */
static void
test_append_full(void)
{
	char name[255];
	struct iss_error err;
	struct iss_buf list;
	int i, failed = 0;

	memset(name, 'x', sizeof(name));
	iss_error_clear(&err);
	iss_buf_init(&list, ISS_WIRE_MAX);
	for (i = 0; i < 255; i++)
		failed += iss_wire_append(&err, &list, "o", name, 255) != 0;
	is_int(failed, 0, "65280 bytes fit");
	is_int(iss_wire_append(&err, &list, "o", name, 255), ISS_ERROR,
	    "one byte too many");
	has_text(err.text, "o: ", "the option is blamed");
	is_int((long long)list.len, 65280, "the list is as it was");
	iss_error_clear(&err);
	is_int(iss_wire_append(&err, &list, "o", name, 254), 0,
	    "exactly 65535 bytes");
	iss_buf_release(&list);

	iss_error_clear(&err);
	iss_buf_init(&list, 4);
	is_int(iss_wire_append(&err, &list, "o", name, 4), ISS_ERROR,
	    "a buffer with a smaller bound: an error too");
	is_int((long long)list.len, 0, "and nothing is written");
	iss_buf_release(&list);
}

static const struct list {
	const char *what;
	struct iss_wire wire;
	bool sound;
	int names;   /* that iss_wire_next gives before it stops */
	size_t rest; /* bytes it leaves then */
} lists[] = {
	{ "nothing", BYTES(""), false, 0, 0 },
	{ "one name", BYTES("\2h2"), true, 1, 0 },
	{ "two names", BYTES("\2h2\10http/1.1"), true, 2, 0 },
	{ "one byte names", BYTES("\1a\1b\1c"), true, 3, 0 },
	{ "a NUL is a byte", BYTES("\1\0"), true, 1, 0 },
	{ "a GREASE name", BYTES("\2\x0a\x0a\2h2"), true, 2, 0 },
	{ "only an empty name", BYTES("\0"), false, 0, 1 },
	{ "empty name first", BYTES("\0\2h2"), false, 0, 4 },
	{ "empty name between", BYTES("\1a\0\1b"), false, 1, 3 },
	{ "empty name last", BYTES("\2h2\0"), false, 1, 1 },
	{ "only a length", BYTES("\1"), false, 0, 1 },
	{ "only the largest length", BYTES("\377"), false, 0, 1 },
	{ "one byte short", BYTES("\3h2"), false, 0, 3 },
	{ "far too short", BYTES("\377h2"), false, 0, 3 },
	{ "second one byte short", BYTES("\2h2\3ab"), false, 1, 3 },
	{ "a length at the end", BYTES("\2h2\2"), false, 1, 1 },
	{ "no lengths at all", BYTES("http/1.1"), false, 0, 8 },
};

static void
test_read(void)
{
	size_t i;

	for (i = 0; i < ROWS(lists); i++) {
		const struct list *row = &lists[i];
		struct iss_wire wire = row->wire;
		const unsigned char *name;
		bool inside = true;
		size_t len;
		int n;

		for (n = 0; iss_wire_next(&wire, &name, &len); n++)
			inside = inside && len > 0 && name > row->wire.bytes &&
				 name + len <= row->wire.bytes + row->wire.len;
		is_int(n, row->names, "%s: how many names", row->what);
		ok(inside, "%s: all inside the list", row->what);
		is_int((long long)wire.len, (long long)row->rest,
		    "%s: what is left", row->what);
		is_int(iss_wire_is_sound(row->wire), row->sound,
		    "%s: sound or not", row->what);
	}
}

static const struct choice {
	const char *what;
	struct iss_wire preferred;
	struct iss_wire other;
	const char *chosen; /* NULL: none */
} choices[] = {
	{ "the only one", BYTES("\2h2"), BYTES("\2h2"), "h2" },
	{ "the preferred order", BYTES("\1b\1a"), BYTES("\1a\1b"), "b" },
	{ "its second", BYTES("\1x\1a"), BYTES("\1b\1a"), "a" },
	{ "the other's last", BYTES("\1c"), BYTES("\1a\1b\1c"), "c" },
	{ "none in common", BYTES("\1a"), BYTES("\1b"), NULL },
	{ "case matters", BYTES("\2h2"), BYTES("\2H2"), NULL },
	{ "a prefix is no match", BYTES("\1h"), BYTES("\2h2"), NULL },
	{ "nor the other way", BYTES("\3h2c"), BYTES("\2h2"), NULL },
	{ "a name inside a name", BYTES("\1a"), BYTES("\3\1ab"), NULL },
	{ "NUL counts", BYTES("\2a\0"), BYTES("\1a"), NULL },
	{ "the other is empty", BYTES("\1a"), BYTES(""), NULL },
	{ "the preferred is empty", BYTES(""), BYTES("\1a"), NULL },
	{ "other: trailing empty", BYTES("\1a"), BYTES("\1a\0"), NULL },
	{ "other: short", BYTES("\1a"), BYTES("\1a\5b"), NULL },
	{ "other: only a length", BYTES("\1a"), BYTES("\1"), NULL },
	{ "other: empty first", BYTES("\1a"), BYTES("\0\1a"), NULL },
	{ "preferred: short", BYTES("\1a\2b"), BYTES("\1a"), NULL },
};

static void
test_select(void)
{
	size_t i;

	for (i = 0; i < ROWS(choices); i++) {
		const struct choice *row = &choices[i];
		const unsigned char *name = NULL;
		char chosen[8] = "";
		size_t len = 0;
		bool found =
		    iss_wire_select(row->preferred, row->other, &name, &len);

		is_int(found, row->chosen != NULL, "select, %s", row->what);
		if (!found || row->chosen == NULL)
			continue;
		ok(name > row->preferred.bytes &&
			name + len <= row->preferred.bytes + row->preferred.len,
		    "select, %s: the preferred list's bytes", row->what);
		memcpy(chosen, name, len < 7 ? len : 7);
		is_text(chosen, row->chosen, "select, %s: which", row->what);
	}
}

/* Every prefix of a list, each in an allocation of its own: a read beyond
 * the end is seen by valgrind and sanitizers. */
static void
test_prefixes(void)
{
	static const unsigned char whole[] = "\2h2\10http/1.1\3foo";
	struct iss_wire server = { whole, sizeof(whole) - 1 };
	size_t len;

	for (len = 1; len < sizeof(whole); len++) {
		unsigned char *bytes = malloc(len);
		struct iss_wire client = { bytes, len };
		bool sound = len == 3 || len == 12 || len == 16;
		const unsigned char *name;
		size_t name_len;

		memcpy(bytes, whole, len);
		is_int(iss_wire_select(server, client, &name, &name_len), sound,
		    "the first %zu bytes", len);
		free(bytes);
	}
}

int
main(void)
{
	test_append();
	test_append_refuses();
	test_append_full();
	test_read();
	test_select();
	test_prefixes();
	return tap_done();
}
