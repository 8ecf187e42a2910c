/*
 * OpenSSL takes the choice of ALPN from the SSL_CTX that a connection has come
 * to, but tickets and cached sessions from the first one: the session id
 * context keeps those apart.
 */
#include "context/acme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "names/reference_id.h"
#include "verification/verify.h"
#include "x509/certgen.h"
#include "x509/key.h"

/* RFC 8737, 6.2, as the whole list in a ClientHello. */
static const unsigned char offer[] = "\0\013\012acme-tls/1";
enum { OFFER_LEN = sizeof(offer) - 1 };

#define ID_PE_ACME "1.3.6.1.5.5.7.1.31"

enum {
	DIGEST_LEN = 32,
	AUTHORIZATION_MAX = 1024, /* token, ".", thumbprint of a key */
	DAY = 24 * 60 * 60
};

static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned int offered_len, void *arg)
{
	(void)ssl;
	(void)offered;
	(void)offered_len;
	(void)arg;
	*out = offer + 3;
	*out_len = OFFER_LEN - 3;
	return SSL_TLSEXT_ERR_OK;
}

static int
acknowledge_name(SSL *ssl, int *alert, void *arg)
{
	(void)ssl;
	(void)alert;
	(void)arg;
	return SSL_TLSEXT_ERR_OK;
}

int
iss_acme_new_ctx(struct iss_error *err, SSL_CTX **out)
{
	unsigned char id[DIGEST_LEN];
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (ctx == NULL || RAND_bytes(id, sizeof(id)) != 1 ||
	    !SSL_CTX_set_session_id_context(ctx, id, sizeof(id))) {
		SSL_CTX_free(ctx);
		return iss_error_openssl(err, "SSL_acme");
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_alpn_select_cb(ctx, select_alpn, NULL);
	SSL_CTX_set_tlsext_servername_callback(ctx, acknowledge_name);
	*out = ctx;
	return ISS_OK;
}

bool
iss_acme_is_asked(SSL *ssl)
{
	const unsigned char *ext;
	size_t len;

	return SSL_client_hello_get0_ext(ssl,
		   TLSEXT_TYPE_application_layer_protocol_negotiation, &ext,
		   &len) &&
	       len == OFFER_LEN && memcmp(ext, offer, OFFER_LEN) == 0;
}

/* The labels of name before suffix, the last one first, with separator between
 * groups of so many.  False if there are not count labels. */
static bool
reverse(const char *name, const char *suffix, int count, int group,
    char separator, char *out, size_t size)
{
	size_t len = strlen(name), tail = strlen(suffix), used = 0;
	const char *end, *label;
	int n;

	if (len <= tail || strcmp(name + len - tail, suffix) != 0)
		return false;
	end = name + len - tail;
	for (n = 0; n < count; n++) {
		for (label = end; label > name && label[-1] != '.'; label--)
			;
		if (label == end || used + (size_t)(end - label) + 2 > size)
			return false;
		if (n > 0 && n % group == 0)
			out[used++] = separator;
		memcpy(out + used, label, (size_t)(end - label));
		used += (size_t)(end - label);
		out[used] = '\0';
		if (label == name)
			return n == count - 1;
		end = label - 1;
	}
	return false;
}

bool
iss_acme_host(
    struct iss_reference_id *host, const unsigned char *name, size_t len)
{
	char address[64];
	struct iss_error ignored;

	iss_error_clear(&ignored);
	if (iss_reference_id_init(&ignored, host, name, len) != ISS_OK)
		return false;
	if (host->kind == ISS_REFERENCE_NAME &&
	    (reverse(host->name, ".in-addr.arpa", 4, 1, '.', address,
		 sizeof(address)) ||
		reverse(host->name, ".ip6.arpa", 32, 4, ':', address,
		    sizeof(address))))
		return iss_reference_id_init_address(
		    host, address, strlen(address));
	return true;
}

/* The alternative name; NULL when memory runs out. */
static GENERAL_NAME *
make_san(const struct iss_reference_id *host)
{
	bool is_address = host->addr_len > 0;
	const void *bytes =
	    is_address ? (const void *)host->addr : (const void *)host->name;
	size_t len = is_address ? host->addr_len : strlen(host->name);
	GENERAL_NAME *san = GENERAL_NAME_new();
	ASN1_STRING *value =
	    is_address ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

	if (san == NULL || value == NULL ||
	    !ASN1_STRING_set(value, bytes, (int)len)) {
		GENERAL_NAME_free(san);
		ASN1_STRING_free(value);
		return NULL;
	}
	GENERAL_NAME_set0_value(san, is_address ? GEN_IPADD : GEN_DNS, value);
	return san;
}

/* RFC 8737, 3: an OCTET STRING with the SHA-256 of the key authorization. */
static int
add_digest(struct iss_error *err, struct iss_certgen *gen, const char *text,
    size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char value[sizeof("DER:0420") + 2 * DIGEST_LEN] = "DER:0420";
	unsigned int n, size = 0;

	if (!EVP_Digest(text, len, digest, &size, EVP_sha256(), NULL))
		return iss_error_openssl(err, "SHA-256");
	for (n = 0; n < DIGEST_LEN; n++)
		snprintf(value + strlen(value), 3, "%02X", digest[n]);
	return iss_certgen_ext(err, gen, ID_PE_ACME, true, value);
}

static int
make_certificate(struct iss_error *err, EVP_PKEY *key, X509 **cert,
    const struct iss_reference_id *host, const char *text, size_t len)
{
	struct iss_certgen gen;
	int64_t now = time(NULL);
	GENERAL_NAME *san;
	int rv = iss_certgen_init(err, &gen, key, NULL, NULL);

	if (rv == ISS_OK)
		rv = iss_certgen_validity(err, &gen, now - DAY, now + DAY);
	if (rv == ISS_OK)
		rv = iss_certgen_subject(err, &gen, "CN", "acme-tls/1", 10);
	if (rv == ISS_OK && (san = make_san(host)) != NULL)
		rv = iss_certgen_san(err, &gen, san);
	else if (rv == ISS_OK)
		rv = iss_error_memory(err);
	if (rv == ISS_OK)
		rv = add_digest(err, &gen, text, len);
	if (rv == ISS_OK)
		rv = iss_certgen_sign(err, &gen, "sha256", cert);
	iss_certgen_release(&gen);
	return rv;
}

/* Nothing of the listener's context counts any more, and no ticket is given. */
static int
go_over(
    struct iss_error *err, SSL *ssl, SSL_CTX *ctx, X509 *cert, EVP_PKEY *key)
{
	if (SSL_set_SSL_CTX(ssl, ctx) == NULL ||
	    iss_verify_follow(err, ssl) != ISS_OK ||
	    !SSL_use_certificate(ssl, cert) || !SSL_use_PrivateKey(ssl, key) ||
	    !SSL_set_num_tickets(ssl, 0))
		return iss_error_openssl(
		    err, "SSL_acme: cannot use the certificate");
	SSL_set_options(ssl, SSL_OP_NO_TICKET);
	SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	return ISS_OK;
}

static int
answer(struct iss_error *err, SSL *ssl, SSL_CTX *ctx,
    const struct iss_reference_id *host, const char *text, size_t len)
{
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	int rv = iss_key_new_ec(err, &key, "P-256");

	if (rv == ISS_OK)
		rv = make_certificate(err, key, &cert, host, text, len);
	if (rv == ISS_OK)
		rv = go_over(err, ssl, ctx, cert, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	return rv;
}

static int
ask_program(
    const struct iss_link *link, const char *name, char *text, size_t size)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);

	return ask->acme != NULL ? ask->acme(link->handle, name, text, size)
				 : -1;
}

