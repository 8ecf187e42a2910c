/*
 * Owns the keys, in memory of the SSL_CTX, and when they are looked at.
 */
#include "sessions/ticket_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/deadline.h"
#include "base/ex_index.h"

enum { SHORT_FILE = 48, LONG_FILE = 80 };

struct keys {
	CRYPTO_RWLOCK *lock;
	iss_deadline next_look;
	char **files; /* owned, as are the secrets, one a file */
	struct iss_ticket_secret *secrets;
	size_t count;
	char told[ISS_ERROR_TEXT_MAX]; /* the last warning */
};

static void
free_secrets(struct iss_ticket_secret *secrets, size_t count)
{
	if (secrets != NULL)
		OPENSSL_cleanse(secrets, count * sizeof(*secrets));
	free(secrets);
}

static void
free_keys(struct keys *keys)
{
	size_t i;

	if (keys == NULL)
		return;
	for (i = 0; keys->files != NULL && i < keys->count; i++)
		free(keys->files[i]);
	free(keys->files);
	free_secrets(keys->secrets, keys->count);
	CRYPTO_THREAD_lock_free(keys->lock);
	free(keys);
}

ISS_EX_INDEX_OWNED(keys_index, SSL_CTX, free_keys);

static struct keys *
keys_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(iss_link_first_ctx(ssl), keys_index());
}

/* Up to size bytes; -1 with errno. */
static ssize_t
read_up_to(int fd, unsigned char *bytes, size_t size)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = read(fd, bytes + len, size - len);
		if (got > 0)
			len += (size_t)got;
	} while (len < size && (got > 0 || (got < 0 && errno == EINTR)));
	return got < 0 ? -1 : (ssize_t)len;
}

static int
take_bytes(struct iss_error *err, const char *file, const unsigned char *bytes,
    size_t len, long size, struct iss_ticket_secret *out)
{
	const unsigned char *first = bytes + ISS_TICKET_NAME_LEN;

	memcpy(out->name, bytes, ISS_TICKET_NAME_LEN);
	switch (len) {
	case SHORT_FILE:
		out->len = (SHORT_FILE - ISS_TICKET_NAME_LEN) / 2;
		memcpy(out->aes, first, out->len);
		memcpy(out->hmac, first + out->len, out->len);
		return ISS_OK;
	case LONG_FILE:
		out->len = (LONG_FILE - ISS_TICKET_NAME_LEN) / 2;
		memcpy(out->hmac, first, out->len);
		memcpy(out->aes, first + out->len, out->len);
		return ISS_OK;
	default:
		return iss_error_set(err,
		    "SSL_ticket_keys: %.300s has %ld bytes, not %d or %d", file,
		    size > (long)len ? size : (long)len, SHORT_FILE, LONG_FILE);
	}
}

static int
read_open(struct iss_error *err, const char *file, int fd,
    struct iss_ticket_secret *out)
{
	unsigned char bytes[LONG_FILE + 1] = { 0 };
	struct stat status;
	ssize_t len;
	int rv;

	if (fstat(fd, &status) != 0 ||
	    (len = read_up_to(fd, bytes, sizeof(bytes))) < 0)
		return iss_error_errno(
		    err, errno, "SSL_ticket_keys: %.300s", file);
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		rv = iss_error_set(err,
		    "SSL_ticket_keys: %.300s: others than its owner can read "
		    "or write it",
		    file);
	else
		rv = take_bytes(
		    err, file, bytes, (size_t)len, (long)status.st_size, out);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return rv;
}

/* Without waiting for the other end of a pipe. */
static int
read_file(
    struct iss_error *err, const char *file, struct iss_ticket_secret *out)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rv;

	if (fd < 0)
		return iss_error_errno(
		    err, errno, "SSL_ticket_keys: %.300s", file);
	rv = read_open(err, file, fd, out);
	close(fd);
	return rv;
}

/* All files, or none. */
static int
read_files(struct iss_error *err, struct keys *keys)
{
	struct iss_ticket_secret *fresh = calloc(keys->count, sizeof(*fresh));
	int rv = ISS_OK;
	size_t i;

	if (fresh == NULL)
		return iss_error_memory(err);
	for (i = 0; rv == ISS_OK && i < keys->count; i++)
		rv = read_file(err, keys->files[i], &fresh[i]);
	if (rv == ISS_OK) {
		free_secrets(keys->secrets, keys->count);
		keys->secrets = fresh;
	} else
		free_secrets(fresh, keys->count);
	return rv;
}

/* With the lock held.  True if the program must hear of the failure. */
static bool
look_again(struct keys *keys, struct iss_error *err)
{
	if (!iss_deadline_is_over(keys->next_look))
		return false;
	keys->next_look = iss_deadline_after(1);
	if (read_files(err, keys) == ISS_OK) {
		keys->told[0] = '\0';
		return false;
	}
	iss_error_prefix(err, "the old ticket keys stay");
	if (strcmp(keys->told, err->text) == 0)
		return false;
	memcpy(keys->told, err->text, sizeof(keys->told));
	return true;
}

static void
warn(const SSL *ssl, const char *text)
{
	const struct iss_link *link = iss_link_of(ssl);
	const struct iss_callbacks *ask;

	if (link == NULL)
		return;
	ask = iss_link_callbacks(link);
	if (ask->warn != NULL)
		ask->warn(link->handle, text);
}

int
iss_ticket_files_use(
    struct iss_error *err, SSL_CTX *ctx, const struct iss_texts *files)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	size_t i;
	int rv;

	if (keys == NULL || (keys->lock = CRYPTO_THREAD_lock_new()) == NULL ||
	    (keys->files = calloc(files->count, sizeof(char *))) == NULL) {
		free_keys(keys);
		return iss_error_memory(err);
	}
	for (i = 0; i < files->count; i++) {
		keys->files[i] = strdup(files->text[i]);
		if (keys->files[i] == NULL) {
			free_keys(keys);
			return iss_error_memory(err);
		}
		keys->count++;
	}
	keys->next_look = iss_deadline_after(1);
	rv = read_files(err, keys);
	if (rv == ISS_OK && !SSL_CTX_set_ex_data(ctx, keys_index(), keys))
		rv = iss_error_openssl(err, "SSL_ticket_keys");
	if (rv != ISS_OK)
		free_keys(keys);
	return rv;
}

bool
iss_ticket_files_exist(const SSL *ssl)
{
	return keys_of(ssl) != NULL;
}

bool
iss_ticket_files_key(SSL *ssl, const unsigned char *name,
    struct iss_ticket_secret *out, bool *current)
{
	struct keys *keys = keys_of(ssl);
	struct iss_error err;
	bool must_warn;
	size_t i = 0;

	iss_error_clear(&err);
	CRYPTO_THREAD_write_lock(keys->lock);
	must_warn = look_again(keys, &err);
	while (name != NULL && i < keys->count &&
	       memcmp(keys->secrets[i].name, name, ISS_TICKET_NAME_LEN) != 0)
		i++;
	if (i < keys->count)
		*out = keys->secrets[i];
	CRYPTO_THREAD_unlock(keys->lock);
	*current = i == 0;
	if (must_warn)
		warn(ssl, err.text);
	return i < keys->count;
}
