#include "methods.h"

#include <errno.h>

#include "attachment.h"
#include "errors.h"
#include "input.h"
#include "output.h"

struct method {
	const char *plain; /* the base class's method; NULL: it has none */
	const char *usage;
	SSize_t at_least; /* arguments after the handle */
	iss_stream_method *run;
};

#define BUFFER "BUFFER, LENGTH[, OFFSET]"
#define DATA "DATA[, LENGTH[, OFFSET]]"

static const struct method methods[ISS_METHOD_COUNT] = {
	[ISS_METHOD_READ] = { "IO::Handle::read", BUFFER, 2, iss_input_read },
	[ISS_METHOD_SYSREAD] = { "IO::Handle::sysread", BUFFER, 2,
	    iss_input_sysread },
	[ISS_METHOD_PEEK] = { NULL, BUFFER, 2, iss_input_peek },
	[ISS_METHOD_READLINE] = { "IO::Handle::getline", "", 0,
	    iss_input_readline },
	[ISS_METHOD_GETC] = { "IO::Handle::getc", "", 0, iss_input_getc },
	[ISS_METHOD_EOF] = { "IO::Handle::eof", "", 0, iss_input_eof },
	[ISS_METHOD_PRINT] = { "IO::Handle::print", "LIST", 0,
	    iss_output_print },
	[ISS_METHOD_SAY] = { "IO::Handle::say", "LIST", 0, iss_output_say },
	[ISS_METHOD_PRINTF] = { "IO::Handle::printf", "FORMAT, LIST", 1,
	    iss_output_printf },
	[ISS_METHOD_WRITE] = { "IO::Handle::write", DATA, 1, iss_output_write },
	[ISS_METHOD_SYSWRITE] = { "IO::Handle::syswrite", DATA, 1,
	    iss_output_syswrite },
};

/* Push all lines until the end. */
static void
push_lines(pTHX_ GV *glob, struct iss_conn *conn)
{
	SV *line;
	dSP;

	/* Perl code that runs while we wait may detach the connection. */
	while ((line = iss_input_readline(aTHX_ glob, conn, NULL, 0)) != NULL) {
		SPAGAIN;
		mXPUSHs(line);
		PUTBACK;
		if (iss_attached(aTHX_ glob) != conn)
			break;
	}
}

static void
check_usage(pTHX_ enum iss_method method, I32 items)
{
	const struct method *m = &methods[method];

	if (items - 1 < m->at_least)
		Perl_croak(aTHX_ "Usage: $socket->%s(%s)",
		    iss_method_name(method), m->usage);
}

/* Perl's stack counts no references, and code that an argument runs (a tie, an
 * overloaded operator) may drop any of them.  For the scope. */
static void
hold_arguments(pTHX_ SV **args, SSize_t count)
{
	SSize_t i;

	for (i = 0; i < count; i++)
		if (SvROK(args[i]) || SvMAGICAL(args[i]))
			break;
	if (i == count)
		return;
	for (i = 0; i < count; i++)
		SAVEFREESV(SvREFCNT_inc_simple_NN(args[i]));
}

/* Keeps the socket and the connection alive, whatever runs and dies. */
static void
run_tls(pTHX_ enum iss_method method, GV *glob, struct iss_conn *conn, I32 ax,
    I32 items)
{
	const struct method *m = &methods[method];
	SV *result = NULL;
	dSP;

	check_usage(aTHX_ method, items);
	if (conn->ahead.bytes != NULL &&
	    (method != ISS_METHOD_READLINE || GIMME_V != G_LIST))
		result = iss_input_at_hand(
		    aTHX_ method, glob, conn, &ST(1), items - 1);
	if (result != NULL) {
		SP = &ST(-1);
		mXPUSHs(result);
		PUTBACK;
		return;
	}
	ENTER;
	iss_hold(aTHX_ glob, conn);
	hold_arguments(aTHX_ &ST(1), items - 1);
	if (method == ISS_METHOD_READLINE && GIMME_V == G_LIST) {
		SP = &ST(-1);
		PUTBACK;
		push_lines(aTHX_ glob, conn);
		LEAVE;
		return;
	}
	result = m->run(aTHX_ glob, conn, &ST(1), items - 1);
	SPAGAIN;
	SP = &ST(-1);
	if (result != NULL)
		mXPUSHs(result);
	PUTBACK;
	LEAVE;
}

void
iss_methods_run_tls(pTHX_ enum iss_method method, GV *glob, I32 ax, I32 items)
{
	run_tls(aTHX_ method, glob, iss_attached(aTHX_ glob), ax, items);
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
	if (method == ISS_METHOD_READLINE && GIMME_V == G_LIST)
		return "IO::Handle::getlines";
	return methods[method].plain;
}

static bool
is_closed(pTHX_ GV *glob)
{
	return GvIO(glob) == NULL || IoIFP(GvIOp(glob)) == NULL;
}

/*
 * An undef result means failure, which is the empty list, as with TLS.  Only
 * getc returns undef for the end of the data, too.
 */
static void
drop_undef(pTHX_ enum iss_method method, GV *glob, I32 ax)
{
	if (GIMME_V != G_LIST || PL_stack_sp != &ST(0) || SvOK(ST(0)))
		return;
	if (method != ISS_METHOD_GETC || is_closed(aTHX_ glob))
		PL_stack_sp--;
}

/* IO::Handle has no peek. */
static void
peek_plain(pTHX_ GV *glob, I32 ax, I32 items)
{
	SV *result = NULL;
	dSP;

	check_usage(aTHX_ ISS_METHOD_PEEK, items);
	if (is_closed(aTHX_ glob))
		iss_tell_text(aTHX_ glob, EBADF, "the socket is not open");
	else
		result = iss_input_peek_plain(aTHX_ glob, &ST(1), items - 1);
	SPAGAIN;
	SP = &ST(-1);
	if (result != NULL)
		mXPUSHs(result);
	PUTBACK;
}

void
iss_methods_run(pTHX_ enum iss_method method, GV *glob, I32 ax, I32 items)
{
	struct iss_conn *conn = iss_attached(aTHX_ glob);

	PL_stack_sp = &ST(-1) + items; /* keep the arguments */
	if (conn != NULL) {
		run_tls(aTHX_ method, glob, conn, ax, items);
		return;
	}
	if (method == ISS_METHOD_PEEK) {
		peek_plain(aTHX_ glob, ax, items);
		return;
	}
	pass_on(aTHX_ (SV *)get_cv(plain_name(aTHX_ method), GV_ADD), ax);
	drop_undef(aTHX_ method, glob, ax);
}

void
iss_methods_run_base(pTHX_ const char *name, I32 ax, I32 items)
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
iss_methods_run_tied(
    pTHX_ enum iss_method method, SV *handle, I32 ax, I32 items)
{
	GV *glob = tied_glob(aTHX_ handle);
	struct iss_attachment *at = iss_attachment(aTHX_ glob);

	PL_stack_sp = &ST(-1);
	if (glob == NULL)
		return;
	PL_stack_sp += items; /* keep the arguments */
	if (at == NULL)
		Perl_croak(aTHX_ "this handle no longer has a TLS connection");
	if (iss_is_ours(aTHX_ method, glob, &at->methods)) {
		run_tls(aTHX_ method, glob, at->conn, ax, items);
		return;
	}
	ST(0) = sv_2mortal(newRV_inc((SV *)glob));
	PUSHMARK(&ST(-1));
	call_method(iss_method_name(method), GIMME_V);
}
