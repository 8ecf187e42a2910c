/*
 * Owns who may speak for a certificate: its issuer, and responders that the
 * issuer delegated.  The issuer itself is trusted: the chain was verified
 * before.
 */
#include "revocation/ocsp.h"

#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>

#include "x509/asn1_time.h"
#include "base/compat.h"

enum { SECURITY_LEVEL = 1 /* of a delegate's certificate: 80 bits */ };

/* ---- requests ---- */

int
iss_ocsp_id(struct iss_error *err, const X509 *cert, const X509 *issuer,
    struct iss_buf *out)
{
	unsigned char *der = NULL;
	int rv = ISS_OK;
	OCSP_CERTID *id;
	int len;

	ERR_clear_error();
	id = OCSP_cert_to_id(NULL, cert, issuer);
	len = id != NULL ? i2d_OCSP_CERTID(id, &der) : -1;
	/* nothing else makes it fail, though OpenSSL may give another reason */
	if (id == NULL)
		rv = iss_error_memory(err);
	else if (len <= 0)
		rv = iss_error_openssl(err, "cannot identify the certificate");
	else if (!iss_buf_append(out, der, (size_t)len))
		rv = iss_error_memory(err);
	OPENSSL_free(der);
	OCSP_CERTID_free(id);
	return rv;
}

/* Blanks and control characters would split an HTTP request. */
static bool
is_usable_uri(const char *uri)
{
	const char *c;

	if (strncmp(uri, "http://", strlen("http://")) != 0 &&
	    strncmp(uri, "https://", strlen("https://")) != 0)
		return false;
	for (c = uri; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return true;
}

bool
iss_ocsp_uri(X509 *cert, struct iss_buf *out)
{
	STACK_OF(OPENSSL_STRING) *uris = X509_get1_ocsp(cert);
	const char *uri;
	bool found = false;
	int i;

	for (i = 0; !found && i < sk_OPENSSL_STRING_num(uris); i++) {
		uri = sk_OPENSSL_STRING_value(uris, i);
		found = is_usable_uri(uri) && iss_buf_puts(out, uri);
	}
	X509_email_free(uris); /* X509_get1_ocsp(3) */
	return found;
}

/* The id, the caller's to free; NULL with err set. */
static OCSP_CERTID *
read_id(struct iss_error *err, struct iss_ocsp_bytes id)
{
	const unsigned char *p = id.bytes;
	OCSP_CERTID *read = NULL;

	if (id.len <= ISS_OCSP_RESPONSE_MAX)
		read = d2i_OCSP_CERTID(NULL, &p, (long)id.len);
	if (read != NULL && p == id.bytes + id.len)
		return read;
	OCSP_CERTID_free(read);
	iss_error_openssl(err, "this is not the id of a certificate");
	return NULL;
}

static int
add_ids(struct iss_error *err, OCSP_REQUEST *request,
    const struct iss_ocsp_bytes *ids, size_t count)
{
	OCSP_CERTID *id;
	size_t i;

	for (i = 0; i < count; i++) {
		if ((id = read_id(err, ids[i])) == NULL)
			return ISS_ERROR;
		if (OCSP_request_add0_id(request, id) == NULL) {
			OCSP_CERTID_free(id);
			return iss_error_openssl(
			    err, "cannot create the OCSP request");
		}
	}
	return ISS_OK;
}

int
iss_ocsp_request(struct iss_error *err, const struct iss_ocsp_bytes *ids,
    size_t count, struct iss_buf *out)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	int rv = ISS_ERROR;
	int len;

	if (request == NULL) {
		iss_error_openssl(err, "cannot create the OCSP request");
		goto done;
	}
	if (add_ids(err, request, ids, count) != ISS_OK)
		goto done;
	len = i2d_OCSP_REQUEST(request, &der);
	if (len <= 0 || !iss_buf_append(out, der, (size_t)len)) {
		iss_error_openssl(err, "cannot create the OCSP request");
		goto done;
	}
	rv = ISS_OK;

done:
	OPENSSL_free(der);
	OCSP_REQUEST_free(request);
	return rv;
}

