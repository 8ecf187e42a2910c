#include "failure.h"

#include <openssl/err.h>

#include "cert_hash.h"
#include "magic.h"
#include "values.h"
#include "base/alert.h"

ISS_MAGIC_COUNTED(
    failure_magic, struct iss_failure, iss_failure_up_ref, iss_failure_free);

const struct iss_failure *
iss_failure_of(pTHX_ const SV *text)
{
	return iss_magic_find(aTHX_ &failure_magic, text);
}

void
iss_failure_attach(pTHX_ SV *text, struct iss_failure *failure)
{
	if (failure != NULL)
		iss_magic_attach(aTHX_ &failure_magic, text, failure, NULL);
	else if (iss_failure_of(aTHX_ text) != NULL)
		iss_magic_detach(aTHX_ &failure_magic, text);
}

static void
store(pTHX_ HV *hash, const char *key, SV *value)
{
	(void)hv_store(hash, key, (I32)strlen(key), value, 0);
}

static SV *
new_text(pTHX_ const char *text)
{
	return text != NULL ? newSVpv(text, 0) : newSVpvs("");
}

static SV *
new_queue(pTHX_ const struct iss_error *err)
{
	AV *list = newAV();
	HV *one;
	int i;

	for (i = 0; i < err->queued; i++) {
		unsigned long code = err->queue[i].code;

		one = newHV();
		store(aTHX_ one, "lib",
		    new_text(aTHX_ ERR_lib_error_string(code)));
		store(aTHX_ one, "reason",
		    new_text(aTHX_ ERR_reason_error_string(code)));
		store(aTHX_ one, "number", newSVuv(code));
		store(aTHX_ one, "data", newSVpv(err->queue[i].data, 0));
		av_push(list, newRV_noinc((SV *)one));
	}
	return newRV_noinc((SV *)list);
}

/* The name of a number of X509_verify_cert_error_string(3) is not to be had
 * from OpenSSL. */
