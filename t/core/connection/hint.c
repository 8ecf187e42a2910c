/*
 * Hints by what is known: alerts, reasons of OpenSSL and files, and before all
 * of them a certificate that was refused.  Those that need a peer are in
 * t/socket/error_info.t.
 */
#include "connection/hint.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>

#include "tap.h"

static const struct {
	long verify_error;
	int alert, reason; /* 0: none */
	const char *hint;
} cases[] = {
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0, 0, "signed by itself" },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, SSL_AD_UNKNOWN_CA,
	    SSL_R_NO_SHARED_CIPHER, "too weak" },
	{ 0, SSL_AD_CERTIFICATE_REQUIRED, 0,
	    "the peer wants a certificate of ours" },
	{ 0, SSL_AD_UNKNOWN_CA, 0,
	    "the peer does not know the CA of our certificate" },
	{ 0, SSL_AD_BAD_CERTIFICATE, 0, "the peer refuses our certificate" },
	{ 0, SSL_AD_CERTIFICATE_EXPIRED, 0, "the peer refuses" },
	{ 0, SSL_AD_PROTOCOL_VERSION, 0, "no version of TLS in common" },
	{ 0, 0, SSL_R_UNSUPPORTED_PROTOCOL, "no version of TLS in common" },
#ifdef SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED
	{ 0, 0, SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, "RFC 5746" },
#endif
	{ 0, 0, SSL_R_NO_SHARED_CIPHER, "no cipher in common" },
	{ 0, 0, SSL_R_NO_SUITABLE_KEY_SHARE, "no group" },
	{ 0, 0, 0, "" },
};

static struct iss_error err;
static const struct iss_blame nobody = { NULL, NULL };

static const char *
hint_of(void)
{
	static char hint[512];
	const struct iss_hint_facts facts = { &err, iss_error_kind_of(&err),
		&nobody, NULL };

	iss_hint_write(hint, sizeof(hint), &facts);
	return hint;
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		if (cases[i].reason != 0)
			ERR_put_error(
			    ERR_LIB_SSL, 0, cases[i].reason, "x.c", 1);
		iss_error_set(&err, "SSL connect attempt failed");
		err.verify_error = cases[i].verify_error;
		if (cases[i].alert != 0) {
			err.kind = ISS_KIND_ALERT;
			err.alert = cases[i].alert;
		}
		if (*cases[i].hint == '\0')
			is_text(hint_of(), "", "no hint");
		else
			has_text(hint_of(), cases[i].hint, "case %zu", i);
	}
	iss_error_clear(&err);
	iss_error_errno(&err, EACCES, "SSL_key_file: secret.key");
	is_text(hint_of(), "", "no hint without a file");
	iss_error_blame_file(&err, "secret.key");
	has_text(hint_of(), "may not read secret.key", "a hint with it");
	iss_error_blame_file(&err, "another");
	is_text(err.file, "secret.key", "the first file stays");
	return tap_done();
}
