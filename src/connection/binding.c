#include "connection/binding.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/compat.h"

static int
must_be_open(struct iss_error *err, const struct iss_conn *conn)
{
	if (conn->state == ISS_CONN_OPEN)
		return ISS_OK;
	return iss_error_set(err, conn->state == ISS_CONN_FAILED
				      ? "the TLS connection has failed"
				      : "the TLS handshake is not done");
}

int
iss_binding_export(struct iss_error *err, const struct iss_conn *conn,
    const struct iss_export *wanted, unsigned char *out, size_t len)
{
	if (must_be_open(err, conn) != ISS_OK)
		return ISS_ERROR;
	if (SSL_export_keying_material(conn->ssl, out, len, wanted->label,
		wanted->label_len, wanted->context, wanted->context_len,
		wanted->context != NULL) == 1)
		return ISS_OK;
	return iss_error_openssl(err, "cannot export keying material");
}

/*
 * Without the extended master secret a proxy can make two connections of TLS
 * 1.2 with the same secrets (RFC 7627, 1).
 */
static int
must_be_unique(
    struct iss_error *err, const struct iss_conn *conn, const char *type)
{
	if (SSL_version(conn->ssl) >= TLS1_3_VERSION ||
	    SSL_get_extms_support(conn->ssl) == 1)
		return ISS_OK;
	return iss_error_set(err,
	    "%s is not safe on this connection: the peer does not support the "
	    "extended master secret (RFC 7627)",
	    type);
}

static int
get_exporter(struct iss_error *err, const struct iss_conn *conn,
    unsigned char *out, size_t *len)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	const struct iss_export wanted = { label, sizeof(label) - 1,
		(const unsigned char *)"", 0 };

	*len = 32;
	if (must_be_unique(err, conn, "tls-exporter") != ISS_OK)
		return ISS_ERROR;
	return iss_binding_export(err, conn, &wanted, out, *len);
}

/*
 * The first Finished message of the handshake: the client's, or the server's
 * when a session is resumed.
 */
static int
get_unique(struct iss_error *err, const struct iss_conn *conn,
    unsigned char *out, size_t *len)
{
	bool servers = SSL_session_reused(conn->ssl) != 0;

	if (SSL_version(conn->ssl) >= TLS1_3_VERSION)
		return iss_error_set(err,
		    "tls-unique is not defined for TLS 1.3 (RFC 9266), use "
		    "tls-exporter");
	if (must_be_unique(err, conn, "tls-unique") != ISS_OK)
		return ISS_ERROR;
	*len = servers == conn->server
		   ? SSL_get_finished(conn->ssl, out, ISS_BINDING_MAX)
		   : SSL_get_peer_finished(conn->ssl, out, ISS_BINDING_MAX);
	if (*len > 0 && *len <= ISS_BINDING_MAX)
		return ISS_OK;
	return iss_error_set(
	    err, "tls-unique: OpenSSL has no Finished message");
}

/* The hash of a certificate's signature; instead of MD5 and SHA-1, SHA-256.
 * NULL: there is not a single one. */
static const EVP_MD *
hash_of(X509 *cert)
{
	int digest = NID_undef;

	if (!X509_get_signature_info(cert, &digest, NULL, NULL, NULL))
		return NULL;
	if (digest == NID_md5 || digest == NID_sha1 || digest == NID_md5_sha1)
		return EVP_sha256();
	return digest == NID_undef ? NULL : EVP_get_digestbynid(digest);
}

static int
get_end_point(struct iss_error *err, const struct iss_conn *conn,
    unsigned char *out, size_t *len)
{
	X509 *peer = conn->server ? NULL : SSL_get1_peer_certificate(conn->ssl);
	X509 *cert = conn->server ? SSL_get_certificate(conn->ssl) : peer;
	const EVP_MD *hash = cert != NULL ? hash_of(cert) : NULL;
	unsigned int n = 0;
	int rv = ISS_OK;

	if (cert == NULL)
		rv = iss_error_set(
		    err, "tls-server-end-point: the server has no certificate");
	else if (hash == NULL)
		rv = iss_error_set(err,
		    "tls-server-end-point is not defined for a certificate "
		    "whose signature has no single hash (RFC 5929, 4.1)");
	else if (!X509_digest(cert, hash, out, &n))
		rv = iss_error_openssl(err, "tls-server-end-point");
	X509_free(peer);
	*len = n;
	return rv;
}

static const struct {
	const char *name;
	int (*get)(struct iss_error *err, const struct iss_conn *conn,
	    unsigned char *out, size_t *len);
} types[] = {
	{ "tls-exporter", get_exporter },
	{ "tls-unique", get_unique },
	{ "tls-server-end-point", get_end_point },
};

const char *
iss_binding_name(size_t index)
{
	return index < sizeof(types) / sizeof(types[0]) ? types[index].name
							: NULL;
}

int
iss_binding_get(struct iss_error *err, const struct iss_conn *conn,
    const char *type, unsigned char *out, size_t *len)
{
	size_t i;

	for (i = 0; iss_binding_name(i) != NULL; i++)
		if (strcmp(types[i].name, type) == 0) {
			if (must_be_open(err, conn) != ISS_OK)
				return ISS_ERROR;
			return types[i].get(err, conn, out, len);
		}
	iss_error_set(err,
	    "unknown channel binding \"%.40s\"; the types are tls-exporter, "
	    "tls-unique and tls-server-end-point",
	    type);
	return ISS_INVALID;
}
