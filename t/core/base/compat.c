/*
 * What stands in for functions that some versions of OpenSSL lack does what
 * their namesakes do.
 */
#include "base/compat.h"

#include <errno.h>
#include <time.h>

#include <openssl/evp.h>

#include "tap.h"

static void
test_queue(void)
{
	const char *data = NULL;
	unsigned long e;
	int flags = 0;

	ERR_clear_error();
	is_int((long long)iss_compat_get_error(&data, &flags), 0,
	    "an empty queue has no error");
	errno = ENOENT;
	BIO_free(BIO_new_file("/nonexistent/file", "r"));
	e = iss_compat_get_error(&data, &flags);
	ok(ISS_COMPAT_IS_SYSTEM_ERROR(e),
	    "an error of the system is seen as one");
	is_int(ERR_GET_REASON(e), ENOENT, "... with its errno");
	ok(data != NULL && (flags & ERR_TXT_STRING), "... and its text");
	has_text(data, "/nonexistent/file", "... which names the file");
	ERR_clear_error();
	d2i_X509(NULL, &(const unsigned char *){ (void *)"x" }, 1);
	e = iss_compat_get_error(&data, &flags);
	ok(e != 0 && !ISS_COMPAT_IS_SYSTEM_ERROR(e), "one of OpenSSL's is not");
	ERR_clear_error();
}

/* A leak, or one reference too few, is for valgrind to tell. */
static void
test_tmp_dh(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_DH, NULL);
	SSL_CTX *ssl_ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *params = NULL;

	EVP_PKEY_paramgen_init(ctx);
	EVP_PKEY_CTX_ctrl(ctx, EVP_PKEY_DH, EVP_PKEY_OP_PARAMGEN,
	    EVP_PKEY_CTRL_DH_RFC5114, 3, NULL);
	ok(EVP_PKEY_paramgen(ctx, &params) > 0, "parameters of DH");
	ok(iss_compat_set1_tmp_dh(ssl_ctx, params), "... are taken");
	SSL_CTX_set_security_level(ssl_ctx, 5);
	ok(!iss_compat_set1_tmp_dh(ssl_ctx, params),
	    "... unless they are too weak");
	ERR_clear_error();
	SSL_CTX_free(ssl_ctx);
	ok(EVP_PKEY_bits(params) > 0, "the caller's own is still there");
	EVP_PKEY_free(params);
	EVP_PKEY_CTX_free(ctx);
}

static void
test_session_time(void)
{
	SSL_SESSION *session = SSL_SESSION_new();
	time_t now = time(NULL);

	ok(iss_compat_session_time(session) >= now - 1 &&
		iss_compat_session_time(session) <= now + 60,
	    "a new session has the time of today");
	SSL_SESSION_set_time(session, 1234567890);
	is_int((long long)iss_compat_session_time(session), 1234567890,
	    "... or the one that it is given");
	SSL_SESSION_free(session);
}

int
main(void)
{
	test_queue();
	test_tmp_dh();
	test_session_time();
	return tap_done();
}
