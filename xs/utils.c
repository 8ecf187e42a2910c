#include "utils.h"

#include "handles.h"
#include "values.h"
#include "base/buf.h"
#include "x509/altname.h"
#include "x509/asn1_time.h"
#include "x509/cert.h"
#include "x509/certinfo.h"
#include "base/file.h"
#include "x509/key.h"
#include "x509/keypair.h"
#include "x509/pem.h"

enum { PATH_SHOWN = 60 }; /* bytes that a message shows */

#define DEFAULT_CURVE "prime256v1"
#define DEFAULT_DIGEST "sha256"

/* ---- PEM ---- */

/* A path as a C string.  A NUL is refused, as perl's open does. */
static const char *
path_of(pTHX_ SV *file)
{
	const char *text;
	STRLEN len;

	if (!SvOK(file))
		Perl_croak(aTHX_ "no file is given");
	if (iss_is_pem(aTHX_ file))
		Perl_croak(aTHX_ "PEM text instead of the name of a file; "
				 "PEM_string2key and PEM_string2cert read it");
	text = SvPV(file, len);
	if (memchr(text, '\0', len) != NULL)
		Perl_croak(aTHX_ "the file name contains a NUL character");
	return text;
}

/* The end of a path, where the name of the file is. */
static const char *
shown_path(pTHX_ const char *path)
{
	size_t len = strlen(path);

	if (len <= PATH_SHOWN)
		return path;
	return SvPV_nolen(
	    sv_2mortal(Perl_newSVpvf(aTHX_ "...%s", path + len - PATH_SHOWN)));
}

/* The reason alone: the caller has named the file already. */
static const char *
reason_alone(const struct iss_error *err, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(err->text, name, len) == 0 &&
	    strncmp(err->text + len, ": ", 2) == 0)
		return err->text + len + 2;
	return err->text;
}

/* Whoever asks for a key in memory does not expect a prompt on the terminal. */
static int
no_password(void *arg, char *buf, size_t size)
{
	PERL_UNUSED_VAR(arg);
	PERL_UNUSED_VAR(buf);
	PERL_UNUSED_VAR(size);
	return -1;
}

/* Find what is wanted in PEM alone, although the core knows other formats. */
static int
parse_pem(struct iss_error *err, struct iss_keypair *pair, const char *name,
    const char *bytes, size_t len, unsigned want,
    iss_keypair_password_fn *password)
{
	if (!iss_pem_is(bytes, len))
		return iss_error_set(err, "%s: no PEM found", name);
	return iss_keypair_parse(
	    err, pair, name, bytes, len, want, password, NULL);
}

static void
load_string(pTHX_ struct iss_error *err, struct iss_keypair *pair, SV *source,
    unsigned want)
{
	const char *bytes;
	STRLEN len;

	if (!SvOK(source))
		Perl_croak(aTHX_ "no string is given");
	bytes = SvPV(source, len);
	(void)parse_pem(err, pair, "string", bytes, len, want, no_password);
}

/* Croaks for a file that cannot be read. */
static void
load_file(pTHX_ struct iss_error *err, struct iss_keypair *pair,
    const char *file, unsigned want)
{
	struct iss_buf bytes;
	int rv;

	iss_buf_init(&bytes, ISS_FILE_MAX);
	rv = iss_file_read(err, file, &bytes, NULL);
	if (rv == ISS_OK)
		(void)parse_pem(
		    err, pair, file, bytes.data, bytes.len, want, NULL);
	iss_buf_release(&bytes);
	if (rv != ISS_OK) {
		errno = err->sys_errno;
		Perl_croak(aTHX_ "cannot read %s: %s", shown_path(aTHX_ file),
		    reason_alone(err, file));
	}
}

void
iss_push_pem(pTHX_ SV *source, unsigned what)
{
	bool is_key = (what & ISS_PEM_KEY) != 0;
	unsigned want = is_key ? ISS_KEYPAIR_KEY : ISS_KEYPAIR_CERT;
	const char *name =
	    (what & ISS_PEM_FILE) != 0 ? path_of(aTHX_ source) : "string";
	struct iss_keypair pair;
	struct iss_error err;
	dSP;

	iss_check_exchange(aTHX);
	iss_error_clear(&err);
	iss_keypair_init(&pair);
	if ((what & ISS_PEM_FILE) != 0)
		load_file(aTHX_ &err, &pair, name, want);
	else
		load_string(aTHX_ &err, &pair, source, want);
	if (iss_error_is_set(&err))
		Perl_croak(aTHX_ "cannot parse %s as PEM %s: %s",
		    shown_path(aTHX_ name),
		    is_key ? "private key" : "X509 cert",
		    reason_alone(&err, name));
	if (is_key)
		mXPUSHs(iss_new_handle(aTHX_ iss_keypair_take_key(&pair)));
	else
		mXPUSHs(iss_new_handle(aTHX_ iss_keypair_take_cert(&pair)));
	while ((what & ISS_PEM_ALL) != 0 && sk_X509_num(pair.chain) > 0)
		mXPUSHs(iss_new_handle(aTHX_ sk_X509_shift(pair.chain)));
	PUTBACK;
	iss_keypair_release(&pair);
}

