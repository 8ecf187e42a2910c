/*
 * Loading certificates and keys: recognising the format, asking for passwords,
 * and saying what is wrong with a file.
 */
#include "x509/keypair.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "base/compat.h"
#include "base/file.h"
#include "x509/delegate.h"
#include "x509/pem.h"
#include "x509/trial.h"

enum { PASSWORD_MAX = PEM_BUFSIZE };

/* A load under way. */
struct load {
	struct iss_error *err;
	const char *name;
	unsigned want;
	iss_keypair_password_fn *password;
	void *arg;
	struct iss_keypair found;
};

/* Zero-terminated; must be wiped after use. */
struct password {
	char text[PASSWORD_MAX + 1];
	size_t len;
};

void
iss_keypair_init(struct iss_keypair *pair)
{
	memset(pair, 0, sizeof(*pair));
}

void
iss_keypair_release(struct iss_keypair *pair)
{
	X509_free(pair->cert);
	sk_X509_pop_free(pair->chain, X509_free);
	EVP_PKEY_free(pair->key);
	iss_keypair_init(pair);
}

X509 *
iss_keypair_take_cert(struct iss_keypair *pair)
{
	X509 *cert = pair->cert;

	pair->cert = NULL;
	return cert;
}

EVP_PKEY *
iss_keypair_take_key(struct iss_keypair *pair)
{
	EVP_PKEY *key = pair->key;

	pair->key = NULL;
	return key;
}

static bool
wants_cert(const struct load *load)
{
	return (load->want & ISS_KEYPAIR_CERT) != 0;
}

/* The first key of a file is the key. */
static bool
wants_key(const struct load *load)
{
	return (load->want & (ISS_KEYPAIR_KEY | ISS_KEYPAIR_TRY_KEY)) != 0 &&
	       load->found.key == NULL;
}

/*
 * Without a terminal OpenSSL's prompt reads standard input.  A daemon or a
 * pipeline must not have its data taken for a password.
 */
static int
prompt_for_password(char *buf, size_t size)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -1;
	close(fd);
	return PEM_def_callback(buf, (int)size, 0, NULL);
}

/* Get the password of an object, which errors call what. */
static int
ask_password(
    struct load *load, struct password *pw, const char *what, bool may_prompt)
{
	int len = -1;

	load->found.guarded = true;
	if (load->password != NULL)
		len = load->password(load->arg, pw->text, PASSWORD_MAX);
	else if (may_prompt)
		len = prompt_for_password(pw->text, PASSWORD_MAX);
	if (len < 0 || len > PASSWORD_MAX)
		return iss_error_set(load->err,
		    "%s: the %s is encrypted and no password was given "
		    "(SSL_passwd_cb)",
		    load->name, what);
	pw->len = (size_t)len;
	pw->text[len] = '\0';
	return ISS_OK;
}

/* Is the oldest queued error about an algorithm rather than a password? */
static bool
is_unsupported(void)
{
	static const int reasons[] = { ISS_COMPAT_R_UNSUPPORTED,
		EVP_R_UNKNOWN_PBE_ALGORITHM, EVP_R_UNKNOWN_CIPHER,
		EVP_R_UNSUPPORTED_ALGORITHM, EVP_R_UNSUPPORTED_CIPHER,
		EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION,
		EVP_R_UNSUPPORTED_PRF };
	unsigned long e = ERR_peek_error();
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (ERR_GET_LIB(e) == ERR_LIB_EVP &&
		    ERR_GET_REASON(e) == reasons[i])
			return true;
	return false;
}

/*
 * Record why decryption failed after a password was tried.  A wrong password
 * can look like damage, and damage like a wrong password.
 */
static int
cannot_decrypt(struct load *load, const char *what)
{
	if (is_unsupported())
		return iss_error_openssl(load->err,
		    "%s: the %s is encrypted with an algorithm that this "
		    "OpenSSL does not support",
		    load->name, what);
	return iss_error_set(load->err,
	    "%s: wrong password, or the %s is damaged", load->name, what);
}

