#include "ocsp.h"

#include <time.h>

#include <openssl/ocsp.h>

#include "ask.h"
#include "errors.h"
#include "state.h"
#include "values.h"
#include "base/buf.h"
#include "x509/cert.h"
#include "base/compat.h"
#include "revocation/ocsp.h"
#include "revocation/ocsp_chain.h"
#include "revocation/staple.h"

enum { TEXT_MAX = 4096 };

SV *
iss_new_ocsp_entry(pTHX_ const struct iss_ocsp_answer *answer)
{
	HV *entry = newHV();

	(void)hv_stores(entry, "statusType", newSViv(answer->status));
	(void)hv_stores(entry, "thisUpdate", newSVnv((NV)answer->this_update));
	if (answer->next_update != 0)
		(void)hv_stores(
		    entry, "nextUpdate", newSVnv((NV)answer->next_update));
	if (answer->status == V_OCSP_CERTSTATUS_REVOKED) {
		(void)hv_stores(
		    entry, "revocationTime", newSVnv((NV)answer->revoked_at));
		(void)hv_stores(
		    entry, "revocationReason", newSViv(answer->reason));
		(void)hv_stores(entry, "revocationReason_str",
		    newSVpv(answer->reason < 0
				? ""
				: OCSP_crl_reason_str(answer->reason),
			0));
	}
	return newRV_noinc((SV *)entry);
}

static int64_t
number_at(pTHX_ HV *entry, const char *key)
{
	SV *value = iss_hash_value(aTHX_ entry, key);

	return value != NULL ? (int64_t)SvNV(value) : 0;
}

void
iss_ocsp_entry_answer(pTHX_ HV *entry, struct iss_ocsp_answer *answer)
{
	SV *reason = iss_hash_value(aTHX_ entry, "revocationReason");

	answer->status = (int)number_at(aTHX_ entry, "statusType");
	answer->this_update = number_at(aTHX_ entry, "thisUpdate");
	answer->next_update = number_at(aTHX_ entry, "nextUpdate");
	answer->revoked_at = number_at(aTHX_ entry, "revocationTime");
	answer->reason = reason != NULL ? (int)SvIV(reason) : -1;
}

SV *
iss_new_ocsp_description(pTHX_ const struct iss_ocsp_answer *answer)
{
	struct iss_buf text;
	SV *sv;

	iss_buf_init(&text, TEXT_MAX);
	iss_ocsp_describe(&text, answer);
	sv = newSVpvn(iss_buf_text(&text), text.len);
	iss_buf_release(&text);
	return sv;
}

/* ---- questions ---- */

static SV *
new_subject(pTHX_ const X509 *cert)
{
	struct iss_error ignored;
	struct iss_buf text;
	SV *sv;

	iss_error_clear(&ignored);
	iss_buf_init(&text, TEXT_MAX);
	iss_cert_subject_text(&ignored, cert, &text);
	sv = newSVpvn(iss_buf_text(&text), text.len);
	iss_buf_release(&text);
	return sv;
}

static void
store_der(pTHX_ HV *check, X509 *issuer)
{
	unsigned char *der = NULL;
	int len = i2d_X509(issuer, &der);

	if (len > 0)
		(void)hv_stores(
		    check, "issuer", newSVpvn((const char *)der, (STRLEN)len));
	OPENSSL_free(der);
}

/* A certificate to ask about.  Without its issuer, nobody can be asked. */
static HV *
new_check(pTHX_ X509 *cert, X509 *issuer)
{
	HV *check = newHV();
	struct iss_error ignored;
	struct iss_buf text;

	(void)hv_stores(check, "subject", new_subject(aTHX_ cert));
	if (issuer == NULL)
		return check;
	iss_error_clear(&ignored);
	iss_buf_init(&text, TEXT_MAX);
	if (iss_ocsp_id(&ignored, cert, issuer, &text) == ISS_OK)
		(void)hv_stores(check, "id", newSVpvn(text.data, text.len));
	iss_buf_release(&text);
	iss_buf_init(&text, TEXT_MAX);
	if (iss_ocsp_uri(cert, &text))
		(void)hv_stores(check, "uri", newSVpvn(text.data, text.len));
	iss_buf_release(&text);
	store_der(aTHX_ check, issuer);
	return check;
}

bool
iss_has_peer(pTHX_ GV *self, const struct iss_conn *conn)
{
	X509 *leaf = NULL;

	if (conn->state == ISS_CONN_OPEN)
		leaf = SSL_get1_peer_certificate(conn->ssl);
	if (leaf == NULL)
		iss_tell_text(aTHX_ self, 0, "there is no peer certificate");
	X509_free(leaf);
	return leaf != NULL;
}

