/*
 * From a method of a socket, or a builtin on its tied handle, to the code
 * that does it.  Subclasses may override any method; everybody else pays no
 * Perl call.
 */
#include "dispatch.h"

#include <errno.h>

#include "attach.h"
#include "errors.h"
#include "stream.h"

/* The base class's method, where there is no TLS. */
static const char *const plain_names[ISS_METHOD_COUNT] = {
	[ISS_METHOD_READ] = "IO::Handle::read",
	[ISS_METHOD_SYSREAD] = "IO::Handle::sysread",
	[ISS_METHOD_GETC] = "IO::Handle::getc",
	[ISS_METHOD_PRINT] = "IO::Handle::print",
	[ISS_METHOD_PRINTF] = "IO::Handle::printf",
	[ISS_METHOD_SAY] = "IO::Handle::say",
	[ISS_METHOD_SYSWRITE] = "IO::Handle::syswrite",
	[ISS_METHOD_WRITE] = "IO::Handle::write",
	[ISS_METHOD_EOF] = "IO::Handle::eof",
};

void
iss_remember_methods(pTHX)
{
	SV *name = sv_newmortal();
	CV *cv;
	GV *gv;
	int i;

	for (i = 0; i < ISS_METHOD_COUNT; i++) {
		sv_setpvf(name, "IO::Socket::SSL::%s", iss_method_name(i));
		cv = get_cv(SvPV_nolen(name), 0);
		sv_setpvf(name, "IO::Socket::SSL::XS::%s", iss_method_name(i));
		gv = gv_fetchsv(name, GV_ADDMULTI, SVt_PVCV);
		if (cv == NULL || GvCV(gv) == cv)
			continue;
		SvREFCNT_dec((SV *)GvCV(gv));
		GvCV_set(gv, (CV *)SvREFCNT_inc((SV *)cv));
	}
}

/* All lines until the end, on the stack. */
static void
push_lines(pTHX_ GV *glob, struct iss_conn *conn)
{
	SV *line;
	dSP;

	/* The connection may be taken off by what runs while we wait. */
	while ((line = iss_stream_run(
		    aTHX_ ISS_METHOD_READLINE, glob, conn, NULL, 0)) != NULL) {
		SPAGAIN;
		mXPUSHs(line);
		PUTBACK;
		if (iss_attached(aTHX_ glob) != conn)
			break;
	}
}

/* Socket and connection are held meanwhile, whatever runs and dies. */
static void
run(pTHX_ enum iss_method method, GV *glob, struct iss_conn *conn, I32 ax,
    I32 items)
{
	SV *result;
	dSP;

	ENTER;
	iss_hold(aTHX_ glob, conn);
	if (method == ISS_METHOD_READLINE && GIMME_V == G_LIST) {
		SP = &ST(-1);
		PUTBACK;
		push_lines(aTHX_ glob, conn);
		LEAVE;
		return;
	}
	result = iss_stream_run(aTHX_ method, glob, conn, &ST(1), items - 1);
	SPAGAIN;
	SP = &ST(-1);
	if (result != NULL)
		mXPUSHs(result);
	PUTBACK;
	LEAVE;
}

/* Call code with the arguments that are on the stack already. */
static void
pass_on(pTHX_ SV *code, I32 ax)
{
	PUSHMARK(&ST(-1));
	call_sv(code, GIMME_V);
}

static const char *
plain_name(pTHX_ enum iss_method method)
{
	if (method == ISS_METHOD_READLINE)
		return GIMME_V == G_LIST ? "IO::Handle::getlines"
					 : "IO::Handle::getline";
	if (plain_names[method] == NULL)
		Perl_croak(
		    aTHX_ "%s needs a TLS connection", iss_method_name(method));
	return plain_names[method];
}

static bool
is_closed(pTHX_ GV *glob)
{
	return GvIO(glob) == NULL || IoIFP(GvIOp(glob)) == NULL;
}

/*
 * What is undef on any handle is a failure, and the empty list, as with TLS;
 * getc has it for the end of the data, too.
 */
static void
drop_undef(pTHX_ enum iss_method method, GV *glob, I32 ax)
{
	if (GIMME_V != G_LIST || PL_stack_sp != &ST(0) || SvOK(ST(0)))
		return;
	if (method != ISS_METHOD_GETC || is_closed(aTHX_ glob))
		PL_stack_sp--;
}

void
iss_run_method(pTHX_ enum iss_method method, GV *glob, I32 ax, I32 items)
{
	struct iss_conn *conn = iss_attached(aTHX_ glob);

	PL_stack_sp = &ST(-1) + items; /* keep the arguments */
	if (conn != NULL) {
		run(aTHX_ method, glob, conn, ax, items);
		return;
	}
	if (method == ISS_METHOD_PEEK && is_closed(aTHX_ glob)) {
		iss_tell_text(aTHX_ glob, EBADF, "the socket is not open");
		PL_stack_sp = &ST(-1);
		return;
	}
	pass_on(aTHX_ (SV *)get_cv(plain_name(aTHX_ method), GV_ADD), ax);
	drop_undef(aTHX_ method, glob, ax);
}

void
iss_run_base(pTHX_ const char *name, I32 ax, I32 items)
{
	PL_stack_sp = &ST(-1) + items;
	pass_on(aTHX_ (SV *)get_cv(name, GV_ADD), ax);
}

/* The glob of a tied handle: behind two references, the inner one weak. */
static GV *
tied_glob(pTHX_ SV *handle)
{
	SV *inner = SvROK(handle) ? SvRV(handle) : NULL;

	if (inner == NULL || !SvROK(inner))
		return NULL;
	return isGV_with_GP(SvRV(inner)) ? (GV *)SvRV(inner) : NULL;
}

void
iss_run_tied(pTHX_ enum iss_method method, SV *handle, I32 ax, I32 items)
{
	GV *glob = tied_glob(aTHX_ handle);
	struct iss_conn *conn = iss_attached(aTHX_ glob);

	PL_stack_sp = &ST(-1);
	if (glob == NULL)
		return;
	PL_stack_sp += items; /* keep the arguments */
	if (conn == NULL)
		Perl_croak(aTHX_ "the TLS connection of this handle is gone");
	if (iss_method_is_ours(aTHX_ glob, method)) {
		run(aTHX_ method, glob, conn, ax, items);
		return;
	}
	ST(0) = sv_2mortal(newRV_inc((SV *)glob));
	PUSHMARK(&ST(-1));
	call_method(iss_method_name(method), GIMME_V);
}
