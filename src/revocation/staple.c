/*
 * Judges what a server staples to its certificate while the handshake waits.
 * Owns the callback that OpenSSL has for it, and a mark on sessions: until
 * when the status holds that was found when they were made.
 */
#include "revocation/staple.h"

#include <stdint.h>
#include <time.h>

#include "x509/cert.h"
#include "base/compat.h"
#include "verification/verify.h"

enum { ASK_FOR_IT = ISS_OCSP_TRY_STAPLE | ISS_OCSP_MUST_STAPLE };
enum { MESSAGE_PART_MAX = 300 };

static CRYPTO_ONCE index_once = CRYPTO_ONCE_STATIC_INIT;
static int session_index = -1; /* made once, then only read */

/* A number (of 32 bits, as pointers may have) that is copied with a session. */
static void
make_index(void)
{
	session_index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static void
mark_session(SSL_SESSION *session, int64_t until)
{
	if (until > UINT32_MAX)
		until = UINT32_MAX;
	SSL_SESSION_set_ex_data(
	    session, session_index, (void *)(uintptr_t)until);
}

static int64_t
mark_of(const SSL_SESSION *session)
{
	return (int64_t)(uintptr_t)SSL_SESSION_get_ex_data(
	    session, session_index);
}

/* ---- what is wrong ---- */

/* The sentence that the user will read, in place of any before. */
static int
fail(struct iss_verify *verify, SSL *ssl, X509 *cert, int depth, int error,
    const char *what)
{
	struct iss_error ignored;
	struct iss_buf subject;

	iss_error_clear(&ignored);
	iss_error_clear(&verify->failure);
	iss_buf_init(&subject, MESSAGE_PART_MAX);
	if (cert != NULL)
		iss_cert_subject_text(&ignored, cert, &subject);
	iss_error_set(&verify->failure, "%s (depth %d, subject %s)", what,
	    depth, iss_buf_text(&subject));
	verify->failure.verify_error = error;
	verify->failure.depth = depth;
	iss_buf_release(&subject);
	SSL_set_verify_result(ssl, error);
	return ISS_ERROR;
}

static int
fail_by_answer(struct iss_verify *verify, SSL *ssl, X509 *cert, int depth,
    const struct iss_ocsp_answer *answer)
{
	struct iss_buf text;
	int error = answer->status == V_OCSP_CERTSTATUS_REVOKED
			? X509_V_ERR_CERT_REVOKED
			: X509_V_ERR_OCSP_CERT_UNKNOWN;

	iss_buf_init(&text, MESSAGE_PART_MAX);
	iss_ocsp_describe(&text, answer);
	fail(verify, ssl, cert, depth, error, iss_buf_text(&text));
	iss_buf_release(&text);
	return ISS_ERROR;
}

static int
fail_without(struct iss_verify *verify, SSL *ssl, const struct iss_error *flaw)
{
	X509 *leaf = SSL_get1_peer_certificate(ssl);
	struct iss_buf text;

	iss_buf_init(&text, MESSAGE_PART_MAX);
	iss_buf_puts(
	    &text, "did not receive the required stapled OCSP response");
	if (iss_error_is_set(flaw))
		iss_buf_printf(&text, ", but one of no use: %s", flaw->text);
	fail(verify, ssl, leaf, 0, X509_V_ERR_OCSP_VERIFY_NEEDED,
	    iss_buf_text(&text));
	iss_buf_release(&text);
	X509_free(leaf);
	return ISS_ERROR;
}

/* ---- judging ---- */

static void
tell_host(const struct iss_verify *verify, struct iss_ocsp_bytes id,
    const struct iss_ocsp_answer *answer)
{
	const struct iss_owner *asker = verify->asker;

	if (asker != NULL && asker->host != NULL &&
	    asker->ops->ocsp_answer != NULL)
		asker->ops->ocsp_answer(asker->host, id.bytes, id.len, answer);
}

/*
 * What the response says of the certificate at depth.  Only of the leaf has it
 * to say something; flaw is why it does not.
 */
static int
judge_cert(struct iss_verify *verify, SSL *ssl, STACK_OF(X509) * chain,
    int depth, OCSP_BASICRESP *response, struct iss_error *flaw)
{
	X509 *cert = sk_X509_value(chain, depth);
	X509 *issuer = sk_X509_value(chain, depth + 1);
	struct iss_ocsp_answer answer;
	struct iss_ocsp_bytes id;
	struct iss_error ignored;
	struct iss_buf der;
	int rv = ISS_OK;

	iss_error_clear(&ignored);
	iss_buf_init(&der, ISS_OCSP_RESPONSE_MAX);
	if (depth > 0)
		flaw = &ignored;
	if (iss_ocsp_id(flaw, cert, issuer, &der) != ISS_OK)
		goto done;
	id.bytes = (const unsigned char *)der.data;
	id.len = der.len;
	if (iss_ocsp_judge(flaw, response, id, issuer, time(NULL), &answer) !=
	    ISS_OK)
		goto done;
	tell_host(verify, id, &answer);
	if (answer.status != V_OCSP_CERTSTATUS_GOOD) {
		rv = fail_by_answer(verify, ssl, cert, depth, &answer);
	} else if (depth == 0) {
		verify->staple.good = true;
		verify->staple.answer = answer;
		mark_session(
		    SSL_get0_session(ssl), iss_ocsp_good_until(&answer));
	}

done:
	iss_buf_release(&der);
	return rv;
}

static int
judge(struct iss_verify *verify, SSL *ssl, struct iss_ocsp_bytes der,
    struct iss_error *flaw)
{
	STACK_OF(X509) *chain = NULL;
	OCSP_BASICRESP *response = NULL;
	int rv = ISS_OK;
	int i;

	if (iss_ocsp_read(flaw, &response, der) != ISS_OK)
		return ISS_OK;
	chain = iss_verify_get1_chain(ssl);
	if (sk_X509_num(chain) < 2)
		iss_error_set(flaw, "the issuer is not known");
	for (i = 0; rv == ISS_OK && i + 1 < sk_X509_num(chain); i++)
		rv = judge_cert(verify, ssl, chain, i, response, flaw);
	sk_X509_pop_free(chain, X509_free);
	OCSP_BASICRESP_free(response);
	return rv;
}

/* The user's own check takes the place of ours. */
static enum iss_staple_opinion
ask_host(const struct iss_verify *verify, struct iss_ocsp_bytes der)
{
	const struct iss_owner *asker = verify->asker;
	const unsigned char *p = der.bytes;
	enum iss_staple_opinion opinion;
	OCSP_RESPONSE *response = NULL;

	if (asker == NULL || asker->host == NULL || asker->ops->staple == NULL)
		return ISS_STAPLE_NO_OPINION;
	if (der.len > 0)
		response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.len);
	opinion = asker->ops->staple(asker->host, response);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return opinion;
}

