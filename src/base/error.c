/*
 * The wording of OpenSSL's and the system's reasons, and the draining of
 * OpenSSL's queue.
 */
#include "base/error.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/alert.h"
#include "base/ascii.h"
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
	err->kind = ISS_KIND_NONE;
	err->alert = 0;
	err->queued = 0;
	err->option[0] = '\0';
	err->file[0] = '\0';
	err->text[0] = '\0';
}

bool
iss_error_is_set(const struct iss_error *err)
{
	return err->code != 0;
}

/* A character of a URI, which may be percent-encoded, and its length. */
static int
decoded(const char *text, size_t *len)
{
	int high, low;

	*len = 1;
	if (*text != '%' ||
	    (high = OPENSSL_hexchar2int((unsigned char)text[1])) < 0 ||
	    (low = OPENSSL_hexchar2int((unsigned char)text[2])) < 0)
		return (unsigned char)*text;
	*len = 3;
	return high * 16 + low;
}

/* What begins a PIN in a URI (RFC 7512, 2.4), in any case and encoding: the
 * length of that at text, or 0. */
static size_t
pin_at(const char *text)
{
	static const char name[] = "pin-value=";
	size_t i, len, all = 0;

	for (i = 0; name[i] != '\0'; i++, all += len)
		if (iss_ascii_lower(decoded(text + all, &len)) != name[i])
			return 0;
	return all;
}

/* Put an ellipsis in the place of each PIN, which ends where the next attribute
 * or the rest of the sentence begins. */
static void
blank_pins(char *text, size_t size)
{
	char *at = text;
	const char *end, *rest;
	size_t len;

	while (*at != '\0') {
		if ((len = pin_at(at)) == 0) {
			at++;
			continue;
		}
		at += len;
		end = at + strcspn(at, ";&");
		if ((rest = strstr(at, ": ")) != NULL && rest < end)
			end = rest;
		len = strlen(end);
		if ((size_t)(at - text) + 3 + len >= size) {
			*at = '\0';
			return;
		}
		memmove(at + 3, end, len + 1);
		memcpy(at, "...", 3);
		at += 3;
	}
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
	if (ERR_GET_LIB(e) == ERR_LIB_SSL && alert >= 0 && alert <= UINT8_MAX) {
		err->kind = ISS_KIND_ALERT;
		err->alert = alert;
		append_text(err, ": the peer sent the alert \"",
		    iss_alert_name(alert), "\"");
	} else
		append_text(err, " (", data, ")");
}

/* OpenSSL quotes URIs, which may hold a PIN (RFC 7512, 2.4). */
static const char *
without_pin(const char *data)
{
	const char *at = data;

	while (at != NULL && *at != '\0')
		if (pin_at(at++) > 0)
			return NULL;
	return data;
}

static void
keep_entry(struct iss_error *err, unsigned long code, const char *data)
{
	struct iss_error_entry *entry;

	if (err->queued == ISS_ERROR_QUEUE_MAX)
		return;
	entry = &err->queue[err->queued++];
	entry->code = code;
	snprintf(
	    entry->data, sizeof(entry->data), "%s", data != NULL ? data : "");
}

/*
 * Empty OpenSSL's queue; does it tell that memory ran out?  The entries are
 * those of err, unless that is NULL.
 */
static bool
drain(struct iss_error *err)
{
	const char *data = NULL;
	unsigned long e;
	bool ran_out = false;
	int flags = 0;

	while ((e = iss_compat_get_error(&data, &flags)) != 0) {
		ran_out |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
		if (err != NULL)
			keep_entry(err, e,
			    (flags & ERR_TXT_STRING) ? without_pin(data)
						     : NULL);
	}
	return ran_out;
}

/* Is the sentence about an option, whose name it begins with? */
static void
note_option(struct iss_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	size_t len = strspn(err->text, letters);

	if (strncmp(err->text, "SSL_", 4) == 0 && len < sizeof(err->option)) {
		memcpy(err->option, err->text, len);
		err->option[len] = '\0';
	}
}

static void
record(struct iss_error *err, int code, const char *fmt, va_list args)
{
	iss_error_clear(err);
	err->code = code;
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	blank_pins(err->text, sizeof(err->text));
	note_option(err);
}

