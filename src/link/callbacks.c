/*
 * The host of a connection, found from OpenSSL's callbacks.  Owns the place
 * in ex_data; asks nothing.
 */
#include "link/callbacks.h"

#include <openssl/crypto.h>

static CRYPTO_ONCE index_once = CRYPTO_ONCE_STATIC_INIT;
static int ssl_index = -1; /* made once, then only read */

static void
make_index(void)
{
	ssl_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

bool
iss_owner_attach(struct iss_owner *asker, SSL *ssl)
{
	return CRYPTO_THREAD_run_once(&index_once, make_index) &&
	       ssl_index >= 0 && SSL_set_ex_data(ssl, ssl_index, asker);
}

struct iss_owner *
iss_owner_get0(const SSL *ssl)
{
	return ssl_index >= 0 ? SSL_get_ex_data(ssl, ssl_index) : NULL;
}
