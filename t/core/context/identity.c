/*
 * Who we are: certificates and keys from files and handles, in every
 * combination; what is missing or does not fit, with errors that name option
 * and file; passwords.
 */
#include "context/identity.h"

#include <openssl/err.h>

#include "fixture.h"
#include "tap.h"

static struct iss_error err;

/* The program: its password, and how often it was asked. */
static struct {
	const char *password; /* NULL: it has none */
	int asked;
} program;

static int
password(void *handle, char *buf, size_t size)
{
	(void)handle;
	program.asked++;
	if (program.password == NULL || strlen(program.password) > size)
		return -1;
	memcpy(buf, program.password, strlen(program.password));
	return (int)strlen(program.password);
}

static const struct iss_callbacks callbacks = { .password = password };
static const struct iss_link asks = { .callbacks = &callbacks,
	.handle = &program };
static const struct iss_link nobody = { .ssl = NULL };

/* Files and handles by their names in t/certs; NULL: not given. */
struct given {
	const char *cert_file, *key_file; /* with their suffixes */
	const char *certs[3], *key;       /* without */
};

static void
fill(struct iss_identity *identity, const struct given *given)
{
	char path[128];
	size_t i;

	memset(identity, 0, sizeof(*identity));
	if (given->cert_file != NULL) {
		snprintf(path, sizeof(path), CERTS "%s", given->cert_file);
		identity->cert_file = strdup(path);
	}
	if (given->key_file != NULL) {
		snprintf(path, sizeof(path), CERTS "%s", given->key_file);
		identity->key_file = strdup(path);
	}
	for (i = 0; i < 3 && given->certs[i] != NULL; i++) {
		if (identity->cert == NULL)
			identity->cert = sk_X509_new_null();
		sk_X509_push(identity->cert, fixture_cert(given->certs[i]));
	}
	if (given->key != NULL)
		identity->key = fixture_key(given->key);
}

static void
drop(struct iss_identity *identity)
{
	free(identity->cert_file);
	free(identity->key_file);
	sk_X509_pop_free(identity->cert, X509_free);
	EVP_PKEY_free(identity->key);
}

