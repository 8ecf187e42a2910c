/*
 *	SSL_CTX ──> our EVP_PKEY ──> the private key, in its own provider
 *	                        └──> the public key of the certificate
 *
 * The guise is a small provider, in a library context of its own, so that
 * nobody who looks for algorithms finds it.  Its keys cannot be exported, so
 * OpenSSL signs with them by this provider alone.  provider-keymgmt(7),
 * provider-signature(7).
 */
#include "x509/delegate.h"

#include "base/compat.h"

#if ISS_COMPAT_HAS_PROVIDERS
#	include <stdbool.h>
#	include <stdio.h>
#	include <stdlib.h>
#	include <string.h>

#	include <openssl/core_dispatch.h>
#	include <openssl/core_names.h>
#	include <openssl/crypto.h>
#	include <openssl/provider.h>

#	define FUNCTION(id, function)                                         \
		{                                                              \
			id, (void (*)(void))function                           \
		}
#	define END                                                            \
		{                                                              \
			0, NULL                                                \
		}

enum { QUERY_MAX = 128 };

static struct {
	CRYPTO_ONCE once;
	OSSL_LIB_CTX *context;
	bool good;
} loaded = { .once = CRYPTO_ONCE_STATIC_INIT };

/* How iss_delegate_new hands over its two keys. */
static const char HALVES[] = "iss-halves";

struct halves {
	EVP_PKEY *private, *public;
};

/* ---- keys ---- */

struct key {
	const char *type;     /* of OpenSSL, as "EC" */
	struct halves halves; /* owned; without private: of a certificate */
};

static struct key *
new_key(const char *type)
{
	struct key *key = calloc(1, sizeof(*key));

	if (key != NULL)
		key->type = type;
	return key;
}

static void *
new_rsa(void *provider)
{
	(void)provider;
	return new_key("RSA");
}

static void *
new_ec(void *provider)
{
	(void)provider;
	return new_key("EC");
}

static void *
new_ed25519(void *provider)
{
	(void)provider;
	return new_key("ED25519");
}

static void *
new_ed448(void *provider)
{
	(void)provider;
	return new_key("ED448");
}

static void
free_key(void *data)
{
	struct key *key = data;

	if (key == NULL)
		return;
	EVP_PKEY_free(key->halves.private);
	EVP_PKEY_free(key->halves.public);
	free(key);
}

static int
has(const void *data, int selection)
{
	const struct key *key = data;

	return key != NULL &&
	       ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 ||
		   key->halves.private != NULL);
}

static int
match(const void *one, const void *other, int selection)
{
	const struct key *a = one, *b = other;

	(void)selection;
	return EVP_PKEY_eq(a->halves.public, b->halves.public) == 1;
}

/* OpenSSL compares the public key of a certificate with ours: here it is. */
static int
import_public(struct key *key, const OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, key->type, NULL);
	int good = ctx != NULL && EVP_PKEY_fromdata_init(ctx) > 0 &&
		   EVP_PKEY_fromdata(ctx, &key->halves.public,
		       EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *)params) > 0;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

static int
import(void *data, int selection, const OSSL_PARAM params[])
{
	const OSSL_PARAM *given = OSSL_PARAM_locate_const(params, HALVES);
	struct key *key = data;
	const struct halves *halves;

	(void)selection;
	if (given == NULL)
		return import_public(key, params);
	halves = given->data;
	key->halves = *halves;
	EVP_PKEY_up_ref(halves->private);
	EVP_PKEY_up_ref(halves->public);
	return 1;
}

static const OSSL_PARAM *
import_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_octet_string(HALVES, NULL, 0), OSSL_PARAM_END
	};

	(void)selection;
	return types;
}

static int
get_params(void *data, OSSL_PARAM params[])
{
	const struct key *key = data;

	return key->halves.public != NULL &&
	       EVP_PKEY_get_params(key->halves.public, params);
}

static const OSSL_PARAM *
gettable_params(void *provider)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_int(
						OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_END };

	(void)provider;
	return types;
}

static const char *
ec_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

#	define KEY_FUNCTIONS                                                  \
		FUNCTION(OSSL_FUNC_KEYMGMT_FREE, free_key),                    \
		    FUNCTION(OSSL_FUNC_KEYMGMT_HAS, has),                      \
		    FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, match),                  \
		    FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, import),                \
		    FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, import_types),    \
		    FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params),        \
		    FUNCTION(                                                  \
			OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable_params)

static const OSSL_DISPATCH rsa_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, new_rsa), KEY_FUNCTIONS, END
};

static const OSSL_DISPATCH ec_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, new_ec), KEY_FUNCTIONS,
	FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, ec_operation), END
};

static const OSSL_DISPATCH ed25519_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, new_ed25519), KEY_FUNCTIONS, END
};

static const OSSL_DISPATCH ed448_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, new_ed448), KEY_FUNCTIONS, END
};

/* ---- signatures ---- */

struct signing {
	EVP_MD_CTX *md;     /* of the provider that has the key */
	EVP_PKEY_CTX *pkey; /* of md */
};

