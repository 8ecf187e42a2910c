/*
 * Owns the keys, and what names them.  The name of a key follows from a secret
 * and the number of its period, so a ticket tells which one to ask for, and
 * nothing to anybody else.  The lock is never held while the program works.
 */
#include "sessions/shared_keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/deadline.h"
#include "base/ex_index.h"
#include "base/refcount.h"
#include "sessions/seal.h"

/* A machine whose clock is ahead has the key of the next period. */
enum { AHEAD = 1, SECRET_LEN = 2 * ISS_TICKET_HALF_MAX };

static const char role[] = "ticket key", name_role[] = "ticket name";

/* The key of a period under one of the secrets. */
struct slot {
	int64_t period; /* -1: unused */
	bool known;
	iss_deadline next_look;       /* while it is not known */
	struct iss_ticket_secret key; /* of which the name is always set */
};

struct iss_shared_keys {
	struct iss_refcount refs; /* its lock guards the slots */
	long rotate, keep;
	struct iss_seal_secret secrets[ISS_SHARED_KEYS_SECRETS_MAX];
	size_t count;
	struct slot *slots; /* a row for each period, of one for each secret */
	uint64_t *heads;    /* how the name of each slot begins */
	size_t rows;
	int64_t named_at; /* in this period all slots have had their names */
};

int
iss_shared_keys_new(
    struct iss_error *err, struct iss_shared_keys **out, long rotate, long keep)
{
	struct iss_shared_keys *keys = calloc(1, sizeof(*keys));

	if (keys == NULL || !iss_refcount_init(&keys->refs)) {
		free(keys);
		return iss_error_memory(err);
	}
	keys->rotate = rotate;
	keys->keep = keep;
	keys->rows = (size_t)keep + 1 + AHEAD;
	*out = keys;
	return ISS_OK;
}

struct iss_shared_keys *
iss_shared_keys_up_ref(struct iss_shared_keys *keys)
{
	iss_refcount_up(&keys->refs);
	return keys;
}

static void
free_slots(struct iss_shared_keys *keys)
{
	if (keys->slots != NULL)
		OPENSSL_cleanse(keys->slots,
		    keys->rows * keys->count * sizeof(*keys->slots));
	free(keys->slots);
	free(keys->heads);
}

void
iss_shared_keys_free(struct iss_shared_keys *keys)
{
	size_t i;

	if (keys == NULL || !iss_refcount_down(&keys->refs))
		return;
	free_slots(keys);
	for (i = 0; i < keys->count; i++)
		iss_seal_secret_release(&keys->secrets[i]);
	iss_refcount_release(&keys->refs);
	free(keys);
}

static bool
make_slots(struct iss_shared_keys *keys, size_t count)
{
	struct slot *slots = calloc(keys->rows * count, sizeof(*slots));
	uint64_t *heads = calloc(keys->rows * count, sizeof(*heads));
	size_t i;

	if (slots == NULL || heads == NULL) {
		free(slots);
		free(heads);
		return false;
	}
	for (i = 0; i < keys->rows * count; i++)
		slots[i].period = -1;
	free_slots(keys);
	keys->slots = slots;
	keys->heads = heads;
	keys->named_at = -1;
	return true;
}

int
iss_shared_keys_add_secret(struct iss_error *err, struct iss_shared_keys *keys,
    const void *bytes, size_t len)
{
	if (len < ISS_SEAL_SECRET_MIN)
		return iss_error_set(err,
		    "a secret must have %d bytes or more, not %zu",
		    ISS_SEAL_SECRET_MIN, len);
	if (keys->count == ISS_SHARED_KEYS_SECRETS_MAX)
		return iss_error_set(
		    err, "at most %d secrets", ISS_SHARED_KEYS_SECRETS_MAX);
	if (!make_slots(keys, keys->count + 1) ||
	    !iss_seal_secret_set(&keys->secrets[keys->count], bytes, len))
		return iss_error_memory(err);
	keys->count++;
	return ISS_OK;
}

ISS_EX_INDEX_OWNED(keys_index, SSL_CTX, iss_shared_keys_free);

int
iss_shared_keys_use(
    struct iss_error *err, SSL_CTX *ctx, struct iss_shared_keys *keys)
{
	if (!SSL_CTX_set_ex_data(ctx, keys_index(), keys))
		return iss_error_openssl(err, "SSL_ticket_keys");
	iss_shared_keys_up_ref(keys);
	return ISS_OK;
}

struct iss_shared_keys *
iss_shared_keys_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(iss_link_first_ctx(ssl), keys_index());
}

/* ---- slots, with the lock held ---- */

