#include "messages.h"

#include "ask.h"
#include "debug.h"
#include "state.h"
#include "base/buf.h"

enum { LINE_MAX_LEN = 8192, DUMP_MAX = 256 };

enum { LEVEL_MESSAGES = 2, LEVEL_DUMPS = 3 };

static SV *
callback_of(pTHX_ GV *glob)
{
	return glob != NULL ? iss_state_msg_callback(aTHX_ glob) : NULL;
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

void
iss_messages_answer(void *handle, const struct iss_message *message)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *code = callback_of(aTHX_ call->glob);
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
	args[7] = iss_ask_handle(aTHX_ call, call->conn->ssl);
	if (call->died != NULL)
		return;
	iss_ask(aTHX_ call,
	    (SV *)get_cv("IO::Socket::SSL::_tell_message", GV_ADD), args, 8);
}
