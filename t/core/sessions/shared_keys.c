/*
 * Keys for tickets that servers make and share: made once a period, found by
 * name, kept for a while.  The time is the test's.
 */
#include "sessions/shared_keys.h"

#include <string.h>

#include "base/buf.h"
#include "sessions/seal.h"
#include "tap.h"

enum { VALUES = 16, ROTATE = 100, KEEP = 2 };

/* The program: a backend that both servers use. */
static struct {
	struct {
		char name[ISS_SEAL_KEY_LEN + 1];
		struct iss_buf bytes;
	} at[VALUES];
	int count, gets, adds;
	long seconds;
	bool gone;
} program;

static enum iss_reply
get(void *handle, const char *name, struct iss_buf *value)
{
	int i;

	(void)handle;
	program.gets++;
	for (i = 0; !program.gone && i < program.count; i++)
		if (strcmp(name, program.at[i].name) == 0)
			return iss_buf_append(value,
				   iss_buf_text(&program.at[i].bytes),
				   program.at[i].bytes.len)
				   ? ISS_REPLY_GIVEN
				   : ISS_REPLY_NONE;
	return ISS_REPLY_NONE;
}

static bool
add(void *handle, const char *name, const void *value, size_t len, long seconds)
{
	int i;

	(void)handle;
	program.adds++;
	for (i = 0; i < program.count; i++)
		if (strcmp(name, program.at[i].name) == 0)
			return false;
	if (program.gone)
		return false;
	program.seconds = seconds;
	program.count++;
	memcpy(program.at[i].name, name, sizeof(program.at[i].name));
	iss_buf_init(&program.at[i].bytes, ISS_SEAL_MAX);
	return iss_buf_append(&program.at[i].bytes, value, len);
}

static const struct iss_callbacks callbacks = { .store_get = get,
	.store_add = add };
static const struct iss_link link = { .callbacks = &callbacks,
	.handle = &program };

static struct iss_shared_keys *
keys_with(const char *first, const char *second)
{
	struct iss_shared_keys *keys = NULL;
	struct iss_error err;

	iss_error_clear(&err);
	is_int(iss_shared_keys_new(&err, &keys, ROTATE, KEEP), ISS_OK, "keys");
	is_int(iss_shared_keys_add_secret(&err, keys, first, 32), ISS_OK,
	    "... with a secret");
	if (second != NULL)
		iss_shared_keys_add_secret(&err, keys, second, 32);
	return keys;
}

static void
forget(void)
{
	int i;

	for (i = 0; i < program.count; i++)
		iss_buf_release(&program.at[i].bytes);
	memset(&program, 0, sizeof(program));
}

#define SECRET "the secret of the machines, 32 b."
#define OTHER "another secret of the machines.."

static bool
same(const struct iss_ticket_secret *a, const struct iss_ticket_secret *b)
{
	return a->len == b->len && memcmp(a->name, b->name, 16) == 0 &&
	       memcmp(a->aes, b->aes, a->len) == 0 &&
	       memcmp(a->hmac, b->hmac, a->len) == 0;
}

