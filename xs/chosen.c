#include "chosen.h"

#include "args.h"
#include "attachment.h"
#include "choices.h"
#include "context.h"
#include "peer.h"
#include "state.h"
#include "values.h"

/* As if the connection had begun under the context, without options of its
 * own. */
static void
set_name(pTHX_ GV *self, struct iss_conn *conn, HV *context)
{
	HV *none = (HV *)sv_2mortal((SV *)newHV());
	struct iss_error err;
	struct iss_text name;
	SV *scheme;

	scheme = iss_peer_choose_name(aTHX_ none, context, true, -1, &name);
	iss_verify_forget_name(&conn->verify);
	iss_state_set_scheme_callback(aTHX_ self, NULL);
	iss_verify_set_must_ask(&conn->verify,
	    iss_hash_value(aTHX_ context, "verify_callback") != NULL);
	if (scheme == NULL)
		return;
	iss_state_set_scheme_callback(
	    aTHX_ self, iss_peer_scheme_code(aTHX_ scheme));
	iss_error_clear(&err);
	if (iss_peer_set_name(aTHX_ &err, &conn->verify, name, scheme, NULL) !=
	    ISS_OK)
		iss_croak(aTHX_ newSVpv(err.text, 0));
}

void
iss_choose_ctx(pTHX_ GV *self, SV *context)
{
	struct iss_current *current = iss_attached_current(aTHX_ context);
	struct iss_conn *conn = iss_attached(aTHX_ self);
	struct iss_ctx *ctx;
	bool chosen;

	if (current == NULL || conn == NULL)
		return;
	ENTER;
	iss_hold(aTHX_ self, conn);
	iss_look_at_files(aTHX_ context, current);
	ctx = iss_current_get1(current);
	chosen = iss_conn_choose(conn, ctx);
	iss_ctx_free(ctx);
	if (chosen) {
		iss_state_set_chosen(aTHX_ self, newSVsv(context));
		set_name(aTHX_ self, conn, (HV *)SvRV(context));
	}
	LEAVE;
}

SV *
iss_choose_certificate(pTHX_ HV *args)
{
	struct iss_config *config;
	struct iss_error err;
	SV *result;

	iss_error_clear(&err);
	Newx(config, 1, struct iss_config);
	iss_config_init(config, false);
	result = sv_2mortal(iss_new_certificate(aTHX_ config));
	if (iss_args_to_identity(aTHX_ &err, args, config) != ISS_OK)
		iss_croak(aTHX_ newSVpv(err.text, 0));
	iss_take_chains(aTHX_ args, false);
	return SvREFCNT_inc(result);
}