static int
check(struct iss_verify *verify, SSL *ssl)
{
	const unsigned char *response;
	long len = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
	bool must = (verify->staple.mode & ISS_OCSP_MUST_STAPLE) != 0;
	struct iss_ocsp_bytes der;
	struct iss_error flaw;

	der.bytes = len > 0 ? response : NULL;
	der.len = len > 0 ? (size_t)len : 0;
	iss_error_clear(&flaw);
	verify->staple.good = false; /* of a handshake before this one */
	switch (ask_host(verify, der)) {
	case ISS_STAPLE_REFUSED:
		return fail(verify, ssl, NULL, 0,
		    X509_V_ERR_APPLICATION_VERIFICATION,
		    "refused by SSL_ocsp_staple_callback");
	case ISS_STAPLE_SEEN:
		if (!must)
			return ISS_OK;
		break;
	case ISS_STAPLE_NO_OPINION:
		break;
	}
	if (der.len > 0 && judge(verify, ssl, der, &flaw) != ISS_OK)
		return ISS_ERROR;
	if (must && !verify->staple.good)
		return fail_without(verify, ssl, &flaw);
	return ISS_OK;
}

/*
 * OpenSSL has the server's certificate verified and its staple, if there is
 * one; SSL_CTX_set_tlsext_status_cb(3).  Whom a fingerprint accepts is
 * accepted.
 */
static int
on_staple(SSL *ssl, void *unused)
{
	struct iss_verify *verify = iss_verify_of(ssl);

	(void)unused;
	if (SSL_is_server(ssl))
		return SSL_TLSEXT_ERR_NOACK;
	if (verify == NULL || verify->pinned || SSL_session_reused(ssl))
		return 1;
	return check(verify, ssl) == ISS_OK ? 1 : 0;
}

void
iss_staple_install(SSL_CTX *ctx)
{
	SSL_CTX_set_tlsext_status_cb(ctx, on_staple);
}

int
iss_staple_begin(
    struct iss_error *err, struct iss_staple *staple, SSL *ssl, int mode)
{
	bool verifies = (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;

	if (!CRYPTO_THREAD_run_once(&index_once, make_index) ||
	    session_index < 0)
		return iss_error_openssl(err, "cannot prepare OCSP");
	staple->mode = mode < 0 ? 0 : mode;
	if (!(staple->mode & (ASK_FOR_IT | ISS_OCSP_NO_STAPLE)) && verifies)
		staple->mode |= ISS_OCSP_TRY_STAPLE;
	if (staple->mode & ISS_OCSP_NO_STAPLE)
		staple->mode &= ~ISS_OCSP_TRY_STAPLE;
	if ((staple->mode & ASK_FOR_IT) &&
	    !SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp))
		return iss_error_openssl(err, "SSL_ocsp_mode");
	return ISS_OK;
}

bool
iss_staple_allows(const struct iss_staple *staple, const SSL_SESSION *session)
{
	int64_t until = mark_of(session);

	if (!(staple->mode & ASK_FOR_IT))
		return true;
	if (until == 0)
		return !(staple->mode & ISS_OCSP_MUST_STAPLE);
	return time(NULL) <= until;
}

/* What is said of a session that a program gave to OpenSSL by itself. */
int
iss_staple_finish(struct iss_verify *verify, SSL *ssl)
{
	struct iss_staple *staple = &verify->staple;
	struct iss_error none;
	int64_t until;

	if (SSL_is_server(ssl) || verify->pinned)
		return ISS_OK;
	iss_error_clear(&none);
	if (SSL_session_reused(ssl)) {
		until = mark_of(SSL_get0_session(ssl));
		staple->good = until != 0 && time(NULL) <= until;
		staple->answer.status = V_OCSP_CERTSTATUS_GOOD;
		staple->answer.next_update = until;
	}
	if ((staple->mode & ISS_OCSP_MUST_STAPLE) && !staple->good)
		return fail_without(verify, ssl, &none);
	return ISS_OK;
}