/* Does nobody else's error stand there already? */
static bool
takes(const struct iss_error *err)
{
	return err != NULL && !iss_error_is_set(err);
}

/* The end of recording: the queue belongs to a new error alone. */
static int
recorded(struct iss_error *err, bool is_new)
{
	bool ran_out = drain(is_new ? err : NULL);

	if (err != NULL)
		err->no_memory |= ran_out;
	return ISS_ERROR;
}

int
iss_error_set(struct iss_error *err, const char *fmt, ...)
{
	bool is_new = takes(err);
	va_list args;

	if (is_new) {
		va_start(args, fmt);
		record(err, SSL_ERROR_SSL, fmt, args);
		va_end(args);
	}
	return recorded(err, is_new);
}

int
iss_error_errno(struct iss_error *err, int errnum, const char *fmt, ...)
{
	bool is_new = takes(err);
	va_list args;

	if (is_new) {
		va_start(args, fmt);
		record(err, SSL_ERROR_SYSCALL, fmt, args);
		va_end(args);
		err->sys_errno = errnum;
		append_errno(err, errnum);
	}
	return recorded(err, is_new);
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
	bool is_new = takes(err);
	va_list args;
	int flags = 0;

	if (is_new) {
		va_start(args, fmt);
		record(err, SSL_ERROR_SSL, fmt, args);
		va_end(args);
		e = iss_compat_get_error(&data, &flags);
		err->no_memory = ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
		data = (flags & ERR_TXT_STRING) ? without_pin(data) : NULL;
		if (e != 0) {
			append_reason(err, e, data);
			keep_entry(err, e, data);
		} else
			append_text(err, ": ", "OpenSSL gave no reason", "");
	}
	return recorded(err, is_new);
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
	if (!drain(NULL))
		return false;
	iss_error_memory(err);
	return true;
}

void
iss_error_append(struct iss_error *err, const char *before, const char *text)
{
	if (err != NULL && iss_error_is_set(err))
		append_text(err, before, text, "");
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
	note_option(err);
	append_text(err, ": ", text, "");
}

void
iss_error_blame_file(struct iss_error *err, const char *file)
{
	if (!iss_error_is_set(err) || err->file[0] != '\0')
		return;
	snprintf(err->file, sizeof(err->file), "%s", file);
	blank_pins(err->file, sizeof(err->file));
}

enum iss_error_kind
iss_error_kind_of(const struct iss_error *err)
{
	if (err->kind != ISS_KIND_NONE)
		return err->kind;
	switch (err->verify_error) {
	case X509_V_OK:
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
		return ISS_KIND_NAME;
	case X509_V_ERR_CERT_REVOKED:
		return ISS_KIND_REVOKED;
	case X509_V_ERR_APPLICATION_VERIFICATION:
		return ISS_KIND_REFUSED;
	default:
		return ISS_KIND_VERIFY;
	}
	if (err->option[0] != '\0')
		return ISS_KIND_CONFIG;
	if (err->sys_errno == ETIMEDOUT)
		return ISS_KIND_TIMEOUT;
	return err->code == SSL_ERROR_SYSCALL ? ISS_KIND_SYSTEM
					      : ISS_KIND_PROTOCOL;
}

const char *
iss_error_kind_name(enum iss_error_kind kind)
{
	static const char *const names[] = {
		[ISS_KIND_NONE] = "protocol",
		[ISS_KIND_PROTOCOL] = "protocol",
		[ISS_KIND_VERIFY] = "verify",
		[ISS_KIND_NAME] = "name",
		[ISS_KIND_PIN] = "pin",
		[ISS_KIND_REVOKED] = "revoked",
		[ISS_KIND_STAPLE] = "staple",
		[ISS_KIND_DANE] = "dane",
		[ISS_KIND_REFUSED] = "refused",
		[ISS_KIND_ALERT] = "alert",
		[ISS_KIND_NOT_TLS] = "not_tls",
		[ISS_KIND_CONFIG] = "config",
		[ISS_KIND_TIMEOUT] = "timeout",
		[ISS_KIND_EOF] = "eof",
		[ISS_KIND_SYSTEM] = "system",
		[ISS_KIND_ACME] = "acme",
	};

	return names[kind];
}
