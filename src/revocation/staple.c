/*
 * Judges a server's stapled response while the handshake waits.  Owns
 * OpenSSL's callback for it, and a mark on sessions: the time until which the
 * status found by their full handshake holds.
 */
#include "revocation/staple.h"

#include <time.h>

#include "base/compat.h"
#include "base/ex_index.h"
#include "x509/cert.h"
#include "x509/chain.h"

enum { ASK_FOR_IT = ISS_OCSP_TRY_STAPLE | ISS_OCSP_MUST_STAPLE };

/* Holds a number (of 32 bits, which a pointer has everywhere), since OpenSSL
 * copies it with the session. */
ISS_EX_INDEX(mark_index, SSL_SESSION, NULL);

bool
iss_staple_set_note(SSL_SESSION *session, int64_t until)
{
	if (until > UINT32_MAX)
		until = UINT32_MAX;
	return SSL_SESSION_set_ex_data(
		   session, mark_index(), (void *)(uintptr_t)until) != 0;
}

int64_t
iss_staple_note_of(const SSL_SESSION *session)
{
	return (int64_t)(uintptr_t)SSL_SESSION_get_ex_data(
	    session, mark_index());
}

/* ---- failures ---- */

/* The sentence for the user; replaces an earlier one. */
static int
refuse_cert(
    struct iss_link *link, X509 *cert, int depth, int error, const char *why)
{
	struct iss_error ignored;
	struct iss_buf subject;

	iss_error_clear(&ignored);
	iss_kept_error_clear(&link->failure);
	iss_buf_init(&subject, ISS_ERROR_PART_MAX);
	if (cert != NULL)
		iss_cert_subject_text(&ignored, cert, &subject);
	iss_error_set(iss_kept_error_fill(&link->failure),
	    "%s (depth %d, subject %s)", why, depth, iss_buf_text(&subject));
	iss_kept_error_blame(&link->failure, error, depth);
	if (error != X509_V_ERR_CERT_REVOKED)
		iss_kept_error_set_kind(
		    &link->failure, error == X509_V_ERR_APPLICATION_VERIFICATION
					? ISS_KIND_REFUSED
					: ISS_KIND_STAPLE);
	iss_buf_release(&subject);
	SSL_set_verify_result(link->ssl, error);
	return ISS_ERROR;
}

static int
refuse_by_answer(struct iss_link *link, X509 *cert, int depth,
    const struct iss_ocsp_answer *answer)
{
	struct iss_buf text;
	int error = answer->status == V_OCSP_CERTSTATUS_REVOKED
			? X509_V_ERR_CERT_REVOKED
			: X509_V_ERR_OCSP_CERT_UNKNOWN;

	iss_buf_init(&text, ISS_ERROR_PART_MAX);
	iss_ocsp_describe(&text, answer);
	refuse_cert(link, cert, depth, error, iss_buf_text(&text));
	iss_buf_release(&text);
	return ISS_ERROR;
}

static bool
verifies(const struct iss_link *link)
{
	return (SSL_get_verify_mode(link->ssl) & SSL_VERIFY_PEER) != 0;
}

/*
 * A client that takes revocation seriously believes a certificate that demands
 * a staple (RFC 7633, 4.2.1).
 */
static bool
cert_requires_staple(const struct iss_link *link)
{
	int mode = link->staple->mode;
	bool must = false;
	X509 *leaf;
	bool hard = (mode & ISS_OCSP_FAIL_HARD) && !(mode & ISS_OCSP_NO_STAPLE);

	if (!verifies(link) || !(hard || iss_link_is_strict(link->ssl)))
		return false;
	if ((leaf = SSL_get1_peer_certificate(link->ssl)) != NULL)
		must = iss_cert_must_staple(leaf);
	X509_free(leaf);
	return must;
}

static bool
is_required(const struct iss_link *link)
{
	return (link->staple->mode & ISS_OCSP_MUST_STAPLE) != 0 ||
	       cert_requires_staple(link);
}

/* flaw tells why the response that did arrive was of no use, if one did. */
static int
refuse_without_staple(struct iss_link *link, const struct iss_error *flaw)
{
	X509 *leaf = SSL_get1_peer_certificate(link->ssl);
	struct iss_buf text;

	iss_buf_init(&text, ISS_ERROR_PART_MAX);
	iss_buf_puts(
	    &text, "did not receive the required stapled OCSP response");
	if (!(link->staple->mode & ISS_OCSP_MUST_STAPLE))
		iss_buf_puts(&text, " (RFC 7633: the certificate demands it)");
	if (iss_error_is_set(flaw))
		iss_buf_printf(&text, ", only an unusable one: %s", flaw->text);
	refuse_cert(
	    link, leaf, 0, X509_V_ERR_OCSP_VERIFY_NEEDED, iss_buf_text(&text));
	iss_buf_release(&text);
	X509_free(leaf);
	return ISS_ERROR;
}

