#include "name_check.h"

#include "answers.h"
#include "attachment.h"
#include "call.h"
#include "conninfo.h"
#include "errors.h"
#include "handles.h"
#include "peer.h"
#include "verification/verify.h"

static SSL *
ssl_of(pTHX_ GV *self)
{
	struct iss_conn *conn = iss_attached(aTHX_ self);

	return conn != NULL ? conn->ssl : NULL;
}

bool
iss_verify_name(pTHX_ GV *self, SV *handle, SV *name, SV *scheme, SV *suffix)
{
	struct iss_verify verify = { 0 };
	struct iss_link link = { .callbacks = &iss_answers };
	struct iss_call call;
	struct iss_error err;
	X509 *cert;
	int rv;

	if (SvOK(handle)) /* may croak: before there is anything to free */
		(void)iss_handle_pointer(aTHX_ handle, "certificate");
	iss_error_clear(&err);
	rv = iss_peer_set_name(
	    aTHX_ &err, &verify, iss_peer_text(aTHX_ name), scheme, suffix);
	if (rv == ISS_OK && verify.check != ISS_NAME_UNCHECKED) {
		if ((cert = iss_get1_cert(aTHX_ self, handle)) == NULL) {
			iss_error_set(&err, "there is no peer certificate");
			rv = ISS_ERROR;
		} else {
			iss_call_begin(aTHX_ &call, self, NULL, NULL);
			call.scheme_code = iss_peer_scheme_code(aTHX_ scheme);
			link.handle = &call;
			link.ssl = SvOK(handle) ? NULL : ssl_of(aTHX_ self);
			rv = iss_verify_cert_name(
			    &err, &verify, &link, cert, NULL);
			X509_free(cert);
			iss_verify_release(&verify);
			iss_call_end(aTHX_ &call);
		}
	}
	iss_verify_release(&verify);
	if (rv != ISS_OK)
		iss_tell_error(aTHX_ self, &err);
	return rv == ISS_OK;
}

SV *
iss_own_scheme(pTHX_ SV *scheme)
{
	SV *own = sv_mortalcopy(scheme);

	return SvOK(own) ? own : newSVpvs_flags("default", SVs_TEMP);
}
