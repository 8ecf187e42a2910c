#include "context.h"

#include "answers.h"
#include "args.h"
#include "call.h"
#include "errors.h"
#include "handles.h"
#include "interrupts.h"
#include "magic.h"
#include "sessions.h"
#include "stores.h"
#include "tickets.h"
#include "values.h"
#include "options/config.h"
#include "x509/cert.h"

ISS_MAGIC_COUNTED(
    ctx_magic, struct iss_current, iss_current_up_ref, iss_current_free);
ISS_MAGIC_COUNTED(cert_magic, X509, X509_up_ref, X509_free);

struct iss_current *
iss_attached_current(pTHX_ SV *object)
{
	return iss_magic_find_behind(aTHX_ &ctx_magic, object);
}

static void
check_ticket_callback(pTHX_ HV *hash)
{
	SV *callback = iss_hash_value(aTHX_ hash, "ticket_keycb");

	if (callback != NULL && !iss_tickets_is_callback(aTHX_ callback))
		iss_croak(aTHX_ newSVpvs(
		    "SSL_ticket_keycb must be a code reference, or an array "
		    "of a code reference and its data"));
}

static const MGVTBL taken_vtbl = { .svt_get = NULL };

/*
 * From here on the program's scalar holds the reference, so the same list can
 * be used for another context.  A scalar of ours stands in between, since
 * "local" copies magic and counts only scalars.
 */
static void
take_cert(pTHX_ SV *handle)
{
	X509 *cert = iss_handle_pointer(aTHX_ handle, "SSL_cert");
	SV *owner;

	if (!iss_cert_take(cert))
		return;
	owner = newSV(0);
	iss_magic_attach(aTHX_ &cert_magic, owner, cert, NULL);
	sv_magicext(handle, owner, PERL_MAGIC_ext, &taken_vtbl, NULL, 0);
	SvREFCNT_dec(owner);
}

/* The certificates of a list after the first one. */
static void
take_chain(pTHX_ SV *value)
{
	AV *certs;
	SV **handle;
	SSize_t i;

	if (!SvROK(value) || SvTYPE(SvRV(value)) != SVt_PVAV)
		return;
	certs = (AV *)sv_2mortal(SvREFCNT_inc_simple_NN(SvRV(value)));
	for (i = 1; i <= av_len(certs); i++)
		if ((handle = av_fetch(certs, i, 0)) != NULL)
			take_cert(aTHX_ sv_2mortal(SvREFCNT_inc(handle[0])));
}

void
iss_take_chains(pTHX_ HV *args, bool server)
{
	SV *value = iss_hash_value(aTHX_ args, "SSL_cert");
	HV *by_host;

	if (value == NULL || !iss_args_show_identity(aTHX_ args, server))
		return;
	if (!SvROK(value) || SvTYPE(SvRV(value)) != SVt_PVHV) {
		take_chain(aTHX_ value);
		return;
	}
	by_host = (HV *)sv_2mortal(SvREFCNT_inc_simple_NN(SvRV(value)));
	hv_iterinit(by_host);
	while (iss_hash_next(aTHX_ by_host, &value) != NULL)
		take_chain(aTHX_ value);
}

/* The keys of the object that say what became of its options. */
static void
set_keys(pTHX_ HV *hash, const struct iss_ctx *ctx, HV *args)
{
	(void)hv_stores(
	    hash, "context", iss_new_kept_handle(aTHX_ ctx->ssl_ctx));
	(void)hv_stores(hash, "verify_mode", newSViv(iss_ctx_verify_mode(ctx)));
	if (ctx->server && !iss_args_give_verify_mode(aTHX_ args))
		(void)hv_stores(hash, "for_servers", newSViv(1));
	iss_session_cache_from_size(aTHX_ hash);
}

/* A program may make a context for each connection: say it once. */
static void
warn_of_crl_file(pTHX)
{
	SV *told =
	    get_sv("IO::Socket::SSL::Defaults::TOLD_OF_CRL_FILE", GV_ADD);

	if (SvTRUE(told))
		return;
	sv_setiv(told, 1);
	iss_carp(aTHX_ newSVpvs(
	    "SSL_crl_file is not used: nothing is checked for revocation "
	    "without SSL_check_crl => 1"));
}

static bool
is_other_sub(SV *now, SV *old)
{
	if (now == NULL || old == NULL)
		return now != old;
	return !SvROK(now) || !SvROK(old) || SvRV(now) != SvRV(old);
}

/* Has the object other subs that judge clients than the one it replaces? */
static bool
has_other_judge(pTHX_ HV *hash, SV *before)
{
	static const char *const subs[] = { "verify_callback",
		"create_ctx_callback" };
	size_t i;

	if (!SvROK(before) || SvTYPE(SvRV(before)) != SVt_PVHV)
		return false;
	for (i = 0; i < sizeof(subs) / sizeof(subs[0]); i++)
		if (is_other_sub(iss_hash_value(aTHX_ hash, subs[i]),
			iss_hash_value(aTHX_ (HV *)SvRV(before), subs[i])))
			return true;
	return false;
}

