#include "stores.h"

#include "interrupts.h"
#include "magic.h"
#include "state.h"
#include "values.h"
#include "base/buf.h"

ISS_MAGIC_COUNTED(
    store_magic, struct iss_store, iss_store_up_ref, iss_store_free);

ISS_MAGIC_COUNTED(keys_magic, struct iss_shared_keys, iss_shared_keys_up_ref,
    iss_shared_keys_free);

struct iss_shared_keys *
iss_attached_shared_keys(pTHX_ SV *object)
{
	return object != NULL
		   ? iss_magic_find_behind(aTHX_ &keys_magic, object)
		   : NULL;
}

struct iss_store *
iss_attached_store(pTHX_ SV *object)
{
	return object != NULL
		   ? iss_magic_find_behind(aTHX_ &store_magic, object)
		   : NULL;
}

void
iss_create_store(pTHX_ SV *object, AV *secrets, IV timeout)
{
	struct iss_store *store = NULL;
	struct iss_error err;
	const char *bytes;
	STRLEN len;
	SSize_t i;
	int rv;

	iss_error_clear(&err);
	rv = iss_store_new(&err, &store, (long)timeout);
	for (i = 0; rv == ISS_OK && i <= av_len(secrets); i++) {
		bytes = SvPVbyte(*av_fetch(secrets, i, 0), len);
		rv = iss_store_add_secret(&err, store, bytes, len);
	}
	if (rv != ISS_OK) {
		iss_store_free(store);
		iss_croak(aTHX_ newSVpvf("secret: %s", err.text));
	}
	iss_magic_attach(aTHX_ &store_magic, SvRV(object), store, NULL);
}

void
iss_create_shared_keys(pTHX_ SV *object, AV *secrets, IV rotate, IV keep)
{
	struct iss_shared_keys *keys = NULL;
	struct iss_error err;
	const char *bytes;
	STRLEN len;
	SSize_t i;
	int rv;

	iss_error_clear(&err);
	rv = iss_shared_keys_new(&err, &keys, (long)rotate, (long)keep);
	for (i = 0; rv == ISS_OK && i <= av_len(secrets); i++) {
		bytes = SvPVbyte(*av_fetch(secrets, i, 0), len);
		rv = iss_shared_keys_add_secret(&err, keys, bytes, len);
	}
	if (rv != ISS_OK) {
		iss_shared_keys_free(keys);
		iss_croak(aTHX_ newSVpvf("secret: %s", err.text));
	}
	iss_magic_attach(aTHX_ &keys_magic, SvRV(object), keys, NULL);
}

/* The subs of the class note in their object that the backend failed. */
static void
count_errors(pTHX_ const struct iss_call *call, SV *store)
{
	SV **failed = SvROK(store) && SvTYPE(SvRV(store)) == SVt_PVHV
			  ? hv_fetchs((HV *)SvRV(store), "failed", 0)
			  : NULL;

	if (failed == NULL || !SvTRUE(*failed))
		return;
	iss_stats_add(call->conn != NULL ? call->conn->ctx->stats : NULL,
	    ISS_STATS_STORE_ERRORS, 1);
	sv_setiv(*failed, 0);
}

/* Call a sub of the class with the socket's store and more; NULL if there is
 * none, or an exception is on its way. */
static SV *
ask_store(
    pTHX_ struct iss_call *call, const char *sub, const char *key, SV **more)
{
	SV *store, *answer, *args[4];

	if (call->died != NULL || call->glob == NULL)
		return NULL;
	store = iss_state_callback(aTHX_ call->glob, "session_store");
	if (store == NULL)
		store = iss_state_callback(aTHX_ call->glob, "ticket_store");
	if (store == NULL)
		return NULL;
	args[0] = sv_mortalcopy(store);
	args[1] = sv_2mortal(newSVpv(key, 0));
	args[2] = more != NULL ? more[0] : &PL_sv_undef;
	args[3] = more != NULL ? more[1] : &PL_sv_undef;
	ENTER;
	iss_interrupts_watch(aTHX);
	answer = iss_ask(aTHX_ call, (SV *)get_cv(sub, 0), args, 4);
	if (!call->exits) /* which has ended all scopes */
		LEAVE;
	count_errors(aTHX_ call, args[0]);
	return answer;
}

static bool
write_value(struct iss_call *call, const char *sub, const char *key,
    const void *value, size_t len, long seconds)
{
	dCALL_PERL(call);
	SV *more[2], *answer;

	more[0] = sv_2mortal(newSVpvn(value, len));
	more[1] = sv_2mortal(newSViv(seconds));
	answer = ask_store(aTHX_ call, sub, key, more);
	return answer != NULL && SvTRUE(answer);
}

bool
iss_stores_answer_put(
    void *handle, const char *key, const void *value, size_t len, long seconds)
{
	return write_value(handle, "IO::Socket::SSL::Session_Store::_put", key,
	    value, len, seconds);
}

bool
iss_stores_answer_add(
    void *handle, const char *key, const void *value, size_t len, long seconds)
{
	return write_value(handle, "IO::Socket::SSL::Session_Store::_add", key,
	    value, len, seconds);
}

enum iss_reply
iss_stores_answer_get(void *handle, const char *key, struct iss_buf *value)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *more[2] = { &PL_sv_undef, &PL_sv_undef };
	const char *bytes;
	SV *answer;
	STRLEN len;

	if (call->glob != NULL)
		more[0] = sv_2mortal(newRV_inc((SV *)call->glob));
	answer = ask_store(
	    aTHX_ call, "IO::Socket::SSL::Session_Store::_get", key, more);
	if (answer == NULL || !SvPOK(answer))
		return ISS_REPLY_NONE;
	if (iss_is_later(aTHX_ answer))
		return ISS_REPLY_LATER;
	if (!sv_utf8_downgrade(answer, TRUE))
		return ISS_REPLY_NONE;
	bytes = SvPV(answer, len);
	return iss_buf_append(value, bytes, len) ? ISS_REPLY_GIVEN
						 : ISS_REPLY_NONE;
}

bool
iss_stores_answer_take(void *handle, const char *key)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *answer = ask_store(
	    aTHX_ call, "IO::Socket::SSL::Session_Store::_take", key, NULL);

	return answer != NULL && SvTRUE(answer);
}
