#include "option_value.h"

#include "handles.h"
#include "values.h"
#include "options/config.h"
#include "x509/material.h"

/* ", not PEM text", and which option takes it. */
static SV *
not_pem(pTHX_ const struct iss_option *option)
{
	static const char *const pairs[] = { "SSL_cert_file", "SSL_key_file",
		"SSL_ca_file", "SSL_client_ca_file" };
	int base;
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		base = (int)(strlen(pairs[i]) - strlen("_file"));
		if (strcmp(option->name, pairs[i]) == 0)
			return sv_2mortal(Perl_newSVpvf(aTHX_
			    ", not PEM text, which %.*s takes",
			    base, pairs[i]));
	}
	return newSVpvs_flags(", not PEM text", SVs_TEMP);
}

/* ", not 'VALUE'": nothing of a secret, the beginning of a long value. */
static SV *
shown_value(pTHX_ const struct iss_option *option, SV *value)
{
	if (iss_is_pem(aTHX_ value))
		return not_pem(aTHX_ option);
	if (option->kind == ISS_KEY || option->kind == ISS_PSK_LIST)
		return newSVpvs_flags("", SVs_TEMP);
	return sv_2mortal(Perl_newSVpvf(
	    aTHX_ ", not '%" SVf "'", SVfARG(iss_shown(aTHX_ value))));
}

static void
refuse_value(
    pTHX_ const struct iss_option *option, SV *value, const char *expected)
{
	iss_croak(aTHX_ Perl_newSVpvf(aTHX_ "%s must be %s%" SVf, option->name,
	    expected, SVfARG(shown_value(aTHX_ option, value))));
}

void
iss_option_value_must(pTHX_ const struct iss_error *err, int rv)
{
	if (rv != ISS_OK)
		iss_croak(aTHX_ newSVpv(err->text, 0));
}

bool
iss_option_value_is_given(pTHX_ SV *value)
{
	return SvROK(value) || SvTRUE_nomg(value);
}

/* A fingerprint that is malformed is an error to return; any other value that
 * a setter refuses is of the wrong kind. */
static int
croak_or_return(
    pTHX_ const struct iss_error *err, const struct iss_option *option, int rv)
{
	if (option->kind != ISS_FINGERPRINTS)
		iss_option_value_must(aTHX_ err, rv);
	return rv;
}

/* Bytes, however Perl stores them; if there are wider characters, UTF-8. */
static const char *
octets(pTHX_ SV *value, STRLEN *len)
{
	SV *copy;

	if (!SvUTF8(value) && !SvROK(value))
		return SvPV_nomg(value, *len);
	copy = sv_newmortal();
	sv_copypv(copy, value);
	if (SvUTF8(copy))
		(void)sv_utf8_downgrade(copy, TRUE);
	return SvPV(copy, *len);
}

/* For the name of a file the system gets the same bytes as from Perl's open. */
static const char *
bytes_of(pTHX_ const struct iss_option *option, SV *value, STRLEN *len)
{
	if (option->kind == ISS_TEXT || option->kind == ISS_PROTOCOLS)
		return octets(aTHX_ value, len);
	return SvPV_nomg(value, *len);
}

/* What an option wants that was given PEM: a key must not go on to a place that
 * shows the text. */
static const char *
no_pem(const struct iss_option *option)
{
	return option->kind == ISS_FILE || option->kind == ISS_TEXTS ||
		       option->kind == ISS_PATHS
		   ? "the name of a file"
		   : "another text";
}

static int
set_text(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value, const char *expected)
{
	const char *text;
	STRLEN len;

	if (SvROK(value) && !SvAMAGIC(value))
		refuse_value(aTHX_ option, value, expected);
	if (iss_is_pem(aTHX_ value))
		refuse_value(aTHX_ option, value, no_pem(option));
	text = bytes_of(aTHX_ option, value, &len);
	return croak_or_return(aTHX_ err, option,
	    iss_option_set_text(err, config, option, text, len));
}

/*
 * A copy of the element of an array; NULL: there is none.  The element may be
 * tied to code that empties the array.
 */
static SV *
element(pTHX_ AV *list, SSize_t i)
{
	SV **item = av_fetch(list, i, 0);

	if (item == NULL)
		return NULL;
	return sv_mortalcopy(sv_2mortal(SvREFCNT_inc_simple_NN(*item)));
}