void
iss_push_ocsp_checks(pTHX_ struct iss_conn *conn)
{
	const struct iss_staple *staple = &conn->staple;
	struct iss_ocsp_chain chain;
	HV *check;
	size_t i;
	dSP;

	iss_ocsp_chain_init(&chain, &conn->link);
	for (i = 0; i < chain.count; i++) {
		check = new_check(aTHX_ iss_ocsp_chain_get0_cert(&chain, i),
		    iss_ocsp_chain_get0_issuer(&chain, i));
		if (i == 0 && staple->good)
			(void)hv_stores(check, "entry",
			    iss_new_ocsp_entry(aTHX_ &staple->answer));
		mXPUSHs(newRV_noinc((SV *)check));
	}
	iss_ocsp_chain_release(&chain);
	PUTBACK;
}

static struct iss_ocsp_bytes
bytes_of(pTHX_ SV *sv)
{
	struct iss_ocsp_bytes bytes;
	STRLEN len;

	bytes.bytes = (const unsigned char *)SvPVbyte(sv, len);
	bytes.len = len;
	return bytes;
}

SV *
iss_new_ocsp_request(pTHX_ SV **ids, size_t count)
{
	struct iss_ocsp_bytes *list;
	struct iss_error err;
	struct iss_buf der;
	size_t i;
	SV *sv;

	Newx(list, count, struct iss_ocsp_bytes);
	SAVEFREEPV(list);
	for (i = 0; i < count; i++)
		list[i] = bytes_of(aTHX_ ids[i]);
	iss_error_clear(&err);
	iss_buf_init(&der, ISS_OCSP_RESPONSE_MAX);
	if (iss_ocsp_request(&err, list, count, &der) != ISS_OK) {
		iss_buf_release(&der);
		Perl_croak(aTHX_ "%s", err.text);
	}
	sv = newSVpvn(der.data, der.len);
	iss_buf_release(&der);
	return sv;
}

/* ---- answers ---- */

void
iss_push_ocsp_verdict(pTHX_ SV *response, SV *id, SV *issuer)
{
	struct iss_ocsp_bytes issuer_der = bytes_of(aTHX_ issuer);
	struct iss_ocsp_bytes der = bytes_of(aTHX_ response);
	struct iss_ocsp_bytes about = bytes_of(aTHX_ id);
	const unsigned char *p = issuer_der.bytes;
	OCSP_BASICRESP *basic = NULL;
	struct iss_ocsp_answer answer;
	struct iss_error err;
	X509 *cert = NULL;
	int rv;
	dSP;

	iss_error_clear(&err);
	if ((rv = iss_ocsp_read(&err, &basic, der)) == ISS_OK) {
		cert = d2i_X509(NULL, &p, (long)issuer_der.len);
		rv = cert == NULL ? iss_error_openssl(&err, "issuer")
				  : iss_ocsp_judge(&err, basic, about, cert,
					time(NULL), &answer);
	}
	X509_free(cert);
	OCSP_BASICRESP_free(basic);
	if (rv == ISS_OK) {
		mXPUSHs(iss_new_ocsp_entry(aTHX_ &answer));
	} else {
		XPUSHs(&PL_sv_undef);
		mXPUSHs(newSVpv(err.text, 0));
	}
	PUTBACK;
}

/* ---- callbacks ---- */

enum iss_staple_opinion
iss_ocsp_answer_staple(void *handle, OCSP_RESPONSE *response)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *code = iss_state_callback(aTHX_ call->glob, "ocsp_staple_callback");
	SV *args[2];

	if (call->died != NULL)
		return ISS_STAPLE_REFUSED;
	if (code == NULL)
		return ISS_STAPLE_NO_OPINION;
	args[0] = sv_2mortal(newRV_inc((SV *)call->glob));
	args[1] = response != NULL ? iss_ask_handle(aTHX_ call, response)
				   : &PL_sv_undef;
	if (call->died == NULL)
		iss_ask(aTHX_ call, code, args, 2);
	return call->died == NULL && !call->exits ? ISS_STAPLE_SEEN
						  : ISS_STAPLE_REFUSED;
}

void
iss_ocsp_answer_keep(void *handle, const unsigned char *id, size_t len,
    const struct iss_ocsp_answer *answer)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *args[3];

	if (call->died != NULL)
		return;
	args[0] = sv_2mortal(newRV_inc((SV *)call->glob));
	args[1] = sv_2mortal(newSVpvn((const char *)id, len));
	args[2] = sv_2mortal(iss_new_ocsp_entry(aTHX_ answer));
	iss_ask(aTHX_ call,
	    (SV *)get_cv("IO::Socket::SSL::OCSP_Cache::_keep_answer", 0), args,
	    3);
}
