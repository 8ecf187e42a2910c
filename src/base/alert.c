/*
 * The names of alerts, including those that OpenSSL leaves out.
 */
#include "base/alert.h"

#include <openssl/ssl.h>

const char *
iss_alert_name(int alert)
{
	switch (alert) {
	case SSL_AD_MISSING_EXTENSION:
		return "missing extension";
	case SSL_AD_CERTIFICATE_REQUIRED:
		return "certificate required";
	default:
		return SSL_alert_desc_string_long(alert);
	}
}
