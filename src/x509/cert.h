/*
 * Facts about a certificate: holder, issuer, digests, text.  Its names are in
 * cert_names.h, everything else in certinfo.h.
 */
#ifndef ISS_CERT_H
#define ISS_CERT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"

/* The bound for a buffer that receives text of a certificate. */
enum { ISS_CERT_TEXT_MAX = 1 << 20 };

/* Append the name of the holder or the issuer, as iss_name_text writes it. */
int iss_cert_subject_text(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);
int iss_cert_issuer_text(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);

/*
 * Compute the digest of the certificate's DER, or with pubkey that of the bits
 * of its public key without the algorithm (X509_pubkey_digest(3); RFC 5280,
 * 4.2.1.2).  algo is the name of a digest, such as "sha256".  Returns ISS_OK
 * with *len bytes in out, or ISS_ERROR, for example for an unknown digest.
 */
int iss_cert_fingerprint(struct iss_error *err, const X509 *cert,
    const char *algo, bool pubkey, unsigned char out[EVP_MAX_MD_SIZE],
    size_t *len);

/*
 * Append it as "sha256$hex", or with pubkey as "sha256$pub$hex", in lower case.
 * Returns likewise.
 */
int iss_cert_fingerprint_text(struct iss_error *err, const X509 *cert,
    const char *algo, bool pubkey, struct iss_buf *out);

/*
 * Append the text of dump_peer_certificate: "Subject Name: ...\n", "Issuer
 * Name: ...\n" (with two blanks), then lines for validity, serial number,
 * alternative names and fingerprint.  All of it is printable ASCII.  Returns
 * ISS_OK or ISS_ERROR.
 */
int iss_cert_dump(struct iss_error *err, const X509 *cert, struct iss_buf *out);

/* Append the certificate in PEM.  Returns ISS_OK or ISS_ERROR. */
int iss_cert_pem(struct iss_error *err, X509 *cert, struct iss_buf *out);

/*
 * True exactly once for a certificate, so that the program's one reference is
 * taken over only once, even if the certificate is in several lists.
 */
bool iss_cert_take(X509 *cert);

/*
 * Append " (depth 0, subject /CN=x, issuer /CN=y)", for a message about the
 * certificate at that place of a chain, with its date if error, X509_V_ERR_*,
 * is about that.  cert may be NULL.
 */
void iss_cert_describe(
    struct iss_buf *out, const X509 *cert, int depth, long error);

/*
 * Does the certificate demand that its server staples an OCSP response (RFC
 * 7633, "must staple")?  Also true if that extension cannot be parsed.
 */
bool iss_cert_must_staple(const X509 *cert);

#endif
