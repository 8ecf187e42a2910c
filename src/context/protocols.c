/*
 * The callbacks of ALPN and NPN.  The names that they return are borrowed from
 * the lists of the context or from the peer's message.
 */
#include "context/protocols.h"

#include <string.h>

#include "options/wire.h"

static struct iss_wire
wire_of(const struct iss_buf *list)
{
	struct iss_wire wire;

	wire.bytes = (const unsigned char *)list->data;
	wire.len = list->len;
	return wire;
}

/* By the client's order, on which programs rely; RFC 7301, 3.2 leaves it to the
 * server. */
static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned int offered_len, void *arg)
{
	const struct iss_protocols *ours = arg;
	struct iss_wire theirs;
	const unsigned char *name;
	size_t len;

	(void)ssl;
	theirs.bytes = offered;
	theirs.len = offered_len;
	if (!iss_wire_select(theirs, wire_of(&ours->alpn), &name, &len))
		return SSL_TLSEXT_ERR_NOACK;
	*out = name;
	*out_len = (unsigned char)len;
	return SSL_TLSEXT_ERR_OK;
}

static int
copy_list(struct iss_error *err, struct iss_buf *to, const struct iss_buf *from,
    const char *option)
{
	iss_buf_init(to, ISS_WIRE_MAX);
	if (iss_buf_append(to, from->data, from->len))
		return ISS_OK;
	return iss_error_set(err, "%s: out of memory", option);
}

static int
use_alpn(struct iss_error *err, struct iss_protocols *protocols, SSL_CTX *ctx,
    const struct iss_buf *list)
{
	struct iss_wire wire;

	if (list->len == 0)
		return ISS_OK;
	if (copy_list(err, &protocols->alpn, list, "SSL_alpn_protocols") !=
	    ISS_OK)
		return ISS_ERROR;
	wire = wire_of(&protocols->alpn);
	/* unlike OpenSSL's other setters, it returns 0 on success */
	if (SSL_CTX_set_alpn_protos(ctx, wire.bytes, (unsigned int)wire.len))
		return iss_error_openssl(err, "SSL_alpn_protocols");
	SSL_CTX_set_alpn_select_cb(ctx, select_alpn, protocols);
	return ISS_OK;
}

#ifdef OPENSSL_NO_NEXTPROTONEG

bool
iss_protocols_can_npn(void)
{
	return false;
}

static int
use_npn(struct iss_error *err, struct iss_protocols *protocols, SSL_CTX *ctx,
    const struct iss_buf *list)
{
	(void)protocols;
	(void)ctx;
	if (list->len == 0)
		return ISS_OK;
	return iss_error_set(
	    err, "SSL_npn_protocols: this OpenSSL does not support NPN");
}

static void
forget_npn(SSL_CTX *ctx)
{
	(void)ctx;
}

#else

bool
iss_protocols_can_npn(void)
{
	return true;
}

static int
advertise_npn(
    SSL *ssl, const unsigned char **out, unsigned int *out_len, void *arg)
{
	struct iss_wire ours =
	    wire_of(&((const struct iss_protocols *)arg)->npn);

	(void)ssl;
	*out = ours.bytes;
	*out_len = (unsigned int)ours.len;
	return SSL_TLSEXT_ERR_OK;
}

/*
 * The first of the server's protocols that is also ours, else the first of
 * ours: a client may choose a protocol that the server did not advertise.
 */
static int
select_npn(SSL *ssl, unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned int offered_len, void *arg)
{
	struct iss_wire ours =
	    wire_of(&((const struct iss_protocols *)arg)->npn);
	struct iss_wire theirs;
	const unsigned char *name;
	size_t len;

	(void)ssl;
	theirs.bytes = offered;
	theirs.len = offered_len;
	if (!iss_wire_select(theirs, ours, &name, &len) &&
	    !iss_wire_next(&ours, &name, &len))
		return SSL_TLSEXT_ERR_NOACK;
	*out = (unsigned char *)name;
	*out_len = (unsigned char)len;
	return SSL_TLSEXT_ERR_OK;
}

static int
use_npn(struct iss_error *err, struct iss_protocols *protocols, SSL_CTX *ctx,
    const struct iss_buf *list)
{
	if (list->len == 0)
		return ISS_OK;
	if (copy_list(err, &protocols->npn, list, "SSL_npn_protocols") !=
	    ISS_OK)
		return ISS_ERROR;
	SSL_CTX_set_next_protos_advertised_cb(ctx, advertise_npn, protocols);
	SSL_CTX_set_next_proto_select_cb(ctx, select_npn, protocols);
	return ISS_OK;
}

static void
forget_npn(SSL_CTX *ctx)
{
	SSL_CTX_set_next_protos_advertised_cb(ctx, NULL, NULL);
	SSL_CTX_set_next_proto_select_cb(ctx, NULL, NULL);
}

#endif

int
iss_protocols_use(struct iss_error *err, struct iss_protocols *protocols,
    SSL_CTX *ctx, const struct iss_buf *alpn, const struct iss_buf *npn)
{
	if (use_alpn(err, protocols, ctx, alpn) != ISS_OK)
		return ISS_ERROR;
	return use_npn(err, protocols, ctx, npn);
}

void
iss_protocols_release(struct iss_protocols *protocols, SSL_CTX *ctx)
{
	if (ctx != NULL) {
		SSL_CTX_set_alpn_select_cb(ctx, NULL, NULL);
		forget_npn(ctx);
	}
	iss_buf_release(&protocols->alpn);
	iss_buf_release(&protocols->npn);
}