/* ---- responses ---- */

int
iss_ocsp_read(
    struct iss_error *err, OCSP_BASICRESP **out, struct iss_ocsp_bytes der)
{
	const unsigned char *p = der.bytes;
	OCSP_RESPONSE *response = NULL;
	int rv = ISS_ERROR;
	int status;

	ERR_clear_error();
	if (der.len > ISS_OCSP_RESPONSE_MAX)
		return iss_error_set(err, "the OCSP response is too large");
	if (der.len > 0)
		response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.len);
	if (response == NULL || p != der.bytes + der.len) {
		iss_error_openssl(err, "this is not an OCSP response");
		goto done;
	}
	status = OCSP_response_status(response);
	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		iss_error_set(err, "the OCSP responder refuses to answer: %s",
		    OCSP_response_status_str(status));
		goto done;
	}
	if ((*out = OCSP_response_get1_basic(response)) == NULL) {
		iss_error_openssl(
		    err, "the OCSP response contains no basic response");
		goto done;
	}
	rv = ISS_OK;

done:
	OCSP_RESPONSE_free(response);
	return rv;
}

/*
 * Did the issuer itself issue the signer's certificate, for signing responses,
 * and is that certificate valid?  Only the issuer is trusted.
 */
static bool
is_delegate(X509 *signer, X509 *issuer, int64_t now)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *param;
	bool good = false;

	if (!(X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) ||
	    !(X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN))
		goto done;
	if (ctx == NULL || store == NULL || !X509_STORE_add_cert(store, issuer))
		goto done;
	if (!X509_STORE_CTX_init(ctx, store, signer, NULL))
		goto done;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	good = X509_verify_cert(ctx) == 1;

done:
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return good;
}

/* Is the response signed by somebody who may speak for the issuer? */
static int
check_signer(
    struct iss_error *err, OCSP_BASICRESP *response, X509 *issuer, int64_t now)
{
	STACK_OF(X509) *known = sk_X509_new_null();
	X509 *signer = NULL;
	int rv = ISS_ERROR;

	if (known == NULL || !sk_X509_push(known, issuer)) {
		iss_error_memory(err);
		goto done;
	}
	/* Only the signature: the signer is judged below. */
	if (OCSP_basic_verify(response, known, NULL, OCSP_NOVERIFY) <= 0 ||
	    !OCSP_resp_get0_signer(response, &signer, known)) {
		iss_error_openssl(
		    err, "the signature of the OCSP response is invalid");
		goto done;
	}
	if (X509_cmp(signer, issuer) != 0 &&
	    !is_delegate(signer, issuer, now)) {
		iss_error_set(err,
		    "the signer of the OCSP response is not authorized by "
		    "the issuer");
		goto done;
	}
	rv = ISS_OK;

done:
	sk_X509_free(known);
	return rv;
}

/*
 * Are both about the same certificate?  They may identify its issuer by
 * different digests (RFC 6960, 4.1.1), so ours is made again with theirs.
 */
static bool
is_about(struct iss_error *err, OCSP_SINGLERESP *single, OCSP_CERTID *id,
    const X509 *issuer)
{
	OCSP_CERTID *theirs = (OCSP_CERTID *)OCSP_SINGLERESP_get0_id(single);
	ASN1_INTEGER *serial = NULL;
	ASN1_OBJECT *digest = NULL;
	const EVP_MD *md;
	OCSP_CERTID *ours;
	bool same;

	OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
	OCSP_id_get0_info(NULL, &digest, NULL, NULL, theirs);
	md = EVP_get_digestbyobj(digest);
	if (md == NULL)
		return false;
	ours = OCSP_cert_id_new(md, X509_get_subject_name(issuer),
	    X509_get0_pubkey_bitstr(issuer), serial);
	if (ours == NULL)
		iss_error_memory(err);
	same = ours != NULL && OCSP_id_cmp(ours, theirs) == 0;
	OCSP_CERTID_free(ours);
	return same;
}

