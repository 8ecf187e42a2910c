/*
 * Asks OpenSSL whether the constraints permit a certificate that is made for
 * the host.
 */
#include "x509/constraints.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

/* A certificate that has nothing but the host as its alternative name. */
static X509 *
cert_for(const struct iss_reference_id *host)
{
	bool is_name = host->kind == ISS_REFERENCE_NAME;
	ASN1_STRING *value = ASN1_STRING_type_new(
	    is_name ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	X509 *cert = X509_new();
	bool made = false;

	if (value != NULL && names != NULL && name != NULL && cert != NULL &&
	    ASN1_STRING_set(value,
		is_name ? (const void *)host->name : host->addr,
		is_name ? -1 : (int)host->addr_len)) {
		GENERAL_NAME_set0_value(
		    name, is_name ? GEN_DNS : GEN_IPADD, value);
		value = NULL;
		if (sk_GENERAL_NAME_push(names, name)) {
			name = NULL;
			made = X509_add1_ext_i2d(cert, NID_subject_alt_name,
				   names, 0, X509V3_ADD_DEFAULT) == 1;
		}
	}
	ASN1_STRING_free(value);
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(names);
	if (!made) {
		X509_free(cert);
		return NULL;
	}
	(void)X509_check_purpose(cert, -1, 0); /* collects the extensions */
	return cert;
}

/* Constraints that exclude every host: DNS names, IPv4 and IPv6 addresses (with
 * their masks). */
static const unsigned char all_hosts[] =
    "\x30\x36\xa1\x34"
    "\x30\x02\x82\x00"
    "\x30\x0a\x87\x08\0\0\0\0\0\0\0\0"
    "\x30\x22\x87\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/* OpenSSL compares the names that it has collected from the certificate: none
 * when memory ran out meanwhile, and then it permits everything. */
static bool
shows_its_host(X509 *cert)
{
	const unsigned char *der = all_hosts;
	NAME_CONSTRAINTS *names = (NAME_CONSTRAINTS *)ASN1_item_d2i(NULL, &der,
	    sizeof(all_hosts) - 1, ASN1_ITEM_rptr(NAME_CONSTRAINTS));
	bool shown = names != NULL && NAME_CONSTRAINTS_check(cert, names) ==
					  X509_V_ERR_EXCLUDED_VIOLATION;

	NAME_CONSTRAINTS_free(names);
	return shown;
}

static bool
permits(const X509 *ca, X509 *cert)
{
	NAME_CONSTRAINTS *names;
	bool permitted;

	if (X509_get_ext_by_NID(ca, NID_name_constraints, -1) < 0)
		return true;
	names = X509_get_ext_d2i(ca, NID_name_constraints, NULL, NULL);
	permitted =
	    names != NULL && NAME_CONSTRAINTS_check(cert, names) == X509_V_OK;
	NAME_CONSTRAINTS_free(names);
	return permitted;
}

bool
iss_constraints_permit(
    const STACK_OF(X509) * chain, const struct iss_reference_id *host)
{
	X509 *cert = cert_for(host);
	bool permitted = cert != NULL && shows_its_host(cert);
	int i;

	for (i = 1; permitted && i < sk_X509_num(chain); i++)
		permitted = permits(sk_X509_value(chain, i), cert);
	X509_free(cert);
	ERR_clear_error();
	return permitted;
}

bool
iss_constraints_exist(const STACK_OF(X509) * chain)
{
	int i;

	for (i = 1; i < sk_X509_num(chain); i++)
		if (X509_get_ext_by_NID(
			sk_X509_value(chain, i), NID_name_constraints, -1) >= 0)
			return true;
	return false;
}
