/*
 * The server_name extension of a ClientHello: what is read out of it.
 */
#include "context/vhosts.h"

#include <stdlib.h>

#include "tap.h"

#define EXT(literal) (literal), sizeof(literal) - 1

static const struct {
	const char *label;
	const char *ext;
	size_t len;
	const char *name; /* NULL: none */
} cases[] = {
	{ "a name", EXT("\0\4\0\0\1a"), "a" },
	{ "a longer one", EXT("\0\6\0\0\3a.b"), "a.b" },
	{ "nothing", EXT(""), NULL },
	{ "half a length", EXT("\0"), NULL },
	{ "an empty list", EXT("\0\0"), NULL },
	{ "a type alone", EXT("\0\1\0"), NULL },
	{ "half a length of a name", EXT("\0\2\0\0"), NULL },
	{ "an empty name", EXT("\0\3\0\0\0"), NULL },
	{ "a name cut off", EXT("\0\4\0\0\2a"), NULL },
	{ "a list cut off", EXT("\0\5\0\0\1a"), NULL },
	{ "more after the name", EXT("\0\5\0\0\1ab"), NULL },
	{ "more after the list", EXT("\0\4\0\0\1ab"), NULL },
	{ "two names", EXT("\0\10\0\0\1a\0\0\1b"), NULL },
	{ "another type", EXT("\0\4\1\0\1a"), NULL },
	{ "a NUL in it", EXT("\0\6\0\0\3a\0b"), NULL },
	{ "a length out of all bounds", EXT("\377\377\0\377\377a"), NULL },
};

static void
test_parse(size_t i)
{
	const unsigned char *name = NULL;
	size_t len = 0;
	/* on the heap, so that a byte too far is found */
	unsigned char *ext = malloc(cases[i].len > 0 ? cases[i].len : 1);
	bool found;

	memcpy(ext, cases[i].ext, cases[i].len);
	found = iss_vhosts_parse(ext, cases[i].len, &name, &len);
	if (cases[i].name == NULL)
		ok(!found, "%s: no name", cases[i].label);
	else
		ok(found && len == strlen(cases[i].name) &&
			memcmp(name, cases[i].name, len) == 0,
		    "%s: %s", cases[i].label, cases[i].name);
	free(ext);
}

/* 255 bytes are a name, 256 are not. */
static void
test_longest(size_t len)
{
	unsigned char ext[5 + 256];
	const unsigned char *name;
	size_t got;

	memset(ext, 'a', sizeof(ext));
	ext[0] = (unsigned char)((len + 3) >> 8);
	ext[1] = (unsigned char)(len + 3);
	ext[2] = 0;
	ext[3] = (unsigned char)(len >> 8);
	ext[4] = (unsigned char)len;
	ok(iss_vhosts_parse(ext, len + 5, &name, &got) == (len <= 255),
	    "a name of %d bytes", (int)len);
}

/* Which one, by the first byte of its session id; -1: none. */
static int
found_in(const struct iss_vhosts *vhosts, const char *name)
{
	const struct iss_vhost *found =
	    iss_vhosts_find(vhosts, (const unsigned char *)name, strlen(name));

	return found != NULL ? found->session_id.bytes[0] : -1;
}

static void
test_find(void)
{
	static const char *const names[] = { "pear.test", "apple.test",
		"fig.test", "127.0.0.1", "::1", "*.fig.test", "a.fig.test",
		"*.0.0.1" };
	struct iss_vhosts vhosts = { .count = 0 };
	char longer[4096] = "";
	struct iss_session_id id;
	struct iss_error err;
	size_t i;

	ok(found_in(&vhosts, "pear.test") == -1, "among none");
	iss_error_clear(&err);
	for (i = 0; i < ROWS(names); i++) {
		memset(&id, (int)i, sizeof(id));
		is_int(iss_vhosts_add(&err, &vhosts, names[i], NULL, &id),
		    ISS_OK, "add %s", names[i]);
	}
	is_int(found_in(&vhosts, "apple.test"), 1, "one of them");
	is_int(found_in(&vhosts, "fig.test"), 2, "another");
	is_int(found_in(&vhosts, "pear.test"), 0, "the last");
	is_int(found_in(&vhosts, "127.0.0.1"), 3, "an IPv4 address");
	is_int(found_in(&vhosts, "::1"), 4, "an IPv6 address");
	is_int(found_in(&vhosts, "[0:0::1]"), 4, "... in other words");
	is_int(found_in(&vhosts, "::2"), -1, "another address");
	is_int(found_in(&vhosts, "PEAR.Test"), 0, "in capitals");
	is_int(found_in(&vhosts, "pear.test."), 0, "with a final dot");
	is_int(found_in(&vhosts, "pear.test.."), -1, "with two");
	is_int(found_in(&vhosts, "pear.tes"), -1, "a beginning");
	is_int(found_in(&vhosts, "pear.test2"), -1, "more than it");
	is_int(found_in(&vhosts, "."), -1, "a dot");
	memset(longer, 'a', sizeof(longer) - 1);
	is_int(found_in(&vhosts, longer), -1, "a name that no host has");
	is_int(found_in(&vhosts, "a.fig.test"), 6, "exact before a wildcard");
	is_int(found_in(&vhosts, "B.fig.test."), 5, "a wildcard");
	is_int(
	    found_in(&vhosts, "xn--bcher-kva.fig.test"), 5, "... an A-label");
	is_int(found_in(&vhosts, "b.a.fig.test"), -1, "... for one label");
	is_int(found_in(&vhosts, "b.b.fig.test"), -1, "... not for two");
	is_int(found_in(&vhosts, ".fig.test"), -1, "... not for an empty one");
	is_int(found_in(&vhosts, "bfig.test"), -1, "... not for a part");
	is_int(found_in(&vhosts, "127.0.0.2"), -1, "... not for an address");
	is_int(found_in(&vhosts, "0.0.1"), -1, "... nor without a label");
	iss_vhosts_release(&vhosts);
	is_int((long long)vhosts.count, 0, "none after release");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(cases); i++)
		test_parse(i);
	test_longest(255);
	test_longest(256);
	test_find();
	return tap_done();
}
