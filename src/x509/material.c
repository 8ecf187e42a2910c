/*
 * Tells the forms of a value apart, and reads URIs by OSSL_STORE.
 */
#include "x509/material.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "base/ascii.h"
#include "base/file.h"
#include "x509/pem.h"

enum { OBJECTS_MAX = 10000 }; /* at a URI */

static bool
is_der(const unsigned char *bytes, size_t len)
{
	const unsigned char *at = bytes;
	long inner;
	int tag, class;

	if (len == 0 || len > ISS_FILE_MAX || *bytes != 0x30)
		return false;
	ERR_set_mark();
	class = ASN1_get_object(&at, &inner, &tag, &class, (long)len);
	ERR_pop_to_mark();
	return class == V_ASN1_CONSTRUCTED && at + inner == bytes + len;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t
scheme_length(const char *text, size_t len)
{
	size_t i;

	if (len == 0 || !is_letter(*text))
		return 0;
	for (i = 1; i < len && text[i] != ':'; i++)
		if (!is_letter(text[i]) &&
		    memchr("0123456789+.-", text[i], 13) == NULL)
			return 0;
	return i < len ? i : 0;
}

enum iss_material
iss_material_kind(const void *bytes, size_t len)
{
	if (iss_pem_is(bytes, len))
		return ISS_MATERIAL_PEM;
	if (is_der(bytes, len))
		return ISS_MATERIAL_DER;
	/* A letter alone is a drive of other systems. */
	if (scheme_length(bytes, len) > 1 && memchr(bytes, '\0', len) == NULL)
		return ISS_MATERIAL_URI;
	return ISS_MATERIAL_NONE;
}

/* ---- URIs ---- */

struct store {
	struct iss_error *err;
	const char *name;
	OSSL_STORE_CTX *ctx;
	struct iss_keypair found;
	int keys;
};

struct asked {
	iss_keypair_password_fn *password;
	void *arg;
};

static int
give_password(char *buf, int size, int rwflag, void *arg)
{
	const struct asked *asked = arg;

	(void)rwflag;
	if (asked->password == NULL)
		return -1;
	return asked->password(asked->arg, buf, (size_t)size);
}

static bool
take_cert(struct store *store, X509 *cert)
{
	if (store->found.cert == NULL) {
		store->found.cert = cert;
		return true;
	}
	if (store->found.chain == NULL)
		store->found.chain = sk_X509_new_null();
	if (store->found.chain != NULL &&
	    sk_X509_push(store->found.chain, cert))
		return true;
	X509_free(cert);
	return false;
}

static int
take(struct store *store, OSSL_STORE_INFO *info)
{
	bool taken = true;

	switch (OSSL_STORE_INFO_get_type(info)) {
	case OSSL_STORE_INFO_PKEY:
		if (store->keys++ == 0)
			store->found.key = OSSL_STORE_INFO_get1_PKEY(info);
		break;
	case OSSL_STORE_INFO_CERT:
		taken = take_cert(store, OSSL_STORE_INFO_get1_CERT(info));
		break;
	default:
		break;
	}
	OSSL_STORE_INFO_free(info);
	return taken ? ISS_OK : iss_error_memory(store->err);
}

/* An object that cannot be read is passed over: what is missing then is noticed
 * later.  OpenSSL also reports an error at the end of a file. */
static int
read_store(struct store *store)
{
	int left = OBJECTS_MAX;
	OSSL_STORE_INFO *info;

	while (!OSSL_STORE_eof(store->ctx) && left-- > 0) {
		info = OSSL_STORE_load(store->ctx);
		if (info != NULL && take(store, info) != ISS_OK)
			return ISS_ERROR;
	}
	return ISS_OK;
}

static int
check_found(const struct store *store, unsigned want)
{
	if ((want & ISS_KEYPAIR_CERT) && store->found.cert == NULL)
		return iss_error_set(store->err,
		    "%s: the URI names no certificate", store->name);
	if (!(want & ISS_KEYPAIR_KEY))
		return ISS_OK;
	if (store->found.key == NULL)
		return iss_error_set(store->err,
		    "%s: the URI names no private key, or it needs another "
		    "password",
		    store->name);
	if (store->keys > 1)
		return iss_error_set(store->err,
		    "%s: the URI names %d private keys; it must name one",
		    store->name, store->keys);
	return ISS_OK;
}

static void
hand_over(struct store *store, struct iss_keypair *pair, unsigned want)
{
	struct iss_keypair old = *pair;

	if (want & ISS_KEYPAIR_CERT) {
		pair->cert = store->found.cert;
		pair->chain = store->found.chain;
		store->found.cert = old.cert;
		store->found.chain = old.chain;
	}
	if (want & ISS_KEYPAIR_KEY) {
		pair->key = store->found.key;
		store->found.key = old.key;
	}
	pair->guarded = true;
	pair->matched = false;
}

/* The loader of files belongs to the same library in OpenSSL 1.1.1. */
static bool
is_unknown_scheme(unsigned long error)
{
	int reason = ERR_GET_REASON(error);

	return ERR_GET_LIB(error) == ERR_LIB_OSSL_STORE &&
	       reason != OSSL_STORE_R_PATH_MUST_BE_ABSOLUTE &&
	       reason != OSSL_STORE_R_URI_AUTHORITY_UNSUPPORTED;
}

/*
 * OSSL_STORE_open(3) takes the URI for the name of a file first, then asks the
 * loader of its scheme, if there is one: the newest error is the one that
 * counts.
 */
static int
tell_not_opened(struct store *store)
{
	unsigned long newest = ERR_peek_last_error();

	if (is_unknown_scheme(newest))
		return iss_error_set(store->err,
		    "%s: the scheme of the URI is unknown (does it need a "
		    "provider? SSL_provider loads one)",
		    store->name);
	if (ERR_GET_LIB(newest) == ERR_LIB_SYS)
		return iss_error_errno(store->err, ERR_GET_REASON(newest),
		    "%s: the URI cannot be opened", store->name);
	while (ERR_peek_error() != newest)
		ERR_get_error();
	return iss_error_openssl(
	    store->err, "%s: the URI cannot be opened", store->name);
}

static int
load_uri(
    struct store *store, const char *uri, unsigned want, struct asked *asked)
{
	UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(give_password, 0);
	int rv = ISS_ERROR;

	ERR_clear_error();
	if (ui == NULL)
		return iss_error_memory(store->err);
	store->ctx = OSSL_STORE_open(uri, ui, asked, NULL, NULL);
	if (store->ctx == NULL) {
		rv = tell_not_opened(store);
		goto done;
	}
	if (want == ISS_KEYPAIR_KEY || want == ISS_KEYPAIR_CERT)
		OSSL_STORE_expect(store->ctx, want == ISS_KEYPAIR_KEY
						  ? OSSL_STORE_INFO_PKEY
						  : OSSL_STORE_INFO_CERT);
	rv = read_store(store);
	if (rv == ISS_OK)
		rv = check_found(store, want);

done:
	OSSL_STORE_close(store->ctx);
	UI_destroy_method(ui);
	ERR_clear_error();
	return rv;
}

int
iss_material_load(struct iss_error *err, struct iss_keypair *pair,
    const char *name, const void *bytes, size_t len, unsigned want,
    iss_keypair_password_fn *password, void *arg)
{
	struct store store = { .err = err, .name = name };
	struct asked asked = { password, arg };
	char *uri;
	int rv;

	if (iss_material_kind(bytes, len) != ISS_MATERIAL_URI)
		return iss_keypair_parse(
		    err, pair, name, bytes, len, want, password, arg);
	if ((uri = malloc(len + 1)) == NULL)
		return iss_error_memory(err);
	memcpy(uri, bytes, len);
	uri[len] = '\0';
	rv = load_uri(&store, uri, want, &asked);
	if (rv == ISS_OK)
		hand_over(&store, pair, want);
	iss_keypair_release(&store.found);
	OPENSSL_cleanse(uri, len); /* it may have a PIN in it */
	free(uri);
	return rv;
}

int
iss_material_certs(struct iss_error *err, const char *name, const void *bytes,
    size_t len, STACK_OF(X509) * *out)
{
	struct iss_keypair pair;
	int rv;

	iss_keypair_init(&pair);
	rv = iss_material_load(
	    err, &pair, name, bytes, len, ISS_KEYPAIR_CERT, NULL, NULL);
	if (rv == ISS_OK && pair.chain == NULL &&
	    (pair.chain = sk_X509_new_null()) == NULL)
		rv = iss_error_memory(err);
	if (rv == ISS_OK && !sk_X509_unshift(pair.chain, pair.cert))
		rv = iss_error_memory(err);
	if (rv == ISS_OK) {
		pair.cert = NULL;
		*out = pair.chain;
		pair.chain = NULL;
	}
	iss_keypair_release(&pair);
	return rv;
}

bool
iss_material_has_key(const void *bytes, size_t len)
{
	struct iss_error err;
	struct iss_pem pem;
	bool has = false;

	if (!iss_pem_is(bytes, len))
		return false;
	iss_error_clear(&err);
	if (iss_pem_init(&err, &pem, bytes, len) == ISS_OK)
		while (!has && iss_pem_next(&err, &pem, "") == ISS_OK)
			has = iss_pem_is_key(&pem);
	iss_pem_release(&pem);
	return has;
}
