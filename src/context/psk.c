/*
 * OpenSSL's callbacks find the keys by ex_data of the SSL_CTX that the
 * connection has, also after it went over to a virtual host.
 *
 * In TLS 1.3 a session is made of the key.  The older callbacks would also work
 * there, but a server would get every ticket as an identity, cut off at its
 * first NUL.
 */
#include "context/psk.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/ex_index.h"
#include "link/link.h"

/* A key from outside of TLS goes with SHA-256 (RFC 8446, 4.2.11). */
static const unsigned char suite_of_sha256[] = { 0x13, 0x01 };

ISS_EX_INDEX(psks_index, SSL_CTX, NULL);

static const struct iss_psk_list *
psks_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), psks_index());
}

/*
 * Could a person have chosen this identity?  A ticket is encrypted and almost
 * always has a control character in it, so it matches no catch-all key.
 */
static bool
is_readable(const unsigned char *identity, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (identity[i] < ' ' || identity[i] == 0x7f)
			return false;
	return true;
}

static const struct iss_psk *
find_psk(const struct iss_psk_list *psks, const void *identity, size_t len)
{
	const struct iss_psk *any = NULL, *one;
	size_t i;

	for (i = 0; psks != NULL && i < psks->count; i++) {
		one = &psks->list[i];
		if (one->identity == NULL)
			any = one;
		else if (strlen(one->identity) == len &&
			 memcmp(one->identity, identity, len) == 0)
			return one;
	}
	return is_readable(identity, len) ? any : NULL;
}

static const char *
identity_of(const struct iss_psk *psk)
{
	return psk->identity != NULL ? psk->identity : ISS_PSK_IDENTITY;
}

#ifdef OPENSSL_NO_PSK

bool
iss_psk_is_possible(void)
{
	return false;
}

static void
use_in_1_2(SSL_CTX *ctx, bool server)
{
	(void)ctx;
	(void)server;
}

static void
follow_in_1_2(SSL *ssl, bool has_keys)
{
	(void)ssl;
	(void)has_keys;
}

#else

bool
iss_psk_is_possible(void)
{
	return true;
}

static void
report_unknown_identity(const SSL *ssl, const char *identity)
{
	struct iss_link *link = iss_link_of(ssl);
	struct iss_buf shown;

	if (link == NULL)
		return;
	iss_buf_init(&shown, ISS_ERROR_TEXT_MAX);
	iss_ascii_show(&shown, identity, strlen(identity));
	iss_error_set(iss_kept_error_fill(&link->failure),
	    "SSL_psk has no key for the client's identity \"%s\"",
	    iss_buf_text(&shown));
	iss_buf_release(&shown);
}

static unsigned int
server_in_1_2(
    SSL *ssl, const char *identity, unsigned char *key, unsigned int max)
{
	const struct iss_psk *psk;

	if (SSL_version(ssl) >= TLS1_3_VERSION)
		return 0;
	psk = find_psk(psks_of(ssl), identity, strlen(identity));
	if (psk == NULL || psk->len > max) {
		report_unknown_identity(ssl, identity);
		return 0;
	}
	memcpy(key, psk->key, psk->len);
	return (unsigned int)psk->len;
}

/* Also called for a ClientHello, which is only for TLS 1.3. */
static unsigned int
client_in_1_2(SSL *ssl, const char *hint, char *identity,
    unsigned int max_identity, unsigned char *key, unsigned int max_key)
{
	const struct iss_psk_list *psks = psks_of(ssl);
	const struct iss_psk *psk;
	size_t len;

	(void)hint;
	if (SSL_get_state(ssl) == TLS_ST_CW_CLNT_HELLO || psks == NULL)
		return 0;
	psk = &psks->list[0];
	len = strlen(identity_of(psk));
	if (len > max_identity || psk->len > max_key)
		return 0;
	memcpy(identity, identity_of(psk), len + 1);
	memcpy(key, psk->key, psk->len);
	return (unsigned int)psk->len;
}

static void
use_in_1_2(SSL_CTX *ctx, bool server)
{
	if (server)
		SSL_CTX_set_psk_server_callback(ctx, server_in_1_2);
	else
		SSL_CTX_set_psk_client_callback(ctx, client_in_1_2);
}

static void
follow_in_1_2(SSL *ssl, bool has_keys)
{
	SSL_set_psk_server_callback(ssl, has_keys ? server_in_1_2 : NULL);
}

#endif

/* Make a session of TLS 1.3 whose secret is the key; NULL on failure. */
static SSL_SESSION *
new_session(SSL *ssl, const struct iss_psk *psk)
{
	const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, suite_of_sha256);
	SSL_SESSION *session = SSL_SESSION_new();

	if (session != NULL && cipher != NULL &&
	    SSL_SESSION_set1_master_key(session, psk->key, psk->len) &&
	    SSL_SESSION_set_cipher(session, cipher) &&
	    SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION))
		return session;
	SSL_SESSION_free(session);
	return NULL;
}

static int
server_in_1_3(
    SSL *ssl, const unsigned char *identity, size_t len, SSL_SESSION **session)
{
	const struct iss_psk *psk = find_psk(psks_of(ssl), identity, len);

	*session = NULL;
	if (psk == NULL) /* perhaps a ticket */
		return 1;
	return (*session = new_session(ssl, psk)) != NULL;
}

/* Called again after a HelloRetryRequest, when the hash is settled. */
static int
client_in_1_3(SSL *ssl, const EVP_MD *md, const unsigned char **identity,
    size_t *len, SSL_SESSION **session)
{
	const struct iss_psk_list *psks = psks_of(ssl);
	const char *name;

	*identity = NULL;
	*len = 0;
	*session = NULL;
	if (psks == NULL || (md != NULL && EVP_MD_type(md) != NID_sha256))
		return 1;
	name = identity_of(&psks->list[0]);
	if ((*session = new_session(ssl, &psks->list[0])) == NULL)
		return 0;
	*identity = (const unsigned char *)name;
	*len = strlen(name);
	return 1;
}

int
iss_psk_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_psk_list *psks, bool server)
{
	if (!iss_psk_is_possible())
		return iss_error_set(
		    err, "SSL_psk: this OpenSSL does not support PSK");
	if (!server && psks->count != 1)
		return iss_error_set(err,
		    "SSL_psk: a client needs one key, or one [identity, key]");
	/* ex_data is not const, although the keys are */
	if (!SSL_CTX_set_ex_data(ctx, psks_index(), (void *)psks))
		return iss_error_openssl(err, "SSL_psk");
	use_in_1_2(ctx, server);
	if (server)
		SSL_CTX_set_psk_find_session_callback(ctx, server_in_1_3);
	else
		SSL_CTX_set_psk_use_session_callback(ctx, client_in_1_3);
	return ISS_OK;
}

void
iss_psk_follow(SSL *ssl)
{
	bool has_keys = psks_of(ssl) != NULL;

	follow_in_1_2(ssl, has_keys);
	SSL_set_psk_find_session_callback(ssl, has_keys ? server_in_1_3 : NULL);
}

void
iss_psk_forget(SSL_CTX *ctx)
{
	if (ctx != NULL)
		SSL_CTX_set_ex_data(ctx, psks_index(), NULL);
}
