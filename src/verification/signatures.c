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
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/ex_index.h"

enum {
	SLOTS = 256,     /* a power of two */
	LINKS_MAX = 8,   /* in a chain; longer ones are not remembered */
	DIGEST_LEN = 32, /* SHA-256 */
};

/* Issuer and subject. */
struct signed_link {
	unsigned char issuer[DIGEST_LEN], subject[DIGEST_LEN];
};

/* A link has one slot, given by its digests; the newer one takes it. */
static struct memory {
	CRYPTO_ONCE once;
	CRYPTO_RWLOCK *lock;
	struct signed_link slots[SLOTS];
	bool used[SLOTS];
} memory = { .once = CRYPTO_ONCE_STATIC_INIT };

/* One verification. */
struct verification {
	X509_STORE_CTX_verify_fn verify;   /* OpenSSL's step */
	X509_STORE_CTX_verify_cb callback; /* of the store */
	bool failed;                       /* the callback heard of a failure */
	int count;                         /* of links; < 0: not known */
	struct signed_link links[LINKS_MAX]; /* from the leaf */
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

static size_t
slot_of(const struct signed_link *link)
{
	return (link->issuer[0] ^ link->subject[0]) & (SLOTS - 1);
}

static bool
are_known(const struct signed_link *links, int count)
{
	bool known = true;
	size_t slot;
	int i;

	CRYPTO_THREAD_read_lock(memory.lock);
	for (i = 0; known && i < count; i++) {
		slot = slot_of(&links[i]);
		known =
		    memory.used[slot] &&
		    memcmp(&memory.slots[slot], &links[i], sizeof(*links)) == 0;
	}
	CRYPTO_THREAD_unlock(memory.lock);
	return known;
}

static void
remember(const struct signed_link *links, int count)
{
	size_t slot;
	int i;

	CRYPTO_THREAD_write_lock(memory.lock);
	for (i = 0; i < count; i++) {
		slot = slot_of(&links[i]);
		memory.slots[slot] = links[i];
		memory.used[slot] = true;
	}
	CRYPTO_THREAD_unlock(memory.lock);
}

static bool
digest_cert(const X509 *cert, unsigned char digest[DIGEST_LEN])
{
	unsigned int len = 0;

	return X509_digest(cert, EVP_sha256(), digest, &len) &&
	       len == DIGEST_LEN;
}

/* Fill verification->links; false if that is not possible. */
static bool
collect_links(struct verification *verification, STACK_OF(X509) * chain)
{
	struct signed_link *links = verification->links;
	int i, count = sk_X509_num(chain) - 1;

	verification->count = -1;
	if (count < 1 || count > LINKS_MAX)
		return false;
	for (i = 0; i <= count; i++) {
		if (i < count &&
		    !digest_cert(sk_X509_value(chain, i), links[i].subject))
			return false;
		if (i == count &&
		    !digest_cert(sk_X509_value(chain, i), links[i - 1].issuer))
			return false;
		if (i > 0 && i < count)
			memcpy(
			    links[i - 1].issuer, links[i].subject, DIGEST_LEN);
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

	if (is_usual(store) && collect_links(verification, chain) &&
	    are_known(verification->links, verification->count) &&
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
		remember(verification.links, verification.count);
	return rv;
}
