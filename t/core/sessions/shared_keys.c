/*
 * Keys for tickets that servers make and share: made once a period, found by
 * name, kept for a while.  The time is the test's.
 */
#include "sessions/shared_keys.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

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
	int late; /* for so many questions a value is not there yet */
	long seconds;
	bool gone;
} program;

static enum iss_reply
get(void *handle, const char *name, struct iss_buf *value)
{
	int i;

	(void)handle;
	program.gets++;
	if (program.late > 0 && program.late-- > 0)
		return ISS_REPLY_NONE;
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

/* In place of OpenSSL's: what names are derived by. */
static int derived;

unsigned char *
HMAC(const EVP_MD *digest, const void *key, int key_len,
    const unsigned char *data, size_t len, unsigned char *out,
    unsigned int *out_len)
{
	EVP_PKEY *secret = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_HMAC, NULL, key, (size_t)key_len);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t size = EVP_MAX_MD_SIZE;
	bool good = EVP_DigestSignInit(md, NULL, digest, NULL, secret) > 0 &&
		    EVP_DigestSign(md, out, &size, data, len) > 0;

	derived++;
	if (out_len != NULL)
		*out_len = (unsigned int)size;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(secret);
	return good ? out : NULL;
}

/* Tickets with names that nobody knows, at the limits of what is kept. */
static void
test_unknown_names(void)
{
	enum { NOW = 5000 * ROTATE, SECRETS = ISS_SHARED_KEYS_SECRETS_MAX };
	const int rows = ISS_SHARED_KEYS_KEEP_MAX + 2;
	struct iss_shared_keys *keys = NULL;
	struct iss_ticket_secret old, found;
	unsigned char name[16] = "unknown", secret[32];
	struct iss_error err;
	bool current;
	int i;

	iss_error_clear(&err);
	iss_shared_keys_new(&err, &keys, ROTATE, ISS_SHARED_KEYS_KEEP_MAX);
	for (i = 0; i < SECRETS; i++) {
		memset(secret, i + 1, sizeof(secret));
		iss_shared_keys_add_secret(&err, keys, secret, sizeof(secret));
	}
	is_int(iss_shared_keys_add_secret(&err, keys, secret, sizeof(secret)),
	    ISS_ERROR, "one secret more than there may be");
	has_text(err.text, "at most 16 secrets", "... and why");
	ok(iss_shared_keys_find(keys, &link, NOW, NULL, &old, &current),
	    "a key");
	derived = 0;
	ok(!iss_shared_keys_find(keys, &link, NOW, name, &found, &current),
	    "an unknown name");
	is_int(derived, rows * SECRETS - 1, "... is compared with all others");
	derived = 0;
	for (i = 0; i < 1000; i++) {
		memcpy(name + 8, &i, sizeof(i));
		if (iss_shared_keys_find(
			keys, &link, NOW, name, &found, &current))
			break;
	}
	is_int(i, 1000, "a thousand unknown names");
	is_int(derived, 0, "... for which no name is derived again");
	ok(iss_shared_keys_find(keys, &link, NOW, old.name, &found, &current) &&
		same(&old, &found) && current,
	    "a name that is known is found among them");
	memset(name, 'x', sizeof(name));
	memcpy(name, old.name, 8);
	ok(!iss_shared_keys_find(keys, &link, NOW, name, &found, &current),
	    "... and not by its beginning");
	derived = 0;
	ok(!iss_shared_keys_find(
	       keys, &link, NOW + ROTATE, name, &found, &current),
	    "an unknown name in the next period");
	is_int(derived, SECRETS, "... needs the names of one period");
	ok(iss_shared_keys_find(
	       keys, &link, NOW + ROTATE, old.name, &found, &current) &&
		same(&old, &found) && !current,
	    "... where the old key is found");
	ok(!iss_shared_keys_find(keys, &link,
	       NOW + (ISS_SHARED_KEYS_KEEP_MAX + 1) * ROTATE, old.name, &found,
	       &current),
	    "... until its time is over");
	iss_shared_keys_free(keys);
	forget();
}

