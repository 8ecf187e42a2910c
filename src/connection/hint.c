/*
 * One table: a row a condition, the first that holds gives the hint.  Hints
 * about a certificate of the peer come first.
 */
#include "connection/hint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/compat.h"
#include "connection/hint_certificate.h"
#include "connection/stranger.h"

typedef const struct iss_hint_facts facts_t;

/* ---- conditions ---- */

static bool
has_alert(facts_t *facts, int alert)
{
	return facts->kind == ISS_KIND_ALERT && facts->err->alert == alert;
}

/* Only of the protocols that have a STARTTLS. */
static bool
wants_starttls(facts_t *facts)
{
	const char *language;

	if (facts->kind != ISS_KIND_NOT_TLS || !iss_hint_is_client(facts))
		return false;
	language = iss_stranger_language(facts->conn->sock);
	return strcmp(language, "smtp") == 0 || strcmp(language, "ftp") == 0 ||
	       strcmp(language, "imap") == 0 || strcmp(language, "pop3") == 0;
}

static bool
is_not_tls(facts_t *facts)
{
	return facts->kind == ISS_KIND_NOT_TLS && facts->conn != NULL;
}

static bool
wants_certificate(facts_t *facts)
{
	return has_alert(facts, SSL_AD_CERTIFICATE_REQUIRED);
}

static bool
is_our_ca_unknown(facts_t *facts)
{
	return has_alert(facts, SSL_AD_UNKNOWN_CA);
}

static bool
refuses_our_certificate(facts_t *facts)
{
	return has_alert(facts, SSL_AD_BAD_CERTIFICATE) ||
	       has_alert(facts, SSL_AD_CERTIFICATE_UNKNOWN) ||
	       has_alert(facts, SSL_AD_CERTIFICATE_EXPIRED) ||
	       has_alert(facts, SSL_AD_CERTIFICATE_REVOKED) ||
	       has_alert(facts, SSL_AD_UNSUPPORTED_CERTIFICATE);
}

static bool
is_unknown_name(facts_t *facts)
{
	return has_alert(facts, SSL_AD_UNRECOGNIZED_NAME);
}

static bool
shares_no_protocol(facts_t *facts)
{
	return has_alert(facts, SSL_AD_NO_APPLICATION_PROTOCOL);
}

static bool
renegotiates_as_before(facts_t *facts)
{
#ifdef SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED
	return iss_hint_has_reason(
	    facts, SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED);
#else
	(void)facts;
	return false;
#endif
}

static bool
shares_no_version(facts_t *facts)
{
	return has_alert(facts, SSL_AD_PROTOCOL_VERSION) ||
	       iss_hint_has_reason(facts, SSL_R_UNSUPPORTED_PROTOCOL) ||
	       iss_hint_has_reason(facts, SSL_R_WRONG_SSL_VERSION) ||
	       iss_hint_has_reason(facts, SSL_R_NO_PROTOCOLS_AVAILABLE) ||
	       iss_hint_has_reason(facts, SSL_R_VERSION_TOO_LOW) ||
	       iss_hint_has_reason(facts, SSL_R_VERSION_TOO_HIGH);
}

static bool
shares_no_group(facts_t *facts)
{
#ifdef SSL_R_NO_SUITABLE_GROUPS
	if (iss_hint_has_reason(facts, SSL_R_NO_SUITABLE_GROUPS))
		return true;
#endif
	return iss_hint_has_reason(facts, SSL_R_NO_SUITABLE_KEY_SHARE) ||
	       iss_hint_has_reason(facts, SSL_R_NO_SHARED_GROUPS);
}

static bool
shares_no_cipher(facts_t *facts)
{
	return iss_hint_has_reason(facts, SSL_R_NO_SHARED_CIPHER) ||
	       iss_hint_has_reason(facts, SSL_R_NO_CIPHERS_AVAILABLE);
}

static bool
server_found_nothing(facts_t *facts)
{
	return iss_hint_is_client(facts) &&
	       has_alert(facts, SSL_AD_HANDSHAKE_FAILURE);
}

/* In the handshake of a client that has got no answer at all. */
static bool
is_unanswered(facts_t *facts)
{
	const SSL *ssl = iss_hint_is_client(facts) ? facts->conn->ssl : NULL;

	return ssl != NULL && !SSL_in_before(ssl) &&
	       !SSL_is_init_finished(ssl) &&
	       SSL_get_current_cipher(ssl) == NULL;
}

static bool
is_silent(facts_t *facts)
{
	return facts->kind == ISS_KIND_TIMEOUT && is_unanswered(facts);
}

static bool
hangs_up(facts_t *facts)
{
	return (facts->kind == ISS_KIND_EOF ||
		   facts->err->sys_errno == ECONNRESET) &&
	       is_unanswered(facts);
}

static bool
may_not_read(facts_t *facts)
{
	return facts->err->file[0] != '\0' && facts->err->sys_errno == EACCES;
}

