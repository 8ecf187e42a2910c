/* What is known about failures: by their words, their kind, their connection.
 */
#include "connection/failure.h"

#include <errno.h>

#include "pair.h"
#include "tap.h"

static const struct {
	const char *text;
	int sys_errno;
	long verify_error;
	enum iss_error_kind kind;
	const char *what, *option;
} cases[] = {
	{ "SSL connect attempt failed: x", 0, X509_V_OK, ISS_KIND_PROTOCOL,
	    "connect", "" },
	{ "SSL accept attempt failed: x", ETIMEDOUT, X509_V_OK,
	    ISS_KIND_TIMEOUT, "accept", "" },
	{ "SSL read error: x", ECONNRESET, X509_V_OK, ISS_KIND_SYSTEM, "read",
	    "" },
	{ "SSL write error", 0, X509_V_OK, ISS_KIND_PROTOCOL, "write", "" },
	{ "SSL shutdown error", EPIPE, X509_V_OK, ISS_KIND_SYSTEM, "shutdown",
	    "" },
	{ "hostname verification failed: x", 0, X509_V_ERR_HOSTNAME_MISMATCH,
	    ISS_KIND_NAME, "verify_hostname", "" },
	{ "SSL_ca_file: x: no", ENOENT, X509_V_OK, ISS_KIND_CONFIG, "context",
	    "SSL_ca_file" },
	{ "SSL connect attempt failed: x", 0, X509_V_ERR_CERT_REVOKED,
	    ISS_KIND_REVOKED, "connect", "" },
	{ "SSL connect attempt failed: x", 0,
	    X509_V_ERR_APPLICATION_VERIFICATION, ISS_KIND_REFUSED, "connect",
	    "" },
	{ "SSL connect attempt failed: x", 0, X509_V_ERR_CERT_HAS_EXPIRED,
	    ISS_KIND_VERIFY, "connect", "" },
	{ "cannot connect: x", ECONNREFUSED, X509_V_OK, ISS_KIND_SYSTEM,
	    "connect", "" },
};

static void
test_words(void)
{
	struct iss_failure *failure;
	struct iss_error err;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		iss_error_set(&err, "%s", cases[i].text);
		if ((err.sys_errno = cases[i].sys_errno) != 0)
			err.code = SSL_ERROR_SYSCALL;
		err.verify_error = cases[i].verify_error;
		failure = iss_failure_new(&err, NULL);
		is_int(failure->err.kind, cases[i].kind, "kind of \"%s\"",
		    cases[i].text);
		is_text(failure->what, cases[i].what, "... what failed");
		is_text(failure->err.option, cases[i].option, "... option");
		is_text(failure->peer, "", "... no peer");
		iss_failure_free(failure);
	}
	iss_failure_free(NULL);
}

static void
test_refusal(void)
{
	const struct pair_options others[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "other-ca.pem" },
	};
	struct iss_ctx *client = pair_ctx(false, others);
	struct iss_ctx *server = pair_server_ctx(NULL);
	struct iss_failure *failure;
	struct pair pair;

	pair_init(&pair);
	pair_open(&pair, client, server);
	pair_handshake(&pair);
	failure =
	    iss_failure_new(iss_conn_error(pair.client.conn), pair.client.conn);
	ok(iss_failure_up_ref(failure) == failure, "a second holder");
	iss_failure_free(failure);
	pair_close(&pair);
	is_text(failure->peer, "", "a local socket has no address");
	is_int(failure->err.kind, ISS_KIND_VERIFY, "an unknown CA");
	ok(failure->blame.cert != NULL, "... with the certificate");
	has_text(failure->hint,
	    "the server does not send the certificate of "
	    "its issuer \"/C=DE/O=IO-Socket-SSL/CN=Test "
	    "CA\"",
	    "... and a hint");
	is_int(failure->err.queued, 1, "... what OpenSSL said");
	iss_failure_free(failure);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

int
main(void)
{
	test_words();
	test_refusal();
	return tap_done();
}