static const struct row {
	const char *name;
	struct given given;
	bool used;
	bool cert_only;  /* it is there, without a key */
	int chain;       /* certificates beside the leaf */
	const char *why; /* NULL: it is taken; else with this in its error */
	bool weak;       /* taken by an OpenSSL that takes weak ones */
} rows[] = {
	{ "nothing", { NULL }, false, false, 0, NULL },
	{ "two files", { .cert_file = "server.pem", .key_file = "server.key" },
	    true, false, 0, NULL },
	{ "one file with both", { .cert_file = "server-both.pem" }, true, false,
	    0, NULL },
	{ "... named twice",
	    { .cert_file = "server-both.pem", .key_file = "server-both.pem" },
	    true, false, 0, NULL },
	{ "a file with a chain",
	    { .cert_file = "server-sub-chain.pem",
		.key_file = "server-sub.key" },
	    true, false, 1, NULL },
	{ "key and chain in one file", { .cert_file = "server-sub-both.pem" },
	    true, false, 1, NULL },
	{ "PKCS#12", { .cert_file = "server-sub.p12" }, true, false, 2, NULL },
	{ "PKCS#12, and a key that is not used",
	    { .cert_file = "server-sub.p12", .key_file = "client.key" }, true,
	    false, 2, NULL },
	{ "DER", { .cert_file = "server.der", .key_file = "server-key.der" },
	    true, false, 0, NULL },
	{ "handles", { .certs = { "server" }, .key = "server" }, true, false, 0,
	    NULL },
	{ "handles with a chain",
	    { .certs = { "server-sub", "sub-ca", "ca" }, .key = "server-sub" },
	    true, false, 2, NULL },
	{ "a handle and a file",
	    { .certs = { "server" }, .key_file = "server.key" }, true, false, 0,
	    NULL },
	{ "a file and a handle", { .cert_file = "server.pem", .key = "server" },
	    true, false, 0, NULL },
	{ "handles go before files",
	    { "missing", "missing", { "server" }, "server" }, true, false, 0,
	    NULL },
	/* what is missing */
	{ "a certificate alone", { .cert_file = "server.pem" }, true, false, 0,
	    "t/certs/server.pem: no private key" },
	{ "a certificate's handle alone", { .certs = { "server" } }, false,
	    true, 0, NULL },
	{ "... with a chain", { .certs = { "server-sub", "sub-ca" } }, false,
	    true, 1, NULL },
	{ "a weak certificate's handle alone", { .certs = { "weak-md5" } },
	    false, true, 0,
	    "SSL_cert: OpenSSL cannot use this certificate: ", true },
	{ "a key alone", { .key_file = "server.key" }, false, false, 0, NULL },
	{ "a key that is missing, alone", { .key_file = "missing" }, false,
	    false, 0, NULL },
	{ "a key's handle alone", { .key = "server" }, false, false, 0, NULL },
	{ "a file that is missing",
	    { .cert_file = "missing", .key_file = "server.key" }, false, false,
	    0, "SSL_cert_file: t/certs/missing: " },
	{ "a key file that is missing",
	    { .cert_file = "server.pem", .key_file = "missing" }, true, false,
	    0, "SSL_key_file: t/certs/missing: " },
	{ "... beside PKCS#12",
	    { .cert_file = "server-sub.p12", .key_file = "missing" }, true,
	    false, 0, "SSL_key_file: t/certs/missing: " },
	/* what is damaged */
	{ "text", { .cert_file = "garbage.txt", .key_file = "server.key" },
	    false, false, 0, "SSL_cert_file: t/certs/garbage.txt: " },
	{ "a key that is cut off",
	    { .cert_file = "server.pem", .key_file = "cut-off.pem" }, true,
	    false, 0, "SSL_key_file: t/certs/cut-off.pem: " },
	{ "an empty file",
	    { .cert_file = "empty.pem", .key_file = "server.key" }, false,
	    false, 0, "SSL_cert_file: t/certs/empty.pem: the file is empty" },
	/* what does not fit */
	{ "another key",
	    { .cert_file = "server.pem", .key_file = "client.key" }, true,
	    false, 0, "t/certs/client.key" },
	{ "another kind of key",
	    { .cert_file = "server.pem", .key_file = "server-ecdsa.key" }, true,
	    false, 0, "t/certs/server-ecdsa.key" },
	{ "another key's handle",
	    { .cert_file = "server.pem", .key = "client" }, true, false, 0,
	    "SSL_key" },
	{ "certificate and key exchanged",
	    { .cert_file = "server.key", .key_file = "server.pem" }, false,
	    false, 0, "SSL_cert_file: t/certs/server.key: " },
	{ "a certificate that is too weak",
	    { .cert_file = "weak-md5.pem", .key_file = "weak-md5.key" }, true,
	    false, 0,
	    "t/certs/weak-md5.pem: OpenSSL cannot use this certificate and "
	    "key: ",
	    true },
	{ "a weak one's handle", { .certs = { "weak-md5" }, .key = "weak-md5" },
	    true, false, 0,
	    "SSL_cert: OpenSSL cannot use this certificate and key: ", true },
};

static int
chain_length(SSL_CTX *ctx)
{
	STACK_OF(X509) *chain = NULL;

	SSL_CTX_get0_chain_certs(ctx, &chain);
	return chain != NULL ? sk_X509_num(chain) : 0;
}

/* Since 3.6 OpenSSL leaves it to the peer to refuse a weak signature. */
static bool
takes_weak(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	X509 *weak = fixture_cert("weak-md5");
	bool taken;

	SSL_CTX_set_security_level(ctx, 2);
	taken = SSL_CTX_use_certificate(ctx, weak);
	X509_free(weak);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return taken;
}

