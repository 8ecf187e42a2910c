/*
 * Owns OpenSSL's callbacks for the sessions of servers with a store.
 */
#include "sessions/server_store.h"

#include <openssl/err.h>

#include "base/buf.h"
#include "base/ex_index.h"
#include "link/link.h"
#include "sessions/peer_end.h"
#include "sessions/session.h"

/* A client may send many identities; each that looks like ours costs a
 * question. */
enum { ID_LEN = 32, LOOKUPS_MAX = 4 };

ISS_EX_INDEX_OWNED(store_index, SSL_CTX, iss_store_free);

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
may_use(const struct iss_link *link, SSL_SESSION *session, const char *name)
{
	if (!iss_peer_end_allows(session))
		return false;
	return !iss_session_is_single_use(session) ||
	       iss_store_take(link, name);
}

static SSL_SESSION *
look_up(const struct iss_store *store, const struct iss_link *link,
    const unsigned char *id)
{
	struct iss_store_key key = key_of(id);
	char name[ISS_SEAL_KEY_LEN + 1];
	SSL_SESSION *session = NULL;
	const unsigned char *der;
	struct iss_buf value;

	iss_buf_init(&value, ISS_SEAL_MAX);
	if (iss_store_get(store, link, &key, &value, name)) {
		der = (const unsigned char *)iss_buf_text(&value);
		session = d2i_SSL_SESSION(NULL, &der, (long)value.len);
	}
	iss_buf_release(&value);
	if (session != NULL && !may_use(link, session, name)) {
		SSL_SESSION_free(session);
		session = NULL;
	}
	return session;
}

/* The reference becomes OpenSSL's. */
static SSL_SESSION *
on_lookup(SSL *ssl, const unsigned char *id, int len, int *copy)
{
	const struct iss_store *store = store_of(ssl);
	struct iss_link *link = iss_link_of(ssl);
	SSL_SESSION *session;

	*copy = 0;
	if (store == NULL || link == NULL || len != ID_LEN ||
	    link->store_lookups >= LOOKUPS_MAX)
		return NULL;
	link->store_lookups++;
	session = look_up(store, link, id);
	iss_stats_add(link->stats,
	    session != NULL ? ISS_STATS_HITS : ISS_STATS_MISSES, 1);
	ERR_clear_error();
	return session;
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
