#include "certspec.h"

#include "handles.h"
#include "values.h"
#include "x509/altname.h"
#include "x509/certgen.h"
#include "x509/key.h"
#include "x509/name.h"
#include "x509/purposes.h"

/* No time is larger than this. */
#define SECONDS_MAX 1e15

/* The certificate being made; released when the scope ends, also by a croak. */
struct making {
	struct iss_certgen gen;
	struct iss_error err;
	EVP_PKEY *key;
};

static void
release_making(pTHX_ void *arg)
{
	struct making *making = arg;

	iss_certgen_release(&making->gen);
	EVP_PKEY_free(making->key);
	Safefree(making);
}

static void
refuse_part(pTHX_ const char *part, const struct iss_error *err)
{
	iss_croak(aTHX_ Perl_newSVpvf(aTHX_ "%s: %s", part, err->text));
}

static void
check_part(pTHX_ struct making *making, const char *part, int rv)
{
	if (rv != ISS_OK)
		refuse_part(aTHX_ part, &making->err);
}

static void *
handle_at(pTHX_ HV *spec, const char *key)
{
	SV *value = iss_hash_value(aTHX_ spec, key);
	void *pointer;

	if (value == NULL)
		return NULL;
	if ((pointer = iss_handle_address(aTHX_ value)) == NULL)
		iss_croak(aTHX_ iss_handle_refusal(aTHX_ value, key));
	return pointer;
}

static AV *
list_of(SV *value)
{
	return value != NULL && SvROK(value) && SvTYPE(SvRV(value)) == SVt_PVAV
		   ? (AV *)SvRV(value)
		   : NULL;
}

static SV *
item_at(pTHX_ AV *list, SSize_t i)
{
	SV **slot = av_fetch(list, i, 0);

	return slot != NULL ? *slot : &PL_sv_undef;
}

/* A flat list of types and values. */
static void
fill_name(
    pTHX_ struct making *making, X509_NAME *name, AV *pairs, const char *part)
{
	SSize_t i;
	STRLEN len;
	const char *type, *value;

	for (i = 0; i + 1 <= av_len(pairs); i += 2) {
		type = SvPV_nolen(item_at(aTHX_ pairs, i));
		value = iss_utf8_text(aTHX_ item_at(aTHX_ pairs, i + 1), &len);
		check_part(aTHX_ making, part,
		    iss_name_add(&making->err, name, type, value, len));
	}
}

static GENERAL_NAME *
directory_name(pTHX_ struct making *making, AV *pairs)
{
	GENERAL_NAME *name = iss_altname_new_dir(&making->err, X509_NAME_new());

	/* owned by the list before a part of it is refused */
	if (name != NULL &&
	    iss_certgen_san(&making->err, &making->gen, name) == ISS_OK)
		fill_name(aTHX_ making, name->d.directoryName, pairs,
		    "subjectAltNames: DIRNAME");
	return name;
}

/* One [type, value]; the value of a DIRNAME is a list. */
static void
add_san(pTHX_ struct making *making, AV *pair)
{
	const char *word = SvPV_nolen(item_at(aTHX_ pair, 0));
	SV *value = item_at(aTHX_ pair, 1);
	int type = iss_altname_number(word);
	SV *part =
	    sv_2mortal(Perl_newSVpvf(aTHX_ "subjectAltNames: %.64s", word));
	GENERAL_NAME *name;
	const char *bytes;
	STRLEN len;

	if (type < 0)
		iss_error_set(&making->err, "unknown type of name");
	else if (list_of(value) != NULL)
		directory_name(aTHX_ making, list_of(value));
	else {
		bytes = iss_altname_is_text(type)
			    ? iss_utf8_text(aTHX_ value, &len)
			    : SvPVbyte(sv_mortalcopy(value), len);
		name = iss_altname_new(&making->err, type, bytes, len);
		if (name != NULL)
			iss_certgen_san(&making->err, &making->gen, name);
	}
	if (iss_error_is_set(&making->err))
		refuse_part(aTHX_ SvPV_nolen(part), &making->err);
}

static void
add_sans(pTHX_ struct making *making, HV *spec)
{
	AV *sans = list_of(iss_hash_value(aTHX_ spec, "subjectAltNames"));
	SSize_t i;

	for (i = 0; sans != NULL && i <= av_len(sans); i++)
		add_san(aTHX_ making, list_of(item_at(aTHX_ sans, i)));
}

/* Each is [which, critical, data].  With lenient, one that cannot be made is
 * left out. */