/* ---- judging ---- */

static void
report_answer(const struct iss_link *link, struct iss_ocsp_bytes id,
    const struct iss_ocsp_answer *answer)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);

	if (ask->ocsp_answer != NULL)
		ask->ocsp_answer(link->handle, id.bytes, id.len, answer);
}

/*
 * Judge the certificate at depth by the response, which may say nothing of any
 * but the leaf; flaw tells why it does not say anything of that.
 */
static int
judge_cert(struct iss_link *link, STACK_OF(X509) * chain, int depth,
    OCSP_BASICRESP *response, struct iss_error *flaw)
{
	X509 *cert = sk_X509_value(chain, depth);
	X509 *issuer = sk_X509_value(chain, depth + 1);
	struct iss_ocsp_answer answer;
	struct iss_ocsp_bytes id;
	struct iss_error ignored;
	struct iss_error *why = depth == 0 ? flaw : &ignored;
	struct iss_buf der;
	int rv = ISS_OK;

	iss_error_clear(&ignored);
	iss_buf_init(&der, ISS_OCSP_RESPONSE_MAX);
	if (iss_ocsp_id(why, cert, issuer, &der) != ISS_OK)
		goto done;
	id.bytes = (const unsigned char *)der.data;
	id.len = der.len;
	if (iss_ocsp_judge(why, response, id, issuer, time(NULL), &answer) !=
	    ISS_OK)
		goto done;
	report_answer(link, id, &answer);
	if (answer.status != V_OCSP_CERTSTATUS_GOOD) {
		rv = refuse_by_answer(link, cert, depth, &answer);
	} else if (depth == 0) {
		link->staple->good = true;
		link->staple->answer = answer;
		iss_staple_set_note(
		    SSL_get0_session(link->ssl), iss_ocsp_good_until(&answer));
	}

done:
	flaw->no_memory |= why->no_memory;
	iss_buf_release(&der);
	return rv;
}

/* By a response that may have told of a revocation if there were memory. */
static int
refuse_unjudged(struct iss_link *link)
{
	return refuse_cert(link, NULL, 0, X509_V_ERR_OUT_OF_MEM,
	    "out of memory while judging the stapled OCSP response");
}

static int
try_chain(
    struct iss_link *link, struct iss_ocsp_bytes der, struct iss_error *flaw)
{
	STACK_OF(X509) *chain = NULL;
	OCSP_BASICRESP *response = NULL;
	int rv = ISS_OK;
	int i;

	if (iss_ocsp_read(flaw, &response, der) != ISS_OK)
		return flaw->no_memory ? refuse_unjudged(link) : ISS_OK;
	chain = iss_chain_get1(link->ssl);
	if (sk_X509_num(chain) < 2)
		iss_error_set(flaw, "the issuer of the certificate is unknown");
	for (i = 0; rv == ISS_OK && i + 1 < sk_X509_num(chain); i++)
		rv = judge_cert(link, chain, i, response, flaw);
	if (rv == ISS_OK && flaw->no_memory)
		rv = refuse_unjudged(link);
	sk_X509_pop_free(chain, X509_free);
	OCSP_BASICRESP_free(response);
	return rv;
}

/* Once more after a failure: OpenSSL does not always say that memory ran out,
 * and that must not hide a revocation. */
static int
judge_chain(
    struct iss_link *link, struct iss_ocsp_bytes der, struct iss_error *flaw)
{
	struct iss_error first;
	int rv;

	iss_error_clear(&first);
	rv = try_chain(link, der, &first);
	if (rv != ISS_OK || !iss_error_is_set(&first))
		return rv;
	return try_chain(link, der, flaw);
}

/* The responses behind the first, for the certificates above the leaf. */
static int
judge_others(struct iss_link *link)
{
	struct iss_ocsp_bytes der;
	struct iss_error ignored;
	unsigned char *bytes;
	int rv = ISS_OK;
	int i, len;

	for (i = 1; rv == ISS_OK; i++) {
		if ((len = iss_compat_staple_at(link->ssl, i, &bytes)) == 0)
			break;
		der.bytes = bytes;
		der.len = (size_t)len;
		iss_error_clear(&ignored);
		rv = judge_chain(link, der, &ignored);
		OPENSSL_free(bytes);
	}
	return rv;
}

