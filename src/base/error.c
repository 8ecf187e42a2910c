/*
 * The wording of OpenSSL's and the system's reasons, and the draining of
 * OpenSSL's queue.
 */
#include "base/error.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/alert.h"
#include "base/compat.h"

enum { SSL_REASON_MIN = 100 }; /* smaller ones are those of all libraries */

void
iss_error_clear(struct iss_error *err)
{
	err->code = 0;
	err->sys_errno = 0;
	err->verify_error = X509_V_OK;
	err->depth = 0;
	err->no_memory = false;
	err->text[0] = '\0';
}

bool
iss_error_is_set(const struct iss_error *err)
{
	return err->code != 0;
}

static void
append_text(struct iss_error *err, const char *before, const char *text,
    const char *after)
{
	size_t len = strlen(err->text);

	if (text != NULL && *text != '\0')
		snprintf(err->text + len, sizeof(err->text) - len, "%s%s%s",
		    before, text, after);
}

static void
append_errno(struct iss_error *err, int errnum)
{
	char text[128];

	if (strerror_r(errnum, text, sizeof(text)) != 0)
		snprintf(text, sizeof(text), "error %d", errnum);
	append_text(err, ": ", text, "");
}

/*
 * The reason of one queue entry.  An alert gets its name in the protocol, since
 * OpenSSL's reason says "sslv3 alert" for alerts of every version.  The reasons
 * that all of OpenSSL's libraries share have numbers far above alerts.
 */
static void
append_reason(struct iss_error *err, unsigned long e, const char *data)
{
	const char *reason = ERR_reason_error_string(e);
	int number = ERR_GET_REASON(e);
	int alert = number - SSL_AD_REASON_OFFSET;
	char text[64];

	if (ISS_COMPAT_IS_SYSTEM_ERROR(e)) {
		err->sys_errno = number;
		append_errno(err, number);
		return;
	}
	if (reason == NULL) {
		snprintf(text, sizeof(text), "OpenSSL error 0x%08lx", e);
		reason = text;
	}
	append_text(err, ": ", reason, "");
	if (ERR_GET_LIB(e) == ERR_LIB_SSL && alert >= 0 && alert <= UINT8_MAX)
		append_text(err, ": the peer sent the alert \"",
		    iss_alert_name(alert), "\"");
	else
		append_text(err, " (", data, ")");
}

/* Empty OpenSSL's queue; does it tell that memory ran out? */
static bool
drain(void)
{
	unsigned long e;
	bool ran_out = false;

	while ((e = ERR_get_error()) != 0)
		ran_out |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
	return ran_out;
}

static void
record(struct iss_error *err, int code, const char *fmt, va_list args)
{
	iss_error_clear(err);
	err->code = code;
	vsnprintf(err->text, sizeof(err->text), fmt, args);
}

/* Is there an error to record, and room for it? */
static bool
takes(const struct iss_error *err)
{
	return err != NULL && !iss_error_is_set(err);
}

/* Empty the queue. */
static int
recorded(struct iss_error *err)
{
	bool no_memory = drain();

	if (err != NULL)
		err->no_memory |= no_memory;
	return ISS_ERROR;
}

int
iss_error_set(struct iss_error *err, const char *fmt, ...)
{
	va_list args;

	if (takes(err)) {
		va_start(args, fmt);
		record(err, SSL_ERROR_SSL, fmt, args);
		va_end(args);
	}
	return recorded(err);
}

int
iss_error_errno(struct iss_error *err, int errnum, const char *fmt, ...)
{
	va_list args;

	if (takes(err)) {
		va_start(args, fmt);
		record(err, SSL_ERROR_SYSCALL, fmt, args);
		va_end(args);
		err->sys_errno = errnum;
		append_errno(err, errnum);
	}
	return recorded(err);
}

/* Is it a reason of libssl's own, rather than one that all libraries share? */
static bool
is_ssl_reason(unsigned long e)
{
	int reason = ERR_GET_REASON(e);

	return ERR_GET_LIB(e) == ERR_LIB_SSL && reason >= SSL_REASON_MIN &&
	       reason <= SSL_AD_REASON_OFFSET + UINT8_MAX;
}

void
iss_error_prefer_ssl(void)
{
	if (!is_ssl_reason(ERR_peek_last_error()))
		return;
	while (!is_ssl_reason(ERR_peek_error()))
		ERR_get_error();
}

int
iss_error_openssl(struct iss_error *err, const char *fmt, ...)
{
	const char *data = NULL;
	unsigned long e;
	va_list args;
	int flags = 0;

	if (takes(err)) {
		va_start(args, fmt);
		record(err, SSL_ERROR_SSL, fmt, args);
		va_end(args);
		e = iss_compat_get_error(&data, &flags);
		err->no_memory = ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
		if (e != 0)
			append_reason(
			    err, e, (flags & ERR_TXT_STRING) ? data : NULL);
		else
			append_text(err, ": ", "OpenSSL gave no reason", "");
	}
	return recorded(err);
}

int
iss_error_memory(struct iss_error *err)
{
	iss_error_set(err, "out of memory");
	err->no_memory = true;
	return ISS_ERROR;
}

bool
iss_error_memory_ran_out(struct iss_error *err)
{
	if (!drain())
		return false;
	iss_error_memory(err);
	return true;
}

void
iss_error_prefix(struct iss_error *err, const char *fmt, ...)
{
	char text[ISS_ERROR_TEXT_MAX];
	va_list args;

	if (!iss_error_is_set(err))
		return;
	memcpy(text, err->text, sizeof(text));
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	append_text(err, ": ", text, "");
}
