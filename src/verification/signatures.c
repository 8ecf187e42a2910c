/*
 * OpenSSL verifies signatures, dates and nothing else in one step, which a
 * store may replace (X509_STORE_CTX_set_verify(3)).  Ours does what OpenSSL's
 * does for a chain whose signatures are all known and whose dates are good: it
 * calls the verify callback for each certificate from the root to the leaf.
 * Any other chain is OpenSSL's.
 *
 * OpenSSL's step also demands that an issuer's key can be decoded and its key
 * usage permits signing, and that dates are well-formed.  That depends on the
 * two certificates alone, so it is as lasting as the signature.
 */
#include "verification/signatures.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "base/ex_index.h"

enum {
	SLOTS = 256,    /* a power of two */
	LINKS_MAX = 8,  /* in a chain; longer ones are not remembered */
	DER_MAX = 8192, /* of a certificate, likewise */
	SAMPLE = 64,    /* bytes at its end that choose a slot */
};

struct der {
	unsigned char *bytes; /* NULL: unknown */
	int len;
};

/* Whole certificates are compared, which is cheaper than to hash them. */
struct signed_link {
	struct der issuer, subject;
};

/* A link has one slot, given by the signature; the newer one takes it. */
static struct memory {
	CRYPTO_ONCE once;
	CRYPTO_RWLOCK *lock;
	struct signed_link slots[SLOTS];
} memory = { .once = CRYPTO_ONCE_STATIC_INIT };

/* One verification. */
struct verification {
	X509_STORE_CTX_verify_fn verify;   /* OpenSSL's step */
	X509_STORE_CTX_verify_cb callback; /* of the store */
	bool failed;                       /* the callback heard of a failure */
	int count;                         /* of links; < 0: not known */
	struct der certs[LINKS_MAX + 1];   /* from the leaf; of OpenSSL */
};

ISS_EX_INDEX(verification_index, X509_STORE_CTX, NULL);

static void
init_memory(void)
{
	memory.lock = CRYPTO_THREAD_lock_new();
}

static bool
has_lock(void)
{
	return CRYPTO_THREAD_run_once(&memory.once, init_memory) &&
	       memory.lock != NULL;
}

/* A certificate ends with its signature.  Not all bits of that are random: an
 * Ed448 signature ends with a zero. */
static struct signed_link *
slot_of(const struct der *subject)
{
	int i = subject->len > SAMPLE ? subject->len - SAMPLE : 0;
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; i < subject->len; i++)
		hash = (hash ^ subject->bytes[i]) * 16777619U;
	return &memory.slots[(hash ^ hash >> 16) & (SLOTS - 1)];
}

static bool
is_same(const struct der *a, const struct der *b)
{
	return a->bytes != NULL && a->len == b->len &&
	       memcmp(a->bytes, b->bytes, (size_t)a->len) == 0;
}

/* The first count + 1 certificates. */
static bool
are_known(const struct der *certs, int count)
{
	const struct signed_link *slot;
	bool known = true;
	int i;

	CRYPTO_THREAD_read_lock(memory.lock);
	for (i = 0; known && i < count; i++) {
		slot = slot_of(&certs[i]);
		known = is_same(&slot->subject, &certs[i]) &&
			is_same(&slot->issuer, &certs[i + 1]);
	}
	CRYPTO_THREAD_unlock(memory.lock);
	return known;
}

static void
replace(struct der *der, const struct der *by)
{
	unsigned char *copy = malloc((size_t)by->len);

	free(der->bytes);
	der->bytes = copy;
	der->len = by->len;
	if (copy != NULL)
		memcpy(copy, by->bytes, (size_t)by->len);
}

static void
remember(const struct der *certs, int count)
{
	struct signed_link *slot;
	int i;

	CRYPTO_THREAD_write_lock(memory.lock);
	for (i = 0; i < count; i++) {
		slot = slot_of(&certs[i]);
		replace(&slot->subject, &certs[i]);
		replace(&slot->issuer, &certs[i + 1]);
	}
	CRYPTO_THREAD_unlock(memory.lock);
}

static void
release_certs(struct verification *verification)
{
	int i;

	for (i = 0; i <= LINKS_MAX; i++) {
		OPENSSL_free(verification->certs[i].bytes);
		verification->certs[i].bytes = NULL;
	}
}