static void
number_to_bytes(int64_t number, unsigned char bytes[8])
{
	size_t i;

	for (i = 8; i > 0; i--, number >>= 8)
		bytes[i - 1] = (unsigned char)number;
}

static bool
hash_period(const struct iss_seal_secret *secret, const char *what,
    int64_t period, char out[ISS_SEAL_KEY_LEN + 1])
{
	unsigned char bytes[8];

	number_to_bytes(period, bytes);
	return iss_seal_key(secret, what, bytes, sizeof(bytes), out);
}

static uint64_t
head_of(const unsigned char *name)
{
	uint64_t head;

	memcpy(&head, name, sizeof(head));
	return head;
}

/* The slot of a period, emptied if an older one had it; NULL when memory runs
 * out. */
static struct slot *
slot_of(struct iss_shared_keys *keys, int64_t period, size_t secret)
{
	size_t row = (size_t)(period % (int64_t)keys->rows);
	struct slot *slot = &keys->slots[row * keys->count + secret];
	char name[ISS_SEAL_KEY_LEN + 1];

	if (slot->period == period)
		return slot;
	if (!hash_period(&keys->secrets[secret], name_role, period, name))
		return NULL;
	OPENSSL_cleanse(slot, sizeof(*slot));
	slot->period = period;
	slot->next_look = iss_deadline_after(0);
	slot->key.len = ISS_TICKET_HALF_MAX;
	memcpy(slot->key.name, name, sizeof(slot->key.name));
	keys->heads[slot - keys->slots] = head_of(slot->key.name);
	keys->named_at = -1;
	return slot;
}

/* Only in a period in which all slots have had their names. */
static struct slot *
named_slot(struct iss_shared_keys *keys, int64_t now, const unsigned char *name)
{
	const uint64_t head = head_of(name);
	size_t i, count = keys->rows * keys->count;
	struct slot *slot;

	for (i = 0; i < count; i++) {
		slot = &keys->slots[i];
		if (keys->heads[i] == head && slot->period >= 0 &&
		    slot->period <= now + AHEAD &&
		    memcmp(slot->key.name, name, sizeof(slot->key.name)) == 0)
			return slot;
	}
	return NULL;
}

/*
 * The newest periods come first: a client that was here lately needs few names.
 * An unknown name needs all of them, once; then it costs no more than a look at
 * an array, however many periods and secrets there are.
 */
static struct slot *
slot_of_name(struct iss_shared_keys *keys, int64_t now,
    const unsigned char *name, size_t *secret)
{
	struct slot *slot;
	int64_t period;
	bool all = true;

	if (keys->named_at == now) {
		slot = named_slot(keys, now, name);
		if (slot != NULL)
			*secret = (size_t)(slot - keys->slots) % keys->count;
		return slot;
	}
	for (period = now + AHEAD; period >= now - keys->keep && period >= 0;
	     period--)
		for (*secret = 0; *secret < keys->count; ++*secret) {
			slot = slot_of(keys, period, *secret);
			if (slot != NULL && memcmp(slot->key.name, name,
						sizeof(slot->key.name)) == 0)
				return slot;
			all = all && slot != NULL;
		}
	if (all)
		keys->named_at = now;
	return NULL;
}

/* The newest key that is known, for when the backend has no other. */
static struct slot *
newest_known(struct iss_shared_keys *keys, int64_t now)
{
	struct slot *newest = NULL;
	size_t i;

	for (i = 0; i < keys->rows * keys->count; i++)
		if (keys->slots[i].known && keys->slots[i].period <= now &&
		    keys->slots[i].period >= now - keys->keep &&
		    (newest == NULL || keys->slots[i].period > newest->period))
			newest = &keys->slots[i];
	return newest;
}

/* ---- the backend, without the lock ---- */

static void
set_bytes(struct iss_ticket_secret *key, const void *bytes)
{
	const unsigned char *from = bytes;

	memcpy(key->hmac, from, ISS_TICKET_HALF_MAX);
	memcpy(key->aes, from + ISS_TICKET_HALF_MAX, ISS_TICKET_HALF_MAX);
}

static bool
get_key(const struct iss_seal_secret *secret, const struct iss_link *link,
    const char *stored_as, struct iss_ticket_secret *key)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	struct iss_buf sealed, bytes;
	bool good;

	iss_buf_init(&sealed, ISS_SEAL_MAX);
	iss_buf_init(&bytes, SECRET_LEN);
	good = ask->store_get != NULL &&
	       ask->store_get(link->handle, stored_as, &sealed) ==
		   ISS_REPLY_GIVEN &&
	       iss_seal_open(secret, role, stored_as, iss_buf_text(&sealed),
		   sealed.len, &bytes) &&
	       bytes.len == SECRET_LEN;
	if (good)
		set_bytes(key, iss_buf_text(&bytes));
	iss_buf_release(&bytes);
	iss_buf_release(&sealed);
	return good;
}

