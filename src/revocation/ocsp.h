/*
 * Online revocation status (RFC 6960): requests, and the judgement of
 * responses, which come from strangers.  Sends nothing and needs no connection.
 */
#ifndef ISS_OCSP_H
#define ISS_OCSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"

enum {
	/* Larger responses are refused. */
	ISS_OCSP_RESPONSE_MAX = 1 << 18,
	/* How many seconds clocks may differ. */
	ISS_OCSP_SKEW = 300,
	/*
	 * How many seconds a response without nextUpdate holds.  Its responder
	 * has newer information at any time (RFC 6960, 4.2.2.1), but a server
	 * that staples it, or an attacker who replays it, may not.
	 */
	ISS_OCSP_LIFE = 24 * 60 * 60
};

/* The answer of an authorized responder about one certificate. */
struct iss_ocsp_answer {
	int status;          /* V_OCSP_CERTSTATUS_* */
	int64_t this_update; /* seconds since the epoch */
	int64_t next_update; /* 0: not given */
	/* if revoked */
	int64_t revoked_at;
	int reason; /* OCSP_REVOKED_STATUS_*; negative: not given */
};

/*
 * Append the DER of the CertID that identifies a certificate to a responder
 * (RFC 6960, 4.1.1), with SHA-1, which all responders know.  Returns ISS_OK or
 * ISS_ERROR.
 */
int iss_ocsp_id(struct iss_error *err, const X509 *cert, const X509 *issuer,
    struct iss_buf *out);

/*
 * Append the first http or https URI of a responder that the certificate names.
 * False if there is none.
 */
bool iss_ocsp_uri(X509 *cert, struct iss_buf *out);

/* Borrowed bytes: a CertID as of iss_ocsp_id, or a response.  They need not be
 * well-formed. */
struct iss_ocsp_bytes {
	const unsigned char *bytes;
	size_t len;
};

/*
 * Append the DER of a request about the certificates with these ids.  It has no
 * nonce, so that responders may prepare their answers: these are judged by
 * their dates (RFC 5019, 4).  Returns ISS_OK or ISS_ERROR.
 */
int iss_ocsp_request(struct iss_error *err, const struct iss_ocsp_bytes *ids,
    size_t count, struct iss_buf *out);

/*
 * Read the DER of a response.  On ISS_OK *out is the caller's to free.
 * ISS_ERROR also if the responder reports an error or bytes follow.
 */
int iss_ocsp_read(
    struct iss_error *err, OCSP_BASICRESP **out, struct iss_ocsp_bytes der);

/*
 * Find the answer about the certificate with that id (from iss_ocsp_id) in a
 * response.  Returns ISS_OK with *answer set, whatever the status in it, or
 * ISS_ERROR if the response cannot be used: it is not signed by the issuer or
 * its delegate (RFC 6960, 4.2.2.2), not current at the time now, or has no such
 * answer.
 */
int iss_ocsp_judge(struct iss_error *err, OCSP_BASICRESP *response,
    struct iss_ocsp_bytes id, X509 *issuer, int64_t now,
    struct iss_ocsp_answer *answer);

/* ISS_OK if the answer is current at the time now; else ISS_ERROR, with the
 * reason in err. */
int iss_ocsp_check_time(
    struct iss_error *err, const struct iss_ocsp_answer *answer, int64_t now);

/* The time until which a current answer holds. */
int64_t iss_ocsp_good_until(const struct iss_ocsp_answer *answer);

/* Append "certificate status is revoked since ..., reason keyCompromise". */
void iss_ocsp_describe(
    struct iss_buf *out, const struct iss_ocsp_answer *answer);

#endif
