/*
 * Hints about certificates that were refused: by an error alone, and in
 * handshakes with servers that have such certificates.
 */
#include "connection/hint_certificate.h"

#include <time.h>

#include "connection/failure.h"
#include "pair.h"
#include "tap.h"

static const struct {
	long verify_error;
	int reason; /* 0: none */
	const char *hint;
} errors[] = {
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0, "signed by itself" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 0,
	    "the chain ends in a CA that is not trusted here" },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, 0, "too weak" },
	{ X509_V_ERR_CA_MD_TOO_WEAK, 0, "too weak" },
	{ 0, SSL_R_EE_KEY_TOO_SMALL, "too weak" },
	{ 0, SSL_R_DH_KEY_TOO_SMALL, "too weak" },
	/* nothing is known of the certificate */
	{ X509_V_ERR_CERT_HAS_EXPIRED, 0, "" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, "" },
	{ 0, SSL_R_NO_SHARED_CIPHER, "" },
	{ 0, 0, "" },
};

/* Servers with t/certs/SERVER.pem, and a client that trusts t/certs/ca.pem and
 * may have a fingerprint. */
static const struct {
	const char *server, *fingerprint, *hint;
} servers[] = {
	{ "expired", NULL, "the certificate ended on 20" },
	{ "not-yet-valid", NULL, "the certificate begins on " },
	{ "other-server", NULL,
	    "the server does not send the certificate of its issuer \"" },
	{ "self-signed", NULL, "the certificate is signed by itself" },
	{ "client-only", NULL, "may not be used for a server" },
	{ "other-server", "1111111111111111111111111111111111111111",
	    "the certificate is not the one that "
	    "SSL_fingerprint names; its fingerprint is "
	    "sha256$" },
};

/* The hint, "" where there is none. */
static const char *
hint_of(const struct iss_hint_facts *facts)
{
	static char hint[512];
	struct iss_buf out;
	bool found;

	iss_buf_init(&out, sizeof(hint) - 1);
	found = iss_hint_certificate_write(&out, facts);
	snprintf(hint, sizeof(hint), "%s", iss_buf_text(&out));
	iss_buf_release(&out);
	ok(found == (*hint != '\0'), "true if there is a hint");
	return hint;
}

static const char *
of_error(long verify_error, int reason)
{
	static const struct iss_blame nobody = { NULL, NULL };
	struct iss_hint_facts facts = { NULL, ISS_KIND_NONE, &nobody, NULL };
	struct iss_error err;

	iss_error_clear(&err);
	if (reason != 0)
		ERR_put_error(ERR_LIB_SSL, 0, reason, "x.c", 1);
	iss_error_set(&err, "SSL connect attempt failed");
	err.verify_error = verify_error;
	facts.err = &err;
	facts.kind = iss_error_kind_of(&err);
	return hint_of(&facts);
}

static void
test_errors(void)
{
	size_t i;
	const char *hint;

	for (i = 0; i < ROWS(errors); i++) {
		hint = of_error(errors[i].verify_error, errors[i].reason);
		if (*errors[i].hint == '\0')
			is_text(hint, "", "error %zu: no hint", i);
		else
			has_text(hint, errors[i].hint, "error %zu", i);
	}
}

static void
test_server(const char *name, const char *fingerprint, const char *hint)
{
	char cert[256], key[256];
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", cert },
		{ "SSL_key_file", key },
	};
	struct iss_ctx *client, *server;
	struct iss_failure *failure;
	struct iss_error err;
	struct pair pair;

	snprintf(cert, sizeof(cert), CERTS "%s.pem", name);
	snprintf(key, sizeof(key), CERTS "%s.key", name);
	client = pair_client_ctx(NULL);
	server = pair_ctx(true, options);
	pair_init(&pair);
	iss_error_clear(&err);
	if (fingerprint != NULL)
		iss_fingerprint_list_add(&err, &pair.client.config.fingerprints,
		    "SSL_fingerprint", fingerprint, strlen(fingerprint));
	ok(!iss_error_is_set(&err), "%s", name);
	pair_open(&pair, client, server);
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_ERROR, "... is refused");
	failure =
	    iss_failure_new(iss_conn_error(pair.client.conn), pair.client.conn);
	has_text(failure->hint, hint, "... with a hint");
	iss_failure_free(failure);
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* The clock of this machine, or one that was never set. */
static bool never_set;

time_t
time(time_t *out)
{
	struct timespec now = { 0, 0 };

	if (!never_set)
		clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

static void
test_clock(void)
{
	never_set = true;
	is_text(of_error(X509_V_ERR_CERT_NOT_YET_VALID, 0),
	    "the clock of this machine is wrong: it says 1970-01-01",
	    "a certificate of the future, by a clock that was never set");
	has_text(of_error(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0),
	    "signed by itself", "... nothing about dates");
	never_set = false;
	is_text(of_error(X509_V_ERR_CERT_NOT_YET_VALID, 0), "",
	    "... and by one that is right");
}

int
main(void)
{
	size_t i;

	test_errors();
	test_clock();
	for (i = 0; i < ROWS(servers); i++)
		test_server(
		    servers[i].server, servers[i].fingerprint, servers[i].hint);
	return tap_done();
}
