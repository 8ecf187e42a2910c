/*
 * The names of alerts, including those that OpenSSL leaves out or spells in
 * another way.
 */
#include "base/alert.h"

#include <stdbool.h>

#include <openssl/ssl.h>

const char *
iss_alert_name(int alert)
{
	switch (alert) {
	case SSL_AD_UNEXPECTED_MESSAGE:
		return "unexpected message";
	case SSL_AD_INAPPROPRIATE_FALLBACK:
		return "inappropriate fallback";
	case SSL_AD_MISSING_EXTENSION:
		return "missing extension";
	case SSL_AD_CERTIFICATE_REQUIRED:
		return "certificate required";
	default:
		return SSL_alert_desc_string_long(alert);
	}
}

static bool
is_same(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if (*a != *b && !(*a == ' ' && *b == '_'))
			return false;
	return *a == *b;
}

int
iss_alert_number(const char *name)
{
	int alert;

	for (alert = 0; alert <= 255; alert++)
		if (alert != SSL_AD_CLOSE_NOTIFY &&
		    alert != SSL_AD_USER_CANCELLED &&
		    alert != SSL_AD_NO_RENEGOTIATION &&
		    is_same(iss_alert_name(alert), name) &&
		    !is_same("unknown", name))
			return alert;
	return -1;
}