static int
refuse(struct iss_link *link, int *alert, int which, const char *text)
{
	*alert = which;
	iss_error_set(iss_kept_error_fill(&link->failure), "%s", text);
	iss_kept_error_set_kind(&link->failure, ISS_KIND_ACME);
	return SSL_CLIENT_HELLO_ERROR;
}

int
iss_acme_answer(SSL *ssl, int *alert, SSL_CTX *ctx, const unsigned char *name,
    size_t name_len)
{
	struct iss_link *link = iss_link_of(ssl);
	char text[AUTHORIZATION_MAX];
	struct iss_reference_id host;
	struct iss_error err;
	int len = -1, rv = ISS_OK;

	if (link == NULL)
		return SSL_CLIENT_HELLO_ERROR;
	iss_error_clear(&err);
	if (name == NULL || !iss_acme_host(&host, name, name_len))
		return refuse(link, alert, SSL_AD_UNRECOGNIZED_NAME,
		    "SSL_acme: the client sent no valid server name");
	len = ask_program(link, host.name, text, sizeof(text));
	if (len == ISS_ACME_LATER)
		return iss_link_postpone(link, "SSL_acme")
			   ? SSL_CLIENT_HELLO_RETRY
			   : SSL_CLIENT_HELLO_ERROR;
	if (len <= 0)
		iss_error_set(&err,
		    "SSL_acme: there is no key authorization for %s",
		    host.name);
	else
		rv = answer(&err, ssl, ctx, &host, text, (size_t)len);
	OPENSSL_cleanse(text, sizeof(text));
	if (len <= 0)
		return refuse(link, alert, SSL_AD_UNRECOGNIZED_NAME, err.text);
	if (rv != ISS_OK)
		return refuse(link, alert, SSL_AD_INTERNAL_ERROR, err.text);
	link->answers_acme = true;
	return SSL_CLIENT_HELLO_SUCCESS;
}

int
iss_acme_finish(struct iss_link *link)
{
	if (!link->answers_acme)
		return ISS_OK;
	iss_error_set(iss_kept_error_fill(&link->failure),
	    "SSL_acme: answered the challenge for %.255s",
	    SSL_get_servername(link->ssl, TLSEXT_NAMETYPE_host_name));
	iss_kept_error_set_kind(&link->failure, ISS_KIND_ACME);
	return ISS_ERROR;
}
