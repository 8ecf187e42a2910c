/*
 * A client asks the program which certificate to show when a server wants one.
 */
#ifndef ISS_CLIENT_CERT_H
#define ISS_CLIENT_CERT_H

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

/* What the server wants, borrowed. */
struct iss_cert_request {
	const STACK_OF(X509_NAME) * ca_names; /* NULL: any CA */
	SSL *ssl;                             /* for iss_cert_request_sigalg */
};

/* The number of the signature algorithm at i (RFC 8446, 4.2.3); false at the
 * end.  SSL_get_sigalgs(3). */
bool iss_cert_request_sigalg(
    const struct iss_cert_request *request, int i, unsigned int *number);

/*
 * Ask the callback client_cert in the handshakes of a client's context, and
 * after them where a server of TLS 1.3 asks then.  Its answer takes the place
 * of all certificates of the context.  remember: pairs from files
 * (identity.h).  SSL_CTX_set_cert_cb(3).
 */
void iss_client_cert_install(SSL_CTX *ctx, bool remember);

#endif
