/*
 * Sets of CA certificates and the process's memory of them.
 *
 *	memory ──> slot ──> set ──> X509, X509, ...
 *	                     ^
 *	store of a context ──┘   (trust.c)
 *
 * A set is immutable once it is published, so its readers need no lock.  The
 * memory is the one thing here that changes, under its lock.  Parsing is done
 * outside of it: two threads may parse the same file at once, and the second
 * then finds the set of the first and drops its own.
 */
#include "caset.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "file.h"
#include "pem.h"
#include "refcount.h"

enum {
	SLOTS = 16,                       /* files remembered */
	LARGEST_FILE = 128 * 1024 * 1024, /* there are such lists */
};

struct iss_caset {
	struct iss_refcount count;
	char *file;
	struct iss_file_stamp stamp;
	STACK_OF(X509) * certs;
	STACK_OF(X509_CRL) * crls;
	X509 **by_subject; /* certs, sorted; borrowed from there */
};

static struct memory {
	CRYPTO_ONCE once;
	CRYPTO_RWLOCK *lock;
	unsigned long now; /* counts lookups, to find the least recent */
	struct slot {
		struct iss_caset *set;
		unsigned long used;
	} slots[SLOTS];
} memory = { .once = CRYPTO_ONCE_STATIC_INIT };

static void
memory_init(void)
{
	memory.lock = CRYPTO_THREAD_lock_new();
}

static struct iss_caset *
caset_new(const char *file)
{
	struct iss_caset *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	if (!iss_refcount_init(&set->count)) {
		free(set);
		return NULL;
	}
	set->file = OPENSSL_strdup(file);
	set->certs = sk_X509_new_null();
	set->crls = sk_X509_CRL_new_null();
	if (set->file == NULL || set->certs == NULL || set->crls == NULL) {
		iss_caset_free(set);
		return NULL;
	}
	return set;
}

void
iss_caset_up_ref(struct iss_caset *set)
{
	iss_refcount_up(&set->count);
}

void
iss_caset_free(struct iss_caset *set)
{
	if (set == NULL || !iss_refcount_down(&set->count))
		return;
	free(set->by_subject);
	sk_X509_pop_free(set->certs, X509_free);
	sk_X509_CRL_pop_free(set->crls, X509_CRL_free);
	OPENSSL_free(set->file);
	iss_refcount_release(&set->count);
	free(set);
}

const STACK_OF(X509) * iss_caset_get0_certs(const struct iss_caset *set)
{
	return set->certs;
}

const STACK_OF(X509_CRL) * iss_caset_get0_crls(const struct iss_caset *set)
{
	return set->crls;
}

/* These two take what they are given, also when they fail. */
static int
add_cert(struct iss_error *err, struct iss_caset *set, X509 *cert)
{
	if (cert == NULL)
		return ISS_ERROR;
	if (sk_X509_push(set->certs, cert))
		return 0;
	X509_free(cert);
	return iss_error_set(err, "out of memory");
}

static int
add_crl(struct iss_error *err, struct iss_caset *set, X509_CRL *crl)
{
	if (crl == NULL)
		return ISS_ERROR;
	if (sk_X509_CRL_push(set->crls, crl))
		return 0;
	X509_CRL_free(crl);
	return iss_error_set(err, "out of memory");
}

static int
parse_pem(
    struct iss_error *err, struct iss_caset *set, const struct iss_buf *bytes)
{
	struct iss_pem pem;
	int rv = iss_pem_init(err, &pem, bytes->data, bytes->len);

	while (rv == 0 && (rv = iss_pem_next(err, &pem, set->file)) == 0)
		if (iss_pem_is_cert(&pem))
			rv = add_cert(
			    err, set, iss_pem_cert(err, &pem, set->file));
		else if (iss_pem_is_crl(&pem))
			rv = add_crl(
			    err, set, iss_pem_crl(err, &pem, set->file));
	iss_pem_release(&pem);
	return rv == ISS_EOF ? 0 : rv;
}

static int
parse_der(
    struct iss_error *err, struct iss_caset *set, const struct iss_buf *bytes)
{
	const unsigned char *at = (const unsigned char *)bytes->data;
	X509_CRL *crl;
	X509 *cert;

	if ((cert = d2i_X509(NULL, &at, (long)bytes->len)) != NULL)
		return add_cert(err, set, cert);
	at = (const unsigned char *)bytes->data;
	if ((crl = d2i_X509_CRL(NULL, &at, (long)bytes->len)) != NULL)
		return add_crl(err, set, crl);
	return iss_error_set(
	    err, "%s: neither PEM nor DER (or damaged)", set->file);
}

static int
compare_subjects(const void *a, const void *b)
{
	return X509_NAME_cmp(X509_get_subject_name(*(X509 *const *)a),
	    X509_get_subject_name(*(X509 *const *)b));
}