static void
add_exts(pTHX_ struct making *making, HV *spec)
{
	AV *exts = list_of(iss_hash_value(aTHX_ spec, "ext"));
	bool lenient = iss_hash_value(aTHX_ spec, "lenient") != NULL;
	SSize_t i;
	AV *ext;
	int rv;

	for (i = 0; exts != NULL && i <= av_len(exts); i++) {
		ext = list_of(item_at(aTHX_ exts, i));
		rv = iss_certgen_ext(&making->err, &making->gen,
		    SvPV_nolen(item_at(aTHX_ ext, 0)),
		    SvTRUE(item_at(aTHX_ ext, 1)),
		    SvPV_nolen(item_at(aTHX_ ext, 2)));
		if (lenient)
			iss_error_clear(&making->err);
		else
			check_part(aTHX_ making, "ext", rv);
	}
}

static void
set_purpose(pTHX_ struct making *making, HV *spec)
{
	SV *text = iss_hash_value(aTHX_ spec, "purpose");
	struct iss_purposes purposes;

	if (text == NULL)
		return;
	iss_purposes_init(&purposes);
	check_part(aTHX_ making, "purpose",
	    iss_purposes_parse(&making->err, &purposes, SvPV_nolen(text)));
	check_part(aTHX_ making, "purpose",
	    iss_certgen_usages(
		&making->err, &making->gen, iss_purposes_usages(&purposes)));
}

static int64_t
seconds(pTHX_ HV *spec, const char *key)
{
	SV *value = iss_hash_value(aTHX_ spec, key);
	NV number = value != NULL && looks_like_number(value) ? SvNV(value)
							      : SECONDS_MAX;

	if (!(number > -SECONDS_MAX && number < SECONDS_MAX))
		iss_croak(aTHX_ Perl_newSVpvf(aTHX_
		    "%s: '%" SVf "' is not a time (must be seconds since 1970)",
		    key,
		    SVfARG(iss_shown(
			aTHX_ value != NULL ? value : &PL_sv_undef))));
	return (int64_t)number;
}

static void
set_numbers(pTHX_ struct making *making, HV *spec)
{
	SV *version = iss_hash_value(aTHX_ spec, "version");
	SV *serial = iss_hash_value(aTHX_ spec, "serial");

	if (version != NULL)
		check_part(aTHX_ making, "version",
		    iss_certgen_version(&making->err, &making->gen,
			looks_like_number(version) ? (long)SvIV(version) : -1));
	if (serial != NULL)
		check_part(aTHX_ making, "serial",
		    iss_certgen_serial(
			&making->err, &making->gen, SvPV_nolen(serial)));
}

/* What is said of the holder: as another certificate has it, or part by
 * part. */
static void
set_holder(pTHX_ struct making *making, HV *spec)
{
	X509 *original = handle_at(aTHX_ spec, "original");
	AV *subject = list_of(iss_hash_value(aTHX_ spec, "subject"));

	if (original != NULL) {
		check_part(aTHX_ making, "original",
		    iss_certgen_copy(&making->err, &making->gen, original));
		return;
	}
	check_part(aTHX_ making, "validity",
	    iss_certgen_validity(&making->err, &making->gen,
		seconds(aTHX_ spec, "not_before"),
		seconds(aTHX_ spec, "not_after")));
	if (subject != NULL)
		fill_name(
		    aTHX_ making, making->gen.subject, subject, "subject");
	set_purpose(aTHX_ making, spec);
	add_sans(aTHX_ making, spec);
	add_exts(aTHX_ making, spec);
}

static void
begin_cert(pTHX_ struct making *making, HV *spec)
{
	X509 *issuer = handle_at(aTHX_ spec, "issuer_cert");
	EVP_PKEY *signer = handle_at(aTHX_ spec, "issuer_key");
	EVP_PKEY *given = handle_at(aTHX_ spec, "key");

	iss_error_clear(&making->err);
	if (given == NULL)
		check_part(aTHX_ making, "key",
		    iss_key_new_rsa(
			&making->err, &making->key, ISS_KEY_RSA_BITS));
	check_part(aTHX_ making, "key",
	    iss_certgen_init(&making->err, &making->gen,
		given != NULL ? given : making->key, issuer, signer));
}

void
iss_push_new_cert(pTHX_ HV *spec)
{
	SV *digest = iss_hash_value(aTHX_ spec, "digest");
	struct making *making;
	X509 *cert = NULL;
	dSP;

	iss_check_exchange(aTHX);
	ENTER;
	Newxz(making, 1, struct making);
	SAVEDESTRUCTOR_X(release_making, making);
	begin_cert(aTHX_ making, spec);
	set_numbers(aTHX_ making, spec);
	set_holder(aTHX_ making, spec);
	check_part(aTHX_ making, "signature",
	    iss_certgen_sign(&making->err, &making->gen,
		digest != NULL ? SvPV_nolen(digest) : "sha256", &cert));
	mXPUSHs(iss_new_handle(aTHX_ cert));
	mXPUSHs(iss_new_handle(aTHX_ making->gen.key));
	PUTBACK;
	making->key = NULL; /* the program's from here on */
	LEAVE;
}
