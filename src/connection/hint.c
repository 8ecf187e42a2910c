/*
 * One table: a row a condition, the first that holds gives the hint.
 */
#include "connection/hint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/compat.h"
#include "connection/stranger.h"
#include "x509/asn1_time.h"
#include "x509/cert.h"
#include "x509/name.h"

/* 2026-01-01: a clock that says an earlier date is wrong. */
enum { WRITTEN_AT = 1767225600, DATE_MAX = 32 };

typedef const struct iss_hint_facts facts_t;

/* ---- conditions ---- */

static bool
is_client(facts_t *facts)
{
	return facts->conn != NULL && !facts->conn->server;
}

static bool
has_verify_error(facts_t *facts, const long *errors, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (facts->err->verify_error == errors[i])
			return true;
	return false;
}

#define HAS_VERIFY_ERROR(facts, ...)                                           \
	has_verify_error(facts, (const long[]){ __VA_ARGS__ },                 \
	    sizeof((const long[]){ __VA_ARGS__ }) / sizeof(long))

/* Does OpenSSL's queue name this reason of libssl? */
static bool
has_reason(facts_t *facts, int reason)
{
	const struct iss_error_entry *entry = facts->err->queue;
	int i;

	for (i = 0; i < facts->err->queued; i++, entry++)
		if (ERR_GET_LIB(entry->code) == ERR_LIB_SSL &&
		    ERR_GET_REASON(entry->code) == reason)
			return true;
	return false;
}

static bool
has_alert(facts_t *facts, int alert)
{
	return facts->kind == ISS_KIND_ALERT && facts->err->alert == alert;
}

/* The last certificate that the peer has sent; NULL if it sent none. */
static X509 *
last_sent(facts_t *facts)
{
	int count = sk_X509_num(facts->blame->chain);

	return count > 0 ? sk_X509_value(facts->blame->chain, count - 1) : NULL;
}

static bool
misses_issuer(facts_t *facts)
{
	return HAS_VERIFY_ERROR(facts, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
		   X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		   X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE) &&
	       last_sent(facts) != NULL;
}

static bool
misses_intermediate(facts_t *facts)
{
	return misses_issuer(facts) && sk_X509_num(facts->blame->chain) == 1;
}

