/*
 * Sealed values: what opens them, and that every byte counts.
 */
#include "sessions/seal.h"

#include <string.h>

#include "tap.h"

static struct iss_seal_secret
secret_of(char letter)
{
	struct iss_seal_secret secret = { NULL, 0 };
	char bytes[ISS_SEAL_SECRET_MIN];

	memset(bytes, letter, sizeof(bytes));
	ok(iss_seal_secret_set(&secret, bytes, sizeof(bytes)), "a secret");
	return secret;
}

static bool
opens(const struct iss_seal_secret *secret, const char *role, const char *key,
    const struct iss_buf *sealed, const char *text)
{
	struct iss_buf plain;
	bool good;

	iss_buf_init(&plain, ISS_SEAL_MAX);
	good = iss_seal_open(secret, role, key, iss_buf_text(sealed),
		   sealed->len, &plain) &&
	       plain.len == strlen(text) &&
	       memcmp(iss_buf_text(&plain), text, plain.len) == 0;
	iss_buf_release(&plain);
	return good;
}

static void
test_keys(const struct iss_seal_secret *a, const struct iss_seal_secret *b)
{
	char one[ISS_SEAL_KEY_LEN + 1], other[ISS_SEAL_KEY_LEN + 1];

	ok(iss_seal_key(a, "server", "x", 1, one), "a key");
	is_int((long)strlen(one), ISS_SEAL_KEY_LEN, "... of 43 characters");
	is_int((long)strspn(one,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		   "0123456789-_"),
	    ISS_SEAL_KEY_LEN, "... of base64url");
	iss_seal_key(a, "server", "x", 1, other);
	ok(strcmp(one, other) == 0, "... the same again");
	iss_seal_key(b, "server", "x", 1, other);
	ok(strcmp(one, other) != 0, "... another by another secret");
	iss_seal_key(a, "client", "x", 1, other);
	ok(strcmp(one, other) != 0, "... for another role");
	iss_seal_key(a, "server", "y", 1, other);
	ok(strcmp(one, other) != 0, "... for another thing");
}

static void
test_values(const struct iss_seal_secret *a, const struct iss_seal_secret *b)
{
	struct iss_buf sealed, again, changed;
	int opened = 0;
	size_t i;

	iss_buf_init(&sealed, ISS_SEAL_MAX);
	iss_buf_init(&again, ISS_SEAL_MAX);
	ok(iss_seal_close(a, "server", "key", "text", 4, &sealed) &&
		iss_seal_close(a, "server", "key", "text", 4, &again),
	    "a text is sealed, twice");
	ok(sealed.len == again.len &&
		memcmp(iss_buf_text(&sealed), iss_buf_text(&again), 53) != 0,
	    "... with another salt");
	ok(opens(a, "server", "key", &sealed, "text"), "it opens");
	ok(!opens(b, "server", "key", &sealed, "text"),
	    "... by no other secret");
	ok(!opens(a, "client", "key", &sealed, "text"),
	    "... for no other role");
	ok(!opens(a, "server", "kex", &sealed, "text"),
	    "... under no other key");
	for (i = 0; i < sealed.len; i++) {
		iss_buf_init(&changed, ISS_SEAL_MAX);
		iss_buf_append(&changed, iss_buf_text(&sealed), sealed.len);
		((char *)iss_buf_text(&changed))[i] ^= 1;
		opened += opens(a, "server", "key", &changed, "text");
		iss_buf_release(&changed);
	}
	is_int(opened, 0, "each byte flipped");
	for (i = 0; i < sealed.len; i++) {
		iss_buf_init(&changed, ISS_SEAL_MAX);
		iss_buf_append(&changed, iss_buf_text(&sealed), i);
		opened += opens(a, "server", "key", &changed, "text");
		iss_buf_release(&changed);
	}
	is_int(opened, 0, "each length that is shorter");
	iss_buf_release(&sealed);
	iss_buf_release(&again);
}

static void
test_bounds(const struct iss_seal_secret *a)
{
	static char large[ISS_SEAL_MAX];
	struct iss_buf sealed;

	iss_buf_init(&sealed, ISS_SEAL_MAX);
	ok(!iss_seal_close(a, "server", "key", large, sizeof(large), &sealed),
	    "a value that is too large");
	ok(iss_seal_close(
	       a, "server", "key", large, sizeof(large) - 49, &sealed),
	    "... the largest");
	is_int((long)sealed.len, ISS_SEAL_MAX, "... is of the bound");
	iss_buf_release(&sealed);
	iss_buf_init(&sealed, ISS_SEAL_MAX);
	ok(iss_seal_close(a, "server", "key", "", 0, &sealed) &&
		opens(a, "server", "key", &sealed, ""),
	    "an empty one");
	iss_buf_release(&sealed);
}

int
main(void)
{
	struct iss_seal_secret a = secret_of('a'), b = secret_of('b');

	test_keys(&a, &b);
	test_values(&a, &b);
	test_bounds(&a);
	iss_seal_secret_release(&a);
	iss_seal_secret_release(&a);
	iss_seal_secret_release(&b);
	return tap_done();
}
