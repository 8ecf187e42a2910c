/*
 * Choosing a context by name.  It is done in the ClientHello callback, not
 * in the one for server names: when that one is called, TLS 1.3 has its
 * cipher suite already, and a session was looked for under the wrong context.
 */
#include "context/vhosts.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/compat.h"
#include "link/link.h"
#include "names/reference_id.h"
#include "verification/verify.h"

enum { NAME_MAX_LEN = 255 };

/* Take a length of two bytes, and that many bytes. */
static bool
take_vector(const unsigned char **bytes, size_t *len,
    const unsigned char **vector, size_t *vector_len)
{
	size_t n;

	if (*len < 2)
		return false;
	n = (size_t)(*bytes)[0] << 8 | (*bytes)[1];
	if (n > *len - 2)
		return false;
	*vector = *bytes + 2;
	*vector_len = n;
	*bytes += 2 + n;
	*len -= 2 + n;
	return true;
}

bool
iss_vhosts_parse(const unsigned char *ext, size_t len,
    const unsigned char **name, size_t *name_len)
{
	const unsigned char *list;
	size_t left;

	if (!take_vector(&ext, &len, &list, &left) || len != 0)
		return false;
	/* Only one type of names was ever defined, and one name of a type. */
	if (left == 0 || *list != TLSEXT_NAMETYPE_host_name)
		return false;
	list++;
	left--;
	return take_vector(&list, &left, name, name_len) && left == 0 &&
	       *name_len > 0 && *name_len <= NAME_MAX_LEN &&
	       memchr(*name, '\0', *name_len) == NULL;
}

static int
compare_name(const void *name, const void *ctx)
{
	const struct iss_ctx *const *one = ctx;

	return strcmp(name, (*one)->host);
}

struct iss_ctx *
iss_vhosts_find(
    const struct iss_ctx *ctx, const unsigned char *name, size_t len)
{
	char wanted[NAME_MAX_LEN + 1];
	struct iss_ctx **found;
	size_t i;

	if (ctx->n_vhosts == 0 || len > NAME_MAX_LEN)
		return NULL;
	if (len > 0 && name[len - 1] == '.')
		len--;
	for (i = 0; i < len; i++)
		wanted[i] =
		    (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20
							    : name[i]);
	wanted[len] = '\0';
	found = bsearch(wanted, ctx->vhosts, ctx->n_vhosts,
	    sizeof(*ctx->vhosts), compare_name);
	return found != NULL ? *found : NULL;
}

/* The sentence that the connection's user will read. */
static int
refuse(SSL *ssl, int *alert, const unsigned char *name, size_t len)
{
	struct iss_link *link = iss_link_of(ssl);
	struct iss_error ignored;
	struct iss_reference_id host;

	*alert = SSL_AD_UNRECOGNIZED_NAME;
	if (link == NULL)
		return SSL_CLIENT_HELLO_ERROR;
	iss_error_clear(&ignored);
	if (name == NULL)
		iss_error_set(&link->failure,
		    "the client names no host, and there is no default "
		    "certificate");
	else if (iss_reference_id_init(&ignored, &host, name, len) == ISS_OK)
		iss_error_set(&link->failure,
		    "there is no certificate for the host \"%s\" that the "
		    "client names, and no default",
		    host.name);
	else
		iss_error_set(&link->failure,
		    "the client names a host that can be none, and there is "
		    "no default certificate");
	return SSL_CLIENT_HELLO_ERROR;
}

static int
go_over(SSL *ssl, int *alert, const struct iss_ctx *to)
{
	struct iss_link *link = iss_link_of(ssl);
	struct iss_error err;

	iss_error_clear(&err);
	if (SSL_set_SSL_CTX(ssl, to->ssl_ctx) != NULL &&
	    iss_verify_follow(&err, ssl) == ISS_OK &&
	    (link == NULL || iss_ctx_bind_sessions(&err, to, link) == ISS_OK))
		return SSL_CLIENT_HELLO_SUCCESS;
	iss_error_openssl(&err, "cannot use the context of %s", to->host);
	if (link != NULL)
		iss_error_set(&link->failure, "%s", err.text);
	*alert = SSL_AD_INTERNAL_ERROR;
	return SSL_CLIENT_HELLO_ERROR;
}

static int
choose(SSL *ssl, int *alert, void *arg)
{
	const struct iss_ctx *ctx = arg;
	const struct iss_ctx *found = NULL;
	const unsigned char *ext, *name = NULL;
	size_t ext_len, len = 0;

	if (ctx->n_vhosts == 0)
		return SSL_CLIENT_HELLO_SUCCESS;
	if (SSL_client_hello_get0_ext(
		ssl, TLSEXT_TYPE_server_name, &ext, &ext_len) &&
	    iss_vhosts_parse(ext, ext_len, &name, &len))
		found = iss_vhosts_find(ctx, name, len);
	else
		name = NULL;
	if (found != NULL)
		return go_over(ssl, alert, found);
	if (ctx->has_identity)
		return SSL_CLIENT_HELLO_SUCCESS;
	return refuse(ssl, alert, name, len);
}

/* That we took note of the name is worth an answer (RFC 6066, 3), and makes
 * OpenSSL remember it with the session. */
static int
acknowledge(SSL *ssl, int *alert, void *arg)
{
	(void)ssl;
	(void)alert;
	(void)arg;
	return SSL_TLSEXT_ERR_OK;
}

void
iss_vhosts_install(struct iss_ctx *ctx)
{
	SSL_CTX_set_tlsext_servername_callback(ctx->ssl_ctx, acknowledge);
	SSL_CTX_set_client_hello_cb(ctx->ssl_ctx, choose, ctx);
}
