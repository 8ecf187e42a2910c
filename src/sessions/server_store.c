/*
 * Owns OpenSSL's callbacks for the sessions of servers with a store.
 */
#include "sessions/server_store.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/buf.h"
#include "base/ex_index.h"
#include "link/link.h"
#include "sessions/offered.h"
#include "sessions/peer_end.h"
#include "sessions/session.h"

/* A client may send many identities; each that looks like ours costs a
 * question. */
enum { ID_LEN = ISS_OFFERED_LEN, LOOKUPS_MAX = 4 };

/* A session that the store has.  After a HelloRetryRequest OpenSSL looks for it
 * a second time. */
struct found {
	SSL_SESSION *session;
	unsigned char id[ID_LEN];
	char name[ISS_SEAL_KEY_LEN + 1]; /* where it is stored */
	bool taken;                      /* it is ours alone */
};

static void
found_free(struct found *found)
{
	if (found == NULL)
		return;
	SSL_SESSION_free(found->session);
	free(found);
}

ISS_EX_INDEX_OWNED(store_index, SSL_CTX, iss_store_free);
ISS_EX_INDEX_OWNED(found_index, SSL, found_free);

/* The store stays that of the context which the connection began with. */
static const struct iss_store *
store_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(iss_link_first_ctx(ssl), store_index());
}

static struct iss_store_key
key_of(const unsigned char *id)
{
	struct iss_store_key key = { "server", id, ID_LEN };

	return key;
}

static void
put(const struct iss_store *store, const struct iss_link *link,
    const SSL_SESSION *session, const struct iss_buf *value)
{
	struct iss_store_key key;
	unsigned int len;

	key = key_of(SSL_SESSION_get_id(session, &len));
	if (len == ID_LEN)
		iss_store_put(
		    store, link, &key, value, SSL_SESSION_get_timeout(session));
}

/* Returning 0 leaves the reference to OpenSSL. */
static int
on_new_session(SSL *ssl, SSL_SESSION *session)
{
	const struct iss_store *store = store_of(ssl);
	const struct iss_link *link = iss_link_of(ssl);
	unsigned char *der = NULL;
	struct iss_buf value;
	int len;

	if (store == NULL || link == NULL || !iss_peer_end_note(ssl, session) ||
	    (len = i2d_SSL_SESSION(session, &der)) <= 0)
		return 0;
	iss_buf_init(&value, ISS_SEAL_MAX);
	if (iss_buf_append(&value, der, (size_t)len))
		put(store, link, session, &value);
	iss_buf_release(&value);
	OPENSSL_clear_free(der, (size_t)len);
	return 0;
}

/* Who does not take a session for single use himself must not use it. */
static bool
may_use(const struct iss_link *link, struct found *found)
{
	if (!iss_peer_end_allows(link->ssl, found->session))
		return false;
	if (!found->taken)
		found->taken = !iss_session_is_single_use(found->session) ||
			       iss_store_take(link, found->name);
	return found->taken;
}

/* What the store has under an id and one of its secrets. */
static enum iss_reply
ask_for(const struct iss_store *store, const struct iss_link *link,
    struct found *found, size_t secret)
{
	struct iss_store_key key = key_of(found->id);
	const unsigned char *der;
	struct iss_buf value;
	enum iss_reply reply;

	iss_buf_init(&value, ISS_SEAL_MAX);
	reply = iss_store_ask(store, link, &key, secret, &value, found->name);
	if (reply == ISS_REPLY_GIVEN) {
		der = (const unsigned char *)iss_buf_text(&value);
		found->session = d2i_SSL_SESSION(NULL, &der, (long)value.len);
		if (found->session == NULL)
			reply = ISS_REPLY_NONE;
	}
	iss_buf_release(&value);
	ERR_clear_error();
	return reply;
}

/* Ask until one is found.  Where an answer comes later, the next call repeats
 * that question: store_lookups counts those that are done. */
static enum iss_reply
ask_for_all(SSL *ssl, const struct iss_store *store, struct iss_link *link,
    struct found *found)
{
	const size_t secrets = iss_store_secrets(store);
	enum iss_reply reply = ISS_REPLY_NONE;
	const unsigned char *id;
	size_t at;

	while ((at = link->store_lookups) < LOOKUPS_MAX * secrets &&
	       iss_offered_id(ssl, at / secrets, &id)) {
		memcpy(found->id, id, ID_LEN);
		reply = ask_for(store, link, found, at % secrets);
		if (reply == ISS_REPLY_LATER)
			break;
		link->store_lookups++;
		if (reply == ISS_REPLY_GIVEN)
			break;
		if (at % secrets == secrets - 1)
			iss_stats_add(link->stats, ISS_STATS_MISSES, 1);
	}
	return reply;
}

static int
wait_or_fail(bool may_wait, int *alert)
{
	*alert = SSL_AD_INTERNAL_ERROR;
	return may_wait ? SSL_CLIENT_HELLO_RETRY : SSL_CLIENT_HELLO_ERROR;
}

int
iss_server_store_ask(SSL *ssl, int *alert)
{
	const struct iss_store *store = store_of(ssl);
	struct iss_link *link = iss_link_of(ssl);
	struct found *found;
	enum iss_reply reply;

	if (store == NULL || link == NULL ||
	    SSL_get_ex_data(ssl, found_index()) != NULL)
		return SSL_CLIENT_HELLO_SUCCESS;
	if (link->wants_answer)
		return wait_or_fail(iss_link_may_wait(link), alert);
	if ((found = calloc(1, sizeof(*found))) == NULL)
		return SSL_CLIENT_HELLO_SUCCESS;
	reply = ask_for_all(ssl, store, link, found);
	if (reply != ISS_REPLY_GIVEN ||
	    !SSL_set_ex_data(ssl, found_index(), found))
		found_free(found);
	return reply == ISS_REPLY_LATER
		   ? wait_or_fail(
			 iss_link_postpone(link, "SSL_session_cache"), alert)
		   : SSL_CLIENT_HELLO_SUCCESS;
}

void
iss_server_store_done(SSL *ssl)
{
	found_free(SSL_get_ex_data(ssl, found_index()));
	SSL_set_ex_data(ssl, found_index(), NULL);
}

/* OpenSSL takes a reference of its own. */
static SSL_SESSION *
on_lookup(SSL *ssl, const unsigned char *id, int len, int *copy)
{
	struct found *found = SSL_get_ex_data(ssl, found_index());
	struct iss_link *link = iss_link_of(ssl);
	bool again, good;

	*copy = 1;
	if (found == NULL || link == NULL || len != ID_LEN ||
	    memcmp(found->id, id, ID_LEN) != 0)
		return NULL;
	again = found->taken;
	good = may_use(link, found);
	ERR_clear_error();
	if (!again)
		iss_stats_add(
		    link->stats, good ? ISS_STATS_HITS : ISS_STATS_MISSES, 1);
	if (good)
		return found->session;
	iss_server_store_done(ssl);
	return NULL;
}

/* Without OpenSSL's own cache a session of TLS 1.3 has an id only if tickets
 * are off. */
int
iss_server_store_install(
    struct iss_error *err, SSL_CTX *ctx, struct iss_store *store)
{
	if (!SSL_CTX_set_ex_data(ctx, store_index(), store))
		return iss_error_openssl(err, "SSL_session_cache");
	iss_store_up_ref(store);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER |
						SSL_SESS_CACHE_NO_INTERNAL |
						SSL_SESS_CACHE_NO_AUTO_CLEAR);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_sess_set_new_cb(ctx, on_new_session);
	SSL_CTX_sess_set_get_cb(ctx, on_lookup);
	return ISS_OK;
}
