/*
 * What ties another protocol to one TLS connection: exported keying material
 * (RFC 5705; RFC 8446, 7.5) and channel bindings (RFC 5056).
 */
#ifndef ISS_BINDING_H
#define ISS_BINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "connection/conn.h"

enum {
	ISS_EXPORT_MAX = 65535, /* bytes of one export */
	ISS_BINDING_MAX = 64    /* bytes of one binding: EVP_MAX_MD_SIZE */
};

/* What to export.  Nothing here is owned. */
struct iss_export {
	const char *label; /* not empty */
	size_t label_len;
	const unsigned char
	    *context; /* NULL: none, which is not an empty one */
	size_t context_len;
};

/*
 * Write len bytes (1 to ISS_EXPORT_MAX), the same as the peer gets, to out.
 * Returns ISS_OK or ISS_ERROR, also before the handshake is done.
 * SSL_export_keying_material(3).
 */
int iss_binding_export(struct iss_error *err, const struct iss_conn *conn,
    const struct iss_export *wanted, unsigned char *out, size_t len);

/*
 * The names of the types, the best first:
 *
 * tls-exporter          RFC 9266, TLS 1.3, or 1.2 with extended master secret
 * tls-unique            RFC 5929, TLS 1.2 with extended master secret (RFC
 * 7627) tls-server-end-point  RFC 5929, if the server showed a certificate
 * whose signature has a single hash
 *
 * NULL after the last.
 */
const char *iss_binding_name(size_t index);

/*
 * Write the binding of this type, at most ISS_BINDING_MAX bytes, to out, and
 * its length to *len.  Returns ISS_OK; ISS_ERROR with the reason if the
 * connection has none; ISS_INVALID for an unknown type.
 */
int iss_binding_get(struct iss_error *err, const struct iss_conn *conn,
    const char *type, unsigned char *out, size_t *len);

#endif
