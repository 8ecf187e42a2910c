#include "sessions.h"

#include "handles.h"
#include "magic.h"
#include "state.h"
#include "stores.h"
#include "values.h"
#include "sessions/client_store.h"
#include "sessions/new_sessions.h"

ISS_MAGIC_COUNTED(cache_magic, struct iss_session_cache,
    iss_session_cache_up_ref, iss_session_cache_free);

ISS_MAGIC_COUNTED(
    lent_magic, SSL_SESSION, SSL_SESSION_up_ref, SSL_SESSION_free);

struct iss_session_cache *
iss_attached_session_cache(pTHX_ SV *object)
{
	return iss_magic_find_behind(aTHX_ &cache_magic, object);
}

void
iss_create_session_cache(pTHX_ SV *object, UV max)
{
	struct iss_session_cache *cache;
	struct iss_error err;

	iss_error_clear(&err);
	if (iss_session_cache_new(&err, &cache, max) != ISS_OK)
		Perl_croak(aTHX_ "%s", err.text);
	iss_magic_attach(aTHX_ &cache_magic, SvRV(object), cache, NULL);
}

void
iss_lend_session(pTHX_ SV *object, SSL_SESSION *session)
{
	iss_magic_attach(aTHX_ &lent_magic, object, session, NULL);
}

/* Equal texts are equal keys, however Perl stores them. */
struct iss_session_key
iss_session_key(pTHX_ SV *key)
{
	struct iss_session_key bytes;
	STRLEN len;

	bytes.bytes = SvPVutf8(sv_mortalcopy(key), len);
	bytes.len = len;
	return bytes;
}

void
iss_session_cache_from_size(pTHX_ HV *context)
{
	SV *size = iss_hash_value(aTHX_ context, "session_cache");
	SV *cache;

	if (size == NULL || SvROK(size))
		return;
	cache = sv_bless(newRV_noinc((SV *)newHV()),
	    gv_stashpvs("IO::Socket::SSL::Session_Cache", GV_ADD));
	iss_create_session_cache(aTHX_ cache, SvUV(size));
	(void)hv_stores(context, "session_cache", cache);
}

struct iss_session_cache *
iss_own_session_cache(pTHX_ SV *object, const char *method)
{
	HV *ours = gv_stashpvs("IO::Socket::SSL::Session_Cache", GV_ADD);
	GV *theirs, *own;

	if (!sv_isobject(object))
		return NULL;
	theirs = gv_fetchmethod_autoload(SvSTASH(SvRV(object)), method, FALSE);
	own = gv_fetchmethod_autoload(ours, method, FALSE);
	if (theirs == NULL || own == NULL || GvCV(theirs) != GvCV(own))
		return NULL;
	return iss_attached_session_cache(aTHX_ object);
}

/* The call has ended but for this: its handle is lent once more. */
static void
keep_in_store(pTHX_ struct iss_call *call, struct iss_store *store, SV *key,
    SSL_SESSION *session)
{
	struct iss_session_key bytes = iss_session_key(aTHX_ key);
	struct iss_link *link = &call->conn->link;
	void *outer = iss_link_lend(link, call);

	iss_store_up_ref(store); /* a callback may drop the object */
	iss_client_store_put(store, link, bytes, session);
	iss_store_free(store);
	(void)iss_link_lend(link, outer);
	SSL_SESSION_free(session);
}

/* The cache owns the session from now on. */
static void
keep(pTHX_ struct iss_call *call, SSL_SESSION *session)
{
	SV *cache = iss_state_callback(aTHX_ call->glob, "session_cache");
	SV *key = iss_state_session_key(aTHX_ call->glob);
	struct iss_session_cache *own;
	struct iss_store *store;
	SV *args[3];

	if (cache == NULL || key == NULL) {
		SSL_SESSION_free(session);
		return;
	}
	if ((own = iss_own_session_cache(aTHX_ cache, "add_session")) != NULL) {
		iss_session_cache_add0(
		    own, iss_session_key(aTHX_ key), session);
		return;
	}
	if ((store = iss_attached_store(aTHX_ cache)) != NULL) {
		keep_in_store(aTHX_ call, store, key, session);
		return;
	}
	args[0] = sv_mortalcopy(cache);
	args[1] = sv_mortalcopy(key);
	args[2] = sv_2mortal(iss_new_handle(aTHX_ session));
	iss_ask_method(aTHX_ call, "add_session", args, 3);
}

/* Sessions that came with a failure are dropped.  An end without close_notify
 * is not a failure of theirs (RFC 8446, 6.1). */
void
iss_sessions_deliver(pTHX_ struct iss_call *call)
{
	struct iss_conn *conn = call->conn;
	bool good = conn->state == ISS_CONN_OPEN || conn->truncated;
	SSL_SESSION *session;

	while ((session = iss_new_sessions_take(&conn->resume.new_sessions)) !=
	       NULL) {
		if (!good || call->died != NULL || call->exits)
			SSL_SESSION_free(session);
		else
			keep(aTHX_ call, session);
	}
}
