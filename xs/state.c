#include "state.h"

#include "debug.h"
#include "handles.h"
#include "magic.h"
#include "values.h"

/* Freeing a value may run Perl code, which may drop the hash. */
static void
forget(pTHX_ HV *hash, const char *const *keys)
{
	SvREFCNT_inc_simple_void_NN((SV *)hash);
	for (; *keys != NULL; keys++)
		(void)hv_delete(hash, *keys, (I32)strlen(*keys), G_DISCARD);
	SvREFCNT_dec((SV *)hash);
}

/* A program that reads the address of the SSL may use it. */
static int
lend_ssl(pTHX_ SV *sv, MAGIC *mg)
{
	PERL_UNUSED_CONTEXT;
	PERL_UNUSED_VAR(sv);
	iss_conn_lend_ssl((struct iss_conn *)mg->mg_ptr);
	return 0;
}

static void *
dup_lender(pTHX_ void *conn, SV *owner)
{
	PERL_UNUSED_CONTEXT;
	PERL_UNUSED_VAR(owner);
	return iss_conn_up_ref(conn);
}

static void
free_lender(pTHX_ void *conn)
{
	PERL_UNUSED_CONTEXT;
	iss_conn_free(conn);
}

static const struct iss_magic lender = { { .svt_get = lend_ssl,
					     .svt_free = iss_magic_free,
					     .svt_dup = iss_magic_dup,
					     .svt_local = iss_magic_local },
	dup_lender, free_lender };

static SV *
new_ssl_object(pTHX_ struct iss_conn *conn)
{
	SV *sv = iss_new_kept_handle(aTHX_ conn->ssl);

	iss_magic_attach(aTHX_ &lender, sv, iss_conn_up_ref(conn), NULL);
	return sv;
}

void
iss_state_begin(pTHX_ GV *glob, struct iss_conn *conn, int fd)
{
	static const char *const keys[] = { "_SSL_read_closed",
		"_SSL_write_closed", "_SSL_servername", NULL };
	HV *hash = GvHVn(glob);

	(void)hv_stores(hash, "_SSL_object", new_ssl_object(aTHX_ conn));
	(void)hv_stores(hash, "_SSL_fileno", newSViv(fd));
	(void)hv_stores(hash, "_SSL_opening", newSViv(1));
	forget(aTHX_ hash, keys);
}

void
iss_state_set_opened(pTHX_ GV *glob, SV *value)
{
	(void)hv_stores(GvHVn(glob), "_SSL_opened", value);
}

void
iss_state_fail(pTHX_ GV *glob)
{
	(void)hv_deletes(GvHVn(glob), "_SSL_opening", G_DISCARD);
	iss_state_set_opened(aTHX_ glob, newSViv(-1));
}

void
iss_state_end(pTHX_ GV *glob)
{
	static const char *const keys[] = { "_SSL_object", "_SSL_fileno",
		"_SSL_opening", "_SSL_read_closed", "_SSL_write_closed",
		"_SSL_scheme_callback", "_SSL_session_key", "_SSL_half_stopped",
		"_SSL_lazy", "_SSL_chosen", NULL };

	forget(aTHX_ GvHVn(glob), keys);
}

void
iss_state_open(pTHX_ GV *glob, const struct iss_conn *conn)
{
	char text[128];

	if (iss_debug_level(aTHX) >= 1) {
		my_snprintf(text, sizeof(text), "%s with %s",
		    SSL_get_version(conn->ssl), SSL_get_cipher_name(conn->ssl));
		iss_debug_print(aTHX_ text);
	}
	iss_state_set_opened(aTHX_ glob, newSViv(1));
	(void)hv_deletes(GvHVn(glob), "_SSL_opening", G_DISCARD);
}

bool
iss_state_has_object(pTHX_ GV *glob)
{
	SV **object =
	    GvHV(glob) != NULL ? hv_fetchs(GvHV(glob), "_SSL_object", 0) : NULL;

	return object != NULL && SvTRUE_nomg(*object);
}

bool
iss_state_is_opening(pTHX_ GV *glob)
{
	return iss_hash_value(aTHX_ GvHV(glob), "_SSL_opening") != NULL;
}