static int
decode_key(
    struct load *load, const unsigned char *der, long len, const char *kind)
{
	load->found.key = d2i_AutoPrivateKey(NULL, &der, len);
	if (load->found.key == NULL)
		return iss_error_openssl(load->err,
		    "%s: the private key (%s) cannot be read", load->name,
		    kind);
	return ISS_OK;
}

/* Encrypted PKCS#8 (RFC 5958, 3). */
static int
decrypt_pkcs8(struct load *load, const X509_SIG *sealed, bool may_prompt)
{
	PKCS8_PRIV_KEY_INFO *info = NULL;
	struct password pw;
	int rv;

	rv = ask_password(load, &pw, "private key", may_prompt);
	if (rv == ISS_OK) {
		ERR_clear_error();
		info = PKCS8_decrypt(sealed, pw.text, (int)pw.len);
		if (info != NULL)
			load->found.key = EVP_PKCS82PKEY(info);
		if (load->found.key == NULL)
			rv = cannot_decrypt(load, "private key");
	}
	PKCS8_PRIV_KEY_INFO_free(info);
	OPENSSL_cleanse(&pw, sizeof(pw));
	return rv;
}

static int
lend_password(char *buf, int size, int rwflag, void *arg)
{
	const struct password *pw = arg;

	(void)rwflag;
	if ((size_t)size < pw->len)
		return -1;
	memcpy(buf, pw->text, pw->len);
	return (int)pw->len;
}

/* The traditional encryption, by parameters in the PEM header (RFC 1421,
 * 4.6.1.1). */
static int
decrypt_traditional(struct load *load, struct iss_pem *pem)
{
	const unsigned char *at = pem->data;
	EVP_CIPHER_INFO cipher;
	struct password pw;
	int rv;

	if (!PEM_get_EVP_CIPHER_INFO(pem->header, &cipher))
		return iss_error_openssl(load->err,
		    "%s: the encryption of the private key is not supported",
		    load->name);
	rv = ask_password(load, &pw, "private key", true);
	if (rv == ISS_OK) {
		ERR_clear_error();
		if (PEM_do_header(
			&cipher, pem->data, &pem->len, lend_password, &pw))
			load->found.key =
			    d2i_AutoPrivateKey(NULL, &at, pem->len);
		if (load->found.key == NULL)
			rv = cannot_decrypt(load, "private key");
	}
	OPENSSL_cleanse(&pw, sizeof(pw));
	return rv;
}

static int
take_pem_key(struct load *load, struct iss_pem *pem)
{
	const unsigned char *at = pem->data;
	X509_SIG *sealed;
	int rv;

	if (*pem->header != '\0')
		return decrypt_traditional(load, pem);
	if (strcmp(pem->label, PEM_STRING_PKCS8) != 0)
		return decode_key(load, pem->data, pem->len, pem->label);

	if ((sealed = d2i_X509_SIG(NULL, &at, pem->len)) == NULL)
		return iss_error_openssl(load->err,
		    "%s: the private key (%s) cannot be read", load->name,
		    pem->label);
	rv = decrypt_pkcs8(load, sealed, true);
	X509_SIG_free(sealed);
	return rv;
}

/* The first certificate is the leaf, the others are the chain. */
static int
take_pem_cert(struct load *load, const struct iss_pem *pem)
{
	struct iss_keypair *found = &load->found;
	X509 *cert = iss_pem_cert(load->err, pem, load->name);

	if (cert == NULL)
		return ISS_ERROR;
	if (found->cert == NULL) {
		found->cert = cert;
		return ISS_OK;
	}
	if (found->chain == NULL)
		found->chain = sk_X509_new_null();
	if (found->chain == NULL || !sk_X509_push(found->chain, cert)) {
		X509_free(cert);
		return iss_error_set(load->err, "out of memory");
	}
	return ISS_OK;
}

static int
parse_pem(struct load *load, const void *bytes, size_t len)
{
	struct iss_pem pem;
	int rv = iss_pem_init(load->err, &pem, bytes, len);

	while (rv == ISS_OK &&
	       (rv = iss_pem_next(load->err, &pem, load->name)) == ISS_OK)
		if (iss_pem_is_cert(&pem) && wants_cert(load))
			rv = take_pem_cert(load, &pem);
		else if (iss_pem_is_key(&pem) && wants_key(load))
			rv = take_pem_key(load, &pem);
	iss_pem_release(&pem);
	return rv == ISS_EOF ? ISS_OK : rv;
}

