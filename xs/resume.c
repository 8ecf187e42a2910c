#include "resume.h"

#include <sys/types.h>
#include <sys/socket.h>

#include "attachment.h"
#include "call.h"
#include "errors.h"
#include "handles.h"
#include "peer.h"
#include "sessions.h"
#include "state.h"
#include "stores.h"
#include "values.h"
#include "base/buf.h"
#include "connection/conn.h"

/* More than any key that a program could mean. */
enum { KEY_MAX = 1 << 20 };

/* What the sessions of this connection are kept under, mortal; NULL: they are
 * not kept. */
static SV *
choose_key(pTHX_ GV *self, struct iss_conn *conn)
{
	struct iss_peer_facts facts =
	    iss_peer_facts(aTHX_ iss_state_arguments(aTHX_ self),
		iss_state_context(aTHX_ self), false, ISS_PEER_UTF8);
	struct sockaddr_storage address;
	enum iss_session_key_source source;
	struct iss_buf text;
	SV *key = NULL;

	facts.address_len = sizeof(address);
	if (iss_sock_peer(conn->sock, &address, &facts.address_len))
		facts.address = (const struct sockaddr *)&address;
	iss_buf_init(&text, KEY_MAX);
	source = iss_peer_policy_session_key(&facts, &text);
	if (source != ISS_SESSION_KEY_NONE &&
	    iss_conn_keep_sessions(conn, source == ISS_SESSION_KEY_GIVEN) ==
		ISS_OK) {
		key = sv_2mortal(newSVpvn(iss_buf_text(&text), text.len));
		if (source != ISS_SESSION_KEY_ADDRESS)
			sv_utf8_decode(key);
	}
	iss_buf_release(&text);
	return key;
}

static void
offer_from(pTHX_ GV *self, struct iss_conn *conn,
    struct iss_session_cache *cache, SV *key)
{
	struct iss_session_key bytes = iss_session_key(aTHX_ key);
	struct iss_call call;

	iss_session_cache_up_ref(cache); /* a callback may drop the object */
	iss_call_begin(aTHX_ &call, self, conn, NULL);
	iss_conn_offer_from(conn, cache, bytes);
	iss_session_cache_free(cache);
	iss_call_end(aTHX_ &call);
}

/* Perl code of the store may drop the object. */
static void
offer_stored(
    pTHX_ GV *self, struct iss_conn *conn, struct iss_store *store, SV *key)
{
	struct iss_session_key bytes = iss_session_key(aTHX_ key);
	struct iss_call call;

	iss_store_up_ref(store);
	iss_call_begin(aTHX_ &call, self, conn, NULL);
	iss_conn_offer_stored(conn, store, bytes);
	iss_store_free(store);
	iss_call_end(aTHX_ &call);
}

/* Offer a session by its handle; true if its cache should drop it. */
static bool
offer(pTHX_ GV *self, struct iss_conn *conn, SV *handle)
{
	SSL_SESSION *session = iss_handle_pointer(aTHX_ handle, "session");
	struct iss_call call;
	bool spent;

	if (iss_attached(aTHX_ self) != conn)
		Perl_croak(aTHX_ "there is no TLS connection on this socket");
	iss_call_begin(aTHX_ &call, self, conn, NULL);
	spent = iss_conn_offer_session(conn, session);
	iss_call_end(aTHX_ &call);
	return spent;
}

static void
offer_from_object(pTHX_ GV *self, struct iss_conn *conn, SV *cache, SV *key)
{
	SV *args[3] = { cache, key, NULL };

	iss_check_exchange(aTHX);
	args[2] = iss_call_perl(aTHX_ "get_session", G_METHOD, args, 2);
	if (!SvTRUE(args[2]) || !offer(aTHX_ self, conn, args[2]))
		return;
	args[1] = sv_2mortal(newSVpvs("del_session"));
	if (!SvTRUE(iss_call_perl(aTHX_ "can", G_METHOD, args, 2)))
		return;
	args[1] = key;
	iss_call_perl(aTHX_ "del_session", G_METHOD, args, 3);
}