/* Croaks after the buffer is released. */
static void
give_up(pTHX_ struct iss_buf *text, const struct iss_error *err)
{
	iss_buf_release(text);
	errno = err->sys_errno;
	Perl_croak(aTHX_ "%s", err->text);
}

static SV *
take_text(pTHX_ struct iss_buf *text)
{
	SV *sv = newSVpvn(iss_buf_text(text), text->len);

	iss_buf_release(text);
	return sv;
}

SV *
iss_cert_to_pem(pTHX_ X509 *cert)
{
	struct iss_error err;
	struct iss_buf pem;

	iss_error_clear(&err);
	iss_buf_init(&pem, ISS_FILE_MAX);
	if (iss_cert_pem(&err, cert, &pem) != ISS_OK)
		give_up(aTHX_ &pem, &err);
	return take_text(aTHX_ &pem);
}

SV *
iss_key_to_pem(pTHX_ EVP_PKEY *key)
{
	struct iss_error err;
	struct iss_buf pem;

	iss_error_clear(&err);
	iss_buf_init(&pem, ISS_FILE_MAX);
	if (iss_pem_add_key(&err, &pem, key) != ISS_OK)
		give_up(aTHX_ &pem, &err);
	return take_text(aTHX_ &pem);
}

void
iss_write_pem(pTHX_ SV *file, SV *pem, bool secret)
{
	const char *name = path_of(aTHX_ file);
	struct iss_error err;
	const char *bytes;
	STRLEN len;

	bytes = SvPV(pem, len);
	iss_error_clear(&err);
	if (iss_file_write(&err, name, bytes, len, secret) == ISS_OK)
		return;
	errno = err.sys_errno;
	Perl_croak(aTHX_ "cannot write %s: %s", shown_path(aTHX_ name),
	    reason_alone(&err, name));
}

/* ---- keys ---- */

SV *
iss_new_rsa_key(pTHX_ SV *bits)
{
	EVP_PKEY *key = NULL;
	struct iss_error err;
	IV size = ISS_KEY_RSA_BITS;

	iss_check_exchange(aTHX);
	if (SvTRUE(bits)) {
		if (!looks_like_number(bits))
			Perl_croak(aTHX_ "'%" SVf "' is not a number of bits",
			    SVfARG(iss_shown(aTHX_ bits)));
		size = SvIV(bits);
	}
	iss_error_clear(&err);
	if (iss_key_new_rsa(&err, &key, size) != ISS_OK)
		Perl_croak(aTHX_ "%s", err.text);
	return iss_new_handle(aTHX_ key);
}

SV *
iss_new_ec_key(pTHX_ SV *curve)
{
	EVP_PKEY *key = NULL;
	struct iss_error err;

	iss_check_exchange(aTHX);
	if (iss_is_pem(aTHX_ curve))
		Perl_croak(aTHX_ "unknown curve (PEM text)");
	iss_error_clear(&err);
	if (iss_key_new_ec(&err, &key,
		SvTRUE(curve) ? SvPV_nolen(curve) : DEFAULT_CURVE) != ISS_OK)
		Perl_croak(aTHX_ "%s", err.text);
	return iss_new_handle(aTHX_ key);
}

/* ---- a certificate as a hash ---- */

/* What collects the items of a list. */
struct items {
#ifdef MULTIPLICITY
	PerlInterpreter *perl;
#endif
	AV *list;
	HV *hash;
};

#ifdef MULTIPLICITY
#	define dITEMS_PERL(items) PerlInterpreter *my_perl = (items)->perl
#else
#	define dITEMS_PERL(items) dNOOP
#endif

static void
add_to_list(void *arg, const char *name, const void *bytes, size_t len)
{
	struct items *items = arg;
	dITEMS_PERL(items);

	PERL_UNUSED_ARG(name);
	av_push(items->list, newSVpvn(bytes, len));
}

