/*
 * The callback for the ClientHello.  The one for server names comes too late:
 * by then TLS 1.3 has its cipher suite, and a session was looked for under the
 * wrong context.
 */
#include "context/choice.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/alert.h"
#include "base/buf.h"
#include "context/acme.h"
#include "context/hello.h"
#include "context/psk.h"
#include "link/link.h"
#include "sessions/server_store.h"
#include "verification/verify.h"

/* What tickets and sessions are made by stays that of the first context. */
#define OPTIONS_OF_SESSIONS                                                    \
	(SSL_OP_NO_TICKET | SSL_OP_NO_ANTI_REPLAY |                            \
	    SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION)

static int
fail(struct iss_link *link, int *alert, int which, const char *text)
{
	*alert = which;
	if (link != NULL)
		iss_error_set(iss_kept_error_fill(&link->failure), "%s", text);
	return SSL_CLIENT_HELLO_ERROR;
}

static int
refuse(struct iss_link *link, int *alert, int which)
{
	*alert = which;
	iss_error_set(iss_kept_error_fill(&link->failure),
	    "SSL_hello_callback refused the client: %s", iss_alert_name(which));
	iss_kept_error_set_kind(&link->failure, ISS_KIND_REFUSED);
	return SSL_CLIENT_HELLO_ERROR;
}

/* These do not follow SSL_set_SSL_CTX. */
static bool
follow_settings(SSL *ssl, SSL_CTX *ctx)
{
	SSL_clear_options(
	    ssl, SSL_get_options(ssl) & ~(uint64_t)OPTIONS_OF_SESSIONS);
	SSL_set_options(
	    ssl, SSL_CTX_get_options(ctx) & ~(uint64_t)OPTIONS_OF_SESSIONS);
	return SSL_set_min_proto_version(
		   ssl, SSL_CTX_get_min_proto_version(ctx)) &&
	       SSL_set_max_proto_version(
		   ssl, SSL_CTX_get_max_proto_version(ctx));
}

/* Go over to the context of a choice, and there to the host of that name. */
static int
follow(SSL *ssl, int *alert, const struct iss_choice *to,
    const struct iss_vhost *host)
{
	struct iss_link *link = iss_link_of(ssl);
	struct iss_vhost place = { NULL, to->ssl_ctx, *to->session_id };
	struct iss_error err;

	if (host != NULL)
		place = *host;
	memcpy(place.session_id.bytes, place.session_id.chosen,
	    sizeof(place.session_id.bytes));
	iss_error_clear(&err);
	if (iss_verify_replace_fingerprints(&err, link->verify,
		to->fingerprints, to->force_fingerprint) == ISS_OK &&
	    SSL_set_session_id_context(
		ssl, place.session_id.bytes, sizeof(place.session_id.bytes)) &&
	    iss_vhosts_go_over(&err, ssl, &place) == ISS_OK &&
	    follow_settings(ssl, to->ssl_ctx)) {
		iss_psk_follow(ssl);
		return SSL_CLIENT_HELLO_SUCCESS;
	}
	iss_error_openssl(&err, "cannot switch to another context");
	return fail(link, alert, SSL_AD_INTERNAL_ERROR, err.text);
}

/* Without a host of that name the default serves, if there is one. */
static int
choose_vhost(SSL *ssl, int *alert, const struct iss_vhosts *vhosts,
    const unsigned char *name, size_t len, const struct iss_vhost **found)
{
	*found = name != NULL ? iss_vhosts_find(vhosts, name, len) : NULL;
	if (*found != NULL || vhosts->has_default || vhosts->count == 0)
		return SSL_CLIENT_HELLO_SUCCESS;
	return iss_vhosts_refuse(ssl, alert, name, len);
}

static bool
set_groups(SSL *ssl, const char *groups)
{
	return groups == NULL || SSL_set1_groups_list(ssl, groups);
}

