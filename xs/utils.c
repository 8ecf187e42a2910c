#include "utils.h"

#include "handles.h"
#include "values.h"
#include "base/buf.h"
#include "x509/cert.h"
#include "base/file.h"
#include "x509/key.h"
#include "x509/keypair.h"
#include "x509/pem.h"

enum { PATH_SHOWN = 60 }; /* bytes that a message shows */

#define DEFAULT_CURVE "prime256v1"

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

	if (TAINTING_get && SvTAINTED(file))
		Perl_croak(aTHX_ "cannot write %s: the name is tainted",
		    shown_path(aTHX_ name));
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
