#include "debug.h"

#define MY_CXT_KEY "IO::Socket::SSL::debug" XS_VERSION

typedef struct {
	GV *level; /* $DEBUG, which is $Net::SSLeay::trace */
	IV wanted; /* the value that the program set */
} my_cxt_t;

START_MY_CXT

static bool
is_in_file(pTHX_ const char *name)
{
	const char *file = CopFILE(PL_curcop);
	size_t len = strlen(name);

	return file != NULL && strlen(file) >= len &&
	       strcmp(file + strlen(file) - len, name) == 0;
}

/* While it is loaded, Net::SSLeay sets its variable to 0.  That must not undo
 * what the program has set before. */
static int
keep_level(pTHX_ SV *level, MAGIC *mg)
{
	dMY_CXT;

	PERL_UNUSED_ARG(mg);
	if (is_in_file(aTHX_ "Net/SSLeay.pm"))
		sv_setiv(level, MY_CXT.wanted);
	else
		MY_CXT.wanted = SvOK(level) ? SvIV_nomg(level) : 0;
	return 0;
}

static const MGVTBL level_vtbl = { .svt_set = keep_level };

void
iss_debug_init(pTHX_ bool in_new_thread)
{
	GV *level = gv_fetchpvs("IO::Socket::SSL::DEBUG", GV_ADDMULTI, SVt_PV);

	if (in_new_thread) {
		MY_CXT_CLONE;
		MY_CXT.level = level;
	} else {
		MY_CXT_INIT;
		MY_CXT.level = level;
		MY_CXT.wanted = 0;
		sv_magicext(
		    GvSVn(level), NULL, PERL_MAGIC_ext, &level_vtbl, NULL, 0);
		SvSETMAGIC(GvSV(level));
	}
}

/* A callback asks, with OpenSSL on the stack: no code of the program's may run.
 */
IV
iss_debug_level(pTHX)
{
	dMY_CXT;
	SV *level = GvSV(MY_CXT.level);

	return level != NULL && SvOK(level) && !SvROK(level) ? SvIV_nomg(level)
							     : 0;
}

void
iss_debug_print(pTHX_ const char *text)
{
	size_t len;
	dSAVE_ERRNO;

	do {
		len = strcspn(text, "\n");
		PerlIO_printf(PerlIO_stderr(), "DEBUG: %.*s\n", (int)len, text);
		text += len;
	} while (*text == '\n' && *++text != '\0');
	RESTORE_ERRNO;
}

void
iss_debug_trace(pTHX_ IV level, const char *text)
{
	dSP;

	if (iss_debug_level(aTHX) < level)
		return;
	ENTER;
	SAVETMPS;
	PUSHMARK(SP);
	mXPUSHs(newRV_inc((SV *)PL_stderrgv));
	mXPUSHs(Perl_newSVpvf(aTHX_ "DEBUG: %s\n", text));
	PUTBACK;
	call_pv("IO::Handle::print", G_VOID | G_DISCARD);
	FREETMPS;
	LEAVE;
}