/* A list: an array of texts, or one text; \undef means "none". */
static int
set_texts(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value)
{
	int rv = ISS_OK;
	const char *text;
	STRLEN len;
	SV *item;
	SSize_t i;

	if (SvROK(value) && !SvOBJECT(SvRV(value)) &&
	    SvTYPE(SvRV(value)) < SVt_PVAV && !SvOK(SvRV(value)))
		return ISS_OK;
	if (!SvROK(value) || SvTYPE(SvRV(value)) != SVt_PVAV) {
		if (option->kind == ISS_PROTOCOLS)
			refuse_value(
			    aTHX_ option, value, "an array of protocol names");
		if (!iss_option_value_is_given(aTHX_ value))
			return ISS_OK;
		return set_text(aTHX_ err, config, option, value,
		    "a string or an array of strings");
	}
	for (i = 0; rv == ISS_OK && i <= av_len((AV *)SvRV(value)); i++) {
		item = element(aTHX_ (AV *)SvRV(value), i);
		if (item == NULL || !SvOK(item))
			continue;
		if (SvROK(item) && !SvAMAGIC(item))
			refuse_value(aTHX_ option, item, "an array of strings");
		if (iss_is_pem(aTHX_ item))
			refuse_value(aTHX_ option, item, no_pem(option));
		text = bytes_of(aTHX_ option, item, &len);
		rv = croak_or_return(aTHX_ err, option,
		    iss_option_add_text(err, config, option, text, len));
	}
	return rv;
}

/* Digits only: Perl's other zeros ("0E0", "0 but true") are refused. */
static bool
is_whole(pTHX_ SV *value)
{
	const char *text;
	STRLEN len;
	UV number;

	if (!SvPOK(value))
		return true;
	text = SvPV_nomg(value, len);
	return memchr(text, 'b', len) == NULL &&
	       grok_number(text, len, &number) == IS_NUMBER_IN_UV;
}

/* A number may be an object: true of JSON or YAML, a big integer.  Its text is
 * judged, for the number of an object that has none could be 0. */
static SV *
plain_number(pTHX_ SV *value)
{
	const char *text;
	STRLEN len;

	if (!SvROK(value) || !SvAMAGIC(value))
		return value;
	text = SvPV_nomg(value, len);
	return newSVpvn_flags(text, len, SVs_TEMP);
}

static void
set_number(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value)
{
	if (option->kind == ISS_FLAG || option->kind == ISS_SWITCH) {
		iss_option_set_number(err, config, option, SvTRUE_nomg(value));
		return;
	}
	value = plain_number(aTHX_ value);
	if (SvPOK(value) && SvCUR(value) == 0)
		return;
	if (!looks_like_number(value) || Perl_isnan(SvNV_nomg(value)) ||
	    (option->kind == ISS_NUMBER && !is_whole(aTHX_ value)))
		refuse_value(aTHX_ option, value,
		    option->kind == ISS_NUMBER ? "a whole number" : "a number");
	iss_option_value_must(aTHX_ err,
	    iss_option_set_number(err, config, option, SvNV_nomg(value)));
}

static void *
handle_in(pTHX_ const struct iss_option *option, SV *value)
{
	void *pointer = iss_handle_address(aTHX_ value);

	if (pointer == NULL)
		refuse_value(aTHX_ option, value, "a handle");
	return pointer;
}

/* The bytes of PEM, DER or a URI; NULL if it is a handle.  Croaks if it is
 * neither, or has wide characters, and shows nothing of it. */
static const char *
material(pTHX_ const struct iss_option *option, SV *value, STRLEN *len)
{
	SV *copy;

	SvGETMAGIC(value);
	if (iss_handle_address(aTHX_ value) != NULL)
		return NULL;
	if (SvPOK(value) && !SvROK(value)) {
		copy = sv_2mortal(newSVsv_nomg(value));
		if (!SvUTF8(copy) || sv_utf8_downgrade(copy, TRUE)) {
			const char *bytes = SvPV_nomg(copy, *len);

			if (iss_material_kind(bytes, *len) != ISS_MATERIAL_NONE)
				return bytes;
		}
	}
	iss_croak(aTHX_ Perl_newSVpvf(aTHX_
	    "%s must be a handle, PEM, DER or a URI (a file is %s_file)",
	    option->name, option->name));
}

