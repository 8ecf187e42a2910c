#include "messages.h"

#include "ask.h"
#include "attachment.h"
#include "debug.h"
#include "state.h"
#include "base/buf.h"

enum { LINE_MAX_LEN = 8192, DUMP_MAX = 256 };

enum { LEVEL_MESSAGES = 2, LEVEL_DUMPS = 3 };

/* Which arguments a callback gets, before those of the program. */
enum {
	ARG_SOCKET,
	ARG_SENT,
	ARG_VERSION,
	ARG_CONTENT_TYPE,
	ARG_BYTES,
	ARG_LEN,
	ARG_SSL,
	ARG_COUNT
};

/* The code and the program's arguments; NULL if there is no callback. */
static AV *
callback_of(pTHX_ GV *glob)
{
	SV *ref = glob != NULL ? iss_state_msg_callback(aTHX_ glob) : NULL;

	return ref != NULL && SvROK(ref) && SvTYPE(SvRV(ref)) == SVt_PVAV
		   ? (AV *)SvRV(ref)
		   : NULL;
}

void
iss_messages_set_callback(pTHX_ GV *glob, SV **items, SSize_t count)
{
	struct iss_conn *conn;
	SV *code = count > 0 ? items[0] : &PL_sv_undef;
	AV *callback;
	SSize_t i;

	SvGETMAGIC(code);
	if (!SvOK(code)) {
		iss_state_set_msg_callback(aTHX_ glob, NULL);
	} else {
		if (!SvROK(code) || SvOBJECT(SvRV(code)) ||
		    SvTYPE(SvRV(code)) != SVt_PVCV)
			Perl_croak(
			    aTHX_ "set_msg_callback needs a code reference");
		callback = newAV();
		for (i = 0; i < count; i++)
			av_push(callback, newSVsv(items[i]));
		iss_state_set_msg_callback(
		    aTHX_ glob, newRV_noinc((SV *)callback));
	}
	/* Last, since an argument may be tied to code that closes the socket.
	 */
	if ((conn = iss_attached(aTHX_ glob)) != NULL)
		iss_messages_begin(aTHX_ glob, conn);
}

void
iss_messages_begin(pTHX_ GV *glob, struct iss_conn *conn)
{
	iss_conn_tell_messages(conn, iss_debug_level(aTHX) >= LEVEL_MESSAGES ||
					 callback_of(aTHX_ glob) != NULL);
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

/* The callback may remove itself, so it gets copies of its arguments. */
static void
ask_callback(pTHX_ struct iss_call *call, AV *callback, SV **standard)
{
	SSize_t extra = av_len(callback), i;
	SV *code = sv_mortalcopy(*av_fetch(callback, 0, 1));
	SV **args;

	Newx(args, ARG_COUNT + extra, SV *);
	Copy(standard, args, ARG_COUNT, SV *);
	for (i = 0; i < extra; i++)
		args[ARG_COUNT + i] =
		    sv_mortalcopy(*av_fetch(callback, i + 1, 1));
	iss_ask(aTHX_ call, code, args, (int)(ARG_COUNT + extra));
	Safefree(args);
}

void
iss_messages_answer(void *handle, const struct iss_message *message)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	AV *callback = callback_of(aTHX_ call->glob);
	SV *args[ARG_COUNT];

	print_message(aTHX_ message);
	if (callback == NULL || call->died != NULL)
		return;
	args[ARG_SOCKET] = sv_2mortal(newRV_inc((SV *)call->glob));
	args[ARG_SENT] = sv_2mortal(newSViv(message->sent));
	args[ARG_VERSION] = sv_2mortal(newSViv(message->version));
	args[ARG_CONTENT_TYPE] = sv_2mortal(newSViv(message->content_type));
	args[ARG_BYTES] =
	    sv_2mortal(newSVpvn((const char *)message->bytes, message->len));
	args[ARG_LEN] = sv_2mortal(newSVuv(message->len));
	iss_conn_lend_ssl(call->conn);
	args[ARG_SSL] = iss_ask_handle(aTHX_ call, call->conn->ssl);
	if (call->died == NULL)
		ask_callback(aTHX_ call, callback, args);
}
