/*
 * Sets of CA certificates and the process's memory of them.
 *
 *	memory ──> slot ──> set ──> entry, entry, ...
 *	                     ^
 *	store of a context ──┘   (trust.c)
 *
 * Of a certificate only the subject is decoded at first.  OpenSSL 3 needs
 * 0.1 ms to decode one, of which a file may hold 150 and a verification needs
 * one or two; the subject alone costs a thirtieth of that.
 *
 * A set does not change after it was filled, but for the certificates that
 * are decoded later, under its lock.  The memory changes under its own.  Files
 * are read outside of both: two threads may read the same file at once, and
 * the second then finds the set of the first and drops its own.
 */
#include "x509/ca_file.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "x509/pem.h"
#include "base/refcount.h"

enum {
	PARTS = 7,
	SLOTS = 16,                       /* files remembered */
	LARGEST_FILE = 128 * 1024 * 1024, /* there are such lists */
};

struct entry {
	X509_NAME *subject;
	size_t place;       /* in the file */
	unsigned char *der; /* NULL once it was decoded, or cannot be */
	long len;
	X509 *cert;
};

struct iss_ca_file {
	struct iss_refcount count;
	char *file;
	struct iss_file_stamp stamp;
	struct entry *entries; /* sorted by subject, then by place */
	size_t total, room;
	STACK_OF(X509_CRL) * crls;
	CRYPTO_RWLOCK *lock; /* of der and cert of the entries */
};

static struct memory {
	CRYPTO_ONCE once;
	CRYPTO_RWLOCK *lock;
	unsigned long now; /* counts lookups, to find the least recent */
	struct slot {
		struct iss_ca_file *set;
		unsigned long used;
	} slots[SLOTS];
} memory = { .once = CRYPTO_ONCE_STATIC_INIT };

static void
memory_init(void)
{
	memory.lock = CRYPTO_THREAD_lock_new();
}

static struct iss_ca_file *
caset_new(const char *file)
{
	struct iss_ca_file *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	if (!iss_refcount_init(&set->count)) {
		free(set);
		return NULL;
	}
	set->file = OPENSSL_strdup(file);
	set->crls = sk_X509_CRL_new_null();
	set->lock = CRYPTO_THREAD_lock_new();
	if (set->file == NULL || set->crls == NULL || set->lock == NULL) {
		iss_ca_file_free(set);
		return NULL;
	}
	return set;
}

void
iss_ca_file_up_ref(struct iss_ca_file *set)
{
	iss_refcount_up(&set->count);
}

static void
entry_release(struct entry *entry)
{
	X509_NAME_free(entry->subject);
	OPENSSL_free(entry->der);
	X509_free(entry->cert);
}

void
iss_ca_file_free(struct iss_ca_file *set)
{
	size_t i;

	if (set == NULL || !iss_refcount_down(&set->count))
		return;
	for (i = 0; i < set->total; i++)
		entry_release(&set->entries[i]);
	free(set->entries);
	sk_X509_CRL_pop_free(set->crls, X509_CRL_free);
	OPENSSL_free(set->file);
	CRYPTO_THREAD_lock_free(set->lock);
	iss_refcount_release(&set->count);
	free(set);
}

size_t
iss_ca_file_count(const struct iss_ca_file *set)
{
	return set->total;
}

const STACK_OF(X509_CRL) * iss_ca_file_get0_crls(const struct iss_ca_file *set)
{
	return set->crls;
}

/* What stands before the subject of a certificate (RFC 5280, 4.1). */
static const struct part {
	int tag;
	int class;
	enum { INTO, OVER, OVER_IF_THERE } how;
} parts[PARTS] = {
	{ V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, INTO },   /* Certificate */
	{ V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, INTO },   /* TBSCertificate */
	{ 0, V_ASN1_CONTEXT_SPECIFIC, OVER_IF_THERE }, /* version */
	{ V_ASN1_INTEGER, V_ASN1_UNIVERSAL, OVER },    /* serialNumber */
	{ V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, OVER },   /* signature */
	{ V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, OVER },   /* issuer */
	{ V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, OVER },   /* validity */
};

/* The subject of a certificate without the rest; NULL when it is not where it
 * should be, and OpenSSL may know better. */
static X509_NAME *
find_subject(const unsigned char *der, long size)
{
	const unsigned char *at = der, *end = der + size, *content;
	const struct part *part;
	int tag, class;
	long len;

	for (part = parts; part < parts + PARTS; part++) {
		content = at;
		if (ASN1_get_object(&content, &len, &tag, &class, end - at) &
		    0x81) /* malformed, or of indefinite length */
			return NULL;
		if (tag == part->tag && class == part->class)
			at = part->how == INTO ? content : content + len;
		else if (part->how != OVER_IF_THERE)
			return NULL;
	}
	return d2i_X509_NAME(NULL, &at, end - at);
}

