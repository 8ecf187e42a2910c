#include "direct.h"

#include "attachment.h"
#include "errors.h"
#include "methods.h"

/* A socket that an op may treat directly; NULL: it is another handle. */
static GV *
direct_glob(pTHX_ SV *handle, enum iss_method method)
{
	struct iss_attachment *at;
	const MAGIC *tie;
	GV *glob = (GV *)handle;

	/* The IO of a plain handle has no magic. */
	if (!isGV_with_GP(handle) || GvIOp(glob) == NULL ||
	    !SvMAGICAL((SV *)GvIOp(glob)))
		return NULL;
	at = iss_attachment_and_tie(GvIOp(glob), &tie);
	if (at == NULL)
		return NULL;
	if (tie == NULL &&
	    (method == ISS_METHOD_SYSREAD || method == ISS_METHOD_SYSWRITE))
		Perl_croak(aTHX_
		    "cannot use %s on a TLS socket that was untied",
		    OP_NAME(PL_op));
	if (tie == NULL || !iss_tie_is_ours(aTHX_ tie->mg_obj, &at->methods) ||
	    !iss_is_ours(aTHX_ method, glob, &at->methods))
		return NULL;
	return glob;
}

/* The arguments begin at mark + 1 with the handle.  In place of all of them, a
 * scalar op leaves one result. */
static void
run(pTHX_ enum iss_method method, GV *glob, SSize_t mark)
{
	SSize_t items = PL_stack_sp - (PL_stack_base + mark);

	iss_methods_run_tls(aTHX_ method, glob, (I32)mark + 1, (I32)items);
	if (PL_stack_sp == PL_stack_base + mark)
		*++PL_stack_sp = &PL_sv_undef;
}

bool
iss_direct_transfer(pTHX)
{
	SSize_t mark = TOPMARK;
	enum iss_method method = PL_op->op_type == OP_SYSWRITE
				     ? ISS_METHOD_SYSWRITE
				     : ISS_METHOD_SYSREAD;
	GV *glob = direct_glob(aTHX_ PL_stack_base[mark + 1], method);

	if (glob == NULL)
		return false;
	(void)POPMARK;
	run(aTHX_ method, glob, mark);
	return true;
}

bool
iss_direct_print(pTHX)
{
	SSize_t mark = TOPMARK;
	enum iss_method method =
	    PL_op->op_type == OP_PRTF ? ISS_METHOD_PRINTF : ISS_METHOD_PRINT;
	GV *glob;

	/* Otherwise the handle is the selected one, and not on the stack. */
	if (!(PL_op->op_flags & OPf_STACKED))
		return false;
	glob = direct_glob(aTHX_ PL_stack_base[mark + 1], method);
	if (glob == NULL)
		return false;
	(void)POPMARK;
	if (PL_op->op_type == OP_SAY)
		method = ISS_METHOD_SAY;
	run(aTHX_ method, glob, mark);
	return true;
}

/* The handle of a readline is a glob or a reference to one. */
static SV *
line_handle(SV *handle)
{
	if (handle == NULL)
		return NULL;
	if (SvROK(handle) && !SvGMAGICAL(handle) && !SvAMAGIC(handle))
		return SvRV(handle);
	return handle;
}

/* Perl folds "$x = <$sock>" into the op: below the handle lies the variable. */
static void
assign_line(pTHX_ SSize_t mark)
{
	SV *target = PL_stack_base[mark];

	/* A callback that runs meanwhile may free it. */
	sv_2mortal(SvREFCNT_inc_simple_NN(target));
	run(aTHX_ ISS_METHOD_READLINE, PL_last_in_gv, mark);
	sv_setsv_mg(target, *PL_stack_sp--);
	*PL_stack_sp = target;
}

bool
iss_direct_readline(pTHX)
{
	SSize_t mark = PL_stack_sp - PL_stack_base - 1;
	SV *handle = line_handle(*PL_stack_sp);
	GV *glob;

	if (handle == NULL)
		return false;
	glob = direct_glob(aTHX_ handle, ISS_METHOD_READLINE);
	if (glob == NULL)
		return false;
	PL_last_in_gv = glob;
	if (PL_op->op_flags & OPf_STACKED)
		assign_line(aTHX_ mark);
	else if (GIMME_V == G_LIST)
		iss_methods_run_tls(
		    aTHX_ ISS_METHOD_READLINE, glob, (I32)mark + 1, 1);
	else
		run(aTHX_ ISS_METHOD_READLINE, glob, mark);
	return true;
}

bool
iss_direct_getc(pTHX)
{
	GV *glob;

	if ((PL_op->op_private & OPpARG4_MASK) == 0 || *PL_stack_sp == NULL)
		return false;
	glob = direct_glob(aTHX_ * PL_stack_sp, ISS_METHOD_GETC);
	if (glob == NULL)
		return false;
	if (GIMME_V == G_LIST)
		iss_methods_run_tls(aTHX_ ISS_METHOD_GETC, glob,
		    (I32)(PL_stack_sp - PL_stack_base), 1);
	else
		run(aTHX_ ISS_METHOD_GETC, glob,
		    PL_stack_sp - PL_stack_base - 1);
	return true;
}
