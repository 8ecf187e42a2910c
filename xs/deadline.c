#include "deadline.h"

#include "attachment.h"
#include "errors.h"
#include "state.h"
#include "values.h"
#include "base/deadline.h"
#include "connection/conn.h"

/* A point in time as a number of Perl's, which may round it. */
#define LAST_POINT 9.2e18

static iss_deadline
point_of(NV number)
{
	return number < LAST_POINT ? (iss_deadline)number : ISS_NO_DEADLINE;
}

/* A method without a frame of its own: Perl knows the caller's line. */
static void
croak_here(pTHX_ SV *message)
{
	Perl_croak(aTHX_ "%" SVf, SVfARG(sv_2mortal(message)));
}

/* Croaks, unless it is a number.  The past is now. */
static NV
seconds_of(pTHX_ void (*refuse)(pTHX_ SV *), const char *name, SV *value)
{
	bool is_number;
	NV seconds;

	SvGETMAGIC(value);
	is_number = SvAMAGIC(value) || looks_like_number(value);
	seconds = is_number ? SvNV_nomg(value) : 0;
	if (!is_number || Perl_isnan(seconds))
		refuse(aTHX_ Perl_newSVpvf(aTHX_
		    "%s must be a number of seconds, not '%" SVf "'",
		    name, SVfARG(iss_shown(aTHX_ value))));
	return seconds > 0 ? seconds : 0;
}

NV
iss_deadline_from_now(pTHX_ const char *name, SV *seconds)
{
	return (NV)iss_deadline_after(
	    seconds_of(aTHX_ iss_croak, name, seconds));
}

NV
iss_deadline_seconds_left(pTHX_ NV until)
{
	PERL_UNUSED_CONTEXT;
	return iss_deadline_left(point_of(until));
}

void
iss_deadline_take_over(pTHX_ GV *self, struct iss_conn *conn)
{
	SV *until;

	if (conn->limits == NULL)
		return;
	until = iss_hash_value(aTHX_ GvHV(self), "_SSL_until");
	if (until != NULL)
		(void)iss_conn_set_deadline(
		    conn, ISS_BOTH_WAYS, point_of(SvNV(until)));
}

static int
ways_of(pTHX_ SV *way)
{
	const char *text = SvOK(way) ? SvPV_nolen(way) : "";

	if (strEQ(text, "read"))
		return ISS_READS;
	if (strEQ(text, "write"))
		return ISS_WRITES;
	Perl_croak(
	    aTHX_ "deadline: the second argument must be 'read' or 'write'");
}

static SV *
new_time_left(pTHX_ const struct iss_conn *conn)
{
	iss_deadline until = iss_limits_until(conn->limits, ISS_BOTH_WAYS);

	return until == ISS_NO_DEADLINE ? newSV(0)
					: newSVnv(iss_deadline_left(until));
}

void
iss_push_deadline(pTHX_ GV *self, SV **args, I32 count)
{
	iss_deadline until = ISS_NO_DEADLINE;
	int ways = ISS_BOTH_WAYS;
	struct iss_conn *conn;
	dSP;

	if (count > 0) {
		SvGETMAGIC(args[0]);
		if (SvOK(args[0]))
			until = iss_deadline_after(
			    seconds_of(aTHX_ croak_here, "deadline", args[0]));
	}
	if (count > 1)
		ways = ways_of(aTHX_ args[1]);
	/* Last, since an argument may be an object that closes the socket. */
	if ((conn = iss_attached(aTHX_ self)) == NULL)
		iss_tell_text(
		    aTHX_ self, 0, "there is no TLS connection on this socket");
	else if (count == 0)
		mXPUSHs(new_time_left(aTHX_ conn));
	else if (iss_conn_set_deadline(conn, ways, until) == ISS_OK)
		XPUSHs(&PL_sv_yes);
	else
		iss_tell_status(aTHX_ self, conn, ISS_ERROR);
	PUTBACK;
}
