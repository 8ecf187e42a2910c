/*
 * One small tracer: errors, ciphers and messages of the protocol to STDERR as
 * $DEBUG has it, and to the sub that set_msg_callback was given.
 */
#include "debug.h"

#include "call.h"
#include "values.h"
#include "base/buf.h"
#include "connection/trace.h"

enum { LINE_MAX_LEN = 8192, DUMP_MAX = 256 };

enum { LEVEL_MESSAGES = 2, LEVEL_DUMPS = 3 };

#define MY_CXT_KEY "IO::Socket::SSL::debug" XS_VERSION

typedef struct {
	GV *level; /* $DEBUG, which is $Net::SSLeay::trace */
	IV wanted; /* by the program */
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

/* While it is loaded, Net::SSLeay sets its variable to 0; the program, whose
 * variable it is by then, has said otherwise. */
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
iss_find_debug_variable(pTHX_ bool in_new_thread)
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

IV
iss_debug_level(pTHX)
{
	dMY_CXT;
	SV *level = GvSV(MY_CXT.level);

	return level != NULL && SvOK(level) ? SvIV(level) : 0;
}

void
iss_debug_print(pTHX_ const char *text)
{
	dSAVE_ERRNO;

	PerlIO_printf(PerlIO_stderr(), "DEBUG: %s\n", text);
	RESTORE_ERRNO;
}

static SV *
message_code(pTHX_ GV *glob)
{
	return glob != NULL
		   ? iss_hash_value(aTHX_ GvHV(glob), "_SSL_msg_callback")
		   : NULL;
}

void
iss_debug_begin(pTHX_ GV *glob, struct iss_conn *conn)
{
	iss_conn_tell_messages(conn, iss_debug_level(aTHX) >= LEVEL_MESSAGES ||
					 message_code(aTHX_ glob) != NULL);
}

static void
print_message(pTHX_ const struct iss_message *message)
{
	IV level = iss_debug_level(aTHX);
	struct iss_buf text;

	if (level < LEVEL_MESSAGES)
		return;
	iss_buf_init(&text, LINE_MAX_LEN);
	iss_trace_message(&text, message);
	if (text.len > 0 && level >= LEVEL_DUMPS) {
		iss_buf_puts(&text, "\n");
		iss_trace_dump(&text, message, DUMP_MAX);
	}
	if (text.len > 0)
		iss_debug_print(aTHX_ iss_buf_text(&text));
	iss_buf_release(&text);
}

void
iss_answer_message(void *host, const struct iss_message *message)
{
	struct iss_call *call = host;
	dCALL_PERL(call);
	SV *code = message_code(aTHX_ call->glob);
	SV *args[8];

	print_message(aTHX_ message);
	if (code == NULL || call->died != NULL)
		return;
	args[0] = code;
	args[1] = sv_2mortal(newRV_inc((SV *)call->glob));
	args[2] = sv_2mortal(newSViv(message->sent));
	args[3] = sv_2mortal(newSViv(message->version));
	args[4] = sv_2mortal(newSViv(message->content_type));
	args[5] =
	    sv_2mortal(newSVpvn((const char *)message->bytes, message->len));
	args[6] = sv_2mortal(newSVuv(message->len));
	args[7] = iss_call_handle(aTHX_ call, call->conn->ssl);
	if (call->died != NULL)
		return;
	iss_call_ask(aTHX_ call,
	    (SV *)get_cv("IO::Socket::SSL::_tell_message", GV_ADD), args, 8);
}