static void *
new_signing(void *provider, const char *query)
{
	struct signing *signing = calloc(1, sizeof(*signing));

	(void)provider;
	(void)query;
	if (signing != NULL && (signing->md = EVP_MD_CTX_new()) == NULL) {
		free(signing);
		return NULL;
	}
	return signing;
}

static void
free_signing(void *data)
{
	struct signing *signing = data;

	EVP_MD_CTX_free(signing->md);
	free(signing);
}

static int
sign_init(
    void *data, const char *digest, void *key_data, const OSSL_PARAM params[])
{
	struct signing *signing = data;
	const struct key *key = key_data;
	const OSSL_PROVIDER *provider;
	char query[QUERY_MAX];

	if (key == NULL || key->halves.private == NULL ||
	    (provider = EVP_PKEY_get0_provider(key->halves.private)) == NULL)
		return 0;
	snprintf(query, sizeof(query), "?provider=%s",
	    OSSL_PROVIDER_get0_name(provider));
	return EVP_DigestSignInit_ex(signing->md, &signing->pkey, digest, NULL,
		   query, key->halves.private, params) > 0;
}

static int
sign(void *data, unsigned char *out, size_t *len, size_t size,
    const unsigned char *bytes, size_t count)
{
	struct signing *signing = data;

	if (out != NULL)
		*len = size;
	return EVP_DigestSign(signing->md, out, len, bytes, count) > 0;
}

static int
set_signing_params(void *data, const OSSL_PARAM params[])
{
	struct signing *signing = data;

	return params == NULL ||
	       (signing->pkey != NULL &&
		   EVP_PKEY_CTX_set_params(signing->pkey, params) > 0);
}

/* Those that TLS sets. */
static const OSSL_PARAM *
settable_signing_params(void *data, void *provider)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_END
	};

	(void)data;
	(void)provider;
	return types;
}

static const OSSL_DISPATCH signature_functions[] = {
	FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, new_signing),
	FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, free_signing),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, sign_init),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, sign),
	FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, set_signing_params),
	FUNCTION(
	    OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, settable_signing_params),
	END
};

/* ---- the provider ---- */

#	define RSA_NAMES "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#	define EC_NAMES "EC:id-ecPublicKey:1.2.840.10045.2.1"
#	define ED25519_NAMES "ED25519:1.3.101.112"
#	define ED448_NAMES "ED448:1.3.101.113"

static const OSSL_ALGORITHM *
query(void *provider, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM keys[] = { { RSA_NAMES, "provider=iss",
						   rsa_functions, NULL },
		{ EC_NAMES, "provider=iss", ec_functions, NULL },
		{ ED25519_NAMES, "provider=iss", ed25519_functions, NULL },
		{ ED448_NAMES, "provider=iss", ed448_functions, NULL },
		{ NULL, NULL, NULL, NULL } };
	static const OSSL_ALGORITHM signatures[] = {
		{ RSA_NAMES, "provider=iss", signature_functions, NULL },
		{ "ECDSA", "provider=iss", signature_functions, NULL },
		{ ED25519_NAMES, "provider=iss", signature_functions, NULL },
		{ ED448_NAMES, "provider=iss", signature_functions, NULL },
		{ NULL, NULL, NULL, NULL }
	};

	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_KEYMGMT     ? keys
	       : operation == OSSL_OP_SIGNATURE ? signatures
						: NULL;
}

static int
start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH functions[] = {
		FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), END
	};

	(void)handle;
	(void)in;
	*out = functions;
	*provider = &loaded;
	return 1;
}

/* For the rest of the process: keys may live to its end. */
static void
load(void)
{
	loaded.context = OSSL_LIB_CTX_new();
	loaded.good =
	    loaded.context != NULL &&
	    OSSL_PROVIDER_add_builtin(loaded.context, "iss", start) > 0 &&
	    OSSL_PROVIDER_load(loaded.context, "iss") != NULL;
}

/* The name of its type; NULL: none of ours. */
static const char *
type_of(const EVP_PKEY *key)
{
	static const char *const types[] = { "RSA", "EC", "ED25519", "ED448" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (EVP_PKEY_is_a(key, types[i]))
			return types[i];
	return NULL;
}

EVP_PKEY *
iss_delegate_new(EVP_PKEY *private, EVP_PKEY *public)
{
	const char *type = type_of(public);
	struct halves halves = { private, public };
	OSSL_PARAM params[2];
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *made = NULL;

	if (type == NULL || !EVP_PKEY_is_a(private, type) ||
	    !CRYPTO_THREAD_run_once(&loaded.once, load) || !loaded.good)
		return NULL;
	params[0] =
	    OSSL_PARAM_construct_octet_string(HALVES, &halves, sizeof(halves));
	params[1] = OSSL_PARAM_construct_end();
	ctx = EVP_PKEY_CTX_new_from_name(loaded.context, type, NULL);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_KEYPAIR, params) <= 0)
		made = NULL;
	EVP_PKEY_CTX_free(ctx);
	return made;
}

#else

EVP_PKEY *
iss_delegate_new(EVP_PKEY *private, EVP_PKEY *public)
{
	(void)private;
	(void)public;
	return NULL;
}

#endif
