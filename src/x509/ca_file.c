/*
 * Parsing a file of CAs.  Only the subject of a certificate is decoded at
 * first.  OpenSSL 3 needs 0.1 ms to decode a certificate, of which a file may
 * hold 150 and a verification needs one or two; the subject alone takes a
 * thirtieth of that.
 *
 * After loading nothing changes but the certificates that are decoded later,
 * under the lock.
 */
#include "x509/ca_file.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/refcount.h"
#include "x509/pem.h"

enum {
	PARTS = 7,
	LARGEST_FILE = 128 * 1024 * 1024, /* such lists exist */
};

struct entry {
	X509_NAME *subject;
	size_t place;       /* its number in the file */
	unsigned char *der; /* NULL once decoding was tried */
	long len;
	X509 *cert;
};

struct iss_ca_file {
	struct iss_refcount count;
	char *path;
	struct iss_file_stamp stamp;
	struct entry *entries; /* sorted by subject, then by place */
	size_t total, room;
	STACK_OF(X509_CRL) * crls;
	CRYPTO_RWLOCK *lock; /* for der and cert of the entries */
};

static struct iss_ca_file *
new_set(const char *path)
{
	struct iss_ca_file *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	if (!iss_refcount_init(&set->count)) {
		free(set);
		return NULL;
	}
	set->path = OPENSSL_strdup(path);
	set->crls = sk_X509_CRL_new_null();
	set->lock = CRYPTO_THREAD_lock_new();
	if (set->path == NULL || set->crls == NULL || set->lock == NULL) {
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
release_entry(struct entry *entry)
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
		release_entry(&set->entries[i]);
	free(set->entries);
	sk_X509_CRL_pop_free(set->crls, X509_CRL_free);
	OPENSSL_free(set->path);
	CRYPTO_THREAD_lock_free(set->lock);
	iss_refcount_release(&set->count);
	free(set);
}

const char *
iss_ca_file_path(const struct iss_ca_file *set)
{
	return set->path;
}

const struct iss_file_stamp *
iss_ca_file_stamp(const struct iss_ca_file *set)
{
	return &set->stamp;
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

/* The way to the subject of a certificate (RFC 5280, 4.1). */
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

/*
 * Decode the subject alone.  NULL if it is not found where it should be;
 * OpenSSL may still be able to decode the certificate.
 */
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

/* Add a certificate.  Takes the subject, even on failure. */
static int
add_cert(struct iss_error *err, struct iss_ca_file *set, X509_NAME *subject,
    const unsigned char *der, long len)
{
	struct entry entry = { .subject = subject,
		.place = set->total,
		.der = OPENSSL_memdup(der, (size_t)len),
		.len = len };

	if (subject == NULL || entry.der == NULL || !make_room(set)) {
		release_entry(&entry);
		return iss_error_set(err, "out of memory");
	}
	set->entries[set->total++] = entry;
	return ISS_OK;
}

/* A copy of the subject of a certificate, which is freed. */
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
		if ((cert = iss_pem_cert(err, pem, set->path)) == NULL)
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
add_all_of_pem(
    struct iss_error *err, struct iss_ca_file *set, const struct iss_buf *bytes)
{
	struct iss_pem pem;
	int rv = iss_pem_init(err, &pem, bytes->data, bytes->len);

	while (
	    rv == ISS_OK && (rv = iss_pem_next(err, &pem, set->path)) == ISS_OK)
		if (iss_pem_is_cert(&pem))
			rv = add_pem_cert(err, set, &pem);
		else if (iss_pem_is_crl(&pem))
			rv = add_crl(
			    err, set, iss_pem_crl(err, &pem, set->path));
	iss_pem_release(&pem);
	return rv == ISS_EOF ? ISS_OK : rv;
}

static int
add_one_of_der(
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
	    err, "%s: neither PEM nor DER (or damaged)", set->path);
}

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = X509_NAME_cmp(x->subject, y->subject);

	if (order != 0)
		return order;
	return x->place < y->place ? -1 : 1;
}

static int
read_file(struct iss_error *err, struct iss_ca_file *set)
{
	struct iss_buf bytes;
	int rv;

	iss_buf_init(&bytes, LARGEST_FILE);
	rv = iss_file_read(err, set->path, &bytes, &set->stamp);
	ERR_clear_error();
	if (rv == ISS_OK && iss_pem_is(bytes.data, bytes.len))
		rv = add_all_of_pem(err, set, &bytes);
	else if (rv == ISS_OK)
		rv = add_one_of_der(err, set, &bytes);
	iss_buf_release(&bytes);
	ERR_clear_error();
	if (rv == ISS_OK && set->total == 0 && sk_X509_CRL_num(set->crls) == 0)
		rv = iss_error_set(err,
		    "%s: no certificate or revocation list found", set->path);
	if (set->total > 0)
		qsort(set->entries, set->total, sizeof(struct entry),
		    compare_entries);
	return rv;
}

int
iss_ca_file_load(
    struct iss_error *err, const char *path, struct iss_ca_file **out)
{
	struct iss_ca_file *set = new_set(path);

	if (set == NULL)
		return iss_error_set(err, "out of memory");
	if (read_file(err, set) != ISS_OK) {
		iss_ca_file_free(set);
		return ISS_ERROR;
	}
	*out = set;
	return ISS_OK;
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
 * Decode a certificate, and let OpenSSL derive and keep what it needs of the
 * extensions now, rather than on first use by several threads at once.
 */
static X509 *
decode_cert(const unsigned char *der, long len)
{
	X509 *cert;

	/* keep these errors out of the verification under way */
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
		entry->cert = decode_cert(entry->der, entry->len);
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
