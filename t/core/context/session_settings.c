/*
 * What the options make of an SSL_CTX's sessions, and numbers that are refused.
 */
#include "context/session_settings.h"

#include "tap.h"

static struct iss_error err;

static int
use(SSL_CTX *ctx, bool server, int timeout, int tickets)
{
	struct iss_link link = { 0 };
	struct iss_config config;
	int rv;

	iss_config_init(&config, server);
	config.session_timeout = timeout;
	config.num_tickets = tickets;
	iss_error_clear(&err);
	rv = iss_session_settings_use(&err, ctx, &config, &link, NULL);
	iss_config_release(&config);
	return rv;
}

static void
test_defaults(void)
{
	SSL_CTX *plain = SSL_CTX_new(TLS_method());
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	is_int(use(ctx, true, -1, -1), ISS_OK, "a server without numbers");
	is_int(SSL_CTX_get_timeout(ctx), SSL_CTX_get_timeout(plain),
	    "... has OpenSSL's timeout");
	is_int((long)SSL_CTX_get_num_tickets(ctx),
	    (long)SSL_CTX_get_num_tickets(plain), "... and its tickets");
	is_int(use(ctx, false, -1, -1), ISS_OK, "a client");
	ok(SSL_CTX_sess_get_new_cb(ctx) != NULL, "... hears of new sessions");
	SSL_CTX_free(plain);
	SSL_CTX_free(ctx);
}

static void
test_numbers(void)
{
	static const struct {
		int timeout, tickets, rv;
	} cases[] = {
		{ 1, 0, ISS_OK },
		{ 604800, 16, ISS_OK },
		{ 0, 1, ISS_INVALID },
		{ 604801, 1, ISS_INVALID },
		{ 1, 17, ISS_INVALID },
	};
	SSL_CTX *ctx;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		ctx = SSL_CTX_new(TLS_method());
		is_int(use(ctx, true, cases[i].timeout, cases[i].tickets),
		    cases[i].rv, "%d seconds, %d tickets", cases[i].timeout,
		    cases[i].tickets);
		if (cases[i].rv == ISS_OK) {
			is_int(SSL_CTX_get_timeout(ctx), cases[i].timeout,
			    "... the timeout is set");
			is_int((long)SSL_CTX_get_num_tickets(ctx),
			    cases[i].tickets, "... so is the count");
		}
		SSL_CTX_free(ctx);
	}
}

int
main(void)
{
	test_defaults();
	test_numbers();
	return tap_done();
}