static bool
make_room(struct iss_ca_file *set)
{
	size_t room = set->room > 0 ? 2 * set->room : 8;
	struct entry *grown;

	if (set->total < set->room)
		return true;
	if ((grown = realloc(set->entries, room * sizeof(*grown))) == NULL)
		return false;
	set->entries = grown;
	set->room = room;
	return true;
}

/* Add a certificate; its subject is taken, also on failure. */
static int
add_cert(struct iss_error *err, struct iss_ca_file *set, X509_NAME *subject,
    const unsigned char *der, long len)
{
	struct entry entry = { .subject = subject,
		.place = set->total,
		.der = OPENSSL_memdup(der, (size_t)len),
		.len = len };

	if (subject == NULL || entry.der == NULL || !make_room(set)) {
		entry_release(&entry);
		return iss_error_set(err, "out of memory");
	}
	set->entries[set->total++] = entry;
	return ISS_OK;
}

/* The subject of a certificate that had to be decoded to find it; the
 * certificate is taken. */
static X509_NAME *
take_subject(X509 *cert)
{
	X509_NAME *subject = X509_NAME_dup(X509_get_subject_name(cert));

	X509_free(cert);
	return subject;
}

static int
add_pem_cert(
    struct iss_error *err, struct iss_ca_file *set, const struct iss_pem *pem)
{
	X509_NAME *subject = find_subject(pem->data, pem->len);
	X509 *cert;

	if (subject == NULL) {
		if ((cert = iss_pem_cert(err, pem, set->file)) == NULL)
			return ISS_ERROR;
		subject = take_subject(cert);
	}
	return add_cert(err, set, subject, pem->data, pem->len);
}

static int
add_crl(struct iss_error *err, struct iss_ca_file *set, X509_CRL *crl)
{
	if (crl == NULL)
		return ISS_ERROR;
	if (sk_X509_CRL_push(set->crls, crl))
		return ISS_OK;
	X509_CRL_free(crl);
	return iss_error_set(err, "out of memory");
}

static int
parse_pem(
    struct iss_error *err, struct iss_ca_file *set, const struct iss_buf *bytes)
{
	struct iss_pem pem;
	int rv = iss_pem_init(err, &pem, bytes->data, bytes->len);

	while (
	    rv == ISS_OK && (rv = iss_pem_next(err, &pem, set->file)) == ISS_OK)
		if (iss_pem_is_cert(&pem))
			rv = add_pem_cert(err, set, &pem);
		else if (iss_pem_is_crl(&pem))
			rv = add_crl(
			    err, set, iss_pem_crl(err, &pem, set->file));
	iss_pem_release(&pem);
	return rv == ISS_EOF ? ISS_OK : rv;
}

static int
parse_der(
    struct iss_error *err, struct iss_ca_file *set, const struct iss_buf *bytes)
{
	const unsigned char *der = (const unsigned char *)bytes->data;
	const unsigned char *at = der;
	long len = (long)bytes->len;
	X509_CRL *crl;
	X509 *cert;

	if ((cert = d2i_X509(NULL, &at, len)) != NULL)
		return add_cert(err, set, take_subject(cert), der, at - der);
	at = der;
	if ((crl = d2i_X509_CRL(NULL, &at, len)) != NULL)
		return add_crl(err, set, crl);
	return iss_error_set(
	    err, "%s: neither PEM nor DER (or damaged)", set->file);
}

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = X509_NAME_cmp(x->subject, y->subject);

	if (order != 0)
		return order;
	return x->place < y->place ? -1 : 1;
}

static int
fill(struct iss_error *err, struct iss_ca_file *set)
{
	struct iss_buf bytes;
	int rv;

	iss_buf_init(&bytes, LARGEST_FILE);
	rv = iss_file_read(err, set->file, &bytes, &set->stamp);
	ERR_clear_error();
	if (rv == ISS_OK && iss_pem_is(bytes.data, bytes.len))
		rv = parse_pem(err, set, &bytes);
	else if (rv == ISS_OK)
		rv = parse_der(err, set, &bytes);
	iss_buf_release(&bytes);
	ERR_clear_error();
	if (rv == ISS_OK && set->total == 0 && sk_X509_CRL_num(set->crls) == 0)
		rv = iss_error_set(err,
		    "%s: neither a certificate nor a revocation list in it",
		    set->file);
	if (set->total > 0)
		qsort(set->entries, set->total, sizeof(struct entry), compare);
	return rv;
}

