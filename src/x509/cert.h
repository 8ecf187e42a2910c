/*
 * A certificate as facts: who it is for, who issued it, its digests, its
 * text.  Judges nothing (verify.h does) and changes nothing.
 */
#ifndef ISS_CERT_H
#define ISS_CERT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/error.h"
#include "names/presented.h"

/* No text that the functions below append grows beyond this. */
enum { ISS_CERT_TEXT_MAX = 1 << 20 };

/* Append the name of the holder or the issuer, as iss_name_text writes it. */
int iss_cert_subject_text(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);
int iss_cert_issuer_text(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);

/*
 * The names a certificate is for, as iss_presented_match wants them.  The
 * bytes belong to this struct; they come from a stranger, may hold anything
 * (NUL too) and end at their length.
 */
struct iss_cert_names {
	struct iss_presented presented;

	struct iss_san *sans;  /* presented.sans */
	struct iss_san cn;     /* presented.cns, if there is one */
	GENERAL_NAMES *parsed; /* owner of most bytes of sans */
	struct iss_buf text;   /* owner of the others */
	unsigned char *utf8;   /* owner of those of cn */
};

/*
 * Collect the names.  Of the alternative names (RFC 5280, 4.2.1.6) come
 *
 *   GEN_DNS GEN_EMAIL GEN_URI  the bytes of the string
 *   GEN_IPADD                  4 or 16 bytes; other lengths are skipped
 *   GEN_DIRNAME                text as of iss_name_text
 *   GEN_RID                    text, "1.2.3.4"
 *   GEN_OTHERNAME              its bytes when it is a string, else skipped
 *
 * and no others.  The commonName is the last, which is the most specific, one
 * (RFC 6125, 1.8); one that has no UTF-8 form counts as none.
 *
 * An extension that cannot be parsed, or is there twice, is a fact
 * (ISS_SAN_BROKEN), not a failure.  Returns 0, or ISS_ERROR when memory runs
 * out; names can and must be released after either.
 */
int iss_cert_names_init(
    struct iss_error *err, struct iss_cert_names *names, const X509 *cert);

/* Free everything, which ends what was presented.  Twice does no harm. */
void iss_cert_names_release(struct iss_cert_names *names);

/*
 * Digest of the certificate's DER, or with pubkey of the bits of its public
 * key, without the algorithm around them (X509_pubkey_digest(3)): what
 * programs have written down for years.  algo is a digest's name such as
 * "sha256"; unknown ones are an error that names it.  Returns 0 with *len bytes
 * in out, or ISS_ERROR.
 */
int iss_cert_fingerprint(struct iss_error *err, const X509 *cert,
    const char *algo, bool pubkey, unsigned char out[EVP_MAX_MD_SIZE],
    size_t *len);

/* The same appended as "sha256$HEX", or with pubkey "sha256$pub$HEX", the
 * digits in lower case. */
int iss_cert_fingerprint_text(struct iss_error *err, const X509 *cert,
    const char *algo, bool pubkey, struct iss_buf *out);

/*
 * Append what dump_peer_certificate tells: "Subject Name: ...\n", "Issuer
 * Name: ...\n" (two blanks after Issuer), then validity, serial number,
 * alternative names and fingerprint, a line each.  Nothing in it but
 * printable ASCII and the newlines.  Returns 0 or ISS_ERROR.
 */
int iss_cert_dump(struct iss_error *err, const X509 *cert, struct iss_buf *out);

/* Append the certificate in PEM.  Returns 0 or ISS_ERROR. */
int iss_cert_pem(struct iss_error *err, X509 *cert, struct iss_buf *out);

/*
 * True the first time that it is called for a certificate, false from then
 * on: the program's one reference can be taken over once, in however many
 * lists it put the certificate.
 */
bool iss_cert_take(X509 *cert);

#endif
