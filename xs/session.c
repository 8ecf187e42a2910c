/*
 * Sessions and tickets between Perl and the core: the cache behind its
 * object, what arrived to whoever keeps it, keys of tickets.
 *
 *	$cache -> HV -> magic -> struct iss_session_cache
 *
 * A new ithread takes one more reference (svt_dup): threads share a cache.
 */
#include "session.h"

#include "attach.h"
#include "call.h"
#include "handles.h"
#include "connection/resume.h"

static int
free_cache(pTHX_ SV *sv, MAGIC *mg)
{
	PERL_UNUSED_ARG(sv);
	iss_session_cache_free((struct iss_session_cache *)mg->mg_ptr);
	mg->mg_ptr = NULL;
	return 0;
}

#ifdef USE_ITHREADS
static int
dup_cache(pTHX_ MAGIC *mg, CLONE_PARAMS *params)
{
	PERL_UNUSED_ARG(params);
	iss_session_cache_up_ref((struct iss_session_cache *)mg->mg_ptr);
	return 0;
}
#else
#	define dup_cache NULL
#endif

static const MGVTBL cache_vtbl = {
	.svt_free = free_cache,
	.svt_dup = dup_cache,
};

struct iss_session_cache *
iss_attached_session_cache(pTHX_ SV *object)
{
	MAGIC *mg;

	if (!SvROK(object) || !SvMAGICAL(SvRV(object)))
		return NULL;
	mg = mg_findext(SvRV(object), PERL_MAGIC_ext, &cache_vtbl);
	return mg != NULL ? (struct iss_session_cache *)mg->mg_ptr : NULL;
}

void
iss_create_session_cache(pTHX_ SV *object, UV max)
{
	struct iss_session_cache *cache;
	struct iss_error err;
	MAGIC *mg;

	iss_error_clear(&err);
	if (iss_session_cache_new(&err, &cache, max) != ISS_OK)
		Perl_croak(aTHX_ "%s", err.text);
	mg = sv_magicext(SvRV(object), NULL, PERL_MAGIC_ext, &cache_vtbl,
	    (const char *)cache, 0);
	mg->mg_flags |= MGf_DUP;
}

/* The same text is the same key, whatever Perl stores it as. */
struct iss_session_key
iss_session_key(pTHX_ SV *key)
{
	struct iss_session_key bytes;
	STRLEN len;

	bytes.bytes = SvPVutf8(sv_mortalcopy(key), len);
	bytes.len = len;
	return bytes;
}

/* A session that came with a failure is not worth keeping. */
void
iss_deliver_sessions(pTHX_ struct iss_call *call)
{
	CV *keep = get_cv("IO::Socket::SSL::Session_Cache::_keep", 0);
	struct iss_conn *conn = call->conn;
	SSL_SESSION *session;
	SV *args[2];

	while ((session = iss_new_sessions_take(&conn->arrivals)) != NULL) {
		if (conn->state != ISS_CONN_OPEN || call->died != NULL ||
		    call->exits) {
			SSL_SESSION_free(session);
			continue;
		}
		args[0] = sv_2mortal(newRV_inc((SV *)call->glob));
		args[1] = sv_2mortal(iss_new_handle(aTHX_ session));
		iss_call_ask(aTHX_ call, (SV *)keep, args, 2);
	}
}

static struct iss_conn *
conn_to_begin(pTHX_ GV *self)
{
	struct iss_conn *conn = iss_attached(aTHX_ self);

	if (conn == NULL)
		Perl_croak(aTHX_ "there is no TLS connection on this socket");
	return conn;
}

bool
iss_offer_session(pTHX_ GV *self, SSL_SESSION *session)
{
	struct iss_conn *conn = conn_to_begin(aTHX_ self);
	struct iss_call call;
	bool spent;

	iss_call_begin(aTHX_ &call, self, conn, NULL);
	spent = iss_conn_offer_session(conn, session);
	iss_call_end(aTHX_ &call);
	return spent;
}

void
iss_offer_from(pTHX_ GV *self, struct iss_session_cache *cache, SV *key)
{
	struct iss_conn *conn = conn_to_begin(aTHX_ self);
	struct iss_session_key bytes = iss_session_key(aTHX_ key);
	struct iss_call call;

	iss_session_cache_up_ref(cache); /* a callback may drop the object */
	iss_call_begin(aTHX_ &call, self, conn, NULL);
	iss_conn_offer_from(conn, cache, bytes);
	iss_session_cache_free(cache);
	iss_call_end(aTHX_ &call);
}

bool
iss_answer_ticket_key(
    void *host, const unsigned char *name, struct iss_ticket_key *key)
{
	struct iss_call *call = host;
	dCALL_PERL(call);
	SV *args[2];
	SV *answer;
	const char *bytes;
	STRLEN len;

	args[0] = iss_callback(aTHX_ call->glob, "ticket_keycb");
	if (call->died != NULL || args[0] == NULL)
		return false;
	args[1] =
	    name != NULL
		? sv_2mortal(newSVpvn((const char *)name, ISS_TICKET_NAME_LEN))
		: &PL_sv_undef;
	answer = iss_call_ask(aTHX_ call,
	    (SV *)get_cv("IO::Socket::SSL::Ticket::_ask", 0), args, 2);
	if (answer == NULL || !SvPOK(answer))
		return false;
	bytes = SvPV_nomg(answer, len);
	if (len != sizeof(key->secret) + sizeof(key->name))
		return false;
	Copy(bytes, key->secret, sizeof(key->secret), char);
	Copy(bytes + sizeof(key->secret), key->name, sizeof(key->name), char);
	return true;
}