/* Fill verification->certs; false if that is not possible. */
static bool
collect_certs(struct verification *verification, STACK_OF(X509) * chain)
{
	int i, count = sk_X509_num(chain) - 1;
	struct der *der;

	release_certs(verification);
	verification->count = -1;
	if (count < 1 || count > LINKS_MAX)
		return false;
	for (i = 0; i <= count; i++) {
		der = &verification->certs[i];
		der->len = i2d_X509(sk_X509_value(chain, i), &der->bytes);
		if (der->len <= 0 || der->len > DER_MAX)
			return false;
	}
	verification->count = count;
	return true;
}

/* Are all valid now? */
static bool
dates_are_good(STACK_OF(X509) * chain)
{
	time_t now = time(NULL);
	const X509 *cert;
	int i, begun;

	for (i = 0; i < sk_X509_num(chain); i++) {
		cert = sk_X509_value(chain, i);
		begun = ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), now);
		if ((begun != -1 && begun != 0) ||
		    ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), now) != 1)
			return false;
	}
	return true;
}

/*
 * Does OpenSSL's step verify the signatures between the certificates, all of
 * them, and no other, and compare the dates with the present?  Without
 * PARTIAL_CHAIN it may skip the last certificate.
 */
static bool
is_usual(X509_STORE_CTX *store)
{
	const unsigned long asked =
	    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_CHECK_SS_SIGNATURE |
	    X509_V_FLAG_USE_CHECK_TIME | X509_V_FLAG_NO_CHECK_TIME;
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);

	return (X509_VERIFY_PARAM_get_flags(param) & asked) ==
	       X509_V_FLAG_PARTIAL_CHAIN;
}

/* Tell the callback of each certificate that it is good, from the root. */
static int
accept_all(X509_STORE_CTX *store, STACK_OF(X509) * chain,
    X509_STORE_CTX_verify_cb callback)
{
	int depth;

	for (depth = sk_X509_num(chain) - 1; depth >= 0; depth--) {
		X509_STORE_CTX_set_error_depth(store, depth);
		X509_STORE_CTX_set_current_cert(
		    store, sk_X509_value(chain, depth));
		if (!callback(1, store))
			return 0;
	}
	return 1;
}

/* In place of OpenSSL's step. */
static int
verify_links(X509_STORE_CTX *store)
{
	struct verification *verification =
	    X509_STORE_CTX_get_ex_data(store, verification_index());
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);

	if (is_usual(store) && collect_certs(verification, chain) &&
	    are_known(verification->certs, verification->count) &&
	    dates_are_good(chain)) {
		verification->count = 0; /* nothing new */
		return accept_all(store, chain, verification->callback);
	}
	return verification->verify(store);
}

/* For the chain of a revocation list OpenSSL has a store context of its own. */
static int
watch_failures(int ok, X509_STORE_CTX *store)
{
	X509_STORE_CTX *parent = X509_STORE_CTX_get0_parent_ctx(store);
	struct verification *verification = X509_STORE_CTX_get_ex_data(
	    parent != NULL ? parent : store, verification_index());

	if (!ok)
		verification->failed = true;
	return verification->callback(ok, store);
}

/* Not if the program has a step of its own, which OpenSSL prefers. */
static bool
prepare(struct verification *verification, X509_STORE_CTX *store)
{
	verification->verify = X509_STORE_CTX_get_verify(store);
	verification->callback = X509_STORE_CTX_get_verify_cb(store);
	verification->failed = false;
	verification->count = -1;
	memset(verification->certs, 0, sizeof(verification->certs));
	return verification->verify != NULL && verification->callback != NULL &&
	       X509_STORE_get_verify(X509_STORE_CTX_get0_store(store)) ==
		   NULL &&
	       has_lock() &&
	       X509_STORE_CTX_set_ex_data(
		   store, verification_index(), verification);
}

int
iss_signatures_verify_cert(X509_STORE_CTX *store)
{
	struct verification verification;
	int rv;

	if (!prepare(&verification, store))
		return X509_verify_cert(store);
	X509_STORE_CTX_set_verify(store, verify_links);
	X509_STORE_CTX_set_verify_cb(store, watch_failures);
	rv = X509_verify_cert(store);
	X509_STORE_CTX_set_verify_cb(store, verification.callback);
	X509_STORE_CTX_set_verify(store, verification.verify);
	X509_STORE_CTX_set_ex_data(store, verification_index(), NULL);
	if (rv > 0 && !verification.failed && verification.count > 0)
		remember(verification.certs, verification.count);
	release_certs(&verification);
	return rv;
}