static int
settle(SSL *ssl, int *alert, const struct iss_choice *own,
    const struct iss_choice *other, const unsigned char *name, size_t len)
{
	const struct iss_choice *to = other != NULL ? other : own;
	struct iss_link *link = iss_link_of(ssl);
	const struct iss_vhost *host;
	struct iss_error err;
	int rv = choose_vhost(ssl, alert, to->vhosts, name, len, &host);

	if (rv != SSL_CLIENT_HELLO_SUCCESS)
		return rv;
	if (own->asks && !set_groups(ssl, to->groups))
		return fail(link, alert, SSL_AD_INTERNAL_ERROR,
		    "cannot set the groups of the context");
	if (other != NULL)
		return follow(ssl, alert, other, host);
	if (host == NULL)
		return SSL_CLIENT_HELLO_SUCCESS;
	iss_error_clear(&err);
	if (iss_vhosts_go_over(&err, ssl, host) == ISS_OK)
		return SSL_CLIENT_HELLO_SUCCESS;
	return fail(link, alert, SSL_AD_INTERNAL_ERROR, err.text);
}

static int
read_hello(struct iss_link *link, int *alert, struct iss_hello *hello)
{
	const struct iss_buf *bytes = link->hello;

	if (bytes == NULL ||
	    !iss_hello_parse(
		hello, (const unsigned char *)bytes->data, bytes->len))
		return fail(link, alert, SSL_AD_DECODE_ERROR,
		    "the ClientHello cannot be read");
	if (hello->has_name && !hello->name_is_valid)
		return fail(link, alert, SSL_AD_UNRECOGNIZED_NAME,
		    "the client sent an invalid server name");
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* Ask the program; *other is the context of its choice, if it has one. */
static int
ask_program(struct iss_link *link, int *alert, const struct iss_choice **other)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	struct iss_hello hello;
	int which = SSL_AD_INTERNAL_ERROR;
	int rv = read_hello(link, alert, &hello);

	if (rv != SSL_CLIENT_HELLO_SUCCESS)
		return rv;
	if (ask->hello == NULL)
		return fail(link, alert, SSL_AD_INTERNAL_ERROR,
		    "SSL_hello_callback cannot be asked");
	link->chosen = NULL;
	switch (ask->hello(link->handle, &hello, &which)) {
	case ISS_REPLY_NONE:
		break;
	case ISS_REPLY_REFUSED:
		return refuse(link, alert, which);
	case ISS_REPLY_LATER:
		*alert = SSL_AD_INTERNAL_ERROR;
		return iss_link_postpone(link, "SSL_hello_callback")
			   ? SSL_CLIENT_HELLO_RETRY
			   : SSL_CLIENT_HELLO_ERROR;
	case ISS_REPLY_GIVEN:
		if ((*other = link->chosen) != NULL)
			break;
		/* fallthrough */
	default:
		return fail(link, alert, SSL_AD_INTERNAL_ERROR,
		    "SSL_hello_callback must return a server's context, an "
		    "alert or undef");
	}
	link->has_asked = true;
	return SSL_CLIENT_HELLO_SUCCESS;
}

static bool
is_settled(const struct iss_choice *choice)
{
	return choice->vhosts->count == 0 && choice->vhosts->acme == NULL &&
	       !choice->asks;
}

static int
choose_by_name(SSL *ssl, int *alert, const struct iss_choice *own,
    const unsigned char *name, size_t len)
{
	const struct iss_choice *other = NULL;
	const struct iss_vhosts *vhosts = own->vhosts;
	struct iss_link *link = iss_link_of(ssl);
	int rv;

	if (is_settled(own) || (link != NULL && link->has_asked))
		return SSL_CLIENT_HELLO_SUCCESS;
	if (link != NULL && link->wants_answer)
		return iss_link_may_wait(link) ? SSL_CLIENT_HELLO_RETRY
					       : SSL_CLIENT_HELLO_ERROR;
	if (vhosts->acme != NULL && iss_acme_is_asked(ssl))
		return iss_acme_answer(ssl, alert, vhosts->acme, name, len);
	if (own->asks && link == NULL)
		return SSL_CLIENT_HELLO_ERROR;
	if (own->asks) {
		rv = ask_program(link, alert, &other);
		if (rv != SSL_CLIENT_HELLO_SUCCESS)
			return rv;
	}
	return settle(ssl, alert, own, other, name, len);
}

