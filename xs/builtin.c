/*
 * The ops of these builtins get a function of ours when they are compiled, so
 * code compiled before this module is loaded keeps Perl's.  Ours looks for a
 * connection on the handle, which costs a plain socket two comparisons, and
 * then calls Perl's.
 */
#include "builtin.h"

#include <sys/socket.h>

#include "attachment.h"
#include "direct.h"
#include "errors.h"
#include "lifecycle.h"
#include "state.h"
#include "connection/shutdown.h"

/* The IO of a plain socket has no magic. */
static inline bool
may_be_tls(SV *handle)
{
	return isGV_with_GP(handle) && GvIOp((GV *)handle) != NULL &&
	       SvMAGICAL((SV *)GvIOp((GV *)handle));
}

static OP *
send_or_croak(pTHX)
{
	SV *handle = PL_stack_base[TOPMARK + 1];

	if (may_be_tls(handle) && iss_attached(aTHX_(GV *) handle) != NULL)
		Perl_croak(
		    aTHX_ "Use of send() not implemented in IO::Socket::SSL; "
			  "use print/printf/syswrite instead");
	return PL_ppaddr[OP_SEND](aTHX);
}

static OP *
recv_or_croak(pTHX)
{
	SV *handle = PL_stack_base[TOPMARK + 1];

	if (may_be_tls(handle) && iss_attached(aTHX_(GV *) handle) != NULL)
		Perl_croak(
		    aTHX_ "Use of recv() not implemented in IO::Socket::SSL; "
			  "use read/sysread instead");
	return PL_ppaddr[OP_RECV](aTHX);
}

static OP *
transfer_directly(pTHX)
{
	return iss_direct_transfer(aTHX) ? NORMAL
					 : PL_ppaddr[PL_op->op_type](aTHX);
}

static OP *
print_directly(pTHX)
{
	return iss_direct_print(aTHX) ? NORMAL
				      : PL_ppaddr[PL_op->op_type](aTHX);
}

static OP *
readline_directly(pTHX)
{
	return iss_direct_readline(aTHX) ? NORMAL
					 : PL_ppaddr[OP_READLINE](aTHX);
}

static OP *
getc_directly(pTHX)
{
	return iss_direct_getc(aTHX) ? NORMAL : PL_ppaddr[OP_GETC](aTHX);
}

bool
iss_before_shutdown(pTHX_ GV *glob, IV how)
{
	struct iss_conn *conn = iss_attached(aTHX_ glob);
	SV *done;

	if (conn == NULL || (how != SHUT_WR && how != SHUT_RDWR) ||
	    !iss_conn_can_write(conn))
		return true;
	iss_keep(aTHX_ (SV *)glob); /* a signal handler may drop it */
	done = sv_2mortal(iss_shutdown(aTHX_ glob, true, &PL_sv_undef, false));
	if (!SvOK(done))
		return false;
	/* What failed for good is no reason to leave the socket open. */
	iss_state_write_closed(aTHX_ glob, false);
	return true;
}

static OP *
shutdown_after_tls(pTHX)
{
	SV **top = PL_stack_sp;
	SV *handle = top[-1];

	if (may_be_tls(handle) &&
	    !iss_before_shutdown(aTHX_(GV *) handle, SvIV(top[0]))) {
		PL_stack_sp = top - 1;
		*PL_stack_sp = &PL_sv_undef;
		return NORMAL;
	}
	return PL_ppaddr[OP_SHUTDOWN](aTHX);
}

/* Written once in a process, under Perl's lock. */
static struct builtin {
	Optype type;
	Perl_ppaddr_t run;
	Perl_check_t next;
} builtins[] = {
	{ OP_SEND, send_or_croak, NULL },
	{ OP_RECV, recv_or_croak, NULL },
	{ OP_SYSREAD, transfer_directly, NULL },
	{ OP_READ, transfer_directly, NULL },
	{ OP_SYSWRITE, transfer_directly, NULL },
	{ OP_PRINT, print_directly, NULL },
	{ OP_SAY, print_directly, NULL },
	{ OP_PRTF, print_directly, NULL },
	{ OP_READLINE, readline_directly, NULL },
	{ OP_GETC, getc_directly, NULL },
	{ OP_SHUTDOWN, shutdown_after_tls, NULL },
};

static OP *
check_op(pTHX_ OP *op)
{
	const struct builtin *b = builtins;

	while (b->type != op->op_type)
		b++;
	op = b->next(aTHX_ op);
	/* Leave another module's function alone. */
	if (op->op_type == b->type && op->op_ppaddr == PL_ppaddr[b->type])
		op->op_ppaddr = b->run;
	return op;
}

/* Perl 5.14 has only the lock on the reference counts of ops. */
static void
watch_op(pTHX_ struct builtin *b)
{
#if PERL_VERSION_GE(5, 15, 8)
	Perl_wrap_op_checker(aTHX_ b->type, check_op, &b->next);
#else
	OP_REFCNT_LOCK;
	if (b->next == NULL) {
		b->next = PL_check[b->type];
		PL_check[b->type] = check_op;
	}
	OP_REFCNT_UNLOCK;
#endif
}

void
iss_watch_builtins(pTHX)
{
	size_t i;

	for (i = 0; i < sizeof(builtins) / sizeof(*builtins); i++)
		watch_op(aTHX_ &builtins[i]);
}
