/*
 * Errors as values: the first wins, the queue is drained, reasons are told.
 */
#include "base/error.h"

#include <errno.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "tap.h"

#ifndef ERR_raise /* OpenSSL 1.1.1 */
#	define ERR_raise(lib, reason) ERR_put_error(lib, 0, reason, "", 0)
#endif

static bool
queue_is_empty(void)
{
	return ERR_peek_error() == 0;
}

/* A real error in the queue: a file that is not there. */
static void
queue_system_error(void)
{
	BIO_free(BIO_new_file("/nonexistent/file.pem", "r"));
}

/* Another one: text that is no PEM. */
static void
queue_pem_error(void)
{
	BIO *bio = BIO_new_mem_buf("no pem\n", -1);

	X509_free(PEM_read_bio_X509(bio, NULL, NULL, NULL));
	BIO_free(bio);
}

static void
test_set(void)
{
	struct iss_error err;

	memset(&err, 0x5a, sizeof(err));
	iss_error_clear(&err);
	ok(!iss_error_is_set(&err), "cleared: no error");
	is_text(err.text, "", "cleared: no text");
	is_int(err.code, 0, "cleared: no code");
	is_int(err.sys_errno, 0, "cleared: no errno");
	is_int(err.verify_error, X509_V_OK, "cleared: no verification");
	is_int(err.depth, 0, "cleared: no depth");

	queue_pem_error();
	is_int(iss_error_set(&err, "%s is wrong", "this"), ISS_ERROR,
	    "set returns ISS_ERROR");
	ok(iss_error_is_set(&err), "set: an error");
	is_text(err.text, "this is wrong", "set: the sentence alone");
	is_int(err.code, SSL_ERROR_SSL, "set: the code");
	ok(queue_is_empty(), "set: the queue is drained");
}

static void
test_first_wins(void)
{
	struct iss_error err;

	iss_error_clear(&err);
	iss_error_set(&err, "first");
	queue_pem_error();
	is_int(iss_error_set(&err, "second"), ISS_ERROR, "set after set");
	is_text(err.text, "first", "set: the first wins");
	is_int(iss_error_errno(&err, ENOENT, "third"), ISS_ERROR,
	    "errno after set");
	is_text(err.text, "first", "errno: the first wins");
	is_int(err.sys_errno, 0, "errno: not even its number");
	queue_pem_error();
	is_int(
	    iss_error_openssl(&err, "fourth"), ISS_ERROR, "openssl after set");
	is_text(err.text, "first", "openssl: the first wins");
	ok(queue_is_empty(), "openssl: but the queue is drained");
	iss_error_clear(&err);
	iss_error_set(&err, "next");
	is_text(err.text, "next", "after clear the next is the first");
}

static void
test_errno(void)
{
	char want[200];
	struct iss_error err;

	iss_error_clear(&err);
	queue_pem_error();
	is_int(iss_error_errno(&err, ECONNREFUSED, "connect to %d", 1),
	    ISS_ERROR, "errno returns ISS_ERROR");
	snprintf(
	    want, sizeof(want), "connect to 1: %s", strerror(ECONNREFUSED));
	is_text(err.text, want, "errno: sentence and reason");
	is_int(err.sys_errno, ECONNREFUSED, "errno: the number");
	is_int(err.code, SSL_ERROR_SYSCALL, "errno: the code");
	ok(queue_is_empty(), "errno: the queue is drained");

	iss_error_clear(&err);
	iss_error_errno(&err, 123456, "odd");
	has_text(err.text, "123456", "errno: an unknown number is told");
}

static void
test_openssl(void)
{
	struct iss_error err;

	iss_error_clear(&err);
	queue_pem_error();
	queue_system_error();
	is_int(iss_error_openssl(&err, "file %s", "x.pem"), ISS_ERROR,
	    "openssl returns ISS_ERROR");
	has_text(err.text, "file x.pem: no start line",
	    "openssl: the oldest reason");
	has_text(err.text, "(Expecting: CERTIFICATE)", "openssl: its data");
	is_int(err.sys_errno, 0, "openssl: no errno in a PEM error");
	ok(queue_is_empty(), "openssl: the queue is drained");

	iss_error_clear(&err);
	queue_system_error();
	iss_error_openssl(&err, "open");
	is_int(err.sys_errno, ENOENT, "openssl: errno of a system error");
	has_text(err.text, strerror(ENOENT), "openssl: and its text");
	ok(queue_is_empty(), "openssl: the queue is drained again");

	iss_error_clear(&err);
	iss_error_openssl(&err, "nothing queued");
	is_text(err.text, "nothing queued: OpenSSL gave no reason",
	    "openssl: an empty queue");
	is_int(err.code, SSL_ERROR_SSL, "openssl: is an error all the same");
}