/* When the clock begins there are no older periods, and no names of theirs. */
static void
test_first_periods(void)
{
	struct iss_shared_keys *keys = keys_with(SECRET, NULL);
	const unsigned char zeros[16] = { 0 };
	struct iss_ticket_secret found;
	bool current;
	int i;

	for (i = 0; i < 2; i++)
		ok(!iss_shared_keys_find(
		       keys, &link, 0, zeros, &found, &current),
		    "a name of zeros");
	is_int(program.gets, 0, "... for which the backend is not asked");
	iss_shared_keys_free(keys);
	forget();
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

/* The key is what the backend has sealed, and nothing that can be guessed. */
static void
test_bytes(void)
{
	static const char role[] = "ticket key";
	static const unsigned char zeros[ISS_TICKET_HALF_MAX] = { 0 };
	struct iss_shared_keys *one = keys_with(SECRET, NULL);
	struct iss_shared_keys *two = keys_with(SECRET, NULL);
	struct iss_seal_secret secret;
	struct iss_ticket_secret key;
	struct iss_buf bytes;
	bool current;

	iss_seal_secret_set(&secret, SECRET, 32);
	iss_buf_init(&bytes, ISS_SEAL_MAX);
	ok(iss_shared_keys_find(one, &link, 1000, NULL, &key, &current) &&
		iss_seal_open(&secret, role, program.at[0].name,
		    iss_buf_text(&program.at[0].bytes), program.at[0].bytes.len,
		    &bytes),
	    "the backend has the key");
	is_int(
	    (long long)bytes.len, 2 * ISS_TICKET_HALF_MAX, "... both halves");
	ok(memcmp(key.hmac, iss_buf_text(&bytes), sizeof(key.hmac)) == 0,
	    "... one for the MAC");
	ok(memcmp(key.aes, iss_buf_text(&bytes) + sizeof(key.hmac),
	       sizeof(key.aes)) == 0,
	    "... one for the cipher");
	ok(memcmp(key.hmac, zeros, sizeof(zeros)) != 0 &&
		memcmp(key.aes, zeros, sizeof(zeros)) != 0 &&
		memcmp(key.aes, key.hmac, sizeof(zeros)) != 0,
	    "... neither of which is empty, or the other");
	iss_buf_clear(&program.at[0].bytes);
	iss_seal_close(&secret, role, program.at[0].name, "short", 5,
	    &program.at[0].bytes);
	ok(!iss_shared_keys_find(two, &link, 1000, key.name, &key, &current),
	    "a sealed value of another length is no key");
	iss_buf_release(&bytes);
	iss_seal_secret_release(&secret);
	iss_shared_keys_free(one);
	iss_shared_keys_free(two);
	forget();
}

/* Another server makes the key at the same time. */
static void
test_race(void)
{
	struct iss_shared_keys *one = keys_with(SECRET, NULL);
	struct iss_shared_keys *two = keys_with(SECRET, NULL);
	struct iss_ticket_secret first, second;
	bool current;

	iss_shared_keys_find(one, &link, 1000, NULL, &first, &current);
	program.late = 1;
	ok(iss_shared_keys_find(two, &link, 1000, NULL, &second, &current) &&
		same(&first, &second),
	    "the key of the server that was first is used");
	is_int(program.count, 1, "... and no other is kept");
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

	iss_shared_keys_find(one, &link, 1000, NULL, &found, &current);
	iss_shared_keys_find(one, &link, 1100, NULL, &first, &current);
	program.gone = true;
	ok(iss_shared_keys_find(one, &link, 1200, NULL, &found, &current) &&
		same(&first, &found),
	    "without its backend a server goes on with the key it knows");
	diag("the newest of two");
	program.gets = program.adds = 0;
	iss_shared_keys_find(one, &link, 1200, NULL, &found, &current);
	is_int(program.gets + program.adds, 0, "... and asks no more at once");
	ok(!iss_shared_keys_find(one, &link, 1400, NULL, &found, &current),
	    "... until that is too old");
	ok(!iss_shared_keys_find(two, &link, 1100, NULL, &found, &current),
	    "one that knows no key");
	ok(!iss_shared_keys_find(
	       two, &link, 1100, first.name, &found, &current),
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
	test_unknown_names();
	test_first_periods();
	test_periods();
	test_bytes();
	test_race();
	test_secrets();
	test_gone();
	return tap_done();
}
