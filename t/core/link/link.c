/*
 * The link of an SSL: found from it and from its verification, on whatever
 * context; callbacks that are there while a handle is lent; no way back in.
 */
#include "link/link.h"

#include <openssl/err.h>

#include "pair.h"
#include "tap.h"

static int
give_no_password(void *handle, char *buf, size_t size)
{
	(void)handle;
	(void)buf;
	(void)size;
	return -1;
}

static const struct iss_callbacks some = { .password = give_no_password };

static void
test_attach(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL_CTX *other = SSL_CTX_new(TLS_method());
	SSL *ssl = SSL_new(ctx), *stranger = SSL_new(ctx);
	struct iss_link link = { 0 }, second = { 0 };
	struct iss_error err;

	iss_error_clear(&err);
	ok(iss_link_of(ssl) == NULL, "an SSL without a link");
	is_int(iss_link_attach(&err, &link, ssl), ISS_OK, "a link is hung on");
	ok(iss_link_of(ssl) == &link, "... and found");
	ok(link.ssl == ssl, "... and knows its SSL");
	ok(iss_link_of(stranger) == NULL, "another SSL has none");
	SSL_set_SSL_CTX(ssl, other);
	ok(iss_link_of(ssl) == &link, "another context has the same link");
	iss_link_attach(&err, &second, ssl);
	ok(iss_link_of(ssl) == &second, "a second link takes its place");
	SSL_free(ssl);
	SSL_free(stranger);
	SSL_CTX_free(ctx);
	SSL_CTX_free(other);
}

static void
test_store(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl = SSL_new(ctx), *stranger = SSL_new(ctx);
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	int index = SSL_get_ex_data_X509_STORE_CTX_idx();
	struct iss_link link = { 0 };
	struct iss_error err;

	iss_link_attach(&err, &link, ssl);
	X509_STORE_CTX_init(store, NULL, NULL, NULL);
	ok(iss_link_of_store(store) == NULL, "a verification of no SSL");
	X509_STORE_CTX_set_ex_data(store, index, stranger);
	ok(iss_link_of_store(store) == NULL, "of one without a link");
	X509_STORE_CTX_set_ex_data(store, index, ssl);
	ok(iss_link_of_store(store) == &link, "of one with a link");
	X509_STORE_CTX_free(store);
	SSL_free(ssl);
	SSL_free(stranger);
	SSL_CTX_free(ctx);
}

static void
test_callbacks(void)
{
	int handle;
	struct {
		const char *name;
		struct iss_link link;
		bool some;
	} cases[] = {
		{ "nothing", { 0 }, false },
		{ "callbacks, but no handle", { .callbacks = &some }, false },
		{ "a handle, but no callbacks", { .handle = &handle }, false },
		{ "both", { .callbacks = &some, .handle = &handle }, true },
	};
	const struct iss_callbacks *now;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		now = iss_link_callbacks(&cases[i].link);
		ok(now != NULL, "%s: there is a table", cases[i].name);
		ok((now->password != NULL) == cases[i].some, "... %s",
		    cases[i].some ? "with its entry" : "which is empty");
		ok(now->verify == NULL && now->staple == NULL &&
			now->pump_read == NULL,
		    "... an entry that nobody made");
	}
}

static void
test_bracket(void)
{
	struct iss_link link = { 0 };

	ERR_clear_error();
	d2i_X509(NULL, &(const unsigned char *){ (void *)"x" }, 1);
	ok(ERR_peek_error() != 0, "a stale error");
	ok(iss_link_enter(&link) && link.busy, "in");
	is_int((long long)ERR_peek_error(), 0, "... without the stale error");
	ok(!iss_link_enter(&link), "in again is refused");
	ok(link.busy, "... and we are still in");
	iss_link_leave(&link);
	ok(!link.busy, "out");
	ok(iss_link_enter(&link), "in again");
	d2i_X509(NULL, &(const unsigned char *){ (void *)"x" }, 1);
	iss_link_leave(&link);
	ok(ERR_peek_error() != 0, "errors of the call itself are left");
	ERR_clear_error();
}

/* Each of two connections on one context finds its own. */
static void
test_connections(void)
{
	struct pair one, two;
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_server_ctx(NULL);

	pair_init(&one);
	pair_init(&two);
	pair_open(&one, client, server);
	pair_open(&two, client, server);
	ok(iss_link_of(one.client.conn->ssl) == &one.client.conn->link &&
		iss_link_of(two.client.conn->ssl) == &two.client.conn->link,
	    "two connections have a link each");
	ok(one.server.conn->link.verify == &one.server.conn->verify &&
		one.server.conn->link.staple == &one.server.conn->staple,
	    "... which leads to what belongs to them");
	pair_close(&one);
	pair_close(&two);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* The mark of the context that a connection has come to counts. */
static void
test_strict(void)
{
	SSL_CTX *plain = SSL_CTX_new(TLS_method());
	SSL_CTX *strict = SSL_CTX_new(TLS_method());
	SSL *ssl = SSL_new(plain);

	ok(iss_link_set_strict(strict), "a context is marked as strict");
	ok(!iss_link_is_strict(ssl), "a connection of another one is not");
	SSL_set_SSL_CTX(ssl, strict);
	ok(iss_link_is_strict(ssl), "... until it comes to that context");
	ok(!iss_link_is_strict(NULL), "no connection is not strict");
	SSL_free(ssl);
	SSL_CTX_free(plain);
	SSL_CTX_free(strict);
}

int
main(void)
{
	test_attach();
	test_store();
	test_callbacks();
	test_bracket();
	test_connections();
	test_strict();
	return tap_done();
}