size_t
iss_ca_file_find(
    const struct iss_ca_file *set, const X509_NAME *subject, size_t *first)
{
	size_t low = 0, middle, high = set->total, end;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (X509_NAME_cmp(set->entries[middle].subject, subject) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < set->total; end++)
		if (X509_NAME_cmp(set->entries[end].subject, subject) != 0)
			break;
	*first = low;
	return end - low;
}

/*
 * Decode, and let OpenSSL remember what it derives from the extensions, which
 * it would else do when a certificate is first used, by several threads.
 */
static X509 *
decode(const unsigned char *der, long len)
{
	X509 *cert;

	/* a verification is under way, whose errors these are not */
	ERR_set_mark();
	cert = d2i_X509_AUX(NULL, &der, len);
	if (cert != NULL)
		(void)X509_check_purpose(cert, -1, 0);
	ERR_pop_to_mark();
	return cert;
}

X509 *
iss_ca_file_get0_cert(struct iss_ca_file *set, size_t number)
{
	struct entry *entry = &set->entries[number];
	X509 *cert;

	CRYPTO_THREAD_write_lock(set->lock);
	if (entry->der != NULL) {
		entry->cert = decode(entry->der, entry->len);
		OPENSSL_free(entry->der);
		entry->der = NULL;
	}
	cert = entry->cert;
	CRYPTO_THREAD_unlock(set->lock);
	return cert;
}

bool
iss_ca_file_copy_subjects(
    const struct iss_ca_file *set, STACK_OF(X509_NAME) * names)
{
	X509_NAME **by_place = calloc(set->total + 1, sizeof(*by_place));
	X509_NAME *copy;
	bool done = true;
	size_t i;

	if (by_place == NULL)
		return false;
	for (i = 0; i < set->total; i++)
		if (i == 0 || X509_NAME_cmp(set->entries[i - 1].subject,
				  set->entries[i].subject) != 0)
			by_place[set->entries[i].place] =
			    set->entries[i].subject;
	for (i = 0; done && i < set->total; i++) {
		if (by_place[i] == NULL)
			continue;
		copy = X509_NAME_dup(by_place[i]);
		done = copy != NULL && sk_X509_NAME_push(names, copy);
		if (!done)
			X509_NAME_free(copy);
	}
	free(by_place);
	return done;
}

/* A remembered set with this stamp, with a reference for the caller.  The
 * lock is held. */
static struct iss_ca_file *
recall(const struct iss_file_stamp *stamp)
{
	struct slot *slot;

	for (slot = memory.slots; slot < memory.slots + SLOTS; slot++)
		if (slot->set != NULL &&
		    iss_file_stamp_equal(&slot->set->stamp, stamp)) {
			slot->used = ++memory.now;
			iss_ca_file_up_ref(slot->set);
			return slot->set;
		}
	return NULL;
}

/* Where to put a set: over what the file was before, else over the least
 * recently used.  The lock is held. */
static struct slot *
choose_slot(const struct iss_ca_file *set)
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
static struct iss_ca_file *
remember(struct iss_ca_file *set)
{
	struct iss_ca_file *theirs, *replaced;
	struct slot *slot;

	CRYPTO_THREAD_write_lock(memory.lock);
	if ((theirs = recall(&set->stamp)) != NULL) {
		CRYPTO_THREAD_unlock(memory.lock);
		iss_ca_file_free(set);
		return theirs;
	}
	slot = choose_slot(set);
	replaced = slot->set;
	slot->set = set;
	slot->used = ++memory.now;
	iss_ca_file_up_ref(set);
	CRYPTO_THREAD_unlock(memory.lock);
	iss_ca_file_free(replaced);
	return set;
}

/* May the set stand for the file until its stamp changes?  Not if it changed
 * while it was read. */
static bool
is_lasting(const struct iss_ca_file *set)
{
	struct iss_file_stamp now;

	return iss_file_stamp_is_settled(&set->stamp) &&
	       iss_file_stamp(set->file, &now) &&
	       iss_file_stamp_equal(&set->stamp, &now);
}

int
iss_ca_file_get1(
    struct iss_error *err, const char *file, struct iss_ca_file **out)
{
	struct iss_file_stamp stamp;
	struct iss_ca_file *set = NULL;

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
		if (fill(err, set) != ISS_OK) {
			iss_ca_file_free(set);
			return ISS_ERROR;
		}
		if (is_lasting(set))
			set = remember(set);
	}
	*out = set;
	return ISS_OK;
}