static int
add_certs_of(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, const char *bytes, STRLEN len)
{
	STACK_OF(X509) *certs = NULL;
	int rv = iss_material_certs(err, option->name, bytes, len, &certs);
	int i;

	for (i = 0; rv == ISS_OK && i < sk_X509_num(certs); i++)
		rv = iss_option_add1_cert(
		    err, config, option, sk_X509_value(certs, i));
	sk_X509_pop_free(certs, X509_free);
	return rv;
}

static int
add_cert(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value)
{
	const char *bytes;
	STRLEN len;

	if ((bytes = material(aTHX_ option, value, &len)) != NULL)
		return add_certs_of(aTHX_ err, config, option, bytes, len);
	iss_option_value_must(
	    aTHX_ err, iss_option_add1_cert(err, config, option,
			   handle_in(aTHX_ option, value)));
	return ISS_OK;
}

/* Handles, texts or URIs, one or an array. */
static int
set_certs(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value)
{
	int rv = ISS_OK;
	SV *item;
	SSize_t i;

	if (!SvROK(value) || SvTYPE(SvRV(value)) != SVt_PVAV)
		return add_cert(aTHX_ err, config, option, value);
	for (i = 0; rv == ISS_OK && i <= av_len((AV *)SvRV(value)); i++) {
		item = element(aTHX_ (AV *)SvRV(value), i);
		if (item != NULL)
			rv = add_cert(aTHX_ err, config, option, item);
	}
	return rv;
}

/* SSL_key, the only option of its kind. */
static int
set_key(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value)
{
	const char *bytes;
	STRLEN len;

	if ((bytes = material(aTHX_ option, value, &len)) != NULL)
		return iss_config_set_key_text(err, config, bytes, len);
	iss_option_value_must(
	    aTHX_ err, iss_option_set1_key(err, config, option,
			   handle_in(aTHX_ option, value)));
	return ISS_OK;
}

static void
add_psk(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *identity, SV *key)
{
	const char *name = "", *bytes;
	STRLEN name_len = 0, len;

	if (SvROK(key) || (identity != NULL && SvROK(identity)))
		refuse_value(
		    aTHX_ option, SvROK(key) ? key : identity, "a string");
	bytes = octets(aTHX_ key, &len);
	if (identity != NULL)
		name = octets(aTHX_ identity, &name_len);
	iss_option_value_must(aTHX_ err, iss_option_add_psk(err, config, option,
					     name, name_len, bytes, len));
}

static void
add_psk_pair(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value)
{
	AV *pair = (AV *)SvRV(value);
	bool is_pair = av_len(pair) == 1;
	SV *identity = is_pair ? element(aTHX_ pair, 0) : NULL;
	SV *key = is_pair ? element(aTHX_ pair, 1) : NULL;

	if (identity == NULL || key == NULL || !SvOK(identity) || !SvOK(key))
		refuse_value(aTHX_ option, value,
		    "a key, [identity, key] or a hash of identities and keys");
	add_psk(aTHX_ err, config, option, identity, key);
}

/* The values of a tied hash are not in it. */
static void
add_psk_hash(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, HV *keys)
{
	SV *identity, *key;

	hv_iterinit(keys);
	while ((identity = iss_hash_next(aTHX_ keys, &key)) != NULL)
		if (SvOK(key))
			add_psk(aTHX_ err, config, option, identity, key);
}

/* A key; an identity and its key; or a hash of those. */
static void
set_psks(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value)
{
	if (SvROK(value) && SvTYPE(SvRV(value)) == SVt_PVAV)
		add_psk_pair(aTHX_ err, config, option, value);
	else if (SvROK(value) && SvTYPE(SvRV(value)) == SVt_PVHV)
		add_psk_hash(aTHX_ err, config, option, (HV *)SvRV(value));
	else
		add_psk(aTHX_ err, config, option, NULL, value);
}

#define A_RECORD                                                               \
	"an array of records: \"USAGE SELECTOR TYPE HEX\" or [usage, "         \
	"selector, type, data]"