static const struct {
	long error;
	const char *name;
} verify_names[] = {
#define NAME(error)                                                            \
	{                                                                      \
		error, #error                                                  \
	}
	NAME(X509_V_ERR_UNSPECIFIED),
	NAME(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT),
	NAME(X509_V_ERR_UNABLE_TO_GET_CRL),
	NAME(X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE),
	NAME(X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE),
	NAME(X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY),
	NAME(X509_V_ERR_CERT_SIGNATURE_FAILURE),
	NAME(X509_V_ERR_CRL_SIGNATURE_FAILURE),
	NAME(X509_V_ERR_CERT_NOT_YET_VALID),
	NAME(X509_V_ERR_CERT_HAS_EXPIRED),
	NAME(X509_V_ERR_CRL_NOT_YET_VALID),
	NAME(X509_V_ERR_CRL_HAS_EXPIRED),
	NAME(X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD),
	NAME(X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD),
	NAME(X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD),
	NAME(X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD),
	NAME(X509_V_ERR_OUT_OF_MEM),
	NAME(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT),
	NAME(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN),
	NAME(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
	NAME(X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE),
	NAME(X509_V_ERR_CERT_CHAIN_TOO_LONG),
	NAME(X509_V_ERR_CERT_REVOKED),
	NAME(X509_V_ERR_PATH_LENGTH_EXCEEDED),
	NAME(X509_V_ERR_INVALID_PURPOSE),
	NAME(X509_V_ERR_CERT_UNTRUSTED),
	NAME(X509_V_ERR_CERT_REJECTED),
	NAME(X509_V_ERR_SUBJECT_ISSUER_MISMATCH),
	NAME(X509_V_ERR_AKID_SKID_MISMATCH),
	NAME(X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH),
	NAME(X509_V_ERR_KEYUSAGE_NO_CERTSIGN),
	NAME(X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER),
	NAME(X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION),
	NAME(X509_V_ERR_KEYUSAGE_NO_CRL_SIGN),
	NAME(X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION),
	NAME(X509_V_ERR_INVALID_NON_CA),
	NAME(X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED),
	NAME(X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE),
	NAME(X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED),
	NAME(X509_V_ERR_INVALID_EXTENSION),
	NAME(X509_V_ERR_INVALID_POLICY_EXTENSION),
	NAME(X509_V_ERR_NO_EXPLICIT_POLICY),
	NAME(X509_V_ERR_DIFFERENT_CRL_SCOPE),
	NAME(X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE),
	NAME(X509_V_ERR_UNNESTED_RESOURCE),
	NAME(X509_V_ERR_PERMITTED_VIOLATION),
	NAME(X509_V_ERR_EXCLUDED_VIOLATION),
	NAME(X509_V_ERR_SUBTREE_MINMAX),
	NAME(X509_V_ERR_APPLICATION_VERIFICATION),
	NAME(X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE),
	NAME(X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX),
	NAME(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX),
	NAME(X509_V_ERR_CRL_PATH_VALIDATION_ERROR),
	NAME(X509_V_ERR_HOSTNAME_MISMATCH),
	NAME(X509_V_ERR_EMAIL_MISMATCH),
	NAME(X509_V_ERR_IP_ADDRESS_MISMATCH),
	NAME(X509_V_ERR_EE_KEY_TOO_SMALL),
	NAME(X509_V_ERR_CA_KEY_TOO_SMALL),
	NAME(X509_V_ERR_CA_MD_TOO_WEAK),
	NAME(X509_V_ERR_INVALID_CALL),
	NAME(X509_V_ERR_STORE_LOOKUP),
	NAME(X509_V_ERR_OCSP_VERIFY_NEEDED),
	NAME(X509_V_ERR_OCSP_VERIFY_FAILED),
	NAME(X509_V_ERR_OCSP_CERT_UNKNOWN),
	NAME(X509_V_ERR_INVALID_CA),
	NAME(X509_V_ERR_PATH_LOOP),
	NAME(X509_V_ERR_SUITE_B_INVALID_VERSION),
	NAME(X509_V_ERR_SUITE_B_INVALID_ALGORITHM),
	NAME(X509_V_ERR_SUITE_B_INVALID_CURVE),
	NAME(X509_V_ERR_SUITE_B_INVALID_SIGNATURE_ALGORITHM),
	NAME(X509_V_ERR_SUITE_B_LOS_NOT_ALLOWED),
	NAME(X509_V_ERR_SUITE_B_CANNOT_SIGN_P_384_WITH_P_256),
	NAME(X509_V_ERR_DANE_NO_MATCH),
	NAME(X509_V_ERR_NO_VALID_SCTS),
	NAME(X509_V_ERR_PROXY_SUBJECT_NAME_VIOLATION),
#ifdef X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER /* OpenSSL 3.0 */
	NAME(X509_V_ERR_NO_ISSUER_PUBLIC_KEY),
	NAME(X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM),
	NAME(X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH),
	NAME(X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY),
	NAME(X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA),
	NAME(X509_V_ERR_PATHLEN_WITHOUT_KU_KEY_CERT_SIGN),
	NAME(X509_V_ERR_KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA),
	NAME(X509_V_ERR_ISSUER_NAME_EMPTY),
	NAME(X509_V_ERR_SUBJECT_NAME_EMPTY),
	NAME(X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER),
	NAME(X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER),
	NAME(X509_V_ERR_EMPTY_SUBJECT_ALT_NAME),
	NAME(X509_V_ERR_EMPTY_SUBJECT_SAN_NOT_CRITICAL),
	NAME(X509_V_ERR_CA_BCONS_NOT_CRITICAL),
	NAME(X509_V_ERR_AUTHORITY_KEY_IDENTIFIER_CRITICAL),
	NAME(X509_V_ERR_SUBJECT_KEY_IDENTIFIER_CRITICAL),
	NAME(X509_V_ERR_CA_CERT_MISSING_KEY_USAGE),
	NAME(X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3),
	NAME(X509_V_ERR_EC_KEY_EXPLICIT_PARAMS),
#endif
#undef NAME
};

static SV *
new_verify_name(pTHX_ long error)
{
	size_t i;

	for (i = 0; i < sizeof(verify_names) / sizeof(verify_names[0]); i++)
		if (verify_names[i].error == error)
			return newSVpv(verify_names[i].name, 0);
	return Perl_newSVpvf(aTHX_ "X509_V_ERR_%ld", error);
}

static void
store_verification(pTHX_ HV *hash, const struct iss_failure *failure)
{
	const struct iss_error *err = &failure->err;

	store(aTHX_ hash, "depth", newSViv(err->depth));
	if (failure->blame.cert != NULL)
		store(aTHX_ hash, "cert",
		    iss_new_cert_summary(aTHX_ failure->blame.cert));
	if (err->kind != ISS_KIND_VERIFY)
		return;
	store(aTHX_ hash, "verify_code", newSViv(err->verify_error));
	store(aTHX_ hash, "verify_name",
	    new_verify_name(aTHX_ err->verify_error));
	store(
	    aTHX_ hash, "chain", iss_new_cert_list(aTHX_ failure->blame.chain));
}

static void
store_name(pTHX_ HV *hash, const struct iss_failure *failure)
{
	SV *cert;

	store(aTHX_ hash, "wanted", new_text(aTHX_ failure->wanted));
	if (failure->blame.cert == NULL)
		return;
	cert = iss_new_cert_summary(aTHX_ failure->blame.cert);
	store(aTHX_ hash, "cert", cert);
	store(aTHX_ hash, "names",
	    newSVsv(iss_hash_value(aTHX_ (HV *)SvRV(cert), "names")));
}

static void
store_alert(pTHX_ HV *hash, int alert, bool sent)
{
	HV *inner = newHV();

	store(aTHX_ inner, "name", newSVpv(iss_alert_name(alert), 0));
	store(aTHX_ inner, "number", newSViv(alert));
	store(aTHX_ inner, "sent", newSViv(sent));
	store(aTHX_ hash, "alert", newRV_noinc((SV *)inner));
}

/* What depends on the kind. */
static void
store_by_kind(pTHX_ HV *hash, const struct iss_failure *failure)
{
	switch (failure->err.kind) {
	case ISS_KIND_NAME:
		store_name(aTHX_ hash, failure);
		break;
	case ISS_KIND_VERIFY:
	case ISS_KIND_PIN:
	case ISS_KIND_REVOKED:
	case ISS_KIND_STAPLE:
	case ISS_KIND_DANE:
	case ISS_KIND_REFUSED:
		store_verification(aTHX_ hash, failure);
		break;
	case ISS_KIND_ALERT:
		store_alert(aTHX_ hash, failure->err.alert, false);
		break;
	case ISS_KIND_NOT_TLS:
		store(aTHX_ hash, "looks_like",
		    new_text(aTHX_ failure->looks_like));
		store(aTHX_ hash, "said", newSVpv(failure->said, 0));
		break;
	case ISS_KIND_CONFIG:
		store(aTHX_ hash, "option", newSVpv(failure->err.option, 0));
		if (failure->err.file[0] != '\0')
			store(
			    aTHX_ hash, "file", newSVpv(failure->err.file, 0));
		break;
	default:
		break;
	}
}

SV *
iss_failure_as_hash(pTHX_ const struct iss_failure *failure)
{
	const struct iss_error *err = &failure->err;
	HV *hash = newHV();
	SV *result = sv_2mortal(newRV_noinc((SV *)hash));

	store(aTHX_ hash, "text", newSVpv(err->text, 0));
	store(aTHX_ hash, "what", newSVpv(failure->what, 0));
	store(aTHX_ hash, "kind", newSVpv(iss_error_kind_name(err->kind), 0));
	store(aTHX_ hash, "code", newSViv(err->code));
	store(aTHX_ hash, "errno", newSViv(err->sys_errno));
	store(aTHX_ hash, "hint", newSVpv(failure->hint, 0));
	store(aTHX_ hash, "openssl", new_queue(aTHX_ err));
	if (failure->peer[0] != '\0')
		store(aTHX_ hash, "peer", newSVpv(failure->peer, 0));
	if (failure->wanted != NULL)
		store(aTHX_ hash, "name", newSVpv(failure->wanted, 0));
	if (failure->sent_alert != 0 && err->kind != ISS_KIND_ALERT)
		store_alert(aTHX_ hash, failure->sent_alert, true);
	store_by_kind(aTHX_ hash, failure);
	return SvREFCNT_inc(result);
}
