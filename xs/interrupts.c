/*
 * Perl runs its handlers by PL_signalhook, wherever a signal is noticed.
 */
#include "interrupts.h"

#define MY_CXT_KEY "IO::Socket::SSL::interrupts" XS_VERSION

/* The handlers of the program, and what one of them died with. */
struct watch {
	SV *handlers[SIG_SIZE];
	SV *died;
	bool runs; /* one of them is running */
};

typedef struct {
	struct watch *watch; /* NULL: nobody wants to know */
	despatch_signals_proc_t before;
} my_cxt_t;

START_MY_CXT

static void run_handlers(pTHX);

void
iss_interrupts_init(pTHX_ bool in_new_thread)
{
	if (in_new_thread) {
		MY_CXT_CLONE;
		if (PL_signalhook == run_handlers)
			PL_signalhook = MY_CXT.before;
		MY_CXT.watch = NULL; /* the other interpreter's */
	} else {
		MY_CXT_INIT;
		MY_CXT.watch = NULL;
	}
}

static bool
is_same(pTHX_ SV *a, SV *b)
{
	if (a == NULL || b == NULL)
		return false;
	return SvROK(a) || SvROK(b) ? SvROK(a) && SvROK(b) && SvRV(a) == SvRV(b)
				    : sv_eq(a, b);
}

/* Is the handler of a signal that has arrived one of the program's? */
static bool
is_for_program(pTHX_ const struct watch *watch)
{
	int i;

	for (i = 1; i < SIG_SIZE; i++)
		if (PL_psig_pend[i] > 0 &&
		    is_same(aTHX_ watch->handlers[i], PL_psig_ptr[i]))
			return true;
	return false;
}

/* The scope of a handler ends; it has died if nobody said that it is done. */
static void
note_death(pTHX_ void *arg)
{
	struct watch *watch = arg;

	if (!watch->runs)
		return;
	watch->runs = false;
	SvREFCNT_dec(watch->died);
	watch->died = newSVsv(ERRSV);
}

static void
run_handlers(pTHX)
{
	dMY_CXT;
	struct watch *watch = MY_CXT.watch;
	bool outer;

	if (watch == NULL) { /* a thread that began meanwhile */
		PL_signalhook = MY_CXT.before;
		PL_signalhook(aTHX);
		return;
	}
	outer = watch->runs; /* one handler may interrupt another */
	ENTER;
	SAVEDESTRUCTOR_X(note_death, watch);
	watch->runs = is_for_program(aTHX_ watch);
	MY_CXT.before(aTHX);
	watch->runs = false;
	LEAVE;
	watch->runs = outer;
}

static void
end_watch(pTHX_ void *arg)
{
	dMY_CXT;
	struct watch *watch = arg;
	int i;

	PL_signalhook = MY_CXT.before;
	MY_CXT.watch = NULL;
	for (i = 0; i < SIG_SIZE; i++)
		SvREFCNT_dec(watch->handlers[i]);
	SvREFCNT_dec(watch->died);
	Safefree(watch);
}

void
iss_interrupts_watch(pTHX)
{
	dMY_CXT;
	struct watch *watch;
	int i;

	if (MY_CXT.watch != NULL)
		return; /* within another one */
	Newxz(watch, 1, struct watch);
	for (i = 1; i < SIG_SIZE; i++)
		if (PL_psig_ptr[i] != NULL)
			watch->handlers[i] = newSVsv(PL_psig_ptr[i]);
	MY_CXT.before = PL_signalhook;
	MY_CXT.watch = watch;
	PL_signalhook = run_handlers;
	SAVEDESTRUCTOR_X(end_watch, watch);
}

bool
iss_interrupts_threw(pTHX_ SV *exception)
{
	dMY_CXT;

	return MY_CXT.watch != NULL &&
	       is_same(aTHX_ MY_CXT.watch->died, exception);
}
