#include "sessions.h"

#include "handles.h"
#include "magic.h"
#include "sessions/new_sessions.h"

ISS_MAGIC_COUNTED(cache_magic, struct iss_session_cache,
    iss_session_cache_up_ref, iss_session_cache_free);

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

/* Sessions that came with a failure are dropped. */
void
iss_sessions_deliver(pTHX_ struct iss_call *call)
{
	CV *keep = get_cv("IO::Socket::SSL::Session_Cache::_keep", 0);
	struct iss_conn *conn = call->conn;
	SSL_SESSION *session;
	SV *args[2];

	while ((session = iss_new_sessions_take(&conn->resume.new_sessions)) !=
	       NULL) {
		if (conn->state != ISS_CONN_OPEN || call->died != NULL ||
		    call->exits) {
			SSL_SESSION_free(session);
			continue;
		}
		args[0] = sv_2mortal(newRV_inc((SV *)call->glob));
		args[1] = sv_2mortal(iss_new_handle(aTHX_ session));
		iss_ask(aTHX_ call, (SV *)keep, args, 2);
	}
}