/* Make a context by the options in args, with the subs of the object hash.
 * NULL: the error is reported. */
static struct iss_ctx *
make_ctx(pTHX_ HV *hash, HV *args, bool server, const struct iss_ctx *before,
    bool other_judge)
{
	struct iss_callbacks callbacks = iss_answers;
	struct iss_link link = { .callbacks = &callbacks };
	struct iss_ctx *ctx = NULL;
	struct iss_config config;
	struct iss_error err;
	struct iss_call call;
	int rv;

	iss_error_clear(&err);
	if (iss_args_to_config(aTHX_ &err, args, server, &config) != ISS_OK) {
		iss_tell_error(aTHX_ NULL, &err);
		return NULL;
	}
	iss_call_begin(aTHX_ &call, NULL, NULL, NULL);
	call.callbacks = hash;
	link.handle = &call;
	/* Without a sub, the core may prompt on the terminal. */
	if (iss_hash_value(aTHX_ call.callbacks, "passwd_cb") == NULL)
		callbacks.password = NULL;
	if (iss_hash_value(aTHX_ call.callbacks, "verify_callback") == NULL)
		callbacks.verify = NULL;
	if (iss_hash_value(aTHX_ call.callbacks, "create_ctx_callback") == NULL)
		callbacks.ctx_created = NULL;
	if (iss_hash_value(aTHX_ call.callbacks, "ticket_keycb") == NULL)
		callbacks.ticket_key = NULL;
	if (iss_hash_value(aTHX_ call.callbacks, "keylog_callback") == NULL)
		callbacks.keylog = NULL;
	if (iss_hash_value(aTHX_ call.callbacks, "acme") == NULL)
		callbacks.acme = NULL;
	if (iss_hash_value(aTHX_ call.callbacks, "hello_callback") == NULL)
		callbacks.hello = NULL;
	if (iss_hash_value(aTHX_ call.callbacks, "cert_callback") == NULL ||
	    !iss_args_show_identity(aTHX_ args, server))
		callbacks.client_cert = NULL;
	if (other_judge)
		iss_config_set_other_judge(&config);
	config.tainted = TAINTING_get;
	iss_config_set0_store(&config, iss_attached_store(aTHX_ iss_hash_value(
					   aTHX_ hash, "session_store")));
	iss_config_set0_shared_keys(
	    &config, iss_attached_shared_keys(
			 aTHX_ iss_hash_value(aTHX_ hash, "ticket_store")));
	rv = iss_ctx_renew(&err, &ctx, &config, &link, before);
	if (before != NULL && (rv != ISS_OK || call.died != NULL))
		iss_stats_add(before->stats, ISS_STATS_RELOAD_FAILED, 1);
	iss_config_release(&config);
	if (call.died != NULL || call.exits)
		iss_ctx_free(ctx);
	iss_call_end(aTHX_ &call);
	if (rv == ISS_INVALID)
		iss_croak(aTHX_ newSVpv(err.text, 0));
	if (rv == ISS_OK)
		return ctx;
	iss_tell_error(aTHX_ NULL, &err);
	return NULL;
}

/* Attach the place for a context, which it takes over. */
static bool
attach_ctx(pTHX_ SV *self, struct iss_ctx *ctx)
{
	struct iss_current *current;
	struct iss_error err;

	iss_error_clear(&err);
	if (iss_current_new(&err, &current, ctx) == ISS_OK) {
		iss_magic_attach(aTHX_ &ctx_magic, SvRV(self), current, NULL);
		return true;
	}
	iss_ctx_free(ctx);
	iss_tell_error(aTHX_ NULL, &err);
	return false;
}

static void
free_ctx(pTHX_ void *ctx)
{
	iss_ctx_free(ctx);
}

/* The context of an object, which stays alive until the scope ends; NULL if
 * there is none. */
static struct iss_ctx *
hold_ctx(pTHX_ SV *object)
{
	struct iss_current *current = iss_attached_current(aTHX_ object);
	struct iss_ctx *ctx;

	if (current == NULL)
		return NULL;
	ctx = iss_current_get1(current);
	SAVEDESTRUCTOR_X(free_ctx, ctx);
	return ctx;
}

