/*
 * Which certificate a refusal is about, for programs that want to know more
 * than the sentence.  It takes memory only after a refusal.
 */
#ifndef ISS_BLAME_H
#define ISS_BLAME_H

#include <openssl/x509_vfy.h>

struct iss_blame {
	X509 *cert;             /* at fault; owned, or NULL */
	STACK_OF(X509) * chain; /* as the peer sent it; owned, or NULL */
};

/* Remember what store is at, in place of what was remembered.  If memory runs
 * out nothing is. */
void iss_blame_note(struct iss_blame *blame, X509_STORE_CTX *store);

/* A copy, with references of its own. */
void iss_blame_copy(struct iss_blame *to, const struct iss_blame *from);

/* Free what is remembered. */
void iss_blame_release(struct iss_blame *blame);

#endif