static bool
is_self_signed(facts_t *facts)
{
	return HAS_VERIFY_ERROR(facts, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
}

static bool
has_unknown_root(facts_t *facts)
{
	return HAS_VERIFY_ERROR(facts, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
}

static bool
is_about_date(facts_t *facts)
{
	return HAS_VERIFY_ERROR(facts, X509_V_ERR_CERT_HAS_EXPIRED,
	    X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CRL_HAS_EXPIRED,
	    X509_V_ERR_CRL_NOT_YET_VALID);
}

static bool
is_clock_wrong(facts_t *facts)
{
	return is_about_date(facts) && time(NULL) < WRITTEN_AT;
}

static bool
is_expired(facts_t *facts)
{
	return HAS_VERIFY_ERROR(facts, X509_V_ERR_CERT_HAS_EXPIRED) &&
	       facts->blame->cert != NULL;
}

static bool
is_too_early(facts_t *facts)
{
	return HAS_VERIFY_ERROR(facts, X509_V_ERR_CERT_NOT_YET_VALID) &&
	       facts->blame->cert != NULL;
}

static bool
has_other_purpose(facts_t *facts)
{
	return HAS_VERIFY_ERROR(facts, X509_V_ERR_INVALID_PURPOSE) &&
	       facts->conn != NULL;
}

static bool
is_too_weak(facts_t *facts)
{
	return HAS_VERIFY_ERROR(facts, X509_V_ERR_EE_KEY_TOO_SMALL,
		   X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK) ||
	       has_reason(facts, SSL_R_EE_KEY_TOO_SMALL) ||
	       has_reason(facts, SSL_R_CA_KEY_TOO_SMALL) ||
	       has_reason(facts, SSL_R_CA_MD_TOO_WEAK) ||
	       has_reason(facts, SSL_R_DH_KEY_TOO_SMALL);
}

/* Only of the protocols that have a STARTTLS. */
static bool
wants_starttls(facts_t *facts)
{
	const char *language;

	if (facts->kind != ISS_KIND_NOT_TLS || !is_client(facts))
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
	return has_reason(facts, SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED);
#else
	(void)facts;
	return false;
#endif
}

static bool
shares_no_version(facts_t *facts)
{
	return has_alert(facts, SSL_AD_PROTOCOL_VERSION) ||
	       has_reason(facts, SSL_R_UNSUPPORTED_PROTOCOL) ||
	       has_reason(facts, SSL_R_WRONG_SSL_VERSION) ||
	       has_reason(facts, SSL_R_NO_PROTOCOLS_AVAILABLE) ||
	       has_reason(facts, SSL_R_VERSION_TOO_LOW) ||
	       has_reason(facts, SSL_R_VERSION_TOO_HIGH);
}

static bool
shares_no_group(facts_t *facts)
{
#ifdef SSL_R_NO_SUITABLE_GROUPS
	if (has_reason(facts, SSL_R_NO_SUITABLE_GROUPS))
		return true;
#endif
	return has_reason(facts, SSL_R_NO_SUITABLE_KEY_SHARE) ||
	       has_reason(facts, SSL_R_NO_SHARED_GROUPS);
}

static bool
shares_no_cipher(facts_t *facts)
{
	return has_reason(facts, SSL_R_NO_SHARED_CIPHER) ||
	       has_reason(facts, SSL_R_NO_CIPHERS_AVAILABLE);
}

static bool
server_found_nothing(facts_t *facts)
{
	return is_client(facts) && has_alert(facts, SSL_AD_HANDSHAKE_FAILURE);
}

/* In the handshake of a client that has got no answer at all. */
static bool
is_unanswered(facts_t *facts)
{
	const SSL *ssl = is_client(facts) ? facts->conn->ssl : NULL;

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
		   has_reason(facts, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM));
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

static bool
misses_pin(facts_t *facts)
{
	return is_client(facts) && facts->blame->cert != NULL &&
	       facts->conn->verify.fingerprints.count > 0 &&
	       (facts->kind == ISS_KIND_VERIFY ||
		   facts->kind == ISS_KIND_NAME || facts->kind == ISS_KIND_PIN);
}

static bool
misses_record(facts_t *facts)
{
	return facts->kind == ISS_KIND_DANE && facts->blame->cert != NULL;
}

static bool
has_other_name(facts_t *facts)
{
	return facts->kind == ISS_KIND_NAME && is_client(facts);
}

/* ---- hints ---- */

static void
put_name(struct iss_buf *out, const X509_NAME *name)
{
	struct iss_error ignored;

	iss_error_clear(&ignored);
	iss_buf_puts(out, "\"");
	iss_name_text(&ignored, name, out);
	iss_buf_puts(out, "\"");
}

static void
put_date(struct iss_buf *out, time_t seconds)
{
	char text[DATE_MAX] = "?";
	struct tm date;

	if (gmtime_r(&seconds, &date) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d", &date);
	iss_buf_puts(out, text);
}

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
say_pin(struct iss_buf *out, facts_t *facts)
{
	int count = sk_X509_num(facts->blame->chain);
	X509 *leaf = count > 0 ? sk_X509_value(facts->blame->chain, 0)
			       : facts->blame->cert;
	struct iss_error ignored;

	iss_error_clear(&ignored);
	iss_buf_puts(out,
	    "the certificate is not the one that SSL_fingerprint names; "
	    "its fingerprint is ");
	iss_cert_fingerprint_text(&ignored, leaf, "sha256",
	    iss_fingerprint_list_is_of_keys(&facts->conn->verify.fingerprints),
	    out);
}

static void
say_intermediate(struct iss_buf *out, facts_t *facts)
{
	iss_buf_printf(out,
	    "the %s does not send the certificate of its "
	    "issuer ",
	    is_client(facts) ? "server" : "client");
	put_name(out, X509_get_issuer_name(last_sent(facts)));
	iss_buf_printf(out,
	    "; it is for the %s to send it, unless it is a root: then it is "
	    "not trusted here (SSL_ca_file)",
	    is_client(facts) ? "server" : "client");
}

static void
say_issuer(struct iss_buf *out, facts_t *facts)
{
	iss_buf_printf(out,
	    "the %s sent %d certificates; the issuer of the "
	    "last one, ",
	    is_client(facts) ? "server" : "client",
	    sk_X509_num(facts->blame->chain));
	put_name(out, X509_get_issuer_name(last_sent(facts)));
	iss_buf_puts(out, ", is not among the CAs that are trusted here");
}

static void
say_root(struct iss_buf *out, facts_t *facts)
{
	X509 *last = last_sent(facts);

	iss_buf_puts(out, "the chain ends in a CA that is not trusted here");
	if (last != NULL) {
		iss_buf_puts(out, ": ");
		put_name(out, X509_get_subject_name(last));
	}
	iss_buf_puts(out, " (SSL_ca_file names those that are)");
}

static void
say_clock(struct iss_buf *out, facts_t *facts)
{
	(void)facts;
	iss_buf_puts(out, "the clock of this machine is wrong: it says ");
	put_date(out, time(NULL));
}

static void
put_dates(struct iss_buf *out, const char *what, const ASN1_TIME *date)
{
	int64_t seconds;

	iss_buf_printf(out, "the certificate %s on ", what);
	if (iss_asn1_time_get(date, &seconds))
		put_date(out, (time_t)seconds);
	iss_buf_puts(out, ", and the clock here says ");
	put_date(out, time(NULL));
}

static void
say_expired(struct iss_buf *out, facts_t *facts)
{
	put_dates(out, "ended", X509_get0_notAfter(facts->blame->cert));
}

static void
say_early(struct iss_buf *out, facts_t *facts)
{
	put_dates(out, "begins", X509_get0_notBefore(facts->blame->cert));
}

static void
say_purpose(struct iss_buf *out, facts_t *facts)
{
	iss_buf_printf(out,
	    "the certificate, or that of a CA above it, may not be used for a "
	    "%s: see its extendedKeyUsage",
	    is_client(facts) ? "server" : "client");
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

/* A row a condition, with its text, or with a function that writes it. */
static const struct {
	bool (*holds)(facts_t *facts);
	const char *text;
	void (*say)(struct iss_buf *out, facts_t *facts);
} hints[] = {
	{ misses_pin, NULL, say_pin },
	{ misses_record,
	    "the server shows another certificate than its TLSA records "
	    "name: they may be older than the certificate, or somebody "
	    "stands between",
	    NULL },
	{ is_clock_wrong, NULL, say_clock },
	{ misses_intermediate, NULL, say_intermediate },
	{ misses_issuer, NULL, say_issuer },
	{ is_self_signed,
	    "the certificate is signed by itself, so no CA vouches for it; to "
	    "accept this very one give its fingerprint in SSL_fingerprint, or "
	    "the certificate in SSL_ca_file",
	    NULL },
	{ has_unknown_root, NULL, say_root },
	{ is_expired, NULL, say_expired },
	{ is_too_early, NULL, say_early },
	{ has_other_purpose, NULL, say_purpose },
	{ is_too_weak,
	    "the key or the digest of a certificate is too weak for the "
	    "security level of OpenSSL; it should be replaced",
	    NULL },
	{ has_other_name,
	    "the certificate is valid, but for another name: connect by a name "
	    "that it is for, or say it in SSL_verifycn_name",
	    NULL },
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
	size_t i, count = sizeof(hints) / sizeof(hints[0]);

	iss_buf_init(&text, size - 1);
	for (i = 0; i < count && !hints[i].holds(facts); i++)
		;
	if (i < count && hints[i].text != NULL)
		iss_buf_puts(&text, hints[i].text);
	else if (i < count)
		hints[i].say(&text, facts);
	snprintf(out, size, "%s", iss_buf_text(&text));
	iss_buf_release(&text);
}