bool
iss_create_ctx(pTHX_ SV *self, HV *args, bool server, SV *before)
{
	struct iss_ctx *ctx;
	HV *hash;

	if (!SvROK(self) || SvTYPE(SvRV(self)) != SVt_PVHV)
		Perl_croak(aTHX_ "a context must be a hash");
	hash = (HV *)SvRV(self);
	check_ticket_callback(aTHX_ hash);
	ENTER;
	ctx = make_ctx(aTHX_ hash, args, server, hold_ctx(aTHX_ before),
	    has_other_judge(aTHX_ hash, before));
	LEAVE;
	if (ctx == NULL || !attach_ctx(aTHX_ self, ctx))
		return false;
	set_keys(aTHX_ hash, ctx, args);
	iss_take_chains(aTHX_ args, server);
	if (SvOK(before))
		return true; /* whoever made that one was warned */
	if (ctx->ignores_crl_file)
		warn_of_crl_file(aTHX);
	if (ctx->has_public_keylog)
		iss_carp(aTHX_ newSVpvs(
		    "SSL_keylog_file: others than its owner can read it"));
	return true;
}

void
iss_replace_ctx(pTHX_ SV *self, SV *by, HV *args, bool counts)
{
	struct iss_current *current = iss_attached_current(aTHX_ self);
	struct iss_current *other = iss_attached_current(aTHX_ by);
	struct iss_ctx *ctx;

	if (current == NULL || other == NULL)
		Perl_croak(aTHX_ "there is no context");
	ctx = iss_current_get1(other);
	if (counts)
		iss_stats_add(ctx->stats, ISS_STATS_RELOADED, 1);
	iss_current_replace(current, ctx);
	set_keys(aTHX_ (HV *)SvRV(self), ctx, args);
}

bool
iss_keep_ctx(pTHX_ SV *self, const char *reason)
{
	struct iss_current *current = iss_attached_current(aTHX_ self);

	return current != NULL && iss_current_keep(current, reason);
}

/* A look of ours, which ends with its scope. */
struct own_look {
	struct iss_current *current; /* one reference */
	unsigned int number;
};

static void
end_look(pTHX_ void *arg)
{
	struct own_look *own = arg;

	PERL_UNUSED_CONTEXT;
	iss_current_end_look(own->current, own->number);
	iss_current_free(own->current);
	Safefree(own);
}

static void
look_until_leave(pTHX_ struct iss_current *current)
{
	struct own_look *own;

	Newx(own, 1, struct own_look);
	own->current = iss_current_up_ref(current);
	own->number = current->look;
	SAVEDESTRUCTOR_X(end_look, own);
	iss_interrupts_watch(aTHX);
}

void
iss_look_at_files(pTHX_ SV *self, struct iss_current *current)
{
	enum iss_look look = iss_current_look(current);
	SV *args[2];

	if (look == ISS_LOOK_SAME)
		return;
	ENTER;
	look_until_leave(aTHX_ current);
	args[0] = self;
	args[1] = boolSV(look == ISS_LOOK_CHANGED);
	iss_call_perl(
	    aTHX_ "IO::Socket::SSL::SSL_Context::_look_again", 0, args, 2);
	LEAVE;
}

bool
iss_shows_nothing(pTHX_ SV *self)
{
	const struct iss_ctx *ctx;
	bool nothing;

	ENTER;
	ctx = hold_ctx(aTHX_ self);
	nothing = ctx != NULL && iss_ctx_shows_nothing(ctx);
	LEAVE;
	return nothing;
}

SV *
iss_new_stats(pTHX_ SV *self)
{
	const struct iss_stats *stats = NULL;
	const struct iss_ctx *ctx;
	HV *hash = newHV(), *failed = newHV();
	SV *result = newRV_noinc((SV *)hash);
	const char *name;
	uint64_t count;
	int i;

	ENTER;
	if (self != NULL && (ctx = hold_ctx(aTHX_ self)) != NULL)
		stats = ctx->stats;
	for (i = 0; i < ISS_STATS_COUNTERS; i++) {
		name = iss_stats_name((enum iss_counter)i);
		(void)hv_store(hash, name, (I32)strlen(name),
		    newSVnv((NV)iss_stats_get(stats, (enum iss_counter)i)), 0);
	}
	for (i = ISS_KIND_PROTOCOL; i <= ISS_KIND_ACME; i++) {
		count = iss_stats_get_failures(stats, (enum iss_error_kind)i);
		name = iss_error_kind_name((enum iss_error_kind)i);
		if (count > 0)
			(void)hv_store(failed, name, (I32)strlen(name),
			    newSVnv((NV)count), 0);
	}
	LEAVE;
	(void)hv_stores(hash, "failed", newRV_noinc((SV *)failed));
	return result;
}

SV *
iss_ctx_handle(pTHX_ SV *self)
{
	HV *hash = (HV *)SvRV(self);
	SV **known = hv_fetchs(hash, "context", 0);
	const struct iss_ctx *ctx;

	ENTER;
	ctx = hold_ctx(aTHX_ self);
	if (ctx != NULL &&
	    (known == NULL ||
		iss_handle_address(aTHX_ * known) != ctx->ssl_ctx))
		known = hv_stores(
		    hash, "context", iss_new_kept_handle(aTHX_ ctx->ssl_ctx));
	LEAVE;
	return known != NULL ? newSVsv(*known) : newSV(0);
}