static void
add_pair(void *arg, const char *name, const void *bytes, size_t len)
{
	struct items *items = arg;
	dITEMS_PERL(items);
	AV *pair = newAV();

	av_push(pair, newSVpv(name, 0));
	av_push(pair, newSVpvn(bytes, len));
	av_push(items->list, newRV_noinc((SV *)pair));
}

/* A second value of a name makes a list of the first. */
static void
add_name(void *arg, const char *name, const void *bytes, size_t len)
{
	struct items *items = arg;
	dITEMS_PERL(items);
	SV *slot = *hv_fetch(items->hash, name, strlen(name), 1);
	AV *list;

	if (!SvOK(slot)) {
		sv_setpvn(slot, bytes, len);
		return;
	}
	if (!SvROK(slot)) {
		list = newAV();
		av_push(list, newSVsv(slot));
		sv_setsv(slot, sv_2mortal(newRV_noinc((SV *)list)));
	}
	av_push((AV *)SvRV(slot), newSVpvn(bytes, len));
}

static void
push_word(pTHX_ HV *words, const char *key, SV *value)
{
	AV *list = (AV *)SvRV(*hv_fetch(words, key, strlen(key), 0));

	av_push(list, value);
}

/* A list a kind of word; the words of one usage are in as many of them as
 * OpenSSL knows. */
static void
add_usage(void *arg, const struct iss_certinfo_oid *oid)
{
	struct items *items = arg;
	dITEMS_PERL(items);

	push_word(aTHX_ items->hash, "oid", newSVpv(oid->dotted, 0));
	if (oid->sn == NULL)
		return;
	push_word(aTHX_ items->hash, "nid", newSViv(oid->nid));
	push_word(aTHX_ items->hash, "ln", newSVpv(oid->ln, 0));
	push_word(aTHX_ items->hash, "sn", newSVpv(oid->sn, 0));
}

static void
store_value(pTHX_ HV *hash, const char *key, SV *value)
{
	(void)hv_store(hash, key, strlen(key), value, 0);
}

/* An owner on the hash before anything can croak. */
static AV *
store_list(pTHX_ HV *hash, const char *key)
{
	AV *list = newAV();

	store_value(aTHX_ hash, key, newRV_noinc((SV *)list));
	return list;
}

static HV *
store_hash(pTHX_ HV *hash, const char *key)
{
	HV *inner = newHV();

	store_value(aTHX_ hash, key, newRV_noinc((SV *)inner));
	return inner;
}

static const struct {
	const char *key;
	enum iss_certinfo_list list;
	iss_certinfo_item_fn *add;
} lists[] = {
	{ "subject", ISS_CERTINFO_SUBJECT, add_name },
	{ "issuer", ISS_CERTINFO_ISSUER, add_name },
	{ "subjectAltNames", ISS_CERTINFO_SANS, add_pair },
	{ "crl_uri", ISS_CERTINFO_CRL_URIS, add_to_list },
	{ "ocsp_uri", ISS_CERTINFO_OCSP_URIS, add_to_list },
	{ "keyusage", ISS_CERTINFO_KEY_USAGE, add_to_list },
};

/* There is no key subjectAltNames where there are none. */
static void
store_lists(pTHX_ HV *hash, X509 *cert)
{
	struct items items;
	struct iss_error err;
	size_t i;
	int rv;

	Zero(&items, 1, struct items);
#ifdef MULTIPLICITY
	items.perl = aTHX;
#endif
	for (i = 0; i < C_ARRAY_LENGTH(lists); i++) {
		if (lists[i].add == add_name)
			items.hash = store_hash(aTHX_ hash, lists[i].key);
		else
			items.list = store_list(aTHX_ hash, lists[i].key);
		iss_error_clear(&err);
		rv = iss_certinfo_each(
		    &err, cert, lists[i].list, lists[i].add, &items);
		if (rv == ISS_ERROR)
			Perl_croak(aTHX_ "%s: %s", lists[i].key, err.text);
		if (rv == ISS_EOF && lists[i].list == ISS_CERTINFO_SANS)
			(void)hv_deletes(hash, "subjectAltNames", G_DISCARD);
	}
	items.hash = store_hash(aTHX_ hash, "extkeyusage");
	store_list(aTHX_ items.hash, "oid");
	store_list(aTHX_ items.hash, "nid");
	store_list(aTHX_ items.hash, "ln");
	store_list(aTHX_ items.hash, "sn");
	iss_error_clear(&err);
	if (iss_certinfo_each_usage(&err, cert, add_usage, &items) == ISS_ERROR)
		Perl_croak(aTHX_ "extkeyusage: %s", err.text);
}