static bool
read_single(OCSP_SINGLERESP *single, struct iss_ocsp_answer *answer)
{
	ASN1_GENERALIZEDTIME *this_update, *next_update, *revoked_at;

	memset(answer, 0, sizeof(*answer));
	answer->status = OCSP_single_get0_status(
	    single, &answer->reason, &revoked_at, &this_update, &next_update);
	if (answer->status < V_OCSP_CERTSTATUS_GOOD ||
	    answer->status > V_OCSP_CERTSTATUS_UNKNOWN ||
	    !iss_asn1_time_get(this_update, &answer->this_update))
		return false;
	if (answer->status == V_OCSP_CERTSTATUS_REVOKED)
		(void)iss_asn1_time_get(revoked_at, &answer->revoked_at);
	return next_update == NULL ||
	       iss_asn1_time_get(next_update, &answer->next_update);
}

/* The first current answer about id. */
static int
find_answer(struct iss_error *err, OCSP_BASICRESP *response, OCSP_CERTID *id,
    const X509 *issuer, int64_t now, struct iss_ocsp_answer *answer)
{
	OCSP_SINGLERESP *single;
	int i;

	for (i = 0; i < OCSP_resp_count(response); i++) {
		single = OCSP_resp_get0(response, i);
		if (!is_about(err, single, id, issuer))
			continue;
		if (!read_single(single, answer))
			iss_error_openssl(
			    err, "the OCSP response has invalid dates");
		else if (iss_ocsp_check_time(err, answer, now) == ISS_OK) {
			iss_error_clear(err);
			return ISS_OK;
		}
	}
	return iss_error_set(
	    err, "the OCSP response does not cover the certificate");
}

int
iss_ocsp_judge(struct iss_error *err, OCSP_BASICRESP *response,
    struct iss_ocsp_bytes id, X509 *issuer, int64_t now,
    struct iss_ocsp_answer *answer)
{
	struct iss_ocsp_answer found;
	OCSP_CERTID *certid;
	int rv;

	ERR_clear_error();
	if ((certid = read_id(err, id)) == NULL)
		return ISS_ERROR;
	rv = check_signer(err, response, issuer, now);
	if (rv == ISS_OK)
		rv = find_answer(err, response, certid, issuer, now, &found);
	if (rv == ISS_OK)
		*answer = found;
	OCSP_CERTID_free(certid);
	ERR_clear_error();
	return rv;
}

/* ---- answers ---- */

static void
put_time(struct iss_buf *out, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm parts;
	char text[64];

	if (gmtime_r(&when, &parts) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts) > 0)
		iss_buf_puts(out, text);
}

static int
fail_by_time(struct iss_error *err, const char *what, int64_t seconds)
{
	struct iss_buf text;

	iss_buf_init(&text, 64);
	put_time(&text, seconds);
	iss_error_set(
	    err, "the OCSP response %s %s", what, iss_buf_text(&text));
	iss_buf_release(&text);
	return ISS_ERROR;
}

int64_t
iss_ocsp_good_until(const struct iss_ocsp_answer *answer)
{
	return answer->next_update != 0 ? answer->next_update
					: answer->this_update + ISS_OCSP_LIFE;
}

int
iss_ocsp_check_time(
    struct iss_error *err, const struct iss_ocsp_answer *answer, int64_t now)
{
	int64_t until = iss_ocsp_good_until(answer);

	if (answer->this_update > now + ISS_OCSP_SKEW)
		return fail_by_time(
		    err, "is not valid before", answer->this_update);
	if (until < now - ISS_OCSP_SKEW)
		return fail_by_time(err, "has expired", until);
	return ISS_OK;
}

void
iss_ocsp_describe(struct iss_buf *out, const struct iss_ocsp_answer *answer)
{
	iss_buf_printf(out, "certificate status is %s",
	    OCSP_cert_status_str(answer->status));
	if (answer->status != V_OCSP_CERTSTATUS_REVOKED)
		return;
	iss_buf_puts(out, " since ");
	put_time(out, answer->revoked_at);
	if (answer->reason >= 0)
		iss_buf_printf(
		    out, ", reason %s", OCSP_crl_reason_str(answer->reason));
}
