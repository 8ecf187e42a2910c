#include "pump.h"

#include <openssl/ssl.h>

#include "ask.h"
#include "state.h"

/* Call a sub of Pump.pm with the socket's handle and one more argument. */
static SV *
ask_handle(pTHX_ struct iss_call *call, const char *name, SV *arg)
{
	SV *args[2];

	args[0] = iss_state_bio_handle(aTHX_ call->glob);
	args[1] = arg;
	if (args[0] == NULL || call->died != NULL)
		return NULL;
	return iss_ask(aTHX_ call, (SV *)get_cv(name, GV_ADD), args, 2);
}

/* The status of a handle that gave nothing. */
static int
why_not(pTHX_ const struct iss_call *call)
{
	SV *want = get_sv("IO::Socket::SSL::SSL_ERROR", GV_ADD);

	if (call->died != NULL)
		return ISS_ERROR;
	if (call->sys_errno == EINTR)
		return ISS_INTR;
	if (call->sys_errno == EAGAIN || call->sys_errno == EWOULDBLOCK)
		return SvIOK(want) && SvIV(want) == SSL_ERROR_WANT_WRITE
			   ? ISS_WANT_WRITE
			   : ISS_WANT_READ;
	errno = call->sys_errno;
	return ISS_ERROR;
}

int
iss_pump_answer_read(void *handle, void *buf, size_t len, size_t *got)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *bytes = ask_handle(aTHX_ call, "IO::Socket::SSL::Pump::read_from",
	    sv_2mortal(newSVuv(len)));
	const char *text;
	STRLEN n;

	*got = 0;
	if (bytes == NULL || !SvOK(bytes))
		return why_not(aTHX_ call);
	if (SvUTF8(bytes) && !sv_utf8_downgrade(bytes, TRUE)) {
		errno = EILSEQ; /* wide characters are not bytes */
		return ISS_ERROR;
	}
	text = SvPV(bytes, n);
	if (n == 0)
		return ISS_EOF;
	if (n > len)
		n = len;
	Copy(text, buf, n, char);
	*got = n;
	return ISS_OK;
}

int
iss_pump_answer_write(void *handle, const void *buf, size_t len, size_t *put)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *count = ask_handle(aTHX_ call, "IO::Socket::SSL::Pump::write_to",
	    sv_2mortal(newSVpvn(buf, len)));
	int why;

	*put = 0;
	if (count != NULL && SvOK(count) && SvUV(count) > 0) {
		*put = SvUV(count);
		if (*put <= len)
			return ISS_OK;
		*put = 0;
		call->sys_errno = EIO; /* it wrote more than it was given */
	}
	/* A handle that writes nothing, without a reason, would do so for ever.
	 */
	if (call->sys_errno == 0)
		call->sys_errno = EIO;
	why = why_not(aTHX_ call);
	return why == ISS_WANT_READ ? ISS_WANT_WRITE : why;
}

size_t
iss_pump_answer_pending(void *handle)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *count = ask_handle(
	    aTHX_ call, "IO::Socket::SSL::Pump::pending_in", &PL_sv_undef);

	return count != NULL && SvOK(count) ? SvUV(count) : 0;
}
