#include "sessions/own_names.h"

#include <stdlib.h>
#include <string.h>

#include "x509/cert_names.h"

enum { DIGEST = ISS_SESSION_POLICY_LEN };

/* A digest of each name; their order tells nothing. */
struct digests {
	unsigned char *bytes; /* owned */
	size_t count;
};

static bool
add_digest(struct digests *digests, const X509 *cert, int type,
    const void *bytes, size_t len)
{
	struct iss_session_policy one;
	struct iss_error ignored;
	unsigned char *larger;
	int rv = ISS_ERROR;

	iss_error_clear(&ignored);
	larger = realloc(digests->bytes, (digests->count + 1) * DIGEST);
	if (larger == NULL)
		return false;
	digests->bytes = larger;
	iss_session_policy_init(&one);
	iss_session_policy_add_number(&one, type);
	if (cert != NULL)
		iss_session_policy_add_cert(&one, cert);
	else
		iss_session_policy_add(&one, bytes, len);
	rv = iss_session_policy_final(
	    &ignored, &one, larger + digests->count * DIGEST);
	iss_session_policy_release(&one);
	digests->count += rv == ISS_OK;
	return rv == ISS_OK;
}

static bool
add_names(struct digests *digests, const struct iss_presented *names)
{
	size_t i;

	for (i = 0; i < names->n_sans; i++)
		if (!add_digest(digests, NULL, names->sans[i].type,
			names->sans[i].bytes, names->sans[i].len))
			return false;
	if (names->n_sans > 0 || names->n_cns == 0)
		return true;
	return add_digest(
	    digests, NULL, -1, names->cns[0].bytes, names->cns[0].len);
}

static bool
add_cert(struct digests *digests, const X509 *cert)
{
	struct iss_cert_names names;
	struct iss_error ignored;
	bool good;

	iss_error_clear(&ignored);
	if (iss_cert_names_init(&ignored, &names, cert) != ISS_OK)
		good = false;
	else if (names.presented.state == ISS_SAN_BROKEN)
		good = add_digest(digests, cert, -2, NULL, 0);
	else
		good = add_names(digests, &names.presented);
	iss_cert_names_release(&names);
	return good;
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, DIGEST);
}

static void
add_sorted(struct iss_session_policy *policy, struct digests *digests)
{
	const unsigned char *one;
	size_t i;

	if (digests->count > 0)
		qsort(digests->bytes, digests->count, DIGEST, by_bytes);
	for (i = 0; i < digests->count; i++) {
		one = digests->bytes + i * DIGEST;
		if (i == 0 || memcmp(one - DIGEST, one, DIGEST) != 0)
			iss_session_policy_add(policy, one, DIGEST);
	}
}

void
iss_own_names_add(struct iss_session_policy *policy, SSL_CTX *ctx)
{
	X509 *current = SSL_CTX_get0_certificate(ctx);
	struct digests digests = { NULL, 0 };
	bool good = true;
	long more = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_FIRST);

	for (; good && more > 0;
	     more = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_NEXT))
		good = add_cert(&digests, SSL_CTX_get0_certificate(ctx));
	if (current != NULL)
		SSL_CTX_select_current_cert(ctx, current);
	add_sorted(policy, &digests);
	if (!good)
		policy->failed = true;
	free(digests.bytes);
}
