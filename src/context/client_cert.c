#include "context/client_cert.h"

#include "context/identity.h"
#include "link/link.h"

/* The results of OpenSSL's callback. */
enum { WAIT = -1, FAIL = 0, GO_ON = 1 };

bool
iss_cert_request_sigalg(
    const struct iss_cert_request *request, int i, unsigned int *number)
{
	unsigned char low, high;

	if (i >=
	    SSL_get_sigalgs(request->ssl, i, NULL, NULL, NULL, &low, &high))
		return false;
	*number = (unsigned int)high << 8 | low;
	return true;
}

static int
fail(struct iss_link *link, const char *why)
{
	iss_error_set(
	    iss_kept_error_fill(&link->failure), "SSL_cert_callback: %s", why);
	return FAIL;
}

static int
show(struct iss_link *link, const struct iss_identity *identity, bool remember)
{
	struct iss_error err;

	iss_error_clear(&err);
	if (iss_identity_show(&err, link->ssl, identity, link, remember) ==
	    ISS_OK) {
		/* The next connection may be somebody else's. */
		link->new_sessions = NULL;
		link->shown = true;
		return GO_ON;
	}
	return fail(link, err.text);
}

static int
ask_program(SSL *ssl, struct iss_link *link, bool remember)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	const struct iss_cert_request request = { SSL_get0_peer_CA_list(ssl),
		ssl };
	const struct iss_identity *identity = NULL;

	if (ask->client_cert == NULL)
		return fail(link, "it cannot be asked");
	switch (ask->client_cert(link->handle, &request, &identity)) {
	case ISS_REPLY_NONE:
		return GO_ON;
	case ISS_REPLY_GIVEN:
		return show(link, identity, remember);
	case ISS_REPLY_LATER:
		return iss_link_postpone(link, "SSL_cert_callback") ? WAIT
								    : FAIL;
	default:
		return fail(link, "it must return a hash of SSL_cert, SSL_key, "
				  "SSL_cert_file and SSL_key_file, or undef");
	}
}

/* Shows nothing of the context, whatever the program says. */
static int
on_request(SSL *ssl, void *remember)
{
	struct iss_link *link = iss_link_of(ssl);

	SSL_certs_clear(ssl);
	if (link == NULL)
		return FAIL;
	if (link->wants_answer)
		return iss_link_may_wait(link) ? WAIT : FAIL;
	return ask_program(ssl, link, remember != NULL);
}

void
iss_client_cert_install(SSL_CTX *ctx, bool remember)
{
	SSL_CTX_set_cert_cb(ctx, on_request, remember ? ctx : NULL);
}
