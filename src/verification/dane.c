/*
 * OpenSSL compares the records with the chain.  We decide what a match means:
 * for the name, for revocation, and for a program that would accept anybody.
 */
#include "verification/dane.h"

#include <openssl/err.h>

int
iss_dane_allow(struct iss_error *err, SSL_CTX *ctx)
{
	if (SSL_CTX_dane_enable(ctx) > 0)
		return ISS_OK;
	return iss_error_openssl(err, "cannot prepare DANE");
}

/* Give OpenSSL the records that it can use, and keep no other. */
static int
add_records(struct iss_error *err, SSL *ssl, struct iss_tlsa_list *records)
{
	size_t i, usable = 0, count = records->count;
	struct iss_tlsa record;
	int rv;

	for (i = 0; i < count; i++) {
		record = records->list[i];
		rv = SSL_dane_tlsa_add(ssl, record.usage, record.selector,
		    record.type, record.data, record.len);
		if (rv < 0)
			return iss_error_openssl(err, "SSL_tlsa");
		if (rv > 0) {
			records->list[i] = records->list[usable];
			records->list[usable++] = record;
		}
	}
	ERR_clear_error();
	if (usable == 0) {
		iss_error_set(err,
		    "SSL_tlsa: none of the TLSA records (%zu) can be used",
		    count);
		err->kind = ISS_KIND_DANE;
		return ISS_ERROR;
	}
	iss_tlsa_list_cut(records, usable);
	return ISS_OK;
}

int
iss_dane_begin(struct iss_error *err, const struct iss_link *link,
    const struct iss_tlsa_list *records, int name_of_ee)
{
	struct iss_verify *verify = link->verify;

	if (records->count == 0)
		return ISS_OK;
	verify->name_of_ee = name_of_ee;
	if (!iss_tlsa_list_copy(&verify->tlsa, records))
		return iss_error_set(err, "SSL_tlsa: out of memory");
	/* the name is for us to check: we have schemes */
	if (SSL_dane_enable(link->ssl, NULL) <= 0)
		return iss_error_openssl(err, "SSL_tlsa");
	return add_records(err, link->ssl, &verify->tlsa);
}

bool
iss_dane_is_on(const struct iss_verify *verify)
{
	return verify->tlsa.count > 0;
}

int
iss_dane_matched(const struct iss_link *link)
{
	uint8_t usage;

	/* OpenSSL sets the result when it is done, and tells nothing before
	 * that */
	SSL_set_verify_result(link->ssl, X509_V_OK);
	if (SSL_get0_dane_authority(link->ssl, NULL, NULL) < 0 ||
	    SSL_get0_dane_tlsa(link->ssl, &usage, NULL, NULL, NULL, NULL) < 0)
		return -1;
	return usage;
}

bool
iss_dane_breaks_chain(int error)
{
	static const int errors[] = {
		/* nobody has vouched for the one below */
		X509_V_ERR_CERT_SIGNATURE_FAILURE,
		X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE,
		X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY,
		X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
		X509_V_ERR_SUBJECT_ISSUER_MISMATCH,
		X509_V_ERR_AKID_SKID_MISMATCH,
		X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH,
#ifdef X509_V_ERR_NO_ISSUER_PUBLIC_KEY
		X509_V_ERR_NO_ISSUER_PUBLIC_KEY,
#endif
#ifdef X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH
		X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM,
		X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH,
#endif
		/* somebody has who may not issue, or not so far down */
		X509_V_ERR_KEYUSAGE_NO_CERTSIGN,
		X509_V_ERR_INVALID_CA,
		X509_V_ERR_PATH_LENGTH_EXCEEDED,
		/* a server, by a proxy certificate (RFC 3820) */
		X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED,
		X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED,
		X509_V_ERR_PROXY_SUBJECT_NAME_VIOLATION,
		X509_V_ERR_INVALID_NON_CA,
		X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE,
		/* a CA that may not issue for these names, or OpenSSL cannot
		 * tell whether it may */
		X509_V_ERR_PERMITTED_VIOLATION,
		X509_V_ERR_EXCLUDED_VIOLATION,
		X509_V_ERR_SUBTREE_MINMAX,
		X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,
		X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX,
		X509_V_ERR_UNSUPPORTED_NAME_SYNTAX,
		X509_V_ERR_INVALID_EXTENSION,
		X509_V_ERR_UNSPECIFIED,
		X509_V_ERR_OUT_OF_MEM,
	};
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i] == error)
			return true;
	return false;
}

bool
iss_dane_is_enough(int usage)
{
	return usage == ISS_TLSA_DANE_EE;
}

bool
iss_dane_needs_name(const struct iss_verify *verify, int usage)
{
	if (usage != ISS_TLSA_DANE_EE)
		return true;
	return verify->name_of_ee < 0 ? !verify->scheme.record_is_enough
				      : verify->name_of_ee != 0;
}

static void
list_records(struct iss_buf *out, const struct iss_tlsa_list *records)
{
	size_t i;

	for (i = 0; i < records->count; i++)
		iss_buf_printf(out, "%s%d %d %d", i > 0 ? ", " : "",
		    records->list[i].usage, records->list[i].selector,
		    records->list[i].type);
}

void
iss_dane_refuse(struct iss_link *link)
{
	const struct iss_tlsa_list *records = &link->verify->tlsa;
	struct iss_buf list;

	iss_kept_error_clear(&link->failure);
	iss_buf_init(&list, ISS_ERROR_PART_MAX);
	list_records(&list, records);
	if (records->count == 1)
		iss_error_set(iss_kept_error_fill(&link->failure),
		    "the usable TLSA record (%s) does not match the chain",
		    iss_buf_text(&list));
	else
		iss_error_set(iss_kept_error_fill(&link->failure),
		    "none of %zu usable TLSA records (%s) matches the chain",
		    records->count, iss_buf_text(&list));
	iss_kept_error_blame(&link->failure, X509_V_ERR_DANE_NO_MATCH, 0);
	iss_kept_error_set_kind(&link->failure, ISS_KIND_DANE);
	iss_buf_release(&list);
}

void
iss_dane_describe(struct iss_buf *out, SSL *ssl)
{
	uint8_t usage, selector, type;

	if (SSL_get0_dane_tlsa(ssl, &usage, &selector, &type, NULL, NULL) >= 0)
		iss_buf_printf(out, "%d %d %d", usage, selector, type);
}