/* False also if another server was first. */
static bool
add_key(const struct iss_shared_keys *keys, const struct iss_link *link,
    const char *stored_as, struct iss_ticket_secret *key)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	unsigned char bytes[SECRET_LEN];
	struct iss_buf sealed;
	bool good;

	iss_buf_init(&sealed, ISS_SEAL_MAX);
	good = ask->store_add != NULL &&
	       RAND_priv_bytes(bytes, sizeof(bytes)) == 1 &&
	       iss_seal_close(&keys->secrets[0], role, stored_as, bytes,
		   sizeof(bytes), &sealed) &&
	       ask->store_add(link->handle, stored_as, iss_buf_text(&sealed),
		   sealed.len, keys->rotate * (keys->keep + 1 + AHEAD));
	if (good)
		set_bytes(key, bytes);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	iss_buf_release(&sealed);
	return good;
}

/* Get the key of a period, or make it. */
static bool
fetch(const struct iss_shared_keys *keys, const struct iss_link *link,
    int64_t period, size_t secret, bool make, struct iss_ticket_secret *key)
{
	char stored_as[ISS_SEAL_KEY_LEN + 1];
	bool good;

	if (!hash_period(&keys->secrets[secret], role, period, stored_as))
		return false;
	good = get_key(&keys->secrets[secret], link, stored_as, key);
	if (!good && make)
		good = add_key(keys, link, stored_as, key) ||
		       get_key(&keys->secrets[secret], link, stored_as, key);
	ERR_clear_error();
	return good;
}

/* ---- both ---- */

static void
lock(struct iss_shared_keys *keys)
{
	CRYPTO_THREAD_write_lock(keys->refs.lock);
}

static void
unlock(struct iss_shared_keys *keys)
{
	CRYPTO_THREAD_unlock(keys->refs.lock);
}

/* Keep what was fetched, unless another thread was first: its key stays. */
static void
keep_key(struct iss_shared_keys *keys, int64_t period, size_t secret,
    struct iss_ticket_secret *key)
{
	struct slot *slot;

	lock(keys);
	slot = slot_of(keys, period, secret);
	if (slot != NULL && !slot->known) {
		slot->key = *key;
		slot->known = true;
	} else if (slot != NULL)
		*key = slot->key;
	unlock(keys);
}

/* What one question is about. */
struct wanted {
	int64_t period;
	size_t secret;
	bool known; /* the key is: */
	struct iss_ticket_secret key;
	bool looks; /* the caller is the one who asks the backend */
};

static void
look_up(struct iss_shared_keys *keys, int64_t now, const unsigned char *name,
    struct wanted *wanted)
{
	struct slot *slot;

	lock(keys);
	slot = name != NULL ? slot_of_name(keys, now, name, &wanted->secret)
			    : slot_of(keys, now, wanted->secret);
	if (slot != NULL) {
		wanted->period = slot->period;
		wanted->known = slot->known;
		wanted->key = slot->key;
		wanted->looks =
		    !slot->known && iss_deadline_is_over(slot->next_look);
		if (wanted->looks)
			slot->next_look = iss_deadline_after(1);
	}
	unlock(keys);
}

static bool
use_newest(struct iss_shared_keys *keys, int64_t now, struct wanted *wanted)
{
	const struct slot *slot;

	lock(keys);
	slot = newest_known(keys, now);
	if (slot != NULL)
		wanted->key = slot->key;
	unlock(keys);
	return slot != NULL;
}

bool
iss_shared_keys_find(struct iss_shared_keys *keys, const struct iss_link *link,
    time_t now, const unsigned char *name, struct iss_ticket_secret *out,
    bool *current)
{
	struct wanted wanted = { 0 };
	int64_t period = (int64_t)now / keys->rotate;
	bool make = name == NULL;

	look_up(keys, period, name, &wanted);
	if (wanted.looks && fetch(keys, link, wanted.period, wanted.secret,
				make, &wanted.key)) {
		keep_key(keys, wanted.period, wanted.secret, &wanted.key);
		wanted.known = true;
	}
	if (!wanted.known && make)
		wanted.known = use_newest(keys, period, &wanted);
	if (wanted.known)
		*out = wanted.key;
	*current = make || (wanted.period >= period && wanted.secret == 0);
	OPENSSL_cleanse(&wanted.key, sizeof(wanted.key));
	return wanted.known;
}
