/*
 * Ticket keys of files: their formats, those that are refused, which key a name
 * gets.  How they change is in t/sessions/ticket_keys.t.
 */
#include "sessions/ticket_files.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "pair.h"
#include "scratch.h"
#include "tap.h"

static struct iss_error err;

/* The monotonic clock stands still until the test moves it. */
static time_t seconds = 1000;

int
clock_gettime(clockid_t id, struct timespec *out)
{
	out->tv_sec = id == CLOCK_MONOTONIC ? seconds : time(NULL);
	out->tv_nsec = 0;
	return 0;
}

static char *
key_file(const char *name, int first, size_t size)
{
	unsigned char bytes[100];
	const char *path;
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = (unsigned char)(first + (int)i);
	path = scratch_write(name, bytes, size);
	chmod(path, 0600);
	return strdup(path);
}

static void
test_formats(void)
{
	SSL_CTX *ctx = raw_ctx(true, TLS1_3_VERSION);
	SSL *ssl = SSL_new(ctx);
	char *paths[] = { key_file("long", 0, 80), key_file("short", 100, 48) };
	struct iss_texts files = { paths, ROWS(paths) };
	struct iss_ticket_secret key;
	unsigned char name[ISS_TICKET_NAME_LEN];
	bool current;
	size_t i;

	ok(!iss_ticket_files_exist(ssl), "without files there are no keys");
	is_int(iss_ticket_files_use(&err, ctx, &files), ISS_OK, "two files");
	ok(iss_ticket_files_exist(ssl), "... there are keys");
	ok(iss_ticket_files_key(ssl, NULL, &key, &current) && current,
	    "the first one is current");
	is_int((long)key.len, 32, "... AES-256");
	is_int(key.name[0], 0, "... its name comes first");
	is_int(key.hmac[0], 16, "... then the HMAC");
	is_int(key.aes[0], 48, "... then AES");
	for (i = 0; i < sizeof(name); i++)
		name[i] = (unsigned char)(100 + i);
	ok(iss_ticket_files_key(ssl, name, &key, &current) && !current,
	    "the other one is found by its name");
	is_int((long)key.len, 16, "... AES-128");
	is_int(key.aes[0], 116, "... after its name AES");
	is_int(key.hmac[0], 132, "... then the HMAC");
	name[15]++;
	ok(!iss_ticket_files_key(ssl, name, &key, &current),
	    "a name that no file has");
	for (i = 0; i < ROWS(paths); i++)
		free(paths[i]);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

/* The first byte of the current key's name. */
static int
current_key(SSL *ssl)
{
	struct iss_ticket_secret key;
	bool current;

	return iss_ticket_files_key(ssl, NULL, &key, &current) ? key.name[0]
							       : -1;
}

static void
test_looks(void)
{
	SSL_CTX *ctx = raw_ctx(true, TLS1_3_VERSION);
	SSL *ssl = SSL_new(ctx);
	char *path = key_file("turns", 1, 80);
	struct iss_texts files = { &path, 1 };

	iss_error_clear(&err);
	iss_ticket_files_use(&err, ctx, &files);
	is_int(current_key(ssl), 1, "a key");
	free(key_file("turns", 2, 80));
	is_int(current_key(ssl), 1, "within the second nobody looks again");
	seconds += 2;
	is_int(current_key(ssl), 2, "... then the new key is found");
	free(key_file("turns", 3, 80));
	is_int(current_key(ssl), 2, "... for another second");
	free(path);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static void
test_refused(void)
{
	static const struct {
		size_t size;
		mode_t mode;
		const char *why;
	} cases[] = {
		{ 1, 0600, "odd has 1 bytes, not 48 or 80" },
		{ 79, 0600, "odd has 79 bytes, not 48 or 80" },
		{ 100, 0600, "odd has 100 bytes, not 48 or 80" },
		{ 80, 0644, "odd: others than its owner" },
		{ 80, 0620, "odd: others than its owner" },
		{ 80, 0604, "odd: others than its owner" },
	};
	SSL_CTX *ctx = raw_ctx(true, TLS1_3_VERSION);
	struct iss_texts files = { NULL, 1 };
	char *path;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		path = key_file("odd", 0, cases[i].size);
		chmod(path, cases[i].mode);
		files.text = &path;
		iss_error_clear(&err);
		is_int(iss_ticket_files_use(&err, ctx, &files), ISS_ERROR,
		    "a file of %zu bytes and mode %o", cases[i].size,
		    (unsigned)cases[i].mode);
		has_text(err.text, cases[i].why, "... and why");
		unlink(path);
		free(path);
	}
	SSL_CTX_free(ctx);
}

/* Nobody writes to it, and nobody waits for that. */
static void
test_pipe(void)
{
	SSL_CTX *ctx = raw_ctx(true, TLS1_3_VERSION);
	char *path = key_file("pipe", 0, 80);
	struct iss_texts files = { &path, 1 };

	unlink(path);
	is_int(mkfifo(path, 0600), 0, "a pipe");
	iss_error_clear(&err);
	is_int(iss_ticket_files_use(&err, ctx, &files), ISS_ERROR,
	    "... holds no keys");
	has_text(err.text, "pipe has 0 bytes, not 48 or 80", "... and why");
	unlink(path);
	free(path);
	SSL_CTX_free(ctx);
}

int
main(void)
{
	test_formats();
	test_looks();
	test_refused();
	test_pipe();
	return tap_done();
}
