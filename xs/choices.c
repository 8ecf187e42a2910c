#include "choices.h"

#include "ask.h"
#include "magic.h"
#include "state.h"
#include "base/alert.h"
#include "base/buf.h"
#include "context/client_cert.h"
#include "context/hello.h"
#include "x509/name.h"

enum { NAME_TEXT_MAX = 4096 };

static void
free_certificate(pTHX_ void *object)
{
	PERL_UNUSED_CONTEXT;
	iss_config_release(object);
	Safefree(object);
}

/* It lives within one call. */
static void *
dup_certificate(pTHX_ void *object, SV *owner)
{
	PERL_UNUSED_CONTEXT;
	PERL_UNUSED_VAR(object);
	PERL_UNUSED_VAR(owner);
	return NULL;
}

static const struct iss_magic certificate = { ISS_MAGIC_VTBL, dup_certificate,
	free_certificate };

SV *
iss_new_certificate(pTHX_ struct iss_config *config)
{
	SV *holder = newSV(0);

	iss_magic_attach(aTHX_ &certificate, holder, config, NULL);
	return newRV_noinc(holder);
}

static void
store(pTHX_ HV *hash, const char *key, SV *value)
{
	(void)hv_store(hash, key, (I32)strlen(key), value, 0);
}

static void
store_numbers(pTHX_ HV *hash, const char *key, struct iss_wire list, int size)
{
	AV *numbers = newAV();
	unsigned int number;

	store(aTHX_ hash, key, newRV_noinc((SV *)numbers));
	while (iss_hello_next_number(&list, (size_t)size, &number))
		av_push(numbers, newSVuv(number));
}

/* Without that extension the one version that there is. */
static void
store_versions(pTHX_ HV *hash, const struct iss_hello *hello)
{
	AV *only;

	store(aTHX_ hash, "legacy_version", newSViv(hello->version));
	store_numbers(aTHX_ hash, "versions", hello->versions, 2);
	if (hello->versions.len > 0)
		return;
	only = newAV();
	store(aTHX_ hash, "versions", newRV_noinc((SV *)only));
	av_push(only, newSViv(hello->version));
}

static void
store_extensions(pTHX_ HV *hash, struct iss_wire list)
{
	AV *numbers = newAV();
	struct iss_wire body;
	unsigned int type;

	store(aTHX_ hash, "extensions", newRV_noinc((SV *)numbers));
	while (iss_hello_next_extension(&list, &type, &body))
		av_push(numbers, newSVuv(type));
}

static void
store_alpn(pTHX_ HV *hash, struct iss_wire list)
{
	AV *names = newAV();
	const unsigned char *name;
	size_t len;

	store(aTHX_ hash, "alpn", newRV_noinc((SV *)names));
	while (iss_wire_next(&list, &name, &len))
		av_push(names, newSVpvn((const char *)name, len));
}

static SV *
hello_as_hash(pTHX_ const struct iss_hello *hello)
{
	HV *hash = newHV();
	SV *ref = sv_2mortal(newRV_noinc((SV *)hash));

	store(aTHX_ hash, "server_name",
	    hello->has_name ? newSVpv(hello->host.name, 0) : newSV(0));
	store_alpn(aTHX_ hash, hello->alpn);
	store_versions(aTHX_ hash, hello);
	store_numbers(aTHX_ hash, "ciphers", hello->ciphers, 2);
	store_numbers(aTHX_ hash, "groups", hello->groups, 2);
	store_numbers(aTHX_ hash, "sigalgs", hello->sigalgs, 2);
	store_numbers(aTHX_ hash, "point_formats", hello->formats, 1);
	store_extensions(aTHX_ hash, hello->extensions);
	store(aTHX_ hash, "early_data", newSViv(hello->early_data));
	store(aTHX_ hash, "resumes", newSViv(hello->resumes));
	return ref;
}

/* Call a sub of Choices.pm with the program's own, the socket, and what it is
 * asked about.  NULL if there is an exception, or nobody to ask. */
static SV *
ask(pTHX_ struct iss_call *call, const char *sub, const char *name, SV *about)
{
	SV *args[3];

	if (call->died != NULL || call->glob == NULL)
		return NULL;
	args[0] = iss_state_callback(aTHX_ call->glob, name);
	if (args[0] == NULL)
		return NULL;
	args[1] = sv_2mortal(newRV_inc((SV *)call->glob));
	args[2] = about;
	return iss_ask(aTHX_ call, (SV *)get_cv(sub, 0), args, 3);
}

static enum iss_reply
refusal(pTHX_ SV *answer, int *alert)
{
	int number = -1;
	SV *name;

	if (SvROK(answer)) {
		name = SvRV(answer);
		if (!SvOBJECT(name) && SvPOK(name))
			number = iss_alert_number(SvPV_nolen(name));
	}
	if (number < 0)
		return ISS_REPLY_WRONG;
	*alert = number;
	return ISS_REPLY_REFUSED;
}

enum iss_reply
iss_choices_answer_hello(
    void *handle, const struct iss_hello *hello, int *alert)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *answer = ask(aTHX_ call, "IO::Socket::SSL::Choices::context",
	    "hello_callback", hello_as_hash(aTHX_ hello));

	if (answer == NULL)
		return ISS_REPLY_WRONG;
	if (!SvOK(answer))
		return ISS_REPLY_NONE;
	if (iss_is_later(aTHX_ answer))
		return ISS_REPLY_LATER;
	return call->conn->link.chosen != NULL ? ISS_REPLY_GIVEN
					       : refusal(aTHX_ answer, alert);
}

static void
store_ca_names(pTHX_ HV *hash, const STACK_OF(X509_NAME) * list)
{
	AV *names = newAV();
	struct iss_error ignored;
	struct iss_buf text;
	int i;

	store(aTHX_ hash, "ca_names", newRV_noinc((SV *)names));
	iss_error_clear(&ignored);
	for (i = 0; i < sk_X509_NAME_num(list); i++) {
		iss_buf_init(&text, NAME_TEXT_MAX);
		iss_name_text(&ignored, sk_X509_NAME_value(list, i), &text);
		av_push(names, newSVpvn(iss_buf_text(&text), text.len));
		iss_buf_release(&text);
	}
}

static SV *
request_as_hash(pTHX_ const struct iss_cert_request *request)
{
	HV *hash = newHV();
	SV *ref = sv_2mortal(newRV_noinc((SV *)hash));
	AV *sigalgs = newAV();
	unsigned int number;
	int i;

	store_ca_names(aTHX_ hash, request->ca_names);
	store(aTHX_ hash, "sigalgs", newRV_noinc((SV *)sigalgs));
	for (i = 0; iss_cert_request_sigalg(request, i, &number); i++)
		av_push(sigalgs, newSVuv(number));
	return ref;
}

enum iss_reply
iss_choices_answer_cert(void *handle, const struct iss_cert_request *request,
    const struct iss_identity **identity)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *answer = ask(aTHX_ call, "IO::Socket::SSL::Choices::certificate",
	    "cert_callback", request_as_hash(aTHX_ request));
	const struct iss_config *config;

	if (answer == NULL)
		return ISS_REPLY_WRONG;
	if (!SvOK(answer))
		return ISS_REPLY_NONE;
	if (iss_is_later(aTHX_ answer))
		return ISS_REPLY_LATER;
	config = iss_magic_find_behind(aTHX_ &certificate, answer);
	if (config == NULL || config->n_identities == 0)
		return ISS_REPLY_WRONG;
	*identity = &config->identities[0];
	return ISS_REPLY_GIVEN;
}