/* The data of a record may have any bytes. */
static void
take_data(
    pTHX_ const struct iss_option *option, SV *value, struct iss_tlsa *record)
{
	STRLEN len;

	if (SvROK(value) || !SvOK(value))
		refuse_value(aTHX_ option, value, A_RECORD);
	record->data = (unsigned char *)octets(aTHX_ value, &len);
	record->len = len;
}

static void
add_record(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, AV *fields)
{
	struct iss_tlsa record = { 0 };
	unsigned char *numbers[] = { &record.usage, &record.selector,
		&record.type };
	SV *field;
	SSize_t i;

	for (i = 0; i < 4; i++) {
		field = av_len(fields) == 3 ? element(aTHX_ fields, i) : NULL;
		if (field == NULL)
			refuse_value(aTHX_ option,
			    sv_2mortal(newRV((SV *)fields)), A_RECORD);
		if (i == 3) {
			take_data(aTHX_ option, field, &record);
			break;
		}
		if (SvROK(field) || !looks_like_number(field) ||
		    !is_whole(aTHX_ field) || SvNV_nomg(field) < 0 ||
		    SvNV_nomg(field) > 255 ||
		    SvNV_nomg(field) != (NV)SvIV_nomg(field))
			refuse_value(aTHX_ option, field, A_RECORD);
		*numbers[i] = (unsigned char)SvIV_nomg(field);
	}
	iss_option_value_must(
	    aTHX_ err, iss_option_add_tlsa(err, config, option, &record));
}

/* SSL_tlsa.  An empty list and 0 are refused: whoever looks for records and
 * finds none must decide what that means. */
static void
set_records(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value)
{
	AV *records = SvROK(value) && SvTYPE(SvRV(value)) == SVt_PVAV
			  ? (AV *)SvRV(value)
			  : NULL;
	const char *text;
	STRLEN len;
	SV *item;
	SSize_t i;

	if (SvPOK(value) && SvCUR(value) == 0)
		return;
	if (records == NULL || av_len(records) < 0)
		refuse_value(aTHX_ option, value, A_RECORD);
	for (i = 0; i <= av_len(records); i++) {
		item = element(aTHX_ records, i);
		if (item != NULL && SvROK(item) &&
		    SvTYPE(SvRV(item)) == SVt_PVAV) {
			add_record(aTHX_ err, config, option, (AV *)SvRV(item));
			continue;
		}
		if (item == NULL || !SvOK(item) || SvROK(item))
			refuse_value(aTHX_ option,
			    item != NULL ? item : &PL_sv_undef, A_RECORD);
		text = octets(aTHX_ item, &len);
		iss_option_value_must(aTHX_ err,
		    iss_option_add_text(err, config, option, text, len));
	}
}

int
iss_option_value_set(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value)
{
	/* An element may be tied to code that empties what holds the value. */
	if (SvROK(value)) {
		sv_2mortal(SvREFCNT_inc_simple_NN(value));
		sv_2mortal(SvREFCNT_inc_simple_NN(SvRV(value)));
	}
	switch (option->kind) {
	case ISS_FILE:
		if (!iss_option_value_is_given(aTHX_ value))
			break;
		/* fall through */
	case ISS_TEXT:
		return set_text(aTHX_ err, config, option, value, "a string");
	case ISS_TEXTS:
	case ISS_PATHS:
	case ISS_PROTOCOLS:
	case ISS_FINGERPRINTS:
		return set_texts(aTHX_ err, config, option, value);
	case ISS_TLSA:
		set_records(aTHX_ err, config, option, value);
		break;
	case ISS_FLAG:
	case ISS_SWITCH:
	case ISS_NUMBER:
	case ISS_SECONDS:
		set_number(aTHX_ err, config, option, value);
		break;
	case ISS_CERTS:
		return set_certs(aTHX_ err, config, option, value);
	case ISS_KEY:
		return set_key(aTHX_ err, config, option, value);
	case ISS_PSK_LIST:
		set_psks(aTHX_ err, config, option, value);
		break;
	case ISS_HANDLE:
		iss_option_set0_handle(
		    config, option, handle_in(aTHX_ option, value));
		break;
	}
	return ISS_OK;
}
