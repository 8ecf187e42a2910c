/*
 * One table: why a certificate of the peer was refused, and what to do.
 */
#include "connection/hint_certificate.h"

#include <time.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/compat.h"
#include "x509/asn1_time.h"
#include "x509/cert.h"
#include "x509/name.h"

/* 2026-01-01: a clock that says an earlier date is wrong. */
enum { WRITTEN_AT = 1767225600, DATE_MAX = 32 };

typedef const struct iss_hint_facts facts_t;

/* ---- conditions ---- */

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
	       iss_hint_has_reason(facts, SSL_R_EE_KEY_TOO_SMALL) ||
	       iss_hint_has_reason(facts, SSL_R_CA_KEY_TOO_SMALL) ||
	       iss_hint_has_reason(facts, SSL_R_CA_MD_TOO_WEAK) ||
	       iss_hint_has_reason(facts, SSL_R_DH_KEY_TOO_SMALL);
}

static bool
misses_pin(facts_t *facts)
{
	return iss_hint_is_client(facts) && facts->blame->cert != NULL &&
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
	return facts->kind == ISS_KIND_NAME && iss_hint_is_client(facts);
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
	    iss_hint_is_client(facts) ? "server" : "client");
	put_name(out, X509_get_issuer_name(last_sent(facts)));
	iss_buf_printf(out,
	    "; it is for the %s to send it, unless it is a root: then it is "
	    "not trusted here (SSL_ca_file)",
	    iss_hint_is_client(facts) ? "server" : "client");
}

static void
say_issuer(struct iss_buf *out, facts_t *facts)
{
	iss_buf_printf(out,
	    "the %s sent %d certificates; the issuer of the "
	    "last one, ",
	    iss_hint_is_client(facts) ? "server" : "client",
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
	    iss_hint_is_client(facts) ? "server" : "client");
}

static const struct iss_hint_row rows[] = {
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
};

bool
iss_hint_certificate_write(
    struct iss_buf *out, const struct iss_hint_facts *facts)
{
	return iss_hint_row_write(
	    out, rows, sizeof(rows) / sizeof(rows[0]), facts);
}