/* A server: the client asked for TLS, and we cannot say who we are. */
static bool
has_no_certificate(facts_t *facts)
{
	return facts->conn != NULL && facts->conn->server &&
	       facts->conn->ssl != NULL &&
	       SSL_get_certificate(facts->conn->ssl) == NULL &&
	       (shares_no_cipher(facts) ||
		   iss_hint_has_reason(
		       facts, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM));
}

/* The version that the ClientHello names in its old field: what the client
 * speaks at most, or TLS 1.2 from one that speaks TLS 1.3. */
static bool
client_is_too_old(facts_t *facts)
{
	return facts->conn != NULL && facts->conn->server &&
	       facts->conn->ssl != NULL && shares_no_version(facts) &&
	       SSL_client_version(facts->conn->ssl) >= SSL3_VERSION &&
	       SSL_client_version(facts->conn->ssl) <
		   SSL_get_min_proto_version(facts->conn->ssl);
}

/* ---- hints ---- */

static const char *
version_name(int version)
{
	static const struct {
		int version;
		const char *name;
	} names[] = {
		{ SSL3_VERSION, "SSL 3.0" },
		{ TLS1_VERSION, "TLS 1.0" },
		{ TLS1_1_VERSION, "TLS 1.1" },
		{ TLS1_2_VERSION, "TLS 1.2" },
		{ TLS1_3_VERSION, "TLS 1.3" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].version == version)
			return names[i].name;
	return "an unknown version";
}

static void
say_too_old(struct iss_buf *out, facts_t *facts)
{
	iss_buf_printf(out,
	    "the client offers %s at most, and SSL_version allows %s and newer",
	    version_name(SSL_client_version(facts->conn->ssl)),
	    version_name(SSL_get_min_proto_version(facts->conn->ssl)));
}

static void
say_stranger(struct iss_buf *out, facts_t *facts)
{
	iss_buf_puts(out, "the peer does not speak TLS; it said: ");
	iss_stranger_quote(out, facts->conn->sock);
}

static void
say_starttls(struct iss_buf *out, facts_t *facts)
{
	say_stranger(out, facts);
	iss_buf_puts(out, " (on this port TLS begins after STARTTLS: see "
			  "start_SSL)");
}

static void
say_file(struct iss_buf *out, facts_t *facts)
{
	iss_buf_printf(out,
	    "the user with the number %lu may not read %s; a program that "
	    "changes its user must read it before",
	    (unsigned long)geteuid(), facts->err->file);
}

static const struct iss_hint_row rows[] = {
	{ wants_starttls, NULL, say_starttls },
	{ is_not_tls, NULL, say_stranger },
	{ wants_certificate,
	    "the peer wants a certificate of ours: SSL_cert_file and "
	    "SSL_key_file",
	    NULL },
	{ is_our_ca_unknown,
	    "the peer does not know the CA of our certificate, or we did not "
	    "send the certificates between the two",
	    NULL },
	{ refuses_our_certificate, "the peer refuses our certificate", NULL },
	{ is_unknown_name,
	    "the server does not serve the host that we named: see "
	    "SSL_hostname",
	    NULL },
	{ shares_no_protocol,
	    "the server has none of the protocols of SSL_alpn_protocols",
	    NULL },
	{ renegotiates_as_before,
	    "the server can only renegotiate in the way that RFC 5746 replaced "
	    "in 2010; it needs an update",
	    NULL },
	{ client_is_too_old, NULL, say_too_old },
	{ has_no_certificate,
	    "this server has no certificate: see SSL_cert_file and SSL_cert",
	    NULL },
	{ shares_no_version,
	    "the two sides have no version of TLS in common: see SSL_version",
	    NULL },
	{ shares_no_group,
	    "the two sides have no group for the key exchange in common: see "
	    "SSL_ecdh_curve",
	    NULL },
	{ shares_no_cipher,
	    "the two sides have no cipher in common, or the server has no "
	    "certificate for those that the client offers: see SSL_cipher_list",
	    NULL },
	{ server_found_nothing,
	    "the server found no version, cipher or group that both sides "
	    "have, or wants a certificate of ours",
	    NULL },
	{ is_silent,
	    "the peer accepted the connection and said nothing: perhaps it "
	    "waits for a command (see start_SSL), or is too busy",
	    NULL },
	{ hangs_up,
	    "the peer ended the connection without an answer: perhaps this is "
	    "the port of another protocol, it does not serve the host that "
	    "SSL_hostname names, or a firewall is in between",
	    NULL },
	{ may_not_read, NULL, say_file },
};

void
iss_hint_write(char *out, size_t size, const struct iss_hint_facts *facts)
{
	struct iss_buf text;

	iss_buf_init(&text, size - 1);
	if (!iss_hint_certificate_write(&text, facts))
		iss_hint_row_write(
		    &text, rows, sizeof(rows) / sizeof(rows[0]), facts);
	snprintf(out, size, "%s", iss_buf_text(&text));
	iss_buf_release(&text);
}