static void
test_periods(void)
{
	struct iss_shared_keys *one = keys_with(SECRET, NULL);
	struct iss_shared_keys *two = keys_with(SECRET, NULL);
	struct iss_ticket_secret first, second, third;
	bool current = false;

	ok(iss_shared_keys_find(one, &link, 1000, NULL, &first, &current),
	    "a key is made");
	is_int(program.seconds, ROTATE * (KEEP + 2), "... for all its life");
	ok(current, "... the current one");
	is_int((long long)first.len, 32, "... for AES-256");
	ok(iss_shared_keys_find(one, &link, 1099, NULL, &second, &current) &&
		same(&first, &second),
	    "... and stays to the end of the period");
	ok(iss_shared_keys_find(two, &link, 1050, NULL, &second, &current) &&
		same(&first, &second),
	    "another server has the same");
	is_int(program.count, 1, "... which was made once");
	ok(iss_shared_keys_find(one, &link, 1100, NULL, &second, &current) &&
		!same(&first, &second),
	    "the next period has another");
	ok(iss_shared_keys_find(
	       two, &link, 1099, second.name, &third, &current) &&
		same(&second, &third),
	    "a server whose clock is behind finds it by its name");
	ok(current, "... as good as current");
	program.gets = 0;
	ok(iss_shared_keys_find(
	       two, &link, 1299, first.name, &third, &current) &&
		same(&first, &third),
	    "the older one still decrypts");
	ok(!current, "... and is renewed");
	is_int(program.gets, 0, "... without a question");
	ok(!iss_shared_keys_find(
	       two, &link, 1300, first.name, &third, &current),
	    "... until it is too old");
	ok(!iss_shared_keys_find(two, &link, 1300,
	       (const unsigned char *)"unknown, 16 byte", &third, &current),
	    "a name that nobody made");
	is_int(program.gets, 0, "... costs no question");
	iss_shared_keys_free(one);
	iss_shared_keys_free(two);
	forget();
}

static void
test_secrets(void)
{
	struct iss_shared_keys *old = keys_with(OTHER, NULL);
	struct iss_shared_keys *both = keys_with(SECRET, OTHER);
	struct iss_shared_keys *other = keys_with(SECRET, NULL);
	struct iss_ticket_secret key, found;
	struct iss_error err;
	bool current = true;
	int i;

	iss_shared_keys_find(old, &link, 1000, NULL, &key, &current);
	ok(iss_shared_keys_find(
	       both, &link, 1000, key.name, &found, &current) &&
		same(&key, &found),
	    "an older secret reads");
	ok(!current, "... and its tickets are renewed");
	ok(!iss_shared_keys_find(
	       other, &link, 1000, key.name, &found, &current),
	    "another secret does not");
	for (i = 0; i < program.count; i++)
		program.at[i].bytes.data[40] ^= 1;
	iss_shared_keys_free(both);
	both = keys_with(SECRET, OTHER);
	ok(!iss_shared_keys_find(both, &link, 1000, key.name, &found, &current),
	    "a damaged value");
	iss_error_clear(&err);
	is_int(iss_shared_keys_add_secret(&err, both, "short", 5), ISS_ERROR,
	    "a secret that is too short");
	has_text(err.text, "32 bytes or more, not 5", "... and why");
	iss_shared_keys_free(old);
	iss_shared_keys_free(both);
	iss_shared_keys_free(other);
	forget();
}

static void
test_gone(void)
{
	struct iss_shared_keys *one = keys_with(SECRET, NULL);
	struct iss_shared_keys *two = keys_with(SECRET, NULL);
	struct iss_ticket_secret first, found;
	bool current = false;

	iss_shared_keys_find(one, &link, 1000, NULL, &first, &current);
	program.gone = true;
	ok(iss_shared_keys_find(one, &link, 1100, NULL, &found, &current) &&
		same(&first, &found),
	    "without its backend a server goes on with the key it knows");
	program.gets = program.adds = 0;
	iss_shared_keys_find(one, &link, 1100, NULL, &found, &current);
	is_int(program.gets + program.adds, 0, "... and asks no more at once");
	ok(!iss_shared_keys_find(one, &link, 1300, NULL, &found, &current),
	    "... until that is too old");
	ok(!iss_shared_keys_find(two, &link, 1000, NULL, &found, &current),
	    "one that knows no key");
	ok(!iss_shared_keys_find(
	       two, &link, 1000, first.name, &found, &current),
	    "... reads no ticket");
	iss_shared_keys_free(iss_shared_keys_up_ref(one));
	iss_shared_keys_free(one);
	iss_shared_keys_free(two);
	iss_shared_keys_free(NULL);
	forget();
}

int
main(void)
{
	test_periods();
	test_secrets();
	test_gone();
	return tap_done();
}