static int
sort(struct iss_error *err, struct iss_caset *set)
{
	int i, total = sk_X509_num(set->certs);

	set->by_subject = calloc((size_t)total + 1, sizeof(X509 *));
	if (set->by_subject == NULL)
		return iss_error_set(err, "out of memory");
	for (i = 0; i < total; i++)
		set->by_subject[i] = sk_X509_value(set->certs, i);
	qsort(set->by_subject, (size_t)total, sizeof(X509 *), compare_subjects);
	return 0;
}

size_t
iss_caset_find(
    const struct iss_caset *set, const X509_NAME *subject, X509 *const **first)
{
	size_t low = 0, middle, high = (size_t)sk_X509_num(set->certs);
	size_t end = high;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (X509_NAME_cmp(
			X509_get_subject_name(set->by_subject[middle]),
			subject) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (high < end &&
	       X509_NAME_cmp(
		   X509_get_subject_name(set->by_subject[high]), subject) == 0)
		high++;
	*first = set->by_subject + low;
	return high - low;
}

static int
fill(struct iss_error *err, struct iss_caset *set)
{
	struct iss_buf bytes;
	int rv;

	iss_buf_init(&bytes, LARGEST_FILE);
	rv = iss_file_read(err, set->file, &bytes, &set->stamp);
	ERR_clear_error();
	if (rv == 0 && iss_pem_is(bytes.data, bytes.len))
		rv = parse_pem(err, set, &bytes);
	else if (rv == 0)
		rv = parse_der(err, set, &bytes);
	iss_buf_release(&bytes);
	ERR_clear_error();
	if (rv == 0 && sk_X509_num(set->certs) == 0 &&
	    sk_X509_CRL_num(set->crls) == 0)
		rv = iss_error_set(err,
		    "%s: neither a certificate nor a revocation list in it",
		    set->file);
	return rv == 0 ? sort(err, set) : rv;
}

/* A remembered set with this stamp, with a reference for the caller.  The
 * lock is held. */
static struct iss_caset *
recall(const struct iss_file_stamp *stamp)
{
	struct slot *slot;

	for (slot = memory.slots; slot < memory.slots + SLOTS; slot++)
		if (slot->set != NULL &&
		    iss_file_stamp_equal(&slot->set->stamp, stamp)) {
			slot->used = ++memory.now;
			iss_caset_up_ref(slot->set);
			return slot->set;
		}
	return NULL;
}

/* Where to put a set: over what the file was before, else over the least
 * recently used.  The lock is held. */
static struct slot *
choose_slot(const struct iss_caset *set)
{
	struct slot *slot, *oldest = memory.slots;

	for (slot = memory.slots; slot < memory.slots + SLOTS; slot++) {
		if (slot->set != NULL &&
		    strcmp(slot->set->file, set->file) == 0)
			return slot;
		if (slot->used < oldest->used)
			oldest = slot;
	}
	return oldest;
}

/*
 * Remember a new set and return it, or, when another thread was faster, that
 * thread's in its place.  Takes and gives a reference.
 */
static struct iss_caset *
remember(struct iss_caset *set)
{
	struct iss_caset *theirs, *replaced;
	struct slot *slot;

	CRYPTO_THREAD_write_lock(memory.lock);
	if ((theirs = recall(&set->stamp)) != NULL) {
		CRYPTO_THREAD_unlock(memory.lock);
		iss_caset_free(set);
		return theirs;
	}
	slot = choose_slot(set);
	replaced = slot->set;
	slot->set = set;
	slot->used = ++memory.now;
	iss_caset_up_ref(set);
	CRYPTO_THREAD_unlock(memory.lock);
	iss_caset_free(replaced);
	return set;
}

/* May the set stand for the file until its stamp changes?  Not if it changed
 * while it was read. */
static bool
is_lasting(const struct iss_caset *set)
{
	struct iss_file_stamp now;

	return iss_file_stamp_is_settled(&set->stamp) &&
	       iss_file_stamp(set->file, &now) &&
	       iss_file_stamp_equal(&set->stamp, &now);
}

int
iss_caset_get1(struct iss_error *err, const char *file, struct iss_caset **out)
{
	struct iss_file_stamp stamp;
	struct iss_caset *set = NULL;

	if (!CRYPTO_THREAD_run_once(&memory.once, memory_init) ||
	    memory.lock == NULL)
		return iss_error_set(err, "out of memory");

	if (iss_file_stamp(file, &stamp) && stamp.regular) {
		CRYPTO_THREAD_write_lock(memory.lock);
		set = recall(&stamp);
		CRYPTO_THREAD_unlock(memory.lock);
	}
	if (set == NULL) {
		if ((set = caset_new(file)) == NULL)
			return iss_error_set(err, "out of memory");
		if (fill(err, set) != 0) {
			iss_caset_free(set);
			return ISS_ERROR;
		}
		if (is_lasting(set))
			set = remember(set);
	}
	*out = set;
	return 0;
}