static void
test_row(const struct row *row)
{
	const char *why = row->weak && takes_weak() ? NULL : row->why;
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	struct iss_identity identity;
	bool used = !row->used;

	SSL_CTX_set_security_level(ctx, 2);
	fill(&identity, &row->given);
	iss_error_clear(&err);
	is_int(iss_identity_use(&err, ctx, &identity, &nobody, false, &used),
	    why == NULL ? ISS_OK : ISS_ERROR, "%s", row->name);
	has_text(err.text, why != NULL ? why : "", "... why");
	is_int((long long)ERR_peek_error(), 0, "... the queue is empty");
	if (why == NULL) {
		ok(used == row->used, "... %s",
		    row->used ? "it is one" : "it is none");
		ok((SSL_CTX_get0_certificate(ctx) != NULL) ==
			(row->used || row->cert_only),
		    "... the certificate is there");
		ok((SSL_CTX_get0_privatekey(ctx) != NULL) == row->used,
		    "... with its key");
		is_int(chain_length(ctx), row->chain, "... and its chain");
	}
	drop(&identity);
	SSL_CTX_free(ctx);
}

static void
test_passwords(void)
{
	static const struct {
		const char *name, *file, *password;
		const struct iss_link *link;
		bool good, asked;
	} cases[] = {
		{ "the password", "encrypted.key", "secret", &asks, true,
		    true },
		{ "a wrong one", "encrypted.key", "wrong", &asks, false, true },
		{ "an empty one", "encrypted.key", "", &asks, false, true },
		{ "none", "encrypted.key", NULL, &asks, false, true },
		{ "nobody to ask", "encrypted.key", "secret", &nobody, false,
		    false },
		{ "one for a traditional key", "encrypted-rsa.key", "secret",
		    &asks, true, true },
		{ "a key that needs none", "server.key", "secret", &asks, true,
		    false },
	};
	struct iss_identity identity;
	struct given given = { .cert_file = "server.pem" };
	SSL_CTX *ctx;
	bool used;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		ctx = SSL_CTX_new(TLS_method());
		given.key_file = cases[i].file;
		fill(&identity, &given);
		program.password = cases[i].password;
		program.asked = 0;
		iss_error_clear(&err);
		is_int(iss_identity_use(
			   &err, ctx, &identity, cases[i].link, false, &used),
		    cases[i].good ? ISS_OK : ISS_ERROR, "password: %s",
		    cases[i].name);
		ok((program.asked > 0) == cases[i].asked, "... %s",
		    cases[i].asked ? "asked for" : "not asked for");
		if (!cases[i].good)
			has_text(err.text, "SSL_key_file: t/certs/encrypted",
			    "... names option and file");
		drop(&identity);
		SSL_CTX_free(ctx);
	}
}

/* One of each kind of key, not two of a kind. */
static void
test_several(void)
{
	static const struct {
		struct given given;
		bool good;
	} cases[] = {
		{ { .cert_file = "server.pem", .key_file = "server.key" },
		    true },
		{ { .cert_file = "server-ecdsa.pem",
		      .key_file = "server-ecdsa.key" },
		    true },
		{ { .cert_file = "server2.pem", .key_file = "server2.key" },
		    false },
		{ { .cert_file = "server.pem", .key_file = "server.key" },
		    false },
	};
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	struct iss_identity identity;
	bool used;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		fill(&identity, &cases[i].given);
		iss_error_clear(&err);
		is_int(iss_identity_use(
			   &err, ctx, &identity, &nobody, false, &used),
		    cases[i].good ? ISS_OK : ISS_ERROR, "identity %zu: %s", i,
		    cases[i].given.cert_file);
		if (!cases[i].good)
			has_text(err.text, cases[i].given.cert_file,
			    "... a second one of its kind is refused");
		drop(&identity);
	}
	SSL_CTX_free(ctx);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(rows); i++)
		test_row(&rows[i]);
	test_passwords();
	test_several();
	return tap_done();
}
