#include "cert_hash.h"

#include "values.h"
#include "base/buf.h"
#include "x509/altname.h"
#include "x509/asn1_time.h"
#include "x509/cert.h"
#include "x509/certinfo.h"

#define DEFAULT_DIGEST "sha256"

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

static struct items
new_items(pTHX)
{
	struct items items;

	Zero(&items, 1, struct items);
#ifdef MULTIPLICITY
	items.perl = aTHX;
#endif
	return items;
}

/* Store a list under a key.  False: the certificate has none. */
static bool
store_items(pTHX_ HV *hash, const char *key, X509 *cert,
    enum iss_certinfo_list list, iss_certinfo_item_fn *add)
{
	struct items items = new_items(aTHX);
	struct iss_error err;
	int rv;

	if (add == add_name)
		items.hash = store_hash(aTHX_ hash, key);
	else
		items.list = store_list(aTHX_ hash, key);
	iss_error_clear(&err);
	rv = iss_certinfo_each(&err, cert, list, add, &items);
	if (rv == ISS_ERROR)
		Perl_croak(aTHX_ "%s: %s", key, err.text);
	return rv != ISS_EOF;
}

/* There is no key subjectAltNames where there are none. */
static void
store_lists(pTHX_ HV *hash, X509 *cert)
{
	struct items items = new_items(aTHX);
	struct iss_error err;
	size_t i;

	for (i = 0; i < C_ARRAY_LENGTH(lists); i++)
		if (!store_items(aTHX_ hash, lists[i].key, cert, lists[i].list,
			lists[i].add) &&
		    lists[i].list == ISS_CERTINFO_SANS)
			(void)hv_deletes(hash, "subjectAltNames", G_DISCARD);
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
	if (fn(&err, cert, &text) != ISS_OK) {
		iss_buf_release(&text);
		Perl_croak(aTHX_ "%s", err.text);
	}
	store_value(aTHX_ hash, key, newSVpvn(iss_buf_text(&text), text.len));
	iss_buf_release(&text);
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

SV *
iss_new_cert_summary(pTHX_ X509 *cert)
{
	HV *hash = newHV();
	SV *result = sv_2mortal(newRV_noinc((SV *)hash));
	struct iss_error ignored;
	struct iss_buf text;

	iss_error_clear(&ignored);
	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	iss_cert_subject_text(&ignored, cert, &text);
	store_value(
	    aTHX_ hash, "subject", newSVpvn(iss_buf_text(&text), text.len));
	iss_buf_clear(&text);
	iss_cert_issuer_text(&ignored, cert, &text);
	store_value(
	    aTHX_ hash, "issuer", newSVpvn(iss_buf_text(&text), text.len));
	iss_buf_clear(&text);
	iss_cert_fingerprint_text(&ignored, cert, "sha256", false, &text);
	store_value(
	    aTHX_ hash, "fingerprint", newSVpvn(iss_buf_text(&text), text.len));
	iss_buf_release(&text);
	store_text(aTHX_ hash, "serial", cert, iss_certinfo_serial);
	store_time(aTHX_ hash, "not_before", X509_get0_notBefore(cert));
	store_time(aTHX_ hash, "not_after", X509_get0_notAfter(cert));
	(void)store_items(
	    aTHX_ hash, "names", cert, ISS_CERTINFO_SANS, add_pair);
	return SvREFCNT_inc_simple_NN(result);
}

SV *
iss_new_cert_list(pTHX_ const STACK_OF(X509) * chain)
{
	AV *list = newAV();
	int i;

	for (i = 0; i < sk_X509_num(chain); i++)
		av_push(
		    list, iss_new_cert_summary(aTHX_ sk_X509_value(chain, i)));
	return newRV_noinc((SV *)list);
}