void
iss_state_read_closed(pTHX_ GV *glob, bool by_itself)
{
	(void)hv_stores(
	    GvHVn(glob), "_SSL_read_closed", newSViv(by_itself ? -1 : 1));
}

void
iss_state_write_closed(pTHX_ GV *glob, bool by_itself)
{
	(void)hv_stores(
	    GvHVn(glob), "_SSL_write_closed", newSViv(by_itself ? -1 : 1));
}

SV *
iss_state_last_error(pTHX_ GV *glob)
{
	HV *hash = glob != NULL ? GvHV(glob) : NULL;

	return hash != NULL ? *hv_fetchs(hash, "_SSL_last_err", 1) : NULL;
}

/* The hash that the value at key refers to; NULL if there is none. */
static HV *
hash_at(pTHX_ GV *glob, const char *key)
{
	SV *ref = iss_hash_value(aTHX_ GvHV(glob), key);

	if (ref == NULL || !SvROK(ref) || SvTYPE(SvRV(ref)) != SVt_PVHV)
		return NULL;
	return (HV *)SvRV(ref);
}

HV *
iss_state_context(pTHX_ GV *glob)
{
	return hash_at(aTHX_ glob, "_SSL_ctx");
}

HV *
iss_state_arguments(pTHX_ GV *glob)
{
	return hash_at(aTHX_ glob, "_SSL_arguments");
}

SV *
iss_state_callback(pTHX_ GV *glob, const char *name)
{
	return iss_hash_value(aTHX_ iss_state_context(aTHX_ glob), name);
}

SV *
iss_state_chosen_callback(pTHX_ GV *glob, const char *name)
{
	return iss_hash_value(aTHX_ hash_at(aTHX_ glob, "_SSL_chosen"), name);
}

void
iss_state_set_chosen(pTHX_ GV *glob, SV *context)
{
	(void)hv_stores(GvHVn(glob), "_SSL_chosen", context);
}

SV *
iss_state_argument(pTHX_ GV *glob, const char *name)
{
	return iss_hash_value(aTHX_ iss_state_arguments(aTHX_ glob), name);
}

void
iss_state_set_scheme_callback(pTHX_ GV *glob, SV *code)
{
	if (code != NULL)
		(void)hv_stores(
		    GvHVn(glob), "_SSL_scheme_callback", newSVsv(code));
	else
		(void)hv_deletes(
		    GvHVn(glob), "_SSL_scheme_callback", G_DISCARD);
}

void
iss_state_set_session_key(pTHX_ GV *glob, SV *key)
{
	(void)hv_stores(GvHVn(glob), "_SSL_session_key", key);
}

SV *
iss_state_session_key(pTHX_ GV *glob)
{
	return iss_hash_value(aTHX_ GvHV(glob), "_SSL_session_key");
}

void
iss_state_set_servername(pTHX_ GV *glob, SV *name)
{
	(void)hv_stores(GvHVn(glob), "_SSL_servername", name);
}

SV *
iss_state_servername(pTHX_ GV *glob)
{
	return iss_hash_value(aTHX_ GvHV(glob), "_SSL_servername");
}

SV *
iss_state_scheme_callback(pTHX_ GV *glob)
{
	return iss_hash_value(aTHX_ GvHV(glob), "_SSL_scheme_callback");
}

SV *
iss_state_msg_callback(pTHX_ GV *glob)
{
	return iss_hash_value(aTHX_ GvHV(glob), "_SSL_msg_callback");
}

void
iss_state_set_msg_callback(pTHX_ GV *glob, SV *callback)
{
	HV *hash = GvHVn(glob);

	if (callback != NULL)
		(void)hv_stores(hash, "_SSL_msg_callback", callback);
	else
		(void)hv_deletes(hash, "_SSL_msg_callback", G_DISCARD);
}

SV *
iss_state_bio_handle(pTHX_ GV *glob)
{
	return iss_hash_value(aTHX_ GvHV(glob), "_SSL_bio_handle");
}

SV *
iss_state_opened(pTHX_ GV *glob)
{
	return iss_hash_value(aTHX_ GvHV(glob), "_SSL_opened");
}
