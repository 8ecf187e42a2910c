/*
 * Virtual hosts: a server's SSL_CTX for each name that it serves, and the way
 * from the name in a ClientHello (RFC 6066, 3) to one of them.
 */
#ifndef ISS_VHOSTS_H
#define ISS_VHOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "context/session_id.h"

struct iss_vhost {
	char *name;       /* lower case, A-labels, no final dot; owned */
	SSL_CTX *ssl_ctx; /* borrowed */
	struct iss_session_id session_id;
};

/* Zeroed there are no virtual hosts, and no default. */
struct iss_vhosts {
	struct iss_vhost *list; /* by name */
	size_t count;
	/* does the server have a certificate for all other names? */
	bool has_default;
	SSL_CTX *acme; /* answers challenges (acme.h); owned, may be NULL */
};

/*
 * Add a virtual host.  ssl_ctx must outlive vhosts.  Returns ISS_OK, or
 * ISS_ERROR when memory runs out.
 */
int iss_vhosts_add(struct iss_error *err, struct iss_vhosts *vhosts,
    const char *name, SSL_CTX *ssl_ctx,
    const struct iss_session_id *session_id);

/* Free the list; no connection may be under way on a context that uses it. */
void iss_vhosts_release(struct iss_vhosts *vhosts);

/* The virtual host of that name, in any case, or of its wildcard; NULL if there
 * is none. */
const struct iss_vhost *iss_vhosts_find(
    const struct iss_vhosts *vhosts, const unsigned char *name, size_t len);

/* A connection goes over to the context of a virtual host.  Returns ISS_OK or
 * ISS_ERROR.  SSL_set_SSL_CTX(3). */
int iss_vhosts_go_over(
    struct iss_error *err, SSL *ssl, const struct iss_vhost *to);

/*
 * There is no virtual host of that name (NULL: the client sent none), and no
 * default: SSL_CLIENT_HELLO_ERROR, with *alert, and the failure kept in the
 * link of ssl.
 */
int iss_vhosts_refuse(
    SSL *ssl, int *alert, const unsigned char *name, size_t len);

/*
 * The host name in the server_name extension of a ClientHello, borrowed from
 * its bytes.  False when there is none, or the extension is damaged.
 */
bool iss_vhosts_parse(const unsigned char *ext, size_t len,
    const unsigned char **name, size_t *name_len);

#endif
