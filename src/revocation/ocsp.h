/*
 * Online revocation status (RFC 6960): which certificates to ask about, the
 * request, and what a response, that comes from a stranger, says of one.
 * Knows no connection and sends nothing.
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
	/* A response larger than this is none. */
	ISS_OCSP_RESPONSE_MAX = 1 << 18,
	/* Clocks may differ by so many seconds. */
	ISS_OCSP_SKEW = 300,
	/*
	 * How long a response is good that does not say so: such a responder
	 * has newer information at any time (RFC 6960, 4.2.2.1), but whoever
	 * staples or replays its answers may have not.
	 */
	ISS_OCSP_LIFE = 24 * 60 * 60
};

/* What an authorized responder says of one certificate. */
struct iss_ocsp_answer {
	int status;          /* V_OCSP_CERTSTATUS_* */
	int64_t this_update; /* seconds since the epoch */
	int64_t next_update; /* 0: it does not say */
	/* if revoked */
	int64_t revoked_at;
	int reason; /* OCSP_REVOKED_STATUS_*; negative: it does not say */
};

/*
 * What identifies a certificate to a responder, as DER of a CertID (RFC 6960,
 * 4.1.1, with SHA-1, which all of them know), appended to out.  Returns
 * ISS_OK or ISS_ERROR.
 */
int iss_ocsp_id(struct iss_error *err, const X509 *cert, const X509 *issuer,
    struct iss_buf *out);

/*
 * Append the first address of a responder that the certificate names, if it
 * is one of http or https.  False: there is none.
 */
bool iss_ocsp_uri(X509 *cert, struct iss_buf *out);

/*
 * Bytes of a CertID, as of iss_ocsp_id; they may be anybody's.
 */
struct iss_ocsp_bytes {
	const unsigned char *bytes;
	size_t len;
};

/*
 * Append the DER of a request about the certificates with these ids.  There
 * is no nonce in it: what answers are good for is a matter of their dates
 * (RFC 5019, 4), so that responders may prepare them.  Returns ISS_OK or
 * ISS_ERROR.
 */
int iss_ocsp_request(struct iss_error *err, const struct iss_ocsp_bytes *ids,
    size_t count, struct iss_buf *out);

/*
 * Read the DER of a response.  One that tells of an error, or is followed by
 * anything, is an error.  On ISS_OK *out is the caller's to free.
 */
int iss_ocsp_read(
    struct iss_error *err, OCSP_BASICRESP **out, struct iss_ocsp_bytes der);

/*
 * What the response says at the time now of the certificate that id (which is
 * from iss_ocsp_id) identifies, if it was signed by the issuer, or by whom
 * the issuer has appointed to (RFC 6960, 4.2.2.2), and is current.  Returns
 * ISS_OK with *answer set, whatever the status is; or ISS_ERROR, and the
 * response is good for nothing.
 */
int iss_ocsp_judge(struct iss_error *err, OCSP_BASICRESP *response,
    struct iss_ocsp_bytes id, X509 *issuer, int64_t now,
    struct iss_ocsp_answer *answer);

/* Is an answer current?  If not, err says why.  ISS_OK or ISS_ERROR. */
int iss_ocsp_check_time(
    struct iss_error *err, const struct iss_ocsp_answer *answer, int64_t now);

/* Until when a current answer is good. */
int64_t iss_ocsp_good_until(const struct iss_ocsp_answer *answer);

/* Append "certificate status is revoked since ..., reason keyCompromise". */
void iss_ocsp_describe(
    struct iss_buf *out, const struct iss_ocsp_answer *answer);

#endif