/* Is it another name (NULL: none) than that of the first ClientHello, which is
 * noted here? */
static bool
is_another_name(struct iss_link *link, const unsigned char *name, size_t len)
{
	unsigned char digest[ISS_LINK_NAME_LEN];

	SHA256(name != NULL ? name : (const unsigned char *)"",
	    name != NULL ? len : 0, digest);
	if (link->greeted)
		return memcmp(link->first_name, digest, sizeof(digest)) != 0;
	memcpy(link->first_name, digest, sizeof(digest));
	return false;
}

/* *name is NULL if the client sent none. */
static void
name_of(SSL *ssl, const unsigned char **name, size_t *len)
{
	const unsigned char *ext;
	size_t ext_len;

	*len = 0;
	if (!SSL_client_hello_get0_ext(
		ssl, TLSEXT_TYPE_server_name, &ext, &ext_len) ||
	    !iss_vhosts_parse(ext, ext_len, name, len))
		*name = NULL;
}

static int
refuse_other_name(struct iss_link *link, int *alert)
{
	return fail(link, alert, SSL_AD_ILLEGAL_PARAMETER,
	    "the client named another host after a HelloRetryRequest");
}

/* Under the context for challenges of ACME, where all has been chosen. */
static int
stay(SSL *ssl, int *alert, void *unused)
{
	struct iss_link *link = iss_link_of(ssl);
	const unsigned char *name;
	size_t len;

	(void)unused;
	name_of(ssl, &name, &len);
	return link != NULL && is_another_name(link, name, len)
		   ? refuse_other_name(link, alert)
		   : SSL_CLIENT_HELLO_SUCCESS;
}

/* After a HelloRetryRequest it is called again, perhaps for the context that
 * the program chose.  A client that names another host then would get the rules
 * of one and the name of the other. */
static int
choose(SSL *ssl, int *alert, void *arg)
{
	struct iss_link *link = iss_link_of(ssl);
	const unsigned char *name;
	size_t len;
	int rv;

	name_of(ssl, &name, &len);
	if (link != NULL && (link->greeted || !is_settled(arg)) &&
	    is_another_name(link, name, len))
		return refuse_other_name(link, alert);
	rv = choose_by_name(ssl, alert, arg, name, len);
	if (link != NULL && rv == SSL_CLIENT_HELLO_SUCCESS && !is_settled(arg))
		link->greeted = true;
	return rv == SSL_CLIENT_HELLO_SUCCESS ? iss_server_store_ask(ssl, alert)
					      : rv;
}

/*
 * Answer that the name was used (RFC 6066, 3); OpenSSL then also keeps it in
 * the session.
 */
static int
acknowledge_name(SSL *ssl, int *alert, void *arg)
{
	(void)ssl;
	(void)alert;
	(void)arg;
	return SSL_TLSEXT_ERR_OK;
}

void
iss_choice_install(struct iss_choice *choice)
{
	SSL_CTX_set_tlsext_servername_callback(
	    choice->ssl_ctx, acknowledge_name);
	SSL_CTX_set_client_hello_cb(choice->ssl_ctx, choose, choice);
	if (choice->vhosts->acme != NULL)
		SSL_CTX_set_client_hello_cb(choice->vhosts->acme, stay, NULL);
}

void
iss_choice_uninstall(SSL_CTX *ctx)
{
	if (ctx != NULL)
		SSL_CTX_set_client_hello_cb(ctx, NULL, NULL);
}

bool
iss_choice_can_use_groups(SSL_CTX *ctx, const char *groups)
{
	SSL *probe = SSL_new(ctx);
	bool good = probe != NULL && SSL_set1_groups_list(probe, groups);

	SSL_free(probe);
	return good;
}