/*
 * Put each certificate before its issuer, as a handshake sends them (RFC 5246,
 * 7.4.2); PKCS#12 has no order.  Those that belong nowhere end up last.
 */
static void
order_chain(X509 *last, STACK_OF(X509) * chain)
{
	int i, done, total = sk_X509_num(chain);
	X509 *issuer;

	for (done = 0; done < total; done++) {
		for (i = done; i < total; i++)
			if (X509_check_issued(sk_X509_value(chain, i), last) ==
			    X509_V_OK)
				break;
		if (i == total)
			return;
		issuer = sk_X509_value(chain, i);
		sk_X509_set(chain, i, sk_X509_value(chain, done));
		sk_X509_set(chain, done, issuer);
		last = issuer;
	}
}

/*
 * PKCS12_parse is tried with the empty password first, for both forms in which
 * that can be stored.
 */
static int
open_pkcs12(struct load *load, PKCS12 *p12, struct iss_keypair *got)
{
	struct password pw;
	int ok, rv;

	ERR_clear_error();
	if (PKCS12_parse(p12, "", &got->key, &got->cert, &got->chain))
		return ISS_OK;
	if (is_unsupported())
		return cannot_decrypt(load, "PKCS#12");

	rv = ask_password(load, &pw, "PKCS#12", false);
	if (rv == ISS_OK) {
		ERR_clear_error();
		/* takes a C string: a NUL would cut the password */
		ok = strlen(pw.text) == pw.len &&
		     PKCS12_parse(
			 p12, pw.text, &got->key, &got->cert, &got->chain);
		if (!ok)
			rv = cannot_decrypt(load, "PKCS#12");
	}
	OPENSSL_cleanse(&pw, sizeof(pw));
	return rv;
}

static int
parse_pkcs12(struct load *load, PKCS12 *p12)
{
	struct iss_keypair got;
	int rv;

	iss_keypair_init(&got);
	rv = open_pkcs12(load, p12, &got);
	if (rv == ISS_OK) {
		/* without a key, the first one has to be the leaf */
		if (got.cert == NULL && sk_X509_num(got.chain) > 0)
			got.cert = sk_X509_shift(got.chain);
		if (got.cert != NULL)
			order_chain(got.cert, got.chain);
		load->found = got;
		load->found.guarded = true;
		iss_keypair_init(&got);
		if ((load->want & ISS_KEYPAIR_PKCS12_KEY) != 0)
			load->want |= ISS_KEYPAIR_TRY_KEY;
	}
	iss_keypair_release(&got);
	ERR_clear_error();
	return rv;
}

/*
 * DER has no label.  The structures differ in their first members, so the
 * first decoder that succeeds is the right one.
 */
static int
parse_der(struct load *load, const unsigned char *der, long len)
{
	const unsigned char *at = der;
	X509_SIG *sealed;
	PKCS12 *p12;
	int rv = ISS_OK;

	if ((p12 = d2i_PKCS12(NULL, &at, len)) != NULL) {
		rv = parse_pkcs12(load, p12);
		PKCS12_free(p12);
		return rv;
	}
	at = der;
	if ((load->found.cert = d2i_X509(NULL, &at, len)) != NULL)
		return ISS_OK;
	at = der;
	if ((sealed = d2i_X509_SIG(NULL, &at, len)) != NULL) {
		if (wants_key(load))
			rv = decrypt_pkcs8(load, sealed, false);
		X509_SIG_free(sealed);
		return rv;
	}
	at = der;
	if ((load->found.key = d2i_AutoPrivateKey(NULL, &at, len)) != NULL)
		return ISS_OK;
	return iss_error_set(load->err,
	    "%s: neither PEM, DER nor PKCS#12 (or damaged)", load->name);
}