/* The program's own check replaces ours. */
static enum iss_staple_opinion
ask_program(const struct iss_link *link, struct iss_ocsp_bytes der)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	const unsigned char *p = der.bytes;
	enum iss_staple_opinion opinion;
	OCSP_RESPONSE *response = NULL;

	if (ask->staple == NULL)
		return ISS_STAPLE_NO_OPINION;
	if (der.len > 0)
		response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.len);
	opinion = ask->staple(link->handle, response);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return opinion;
}

static int
judge_staple(struct iss_link *link)
{
	const unsigned char *response;
	long len = SSL_get_tlsext_status_ocsp_resp(link->ssl, &response);
	bool must = is_required(link);
	struct iss_ocsp_bytes der;
	struct iss_error flaw;

	der.bytes = len > 0 ? response : NULL;
	der.len = len > 0 ? (size_t)len : 0;
	iss_error_clear(&flaw);
	link->staple->good = false; /* of an earlier handshake */
	switch (ask_program(link, der)) {
	case ISS_STAPLE_REFUSED:
		return refuse_cert(link, NULL, 0,
		    X509_V_ERR_APPLICATION_VERIFICATION,
		    "refused by SSL_ocsp_staple_callback");
	case ISS_STAPLE_SEEN:
		if (!must)
			return ISS_OK;
		break;
	case ISS_STAPLE_NO_OPINION:
		break;
	}
	if (der.len > 0 && judge_chain(link, der, &flaw) != ISS_OK)
		return ISS_ERROR;
	if (judge_others(link) != ISS_OK)
		return ISS_ERROR;
	if (must && !link->staple->good)
		return refuse_without_staple(link, &flaw);
	return ISS_OK;
}

/*
 * OpenSSL has verified the server's certificate and has its staple, if it sent
 * one.  A peer that a fingerprint accepts needs no more.
 */
static int
on_staple(SSL *ssl, void *unused)
{
	struct iss_link *link = iss_link_of(ssl);

	(void)unused;
	if (SSL_is_server(ssl))
		return SSL_TLSEXT_ERR_NOACK;
	if (link == NULL || link->pinned || SSL_session_reused(ssl))
		return 1;
	return judge_staple(link) == ISS_OK ? 1 : 0;
}

void
iss_staple_install(SSL_CTX *ctx)
{
	SSL_CTX_set_tlsext_status_cb(ctx, on_staple);
}

int
iss_staple_begin(struct iss_error *err, const struct iss_link *link, int mode)
{
	struct iss_staple *staple = link->staple;

	if (mark_index() < 0)
		return iss_error_openssl(err, "cannot prepare OCSP");
	staple->mode = mode < 0 ? 0 : mode;
	if (!(staple->mode & (ASK_FOR_IT | ISS_OCSP_NO_STAPLE)) &&
	    verifies(link))
		staple->mode |= ISS_OCSP_TRY_STAPLE;
	if (staple->mode & ISS_OCSP_NO_STAPLE)
		staple->mode &= ~ISS_OCSP_TRY_STAPLE;
	if ((staple->mode & ASK_FOR_IT) &&
	    !SSL_set_tlsext_status_type(link->ssl, TLSEXT_STATUSTYPE_ocsp))
		return iss_error_openssl(err, "SSL_ocsp_mode");
	return ISS_OK;
}

bool
iss_staple_allows(const struct iss_staple *staple, const SSL_SESSION *session)
{
	int64_t until = iss_staple_note_of(session);

	if (!(staple->mode & ASK_FOR_IT))
		return true;
	if (until == 0)
		return !(staple->mode & ISS_OCSP_MUST_STAPLE);
	return time(NULL) <= until;
}

/* A program may have given the session to OpenSSL by itself, so that
 * iss_staple_allows was not asked. */
int
iss_staple_finish(struct iss_link *link)
{
	struct iss_staple *staple = link->staple;
	struct iss_error none;
	int64_t until;

	if (SSL_is_server(link->ssl) || link->pinned)
		return ISS_OK;
	iss_error_clear(&none);
	if (SSL_session_reused(link->ssl)) {
		until = iss_staple_note_of(SSL_get0_session(link->ssl));
		staple->good = until != 0 && time(NULL) <= until;
		staple->answer.status = V_OCSP_CERTSTATUS_GOOD;
		staple->answer.next_update = until;
	}
	if (!staple->good && is_required(link))
		return refuse_without_staple(link, &none);
	return ISS_OK;
}
