/*
 * Strict verification of a chain of any certificates, and of a certificate with
 * any value of any extension that a rule looks at.  All flaws are found, each
 * with its rule, and the search ends.
 */
#include "verification/strict.h"

#include <stdint.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "claim.h"
#include "x509/cert.h"
#include "x509/constraints.h"

enum { LONGEST_CHAIN = 4, FLAWS_MAX = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes the chain. */
static void
judge(STACK_OF(X509) * chain, bool of_server)
{
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	struct iss_strict_flaw flaw = { 0 };
	int found = 0, before = 0;

	claim(store != NULL &&
	      X509_STORE_CTX_init(store, NULL, sk_X509_value(chain, 0), NULL));
	X509_STORE_CTX_set0_verified_chain(store, chain);
	while (iss_strict_find(store, of_server, &flaw)) {
		claim(flaw.depth >= before);
		claim(flaw.depth < sk_X509_num(chain));
		claim(*flaw.rule != '\0' && *flaw.source != '\0');
		claim(++found < FLAWS_MAX);
		before = flaw.depth;
	}
	claim(ERR_peek_error() == 0);
	X509_STORE_CTX_free(store);
}

static void
judge_host(const STACK_OF(X509) * chain)
{
	struct iss_reference_id host;
	struct iss_error err;

	iss_error_clear(&err);
	claim(iss_reference_id_init(&err, &host, "www.example.com", 15) == 0);
	(void)iss_constraints_permit(chain, &host);
	claim(ERR_peek_error() == 0);
}

static void
judge_certs(const uint8_t *data, size_t size)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	const unsigned char *at = data;
	X509 *cert;

	while (sk_X509_num(chain) < LONGEST_CHAIN &&
	       (cert = d2i_X509(NULL, &at, (long)(data + size - at))) != NULL) {
		(void)iss_cert_must_staple(cert);
		claim(sk_X509_push(chain, cert));
	}
	ERR_clear_error();
	if (sk_X509_num(chain) == 0) {
		sk_X509_free(chain);
		return;
	}
	judge_host(chain);
	judge(chain, size % 2 == 0);
}

/* The first byte says which extension. */
static void
judge_extension(const uint8_t *data, size_t size)
{
	static const int nids[] = { NID_authority_key_identifier,
		NID_subject_key_identifier, NID_basic_constraints,
		NID_name_constraints, NID_key_usage, NID_ext_key_usage,
		NID_subject_alt_name, NID_policy_constraints,
		NID_inhibit_any_policy, NID_info_access, NID_tlsfeature,
		NID_certificate_policies, NID_crl_distribution_points };
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509_EXTENSION *ext;
	X509 *cert;
	int i;

	claim(value != NULL &&
	      ASN1_OCTET_STRING_set(value, data + 1, (int)size - 1));
	ext = X509_EXTENSION_create_by_NID(NULL,
	    nids[*data % (sizeof(nids) / sizeof(nids[0]))], *data >> 7, value);
	for (i = 0; i < 2; i++) {
		cert = X509_new();
		claim(cert != NULL && X509_add_ext(cert, ext, -1));
		(void)iss_cert_must_staple(cert);
		claim(sk_X509_push(chain, cert));
	}
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	judge_host(chain);
	judge(chain, true);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	judge_certs(data, size);
	if (size > 0)
		judge_extension(data, size);
	return 0;
}
