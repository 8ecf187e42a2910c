/*
 * Owns the digests that the process remembers.  Files are read without holding
 * the lock.
 */
#include "base/file_digest.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/file.h"

enum { SLOTS = 16, HASH_DIGITS = 8 };

static struct cache {
	CRYPTO_ONCE once;
	CRYPTO_RWLOCK *lock;
	size_t next; /* the slot that makes room */
	struct slot {
		bool used;
		struct iss_file_stamp stamp;
		unsigned char digest[ISS_FILE_DIGEST_LEN];
	} slots[SLOTS];
} cache = { .once = CRYPTO_ONCE_STATIC_INIT };

static void
init_cache(void)
{
	cache.lock = CRYPTO_THREAD_lock_new();
}

static bool
find(const struct iss_file_stamp *stamp, unsigned char *digest)
{
	const struct slot *slot;
	bool found = false;

	CRYPTO_THREAD_read_lock(cache.lock);
	for (slot = cache.slots; !found && slot < cache.slots + SLOTS; slot++) {
		found = slot->used && iss_file_stamp_equal(&slot->stamp, stamp);
		if (found)
			memcpy(digest, slot->digest, ISS_FILE_DIGEST_LEN);
	}
	CRYPTO_THREAD_unlock(cache.lock);
	return found;
}

static void
remember(const struct iss_file_stamp *stamp, const unsigned char *digest)
{
	struct slot *slot;

	CRYPTO_THREAD_write_lock(cache.lock);
	slot = &cache.slots[cache.next++ % SLOTS];
	slot->used = true;
	slot->stamp = *stamp;
	memcpy(slot->digest, digest, ISS_FILE_DIGEST_LEN);
	CRYPTO_THREAD_unlock(cache.lock);
}

static bool
digest_file(const char *path, unsigned char *digest)
{
	struct iss_error ignored;
	struct iss_buf content;
	bool good;

	iss_error_clear(&ignored);
	iss_buf_init(&content, ISS_FILE_MAX);
	good = iss_file_read(&ignored, path, &content, NULL) == ISS_OK &&
	       EVP_Digest(iss_buf_text(&content), content.len, digest, NULL,
		   EVP_sha256(), NULL);
	iss_buf_release(&content);
	return good;
}

/* 1a2b3c4d.0 or 1a2b3c4d.r0: X509_LOOKUP_hash_dir(3). */
static int
is_hashed(const struct dirent *entry)
{
	const char *name = entry->d_name;

	if (strspn(name, "0123456789abcdef") != HASH_DIGITS ||
	    name[HASH_DIGITS] != '.')
		return 0;
	name += HASH_DIGITS + 1;
	name += *name == 'r';
	return *name != '\0' && name[strspn(name, "0123456789")] == '\0';
}

/* In the order of bytes, whatever the locale. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Add the name of a file, and what is in it; one that cannot be read counts by
 * its name. */
static bool
add_entry(EVP_MD_CTX *md, const char *folder, const char *name)
{
	unsigned char digest[ISS_FILE_DIGEST_LEN] = { 0 };
	struct iss_file_stamp stamp;
	size_t size = strlen(folder) + strlen(name) + sizeof("/");
	char *path = malloc(size);

	if (path == NULL)
		return false;
	snprintf(path, size, "%s/%s", folder, name);
	if (!iss_file_stamp(path, &stamp) || !stamp.regular ||
	    !digest_file(path, digest))
		memset(digest, 0, sizeof(digest));
	free(path);
	return EVP_DigestUpdate(md, name, strlen(name) + 1) &&
	       EVP_DigestUpdate(md, digest, sizeof(digest));
}

static bool
digest_folder(const char *path, unsigned char *digest)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_hashed, by_name);
	bool good = count >= 0 && md != NULL &&
		    EVP_DigestInit_ex(md, EVP_sha256(), NULL);
	int i;

	for (i = 0; i < count; i++) {
		good = good && add_entry(md, path, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	good = good && EVP_DigestFinal_ex(md, digest, NULL);
	EVP_MD_CTX_free(md);
	return good;
}

/* A change during the reading shows in the stamp, if that is an old one. */
static bool
is_lasting(const char *path, const struct iss_file_stamp *stamp)
{
	struct iss_file_stamp now = *stamp;

	now.regular = true; /* a folder settles as a file does */
	return iss_file_stamp_is_settled(&now) && iss_file_stamp(path, &now) &&
	       iss_file_stamp_equal(stamp, &now);
}

bool
iss_file_digest(const char *path, unsigned char digest[ISS_FILE_DIGEST_LEN])
{
	struct iss_file_stamp stamp;
	bool good;

	if (!CRYPTO_THREAD_run_once(&cache.once, init_cache) ||
	    cache.lock == NULL || !iss_file_stamp(path, &stamp))
		return false;
	if (find(&stamp, digest))
		return true;
	good = stamp.regular ? digest_file(path, digest)
			     : digest_folder(path, digest);
	if (good && is_lasting(path, &stamp))
		remember(&stamp, digest);
	return good;
}
