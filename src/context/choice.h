/*
 * Which context a connection of a server gets: a challenge of ACME comes first,
 * then the program's choice, then the virtual host that the client names.  All
 * are asked while the ClientHello is read, before version and session are
 * chosen.
 */
#ifndef ISS_CHOICE_H
#define ISS_CHOICE_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "context/session_id.h"
#include "context/vhosts.h"
#include "options/fingerprint.h"

/* A server's context, as a connection sees it that may go over to it.  All
 * pointers are borrowed from the context, whose part it is. */
struct iss_choice {
	SSL_CTX *ssl_ctx;
	const struct iss_session_id *session_id;
	const struct iss_vhosts *vhosts;
	const struct iss_fingerprint_list *fingerprints;
	bool force_fingerprint;
	const char *groups; /* NULL: OpenSSL's own */
	bool asks;          /* the callback hello */
};

/*
 * Choose for the connections under choice->ssl_ctx.  If the callback hello is
 * asked, groups must not be set in the SSL_CTX: each SSL gets them when the
 * choice is made.  choice must outlive the connections, or iss_choice_uninstall
 * be called.
 *
 * A connection that goes over to another choice follows it in everything but
 * tickets and the cache of sessions.  Its sessions are bound to that context
 * (CVE-2025-23419).  SSL_CTX_set_client_hello_cb(3), SSL_set_SSL_CTX(3).
 */
void iss_choice_install(struct iss_choice *choice);
void iss_choice_uninstall(SSL_CTX *ctx);

/* Does OpenSSL support all of these groups?  The SSL_CTX does not change. */
bool iss_choice_can_use_groups(SSL_CTX *ctx, const char *groups);

#endif
