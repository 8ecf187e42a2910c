/*
 * A store of the program: its secrets, and values that they open.
 */
#include "sessions/store.h"

#include <string.h>

#include "tap.h"

/* The program: a store of one value. */
static struct {
	char name[ISS_SEAL_KEY_LEN + 1];
	struct iss_buf value;
	long seconds;
	int takes;
} program;

static bool
put(void *handle, const char *name, const void *value, size_t len, long seconds)
{
	(void)handle;
	memcpy(program.name, name, sizeof(program.name));
	iss_buf_clear(&program.value);
	program.seconds = seconds;
	return iss_buf_append(&program.value, value, len);
}

static enum iss_reply
get(void *handle, const char *name, struct iss_buf *value)
{
	(void)handle;
	return strcmp(name, program.name) == 0 &&
		       iss_buf_append(value, iss_buf_text(&program.value),
			   program.value.len)
		   ? ISS_REPLY_GIVEN
		   : ISS_REPLY_NONE;
}

static bool
take(void *handle, const char *name)
{
	(void)handle;
	return strcmp(name, program.name) == 0 && program.takes++ == 0;
}

static const struct iss_callbacks callbacks = {
	.store_put = put, .store_get = get, .store_take = take
};

static struct iss_store *
store_with(const char *const *secrets, size_t count)
{
	struct iss_store *store = NULL;
	struct iss_error err;
	size_t i;

	iss_error_clear(&err);
	iss_store_new(&err, &store, 100);
	for (i = 0; i < count; i++)
		iss_store_add_secret(&err, store, secrets[i], 32);
	return store;
}

static void
test_secrets(void)
{
	static const char bytes[64];
	struct iss_store *store = NULL;
	struct iss_error err;
	int i, added = 0;

	iss_error_clear(&err);
	iss_store_new(&err, &store, 100);
	is_int(iss_store_add_secret(&err, store, bytes, 31), ISS_ERROR,
	    "a secret that is too short");
	has_text(err.text, "32 bytes or more, not 31", "... and why");
	for (i = 0; i < 20; i++)
		added += iss_store_add_secret(&err, store, bytes, 64) == ISS_OK;
	is_int(added, ISS_STORE_SECRETS_MAX, "as many secrets as it takes");
	iss_store_free(store);
	iss_store_free(NULL);
}

static bool
reads(const struct iss_store *store, const struct iss_link *link,
    const struct iss_store_key *key, const char *text)
{
	char name[ISS_SEAL_KEY_LEN + 1];
	struct iss_buf out;
	bool good;

	iss_buf_init(&out, ISS_SEAL_MAX);
	good = iss_store_get(store, link, key, &out, name) &&
	       strcmp(iss_buf_text(&out), text) == 0 &&
	       strcmp(name, program.name) == 0;
	iss_buf_release(&out);
	return good;
}

static void
test_values(void)
{
	static const char *const both[] = { "the new secret, of 32 characters",
		"the old secret, of 32 characters" };
	static const struct iss_store_key key = { "client", "key", 3 },
					  other = { "server", "key", 3 };
	struct iss_link link = { .callbacks = &callbacks, .handle = &program };
	struct iss_link alone = { .callbacks = NULL };
	struct iss_store *old = store_with(both + 1, 1);
	struct iss_store *newest = store_with(both, 1);
	struct iss_store *reader = store_with(both, 2);
	struct iss_buf value;

	iss_buf_init(&value, ISS_SEAL_MAX);
	iss_buf_puts(&value, "text");
	iss_buf_init(&program.value, ISS_SEAL_MAX);
	iss_store_put(old, &link, &key, &value, 50);
	is_int(program.seconds, 50, "a value is put for its time");
	ok(reads(old, &link, &key, "text"), "... and read");
	ok(reads(reader, &link, &key, "text"), "... by an older secret");
	ok(!reads(newest, &link, &key, "text"), "... not by another one");
	ok(!reads(old, &link, &other, "text"), "... nor for another role");
	ok(!reads(old, &alone, &key, "text"), "... nor when nobody is asked");
	ok(iss_store_take(&link, program.name), "... taken");
	ok(!iss_store_take(&link, program.name), "... once");
	ok(!iss_store_take(&alone, program.name), "... by who can be asked");
	iss_store_put(newest, &link, &key, &value, 500);
	is_int(program.seconds, 100, "the store's time is the limit");
	program.seconds = -1;
	iss_store_put(newest, &link, &key, &value, 0);
	is_int(program.seconds, -1, "one without time is not put");
	iss_buf_release(&value);
	iss_buf_release(&program.value);
	iss_store_free(old);
	iss_store_free(newest);
	iss_store_free(reader);
}

int
main(void)
{
	test_secrets();
	test_values();
	return tap_done();
}
