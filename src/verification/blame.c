#include "verification/blame.h"

#include <string.h>

#include <openssl/err.h>

void
iss_blame_release(struct iss_blame *blame)
{
	X509_free(blame->cert);
	sk_X509_pop_free(blame->chain, X509_free);
	memset(blame, 0, sizeof(*blame));
}

void
iss_blame_copy(struct iss_blame *to, const struct iss_blame *from)
{
	to->cert = from->cert;
	if (to->cert != NULL)
		X509_up_ref(to->cert);
	to->chain = from->chain != NULL ? X509_chain_up_ref(from->chain) : NULL;
}

void
iss_blame_note(struct iss_blame *blame, X509_STORE_CTX *store)
{
	const struct iss_blame seen = { X509_STORE_CTX_get_current_cert(store),
		X509_STORE_CTX_get0_untrusted(store) };

	iss_blame_release(blame);
	iss_blame_copy(blame, &seen);
}
