/*
 * Owns our place in the ex_data of an SSL, and the rule that nobody is asked
 * unless the program is waiting for the core.
 */
#include "link/link.h"

#include <openssl/err.h>

#include "base/ex_index.h"

ISS_EX_INDEX(link_index, SSL, NULL);
ISS_EX_INDEX(strict_index, SSL_CTX, NULL);

int
iss_link_attach(struct iss_error *err, struct iss_link *link, SSL *ssl)
{
	if (!SSL_set_ex_data(ssl, link_index(), link))
		return iss_error_openssl(err, "cannot create an SSL object");
	link->ssl = ssl;
	link->first_ctx = SSL_get_SSL_CTX(ssl);
	return ISS_OK;
}

struct iss_link *
iss_link_of(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, link_index());
}

struct iss_link *
iss_link_of_store(X509_STORE_CTX *store)
{
	int index = SSL_get_ex_data_X509_STORE_CTX_idx();
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, index);

	return ssl != NULL ? iss_link_of(ssl) : NULL;
}

SSL_CTX *
iss_link_first_ctx(const SSL *ssl)
{
	const struct iss_link *link = iss_link_of(ssl);

	return link != NULL ? link->first_ctx : SSL_get_SSL_CTX(ssl);
}

static bool
may_wait(struct iss_link *link, const char *option)
{
	if (link->may_wait)
		return true;
	iss_error_set(iss_kept_error_fill(&link->failure),
	    "%s: SSL_LATER needs a handshake on a non-blocking socket", option);
	return false;
}

bool
iss_link_postpone(struct iss_link *link, const char *option)
{
	link->wants_answer = may_wait(link, option);
	return link->wants_answer;
}

bool
iss_link_may_wait(struct iss_link *link)
{
	return may_wait(link, "no answer yet");
}

bool
iss_link_set_strict(SSL_CTX *ctx)
{
	return SSL_CTX_set_ex_data(ctx, strict_index(), ctx) != 0;
}

bool
iss_link_is_strict(const SSL *ssl)
{
	return ssl != NULL && SSL_CTX_get_ex_data(
				  SSL_get_SSL_CTX(ssl), strict_index()) != NULL;
}

static void
on_info(const SSL *ssl, int where, int value)
{
	struct iss_link *link;

	if (where == SSL_CB_WRITE_ALERT && value >> 8 == SSL3_AL_FATAL &&
	    (link = iss_link_of(ssl)) != NULL)
		link->sent_alert = (unsigned char)value;
}

void
iss_link_note_alerts(SSL_CTX *ctx)
{
	SSL_CTX_set_info_callback(ctx, on_info);
}

void *
iss_link_lend(struct iss_link *link, void *handle)
{
	void *before = link->handle;

	link->handle = handle;
	return before;
}

const struct iss_callbacks *
iss_link_callbacks(const struct iss_link *link)
{
	static const struct iss_callbacks none = { 0 };

	return link->callbacks != NULL && link->handle != NULL ? link->callbacks
							       : &none;
}

bool
iss_link_enter(struct iss_link *link)
{
	if (link->busy)
		return false;
	link->busy = true;
	if (ERR_peek_error() != 0)
		ERR_clear_error();
	return true;
}

void
iss_link_leave(struct iss_link *link)
{
	link->busy = false;
}
