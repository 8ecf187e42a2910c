/*
 * A renegotiation (RFC 5246, 7.4.1.1) runs within a read or write, which does
 * not look at its cipher.  So it gets no anonymous one to choose.
 */
#include "verification/anonymous.h"

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/buf.h"

enum { LIST_MAX = 16384 };

static bool
is_anonymous(const SSL_CIPHER *cipher)
{
	return SSL_CIPHER_get_auth_nid(cipher) == NID_auth_null;
}

/* List the ciphers of ssl that are not anonymous.  Were there others? */
static bool
list_others(struct iss_buf *list, const SSL *ssl)
{
	STACK_OF(SSL_CIPHER) *ciphers = SSL_get_ciphers(ssl);
	const SSL_CIPHER *cipher;
	bool found = false;
	int i;

	for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		cipher = sk_SSL_CIPHER_value(ciphers, i);
		if (is_anonymous(cipher))
			found = true;
		else
			iss_buf_printf(
			    list, "%s:", SSL_CIPHER_get_name(cipher));
	}
	return found;
}

/* Security levels above 0 have no anonymous ciphers. */
static int
forbid(struct iss_link *link)
{
	struct iss_buf list;
	int rv = ISS_OK;

	if (SSL_version(link->ssl) >= TLS1_3_VERSION ||
	    SSL_get_security_level(link->ssl) > 0)
		return ISS_OK;
	iss_buf_init(&list, LIST_MAX);
	if (list_others(&list, link->ssl) &&
	    (list.overflowed ||
		!SSL_set_cipher_list(link->ssl, iss_buf_text(&list)))) {
		iss_kept_error_clear(&link->failure);
		rv = iss_error_openssl(iss_kept_error_fill(&link->failure),
		    "cannot exclude anonymous ciphers");
	}
	iss_buf_release(&list);
	return rv;
}

int
iss_anonymous_refuse(struct iss_link *link)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(link->ssl);

	if (cipher == NULL || SSL_get_verify_mode(link->ssl) == SSL_VERIFY_NONE)
		return ISS_OK;
	if (!is_anonymous(cipher))
		return forbid(link);
	if (SSL_is_server(link->ssl))
		return ISS_OK;
	iss_kept_error_clear(&link->failure);
	return iss_error_set(iss_kept_error_fill(&link->failure),
	    "the peer sent no certificate, because the cipher %s is "
	    "anonymous",
	    SSL_CIPHER_get_name(cipher));
}