/* Was every mandatory part found? */
static int
check_found(const struct load *load)
{
	if (wants_cert(load) && load->found.cert == NULL)
		return iss_error_set(
		    load->err, "%s: no certificate found", load->name);
	if ((load->want & ISS_KEYPAIR_KEY) != 0 && load->found.key == NULL)
		return iss_error_set(
		    load->err, "%s: no private key found", load->name);
	return ISS_OK;
}

/* Swap in the wanted parts; the old ones are freed with found. */
static void
hand_over(struct load *load, struct iss_keypair *pair)
{
	struct iss_keypair old = *pair;
	struct iss_keypair *found = &load->found;

	if (wants_cert(load)) {
		pair->cert = found->cert;
		pair->chain = found->chain;
		found->cert = old.cert;
		found->chain = old.chain;
	}
	if ((load->want & (ISS_KEYPAIR_KEY | ISS_KEYPAIR_TRY_KEY)) != 0 &&
	    found->key != NULL) {
		pair->key = found->key;
		found->key = old.key;
	}
	pair->guarded |= found->guarded;
	pair->matched = false;
}

int
iss_keypair_parse(struct iss_error *err, struct iss_keypair *pair,
    const char *name, const void *bytes, size_t len, unsigned want,
    iss_keypair_password_fn *password, void *arg)
{
	struct load load = { .err = err,
		.name = name,
		.want = want,
		.password = password,
		.arg = arg };
	int rv;

	if (len > ISS_FILE_MAX)
		return iss_error_set(err, "%s: too large", name);
	ERR_clear_error();
	if (iss_pem_is(bytes, len))
		rv = parse_pem(&load, bytes, len);
	else
		rv = parse_der(&load, bytes, (long)len);
	if (rv == ISS_OK)
		rv = check_found(&load);
	if (rv == ISS_OK)
		hand_over(&load, pair);
	iss_keypair_release(&load.found);
	ERR_clear_error();
	return rv;
}

int
iss_keypair_load(struct iss_error *err, struct iss_keypair *pair,
    const char *file, unsigned want, iss_keypair_password_fn *password,
    void *arg)
{
	const EVP_PKEY *had = pair->key;
	struct iss_file_stamp stamp;
	struct iss_buf bytes;
	int rv;

	iss_buf_init(&bytes, ISS_FILE_MAX);
	rv = iss_file_read(err, file, &bytes, &stamp);
	if (rv == ISS_OK)
		rv = iss_keypair_parse(err, pair, file, bytes.data, bytes.len,
		    want, password, arg);
	iss_buf_release(&bytes); /* wipes them */
	if (rv == ISS_OK && (want & ISS_KEYPAIR_CERT) != 0)
		pair->cert_stamp = stamp;
	if (rv == ISS_OK && pair->key != had)
		pair->key_stamp = stamp;
	return rv;
}

/* Put one that signs by it in the place of the key, if that works. */
static bool
delegate(struct iss_keypair *pair)
{
	EVP_PKEY *made =
	    iss_delegate_new(pair->key, X509_get0_pubkey(pair->cert));

	if (made == NULL || !iss_trial_signs(made, pair->cert)) {
		EVP_PKEY_free(made);
		return false;
	}
	EVP_PKEY_free(pair->key);
	pair->key = made;
	return true;
}

/* A key of OpenSSL's own shows that it fits.  One in a token must also be
 * found by those who sign with it; if it is not, they will say why. */
static bool
fits(struct iss_keypair *pair)
{
	if (X509_check_private_key(pair->cert, pair->key)) {
		if (iss_trial_is_foreign(pair->key) &&
		    !iss_trial_signs(pair->key, pair->cert))
			(void)delegate(pair);
		return true;
	}
	return iss_trial_is_needed(pair->key) && delegate(pair);
}

int
iss_keypair_check(struct iss_error *err, struct iss_keypair *pair,
    const char *cert_name, const char *key_name)
{
	ERR_clear_error();
	pair->matched = fits(pair);
	if (pair->matched) {
		ERR_clear_error();
		return ISS_OK;
	}
	if (strcmp(cert_name, key_name) == 0)
		return iss_error_openssl(err,
		    "%s: the private key does not match the certificate",
		    cert_name);
	return iss_error_openssl(err,
	    "the private key in %s does not match the certificate in %s",
	    key_name, cert_name);
}