/* A client that gets a fatal alert as the first answer. */
static void
queue_alert(int alert)
{
	unsigned char record[] = { 0x15, 3, 1, 0, 2, 2, (unsigned char)alert };
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl = SSL_new(ctx);

	SSL_set_bio(
	    ssl, BIO_new_mem_buf(record, sizeof(record)), BIO_new(BIO_s_mem()));
	SSL_connect(ssl);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static void
test_alert(void)
{
	static const struct alert {
		int number;
		const char *name;
	} alerts[] = {
		{ SSL_AD_HANDSHAKE_FAILURE, "\"handshake failure\"" },
		{ SSL_AD_BAD_CERTIFICATE, "\"bad certificate\"" },
		{ SSL_AD_CERTIFICATE_EXPIRED, "\"certificate expired\"" },
		{ SSL_AD_UNKNOWN_CA, "\"unknown CA\"" },
		{ SSL_AD_PROTOCOL_VERSION, "\"protocol version\"" },
	};
	struct iss_error err;
	size_t i;

	for (i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		iss_error_clear(&err);
		queue_alert(alerts[i].number);
		iss_error_openssl(&err, "connect");
		has_text(err.text, ": the peer sent the alert ",
		    "alert %d is told", alerts[i].number);
		has_text(err.text, alerts[i].name, "by its name");
		ok(queue_is_empty(), "and the queue is empty");
	}
}

/* A reason of libssl that is no alert. */
static void
test_ssl_reason(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	struct iss_error err;

	iss_error_clear(&err);
	SSL_CTX_set_cipher_list(ctx, "NONSENSE");
	iss_error_openssl(&err, "SSL_cipher_list");
	is_text(
	    err.text, "SSL_cipher_list: no cipher match", "a reason of libssl");

	iss_error_clear(&err);
	SSL_CTX_set1_groups_list(ctx, "NONSENSE");
	iss_error_openssl(&err, "SSL_ecdh_curve");
	has_text(err.text, "SSL_ecdh_curve: ", "one common to all libraries");
	ok(strstr(err.text, "alert") == NULL, "is taken for no alert");
	SSL_CTX_free(ctx);
}

static void
test_long(void)
{
	char text[3000];
	struct iss_error err;

	memset(text, 'z', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	iss_error_clear(&err);
	iss_error_set(&err, "%s", text);
	is_int((long long)strlen(err.text), ISS_ERROR_TEXT_MAX - 1,
	    "a long sentence is cut");
	iss_error_clear(&err);
	iss_error_errno(&err, ENOENT, "%s", text);
	is_int((long long)strlen(err.text), ISS_ERROR_TEXT_MAX - 1,
	    "with a reason too");
	iss_error_prefix(&err, "%s", text);
	is_int((long long)strlen(err.text), ISS_ERROR_TEXT_MAX - 1,
	    "with a prefix too");
}

static void
test_prefix(void)
{
	struct iss_error err;

	iss_error_clear(&err);
	iss_error_prefix(&err, "before");
	ok(!iss_error_is_set(&err), "a prefix alone is no error");
	is_text(err.text, "", "and leaves no text");
	iss_error_errno(&err, EPERM, "sentence");
	iss_error_prefix(&err, "file %d", 7);
	has_text(err.text, "file 7: sentence: ", "the prefix comes first");
	is_int(err.sys_errno, EPERM, "the number stays");
}

static void
test_memory(void)
{
	struct iss_error err;

	iss_error_clear(&err);
	ERR_clear_error();
	ok(!iss_error_memory_ran_out(&err), "an empty queue: it did not");
	ERR_raise(ERR_LIB_ASN1, ERR_R_NESTED_ASN1_ERROR);
	ok(!iss_error_memory_ran_out(&err), "another reason: it did not");
	ok(!iss_error_is_set(&err), "... which is not an error");
	ok(ERR_peek_error() == 0, "... and is taken out of the queue");
	ERR_raise(ERR_LIB_ASN1, ERR_R_MALLOC_FAILURE);
	ERR_raise(ERR_LIB_ASN1, ERR_R_NESTED_ASN1_ERROR);
	ok(iss_error_memory_ran_out(&err), "it did, behind another reason");
	is_text(err.text, "out of memory", "... which is an error");
	ok(err.no_memory, "... of that kind");
	iss_error_clear(&err);
	ok(!err.no_memory, "not after it is cleared");
	iss_error_set(&err, "first");
	ERR_raise(ERR_LIB_ASN1, ERR_R_MALLOC_FAILURE);
	ERR_raise(ERR_LIB_ASN1, ERR_R_NESTED_ASN1_ERROR);
	iss_error_openssl(&err, "second");
	is_text(err.text, "first", "the first error stays");
	ok(err.no_memory, "... but that memory ran out is kept");
	iss_error_clear(&err);
	ERR_raise(ERR_LIB_ASN1, ERR_R_MALLOC_FAILURE);
	iss_error_openssl(&err, "only");
	ok(err.no_memory, "also as the only reason");
	ok(ERR_peek_error() == 0, "... and the queue is empty");
}

static void
test_pins(void)
{
	static const char *const texts[][2] = {
		{ "pkcs11:token=x;pin-value=1234: no such file",
		    "pkcs11:token=x;pin-value=...: no such file" },
		{ "\"pkcs11:a?PIN-Value=1:2\"3 4&b=c\"",
		    "\"pkcs11:a?PIN-Value=...&b=c\"" },
		{ "p%69n%2Dvalue%3d12345", "p%69n%2Dvalue%3d..." },
		{ "pin-value=1;pin-value=2;", "pin-value=...;pin-value=...;" },
		{ "pin-value=", "pin-value=..." },
		{ "pin-source=file:x, a pin%", "pin-source=file:x, a pin%" },
	};
	struct iss_error err;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		iss_error_clear(&err);
		iss_error_set(&err, "%s", texts[i][0]);
		is_text(err.text, texts[i][1], "a PIN is not told");
		iss_error_blame_file(&err, texts[i][0]);
		is_text(err.file, texts[i][1], "... in the name of a file");
	}
}

int
main(void)
{
	test_set();
	test_pins();
	test_first_wins();
	test_errno();
	test_openssl();
	test_alert();
	test_ssl_reason();
	test_long();
	test_prefix();
	test_memory();
	return tap_done();
}
