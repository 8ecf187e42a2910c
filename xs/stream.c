#include "stream.h"

#include "attachment.h"
#include "call.h"
#include "errors.h"
#include "state.h"
#include "values.h"
#include "connection/io.h"
#include "connection/shutdown.h"

void
iss_stream_note_handshake(pTHX_ GV *glob, struct iss_conn *conn)
{
	SV *self;

	if (conn->state == ISS_CONN_OPEN)
		iss_state_open(aTHX_ glob, conn);
	if (conn->state != ISS_CONN_FAILED || !conn->lazy ||
	    !iss_state_is_opening(aTHX_ glob))
		return;
	iss_state_fail(aTHX_ glob);
	iss_tell_status(aTHX_ glob, conn, ISS_ERROR);
	if (iss_state_argument(aTHX_ glob, "SSL_error_trap") == NULL)
		return;
	self = sv_2mortal(newRV_inc((SV *)glob));
	iss_call_perl(
	    aTHX_ "IO::Socket::SSL::Handshake::trap_error", 0, &self, 1);
}

/* The descriptor of a connection that was detached may be somebody else's. */
int
iss_stream_transfer(pTHX_ GV *glob, struct iss_conn *conn, SV *guarded,
    iss_transfer_fn *fn, void *buf, size_t len, size_t *done)
{
	bool was_open = conn->state == ISS_CONN_OPEN;
	struct iss_call call;
	int rv;

	*done = 0;
	if (iss_still_attached(aTHX_ glob, conn) != ISS_OK)
		return ISS_ERROR;
	iss_call_begin(aTHX_ &call, glob, conn, guarded);
	rv = fn(conn, buf, len, done);
	iss_call_end(aTHX_ &call);
	if (call.asked && iss_still_attached(aTHX_ glob, conn) != ISS_OK)
		return ISS_ERROR;
	if (!was_open)
		iss_stream_note_handshake(aTHX_ glob, conn);
	return rv;
}

/* The program's sub for the peer's close_notify, or NULL. */
static SV *
end_sub(pTHX_ GV *glob)
{
	SV *code = iss_state_argument(aTHX_ glob, "SSL_on_peer_shutdown");

	return code != NULL && SvTRUE(code) ? code : NULL;
}

bool
iss_stream_has_end_sub(pTHX_ GV *glob)
{
	return end_sub(aTHX_ glob) != NULL;
}

static void
answer_end(pTHX_ GV *glob, struct iss_conn *conn)
{
	bool by_itself = !conn->sent_notify;
	struct iss_call call;

	iss_call_begin(aTHX_ &call, glob, conn, NULL);
	iss_shutdown_answer(conn);
	iss_call_end(aTHX_ &call);
	iss_state_read_closed(aTHX_ glob, by_itself);
	if (by_itself)
		iss_state_write_closed(aTHX_ glob, true);
}

SV *
iss_stream_peer_closed(pTHX_ GV *glob, struct iss_conn *conn, bool answer)
{
	SV *code = end_sub(aTHX_ glob);
	SV *self;

	if ((code == NULL && !answer) || !iss_shutdown_report_end(conn))
		return NULL;
	if (code == NULL) {
		answer_end(aTHX_ glob, conn);
		return NULL;
	}
	iss_state_read_closed(aTHX_ glob, false);
	iss_shutdown_accept_plain(conn);
	self = sv_2mortal(newRV_inc((SV *)glob));
	return newSVsv(iss_call_sub(aTHX_ code, 0, &self, 1));
}

void
iss_stream_end(pTHX_ GV *glob, struct iss_conn *conn, int rv, bool answer)
{
	if (rv == ISS_EOF)
		SvREFCNT_dec(iss_stream_peer_closed(aTHX_ glob, conn, answer));
	iss_tell_status(aTHX_ glob, conn, rv);
}

size_t
iss_stream_pending(pTHX_ GV *glob, struct iss_conn *conn)
{
	struct iss_call call;
	size_t count;

	if (!conn->sock->pumped)
		return iss_io_pending(conn);
	iss_call_begin(aTHX_ &call, glob, conn, NULL);
	count = iss_io_pending(conn);
	iss_call_end(aTHX_ &call);
	return count;
}