/* The bytes of a secret, in a copy that the caller releases; croaks. */
static struct iss_seal_secret
secret_of(pTHX_ SV *value)
{
	struct iss_seal_secret secret = { NULL, 0 };
	SV *copy = sv_2mortal(newSVsv(value));
	const char *bytes;
	STRLEN len;

	if (!SvOK(copy) || SvROK(copy))
		Perl_croak(aTHX_ "the secret must be bytes");
	if (SvUTF8(copy) && !sv_utf8_downgrade(copy, TRUE))
		Perl_croak(aTHX_ "the secret must be bytes; it has wide "
				 "characters");
	bytes = SvPVbyte(copy, len);
	if (len < ISS_SEAL_SECRET_MIN)
		Perl_croak(aTHX_
		    "the secret must have %d bytes or more, not %d",
		    ISS_SEAL_SECRET_MIN, (int)len);
	if (!iss_seal_secret_set(&secret, bytes, len))
		Perl_croak(aTHX_ "out of memory");
	return secret;
}

/* Offer the session of SSL_session, which Defaults.pm has checked. */
static void
import(pTHX_ GV *self, struct iss_conn *conn, AV *given)
{
	SV **bytes = av_fetch(given, 0, 0), **value = av_fetch(given, 1, 0);
	struct iss_seal_secret secret;
	struct iss_call call;
	const char *text;
	SV *copy;
	STRLEN len;

	if (bytes == NULL || value == NULL)
		return;
	copy = sv_mortalcopy(*bytes);
	text = SvPVbyte(copy, len);
	if (iss_conn_keep_sessions(conn, false) != ISS_OK)
		return;
	secret = secret_of(aTHX_ * value);
	iss_call_begin(aTHX_ &call, self, conn, NULL);
	iss_conn_import_session(conn, &secret, text, len);
	iss_seal_secret_release(&secret);
	iss_call_end(aTHX_ &call);
}

static void
import_given(pTHX_ GV *self, struct iss_conn *conn)
{
	SV *given = iss_state_argument(aTHX_ self, "SSL_session");

	if (given != NULL && SvROK(given) && SvTYPE(SvRV(given)) == SVt_PVAV)
		import(aTHX_ self, conn, (AV *)SvRV(given));
}

void
iss_push_exported_session(pTHX_ GV *self, SV *value)
{
	/* First, since it may be an object that closes the socket. */
	struct iss_seal_secret secret = secret_of(aTHX_ value);
	struct iss_conn *conn = iss_attached(aTHX_ self);
	bool has_cache =
	    iss_state_callback(aTHX_ self, "session_cache") != NULL;
	struct iss_buf out;
	struct iss_error err;
	int rv;
	dSP;

	if (conn == NULL) {
		iss_seal_secret_release(&secret);
		iss_tell_text(
		    aTHX_ self, 0, "there is no TLS connection on this socket");
		return;
	}
	iss_error_clear(&err);
	iss_buf_init(&out, ISS_SEAL_MAX + ISS_SEAL_KEY_LEN);
	rv = iss_conn_export_session(&err, conn, has_cache, &secret, &out);
	iss_seal_secret_release(&secret);
	if (rv == ISS_OK)
		mXPUSHp(iss_buf_text(&out), out.len);
	PUTBACK;
	iss_buf_release(&out);
	if (rv != ISS_OK)
		iss_tell_error(aTHX_ self, &err);
}

void
iss_resume_session(pTHX_ GV *self, struct iss_conn *conn)
{
	struct iss_session_cache *own;
	struct iss_store *store;
	SV *cache, *key;

	import_given(aTHX_ self, conn);
	/* A callback, asked about that session, may have ended TLS. */
	if (iss_still_attached(aTHX_ self, conn) != ISS_OK)
		return;
	cache = iss_state_callback(aTHX_ self, "session_cache");
	if (cache == NULL || conn->resume.offered != NULL ||
	    (key = choose_key(aTHX_ self, conn)) == NULL)
		return;
	cache = sv_mortalcopy(cache); /* Perl code may drop the context */
	iss_state_set_session_key(aTHX_ self, SvREFCNT_inc_simple_NN(key));
	if ((own = iss_own_session_cache(aTHX_ cache, "get_session")) != NULL)
		offer_from(aTHX_ self, conn, own, key);
	else if ((store = iss_attached_store(aTHX_ cache)) != NULL)
		offer_stored(aTHX_ self, conn, store, key);
	else
		offer_from_object(aTHX_ self, conn, cache, key);
}