static void
store_exts(pTHX_ HV *hash, X509 *cert)
{
	AV *list = store_list(aTHX_ hash, "ext");
	struct iss_certinfo_ext ext;
	struct iss_error err;
	HV *one;
	int i, rv = ISS_OK;

	for (i = 0; rv == ISS_OK; i++) {
		iss_error_clear(&err);
		if ((rv = iss_certinfo_ext_init(&err, &ext, cert, i)) ==
		    ISS_OK) {
			one = newHV();
			av_push(list, newRV_noinc((SV *)one));
			store_value(
			    aTHX_ one, "oid", newSVpv(ext.oid.dotted, 0));
			store_value(aTHX_ one, "nid",
			    ext.oid.sn != NULL ? newSViv(ext.oid.nid)
					       : newSV(0));
			store_value(aTHX_ one, "sn",
			    ext.oid.sn != NULL ? newSVpv(ext.oid.sn, 0)
					       : newSV(0));
			store_value(
			    aTHX_ one, "critical", newSViv(ext.critical));
			store_value(aTHX_ one, "data",
			    ext.shown ? newSVpvn(iss_buf_text(&ext.text),
					    ext.text.len)
				      : newSV(0));
		}
		iss_certinfo_ext_release(&ext);
	}
	if (rv == ISS_ERROR)
		Perl_croak(aTHX_ "ext: %s", err.text);
}

static void
store_time(pTHX_ HV *hash, const char *key, const ASN1_TIME *time)
{
	int64_t seconds;
	SV *value;

	if (!iss_asn1_time_get(time, &seconds))
		value = newSV(0);
	else if (sizeof(IV) >= sizeof(seconds))
		value = newSViv((IV)seconds);
	else
		value = newSVnv((NV)seconds);
	store_value(aTHX_ hash, key, value);
}

typedef int text_fn(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);

static void
store_text(pTHX_ HV *hash, const char *key, X509 *cert, text_fn *fn)
{
	struct iss_error err;
	struct iss_buf text;

	iss_error_clear(&err);
	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	if (fn(&err, cert, &text) != ISS_OK)
		give_up(aTHX_ &text, &err);
	store_value(aTHX_ hash, key, take_text(aTHX_ &text));
}

static SV *
with_colons(pTHX_ const unsigned char *bytes, size_t len)
{
	SV *text = newSVpvs("");
	size_t i;

	for (i = 0; i < len; i++)
		sv_catpvf(text, "%s%02X", i > 0 ? ":" : "", bytes[i]);
	return text;
}

static void
store_digests(pTHX_ HV *hash, X509 *cert, const char *algo)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	struct iss_error err;
	SV *key = sv_newmortal();
	size_t len;

	iss_error_clear(&err);
	if (EVP_get_digestbyname(algo) == NULL)
		Perl_croak(
		    aTHX_ "digest algorithm %.64s is not available", algo);
	if (iss_cert_fingerprint(&err, cert, algo, true, md, &len) != ISS_OK)
		Perl_croak(aTHX_ "%s", err.text);
	sv_setpvf(key, "pubkey_digest_%s", algo);
	(void)hv_store_ent(hash, key, newSVpvn((char *)md, len), 0);
	if (iss_cert_fingerprint(&err, cert, algo, false, md, &len) != ISS_OK)
		Perl_croak(aTHX_ "%s", err.text);
	sv_setpvf(key, "x509_digest_%s", algo);
	(void)hv_store_ent(hash, key, newSVpvn((char *)md, len), 0);
	sv_setpvf(key, "fingerprint_%s", algo);
	(void)hv_store_ent(hash, key, with_colons(aTHX_ md, len), 0);
}

SV *
iss_cert_as_hash(pTHX_ X509 *cert, SV *digest)
{
	HV *hash = newHV();
	SV *result = sv_2mortal(newRV_noinc((SV *)hash));

	store_digests(aTHX_ hash, cert,
	    SvTRUE(digest) ? SvPV_nolen(digest) : DEFAULT_DIGEST);
	store_lists(aTHX_ hash, cert);
	store_exts(aTHX_ hash, cert);
	store_time(aTHX_ hash, "not_before", X509_get0_notBefore(cert));
	store_time(aTHX_ hash, "not_after", X509_get0_notAfter(cert));
	store_text(aTHX_ hash, "serial", cert, iss_certinfo_serial);
	store_text(
	    aTHX_ hash, "signature_alg", cert, iss_certinfo_signature_name);
	store_value(aTHX_ hash, "version", newSViv(X509_get_version(cert)));
	return SvREFCNT_inc(result);
}
