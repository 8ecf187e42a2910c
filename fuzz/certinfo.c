/*
 * Any bytes as a certificate that a program wants to know everything about.
 */
#include "x509/certinfo.h"

#include <stdint.h>
#include <string.h>

#include <openssl/err.h>

#include "claim.h"

enum { TEXT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte, so that a sanitizer sees a read out of bounds. */
static void
read_item(void *arg, const char *name, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	size_t *total = arg;

	*total += name != NULL ? strlen(name) : 0;
	while (len-- > 0)
		*total += *at++;
}

static void
read_usage(void *arg, const struct iss_certinfo_oid *oid)
{
	size_t *total = arg;

	claim(memchr(oid->dotted, '\0', sizeof(oid->dotted)) != NULL);
	claim((oid->nid == NID_undef) == (oid->sn == NULL));
	*total += strlen(oid->dotted);
}

static void
claim_lists(const X509 *cert)
{
	struct iss_error err;
	size_t total = 0;
	int list, rv;

	for (list = ISS_CERTINFO_SUBJECT; list <= ISS_CERTINFO_KEY_USAGE;
	     list++) {
		iss_error_clear(&err);
		rv = iss_certinfo_each(&err, cert, (enum iss_certinfo_list)list,
		    read_item, &total);
		claim((rv == ISS_ERROR) == iss_error_is_set(&err));
		claim(strcmp(err.text, "out of memory") != 0);
	}
	iss_error_clear(&err);
	rv = iss_certinfo_each_usage(&err, cert, read_usage, &total);
	claim(rv == ISS_OK || rv == ISS_EOF);
}

static void
claim_extensions(const X509 *cert)
{
	struct iss_certinfo_ext ext;
	struct iss_error err;
	int i = 0, rv;

	do {
		iss_error_clear(&err);
		rv = iss_certinfo_ext_init(&err, &ext, cert, i++);
		iss_certinfo_ext_release(&ext);
	} while (rv == ISS_OK);
	claim(rv == ISS_ERROR || i == X509_get_ext_count(cert) + 1);
}

static void
claim_facts(const X509 *cert)
{
	struct iss_error err;
	struct iss_buf text;

	iss_error_clear(&err);
	iss_buf_init(&text, TEXT_MAX);
	if (iss_certinfo_serial(&err, cert, &text) == ISS_OK)
		claim(text.len > 0 &&
		      text.data[strspn(iss_buf_text(&text), "-0123456789")] ==
			  '\0');
	(void)iss_certinfo_signature_name(&err, cert, &text);
	iss_buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	X509 *cert = d2i_X509(NULL, &data, (long)size);

	ERR_clear_error();
	if (cert != NULL) {
		claim_lists(cert);
		claim_extensions(cert);
		claim_facts(cert);
	}
	X509_free(cert);
	claim(ERR_peek_error() == 0);
	return 0;
}
