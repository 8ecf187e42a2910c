#include "call.h"

#include "attachment.h"
#include "sessions.h"
#include "connection/wait.h"

void
iss_call_begin(
    pTHX_ struct iss_call *call, GV *glob, struct iss_conn *conn, SV *guarded)
{
	Zero(call, 1, struct iss_call);
#ifdef MULTIPLICITY
	call->perl = aTHX;
#endif
	call->glob = glob;
	call->guarded = guarded;
	call->conn = conn;
	if (conn == NULL)
		return;
	call->outer = iss_link_lend(&conn->link, call);
	call->outer_signals = conn->sock->signals;
	conn->sock->signals = &PL_sig_pending;
}

static void
drop_objects(pTHX_ struct iss_call *call)
{
	SvREFCNT_dec((SV *)call->glob);
	SvREFCNT_dec(call->guarded);
	iss_conn_free(call->conn);
}

void
iss_call_end(pTHX_ struct iss_call *call)
{
	if (call->conn != NULL) {
		(void)iss_link_lend(&call->conn->link, call->outer);
		call->conn->sock->signals = call->outer_signals;
		iss_conn_set_rest(call->conn, ISS_CONN_NO_REST);
		if (call->outer == NULL &&
		    !iss_new_sessions_is_empty(
			&call->conn->resume.new_sessions))
			iss_sessions_deliver(aTHX_ call);
	}
	if (call->asked)
		drop_objects(aTHX_ call);
	if (call->exits)
		my_exit(PL_statusvalue);
	if (call->died != NULL)
		croak_sv(sv_2mortal(call->died));
}

void
iss_call_run_signal_handlers(pTHX_ struct iss_conn *conn)
{
	iss_deadline until = conn->until;

	PERL_ASYNC_CHECK();
	/* Not before: the handlers may have used the connection. */
	iss_conn_set_rest(conn, until);
}

int
iss_call_interrupted(pTHX_ GV *glob, struct iss_conn *conn)
{
	iss_call_run_signal_handlers(aTHX_ conn);
	return iss_still_attached(aTHX_ glob, conn);
}

int
iss_call_paused(pTHX_ GV *glob, struct iss_conn *conn)
{
	PERL_ASYNC_CHECK();
	return iss_still_attached(aTHX_ glob, conn);
}
