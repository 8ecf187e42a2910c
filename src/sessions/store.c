/*
 * Owns OpenSSL's callbacks for the sessions of servers with a store.
 */
#include "sessions/store.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/buf.h"
#include "base/ex_index.h"
#include "base/refcount.h"
#include "link/link.h"
#include "sessions/peer_end.h"
#include "sessions/session.h"

/* A client may send many identities; each that looks like ours costs a
 * question. */
enum { ID_LEN = 32, LOOKUPS_MAX = 4 };

static const char role[] = "server";

struct iss_store {
	struct iss_refcount refs;
	long timeout;
	struct iss_seal_secret secrets[ISS_STORE_SECRETS_MAX];
	size_t count;
};

int
iss_store_new(struct iss_error *err, struct iss_store **out, long timeout)
{
	struct iss_store *store = calloc(1, sizeof(*store));

	if (store == NULL || !iss_refcount_init(&store->refs)) {
		free(store);
		return iss_error_memory(err);
	}
	store->timeout = timeout;
	*out = store;
	return ISS_OK;
}

struct iss_store *
iss_store_up_ref(struct iss_store *store)
{
	iss_refcount_up(&store->refs);
	return store;
}

void
iss_store_free(struct iss_store *store)
{
	size_t i;

	if (store == NULL || !iss_refcount_down(&store->refs))
		return;
	for (i = 0; i < store->count; i++)
		iss_seal_secret_release(&store->secrets[i]);
	iss_refcount_release(&store->refs);
	free(store);
}

int
iss_store_add_secret(struct iss_error *err, struct iss_store *store,
    const void *bytes, size_t len)
{
	if (len < ISS_SEAL_SECRET_MIN)
		return iss_error_set(err,
		    "a secret must have %d bytes or more, not %zu",
		    ISS_SEAL_SECRET_MIN, len);
	if (store->count == ISS_STORE_SECRETS_MAX)
		return iss_error_set(
		    err, "at most %d secrets", ISS_STORE_SECRETS_MAX);
	if (!iss_seal_secret_set(&store->secrets[store->count], bytes, len))
		return iss_error_memory(err);
	store->count++;
	return ISS_OK;
}

ISS_EX_INDEX_OWNED(store_index, SSL_CTX, iss_store_free);

/* The contexts of virtual hosts have the store of their server. */
static const struct iss_store *
store_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), store_index());
}

static void
put_sealed(const struct iss_store *store, const struct iss_link *link,
    const SSL_SESSION *session, const struct iss_buf *plain)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	long seconds = SSL_SESSION_get_timeout(session);
	char key[ISS_SEAL_KEY_LEN + 1];
	const unsigned char *id;
	struct iss_buf sealed;
	unsigned int len;

	iss_buf_init(&sealed, ISS_SEAL_MAX);
	id = SSL_SESSION_get_id(session, &len);
	if (ask->store_put != NULL && len == ID_LEN && seconds > 0 &&
	    iss_seal_key(&store->secrets[0], role, id, len, key) &&
	    iss_seal_close(&store->secrets[0], role, key, iss_buf_text(plain),
		plain->len, &sealed))
		ask->store_put(link->handle, key, iss_buf_text(&sealed),
		    sealed.len,
		    seconds < store->timeout ? seconds : store->timeout);
	iss_buf_release(&sealed);
}

/* Returning 0 leaves the reference to OpenSSL. */
static int
on_new_session(SSL *ssl, SSL_SESSION *session)
{
	const struct iss_store *store = store_of(ssl);
	const struct iss_link *link = iss_link_of(ssl);
	unsigned char *der = NULL;
	struct iss_buf plain;
	int len;

	if (store == NULL || link == NULL || !iss_peer_end_note(ssl, session) ||
	    (len = i2d_SSL_SESSION(session, &der)) <= 0)
		return 0;
	iss_buf_init(&plain, ISS_SEAL_MAX);
	if (iss_buf_append(&plain, der, (size_t)len))
		put_sealed(store, link, session, &plain);
	iss_buf_release(&plain);
	OPENSSL_clear_free(der, (size_t)len);
	return 0;
}

/* The session in a value of the store; NULL if there is none that we can
 * read. */
static SSL_SESSION *
open_session(const struct iss_seal_secret *secret, const char *key,
    const struct iss_buf *sealed)
{
	const unsigned char *der;
	SSL_SESSION *session = NULL;
	struct iss_buf plain;

	iss_buf_init(&plain, ISS_SEAL_MAX);
	if (iss_seal_open(
		secret, role, key, iss_buf_text(sealed), sealed->len, &plain)) {
		der = (const unsigned char *)iss_buf_text(&plain);
		session = d2i_SSL_SESSION(NULL, &der, (long)plain.len);
	}
	iss_buf_release(&plain);
	return session;
}

/* Who does not take a session for single use himself must not use it. */
static bool
may_use(const struct iss_link *link, SSL_SESSION *session, const char *key)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);

	if (!iss_peer_end_allows(session))
		return false;
	return !iss_session_is_single_use(session) ||
	       (ask->store_take != NULL && ask->store_take(link->handle, key));
}

static SSL_SESSION *
look_up(const struct iss_seal_secret *secret, const struct iss_link *link,
    const unsigned char *id)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	char key[ISS_SEAL_KEY_LEN + 1];
	SSL_SESSION *session = NULL;
	struct iss_buf sealed;

	iss_buf_init(&sealed, ISS_SEAL_MAX);
	if (ask->store_get != NULL &&
	    iss_seal_key(secret, role, id, ID_LEN, key) &&
	    ask->store_get(link->handle, key, &sealed))
		session = open_session(secret, key, &sealed);
	iss_buf_release(&sealed);
	if (session != NULL && !may_use(link, session, key)) {
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
	SSL_SESSION *session = NULL;
	size_t i;

	*copy = 0;
	if (store == NULL || link == NULL || len != ID_LEN ||
	    link->store_lookups >= LOOKUPS_MAX)
		return NULL;
	link->store_lookups++;
	for (i = 0; session == NULL && i < store->count; i++)
		session = look_up(&store->secrets[i], link, id);
	ERR_clear_error();
	return session;
}

/* Without OpenSSL's own cache a session of TLS 1.3 has an id only if tickets
 * are off. */
int
iss_store_install(struct iss_error *err, SSL_CTX *ctx, struct iss_store *store)
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
