/*
 * Contexts from options: values that are refused, whose fault that is, and with
 * which words; what the options come to in the SSL_CTX; a program that refuses;
 * holders.
 */
#include "context/ctx.h"

#include "pair.h"
#include "revocation/staple.h"
#include "tap.h"

static const struct iss_link nobody = { .ssl = NULL };
static struct iss_error err;

/* A context and whose fault it is that there is none. */
static int
try_ctx(struct iss_ctx **ctx, bool server, const struct pair_options *options)
{
	int fault;
	struct iss_config config;

	*ctx = NULL;
	iss_error_clear(&err);
	pair_config(&config, server, options);
	fault = iss_ctx_new(&err, ctx, &config, &nobody);
	iss_config_release(&config);
	return fault;
}

/* Who reads CA files, and revocation lists. */
#define VERIFY                                                                 \
	{                                                                      \
		"SSL_verify_mode", "1"                                         \
	}
#define NO_VERIFY                                                              \
	{                                                                      \
		"SSL_verify_mode", "0"                                         \
	}
#define CHECK                                                                  \
	{                                                                      \
		"SSL_check_crl", "1"                                           \
	}
#define IDENTITY                                                               \
	{                                                                      \
		"SSL_cert_file", CERTS "server-both.pem"                       \
	}

static void
test_refused(void)
{
	static const struct {
		struct pair_options options[PAIR_OPTIONS_MAX];
		int fault;
		const char *why;
	} cases[] = {
		{ { { "SSL_version", "TLSv7" } }, ISS_INVALID, "SSL_version" },
		{ { { "SSL_cipher_list", "NO-SUCH-CIPHER" } }, ISS_ERROR,
		    "SSL_cipher_list \"NO-SUCH-CIPHER\": " },
		{ { { "SSL_ciphersuites", "TLS_NO_SUCH" } }, ISS_ERROR,
		    "SSL_ciphersuites \"TLS_NO_SUCH\": " },
		{ { { "SSL_ecdh_curve", "no-such-curve" } }, ISS_ERROR,
		    "SSL_ecdh_curve \"no-such-curve\": " },
		{ { { "SSL_dh_file", "/nonexistent" } }, ISS_ERROR,
		    "SSL_dh_file: /nonexistent: " },
		{ { { "SSL_dh_file", CERTS "garbage.txt" } }, ISS_ERROR,
		    "SSL_dh_file: " CERTS "garbage.txt: " },
		{ { { "SSL_dh_file", CERTS "dh-1024.pem" } }, ISS_ERROR,
		    "SSL_dh_file: " CERTS "dh-1024.pem" },
		{ { { "SSL_ca_file", "/nonexistent" }, VERIFY }, ISS_INVALID,
		    "SSL_ca_file: /nonexistent: " },
		{ { { "SSL_ca_file", CERTS "garbage.txt" }, VERIFY }, ISS_ERROR,
		    "SSL_ca_file: " CERTS "garbage.txt: " },
		{ { { "SSL_ca_path", "/nonexistent:/missing" }, VERIFY },
		    ISS_INVALID, "SSL_ca_path: /nonexistent: " },
		{ { { "SSL_crl_file", "/nonexistent" }, VERIFY, CHECK },
		    ISS_ERROR, "SSL_crl_file: /nonexistent: " },
		{ { { "SSL_crl_file", CERTS "server.key" }, VERIFY, CHECK },
		    ISS_ERROR, "SSL_crl_file: " CERTS "server.key: " },
		{ { { "SSL_client_ca_file", "/nonexistent" }, VERIFY },
		    ISS_ERROR, "SSL_client_ca_file: /nonexistent: " },
		{ { { "SSL_cert_file", "/nonexistent" } }, ISS_ERROR,
		    "SSL_cert_file: /nonexistent: " },
		{ { { "SSL_cert_file", CERTS "server.pem" },
		      { "SSL_key_file", CERTS "client.key" } },
		    ISS_ERROR, CERTS "client.key" },
	};
	struct iss_ctx *ctx;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		is_int(try_ctx(&ctx, true, cases[i].options), cases[i].fault,
		    "%s = %s", cases[i].options[0].name,
		    cases[i].options[0].value);
		ok(ctx == NULL, "... no context");
		has_text(err.text, cases[i].why, "... why");
		is_int(
		    (long long)ERR_peek_error(), 0, "... the queue is empty");
	}
}

/* Files that do not matter to this side are not read. */
static void
test_ignored(void)
{
	static const struct {
		struct pair_options options[PAIR_OPTIONS_MAX];
		bool server;
	} cases[] = {
		{ { { "SSL_ca_file", "/nonexistent" } }, true },
		{ { { "SSL_ca_file", CERTS "garbage.txt" }, IDENTITY }, true },
		{ { { "SSL_ca_path", "/nonexistent" } }, true },
		{ { { "SSL_ca_file", "/nonexistent" }, NO_VERIFY }, false },
		{ { { "SSL_crl_file", "/nonexistent" }, VERIFY }, true },
		{ { { "SSL_crl_file", "/nonexistent" }, CHECK }, true },
		{ { { "SSL_client_ca_file", "/nonexistent" } }, true },
		{ { { "SSL_client_ca_file", "/nonexistent" } }, false },
		{ { { "SSL_dh_file", "/nonexistent" } }, false },
		{ { { "SSL_key_file", "/nonexistent" } }, false },
		{ { { "SSL_ca_path", "/nonexistent:" CERTS "ca-dir" } },
		    false },
		/* and values that are as if not given */
		{ { { "SSL_cipher_list", "0" } }, false },
		{ { { "SSL_ciphersuites", "0" } }, false },
		{ { { "SSL_ecdh_curve", "0" } }, false },
		{ { { "SSL_ecdh_curve", "auto" } }, false },
		{ { { "SSL_ecdh_curve", "auto" } }, true },
	};
	struct iss_ctx *ctx;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		is_int(try_ctx(&ctx, cases[i].server, cases[i].options), ISS_OK,
		    "%s = %s does not matter to this %s",
		    cases[i].options[0].name, cases[i].options[0].value,
		    cases[i].server ? "server" : "client");
		ok(!iss_error_is_set(&err), "... no error");
		iss_ctx_free(ctx);
	}
}

static const struct pair_options plain[PAIR_OPTIONS_MAX];

static void
test_verify_modes(void)
{
	static const struct {
		const char *given; /* NULL: not */
		bool server;
		int mode;
	} cases[] = {
		{ NULL, false, SSL_VERIFY_PEER },
		{ NULL, true, SSL_VERIFY_NONE },
		{ "0", false, SSL_VERIFY_NONE },
		{ "0", true, SSL_VERIFY_NONE },
		{ "1", true, SSL_VERIFY_PEER },
		{ "3", true, 3 },
		/* without it the others mean nothing to servers */
		{ "2", true, SSL_VERIFY_NONE },
		{ "6", true, SSL_VERIFY_NONE },
		/* to clients they include it */
		{ "2", false, SSL_VERIFY_PEER | 2 },
		{ "4", false, SSL_VERIFY_PEER | 4 },
		{ "7", false, 7 },
	};
	struct pair_options options[PAIR_OPTIONS_MAX] = { { 0 } };
	struct iss_ctx *ctx;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		options[0].name =
		    cases[i].given != NULL ? "SSL_verify_mode" : NULL;
		options[0].value = cases[i].given;
		ctx = pair_ctx(cases[i].server, options);
		is_int(iss_ctx_verify_mode(ctx), cases[i].mode, "%s, mode %s",
		    cases[i].server ? "server" : "client",
		    cases[i].given != NULL ? cases[i].given : "not given");
		is_int(SSL_CTX_get_verify_mode(ctx->ssl_ctx), cases[i].mode,
		    "... also to OpenSSL");
		iss_ctx_free(ctx);
	}
}

/* Does the SSL_CTX have a cipher of that name? */
static bool
has_cipher(SSL_CTX *ctx, const char *name)
{
	STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
	int i;

	for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
		if (strcmp(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i)),
			name) == 0)
			return true;
	return false;
}

static void
test_defaults(void)
{
	static const char *const weak[] = { "NULL-SHA256", "ADH-AES128-SHA",
		"RC4-SHA", "DES-CBC3-SHA", "PSK-AES128-CBC-SHA",
		"SRP-AES-128-CBC-SHA" };
	struct iss_ctx *ctx = pair_ctx(true, plain);
	size_t i;

	for (i = 0; i < ROWS(weak); i++)
		ok(!has_cipher(ctx->ssl_ctx, weak[i]), "without %s", weak[i]);
	ok(has_cipher(ctx->ssl_ctx, "ECDHE-RSA-AES128-GCM-SHA256"),
	    "with a strong one");
	ok(SSL_CTX_get_options(ctx->ssl_ctx) & SSL_OP_NO_COMPRESSION,
	    "without compression");
	ok(SSL_CTX_get_options(ctx->ssl_ctx) & SSL_OP_CIPHER_SERVER_PREFERENCE,
	    "a server's order of ciphers counts");
	ok(SSL_CTX_get_mode(ctx->ssl_ctx) & SSL_MODE_ENABLE_PARTIAL_WRITE,
	    "writes may be partial");
	ok(SSL_CTX_get_mode(ctx->ssl_ctx) & SSL_MODE_RELEASE_BUFFERS,
	    "idle connections have no buffers");
	ok(!ctx->has_identity, "no certificate");
	is_int(ctx->ocsp_mode, -1, "OCSP by the verify mode");
	iss_ctx_free(ctx);
	ctx = pair_ctx(false, plain);
	ok(!(SSL_CTX_get_options(ctx->ssl_ctx) &
	       SSL_OP_CIPHER_SERVER_PREFERENCE),
	    "a client has no say in that");
	iss_ctx_free(ctx);
}

static void
test_switches(void)
{
	static const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_honor_cipher_order", "0" },
		{ "SSL_mode_release_buffers", "0" },
		{ "SSL_check_crl", "1" },
		{ "SSL_cipher_list", "ECDHE-RSA-AES128-GCM-SHA256" },
		{ "SSL_cert_file", CERTS "server-both.pem" },
	};
	struct iss_ctx *ctx = pair_ctx(true, options);

	ok(!(SSL_CTX_get_options(ctx->ssl_ctx) &
	       SSL_OP_CIPHER_SERVER_PREFERENCE),
	    "SSL_honor_cipher_order off");
	ok(!(SSL_CTX_get_mode(ctx->ssl_ctx) & SSL_MODE_RELEASE_BUFFERS),
	    "SSL_mode_release_buffers off");
	ok(X509_VERIFY_PARAM_get_flags(SSL_CTX_get0_param(ctx->ssl_ctx)) &
		X509_V_FLAG_CRL_CHECK,
	    "SSL_check_crl");
	ok(has_cipher(ctx->ssl_ctx, "ECDHE-RSA-AES128-GCM-SHA256") &&
		!has_cipher(ctx->ssl_ctx, "ECDHE-RSA-AES256-GCM-SHA384"),
	    "SSL_cipher_list");
	ok(ctx->has_identity, "SSL_cert_file");
	iss_ctx_free(ctx);
}

/* ---- the program ---- */

static struct {
	bool refuses;
	int told;
	SSL_CTX *ctx;
} program;

static bool
ctx_created(void *handle, SSL_CTX *ctx)
{
	ok(handle == &program, "the program is told with its handle");
	program.told++;
	program.ctx = ctx;
	return !program.refuses;
}

static void
test_program(void)
{
	static const struct iss_callbacks callbacks = { .ctx_created =
							    ctx_created };
	const struct iss_link link = { .callbacks = &callbacks,
		.handle = &program };
	const struct iss_link silent = { .callbacks = &callbacks };
	struct iss_ctx *ctx;

	ctx = pair_try_ctx(&err, false, plain, &link);
	ok(ctx != NULL && program.ctx == ctx->ssl_ctx, "... of the context");
	iss_ctx_free(ctx);
	program.refuses = true;
	ok(pair_try_ctx(&err, false, plain, &link) == NULL,
	    "a program that refuses it");
	is_text(err.text, "SSL_create_ctx_callback failed", "... says so");
	is_int(program.told, 2, "told twice in all");
	ctx = pair_try_ctx(&err, false, plain, &silent);
	ok(ctx != NULL, "without a handle nobody is told");
	is_int(program.told, 2, "... and nobody refuses");
	iss_ctx_free(ctx);
}

/* ---- virtual hosts ---- */

static const struct iss_option *
version_option(void)
{
	size_t count, i;
	const struct iss_option *options = iss_config_options(&count);

	for (i = 0; strcmp(options[i].name, "SSL_version") != 0; i++)
		;
	return &options[i];
}

static void
test_vhosts(void)
{
	static const char *const names[] = { "c.test", "a.test", "b.test" };
	struct iss_config config;
	struct iss_config *one;
	struct iss_ctx *ctx = NULL;
	size_t i;

	iss_error_clear(&err);
	pair_config(&config, true, plain);
	for (i = 0; i < ROWS(names); i++) {
		one = iss_config_add_vhost(&err, &config, names[i]);
		one->verify_mode = i == 0 ? SSL_VERIFY_PEER : SSL_VERIFY_NONE;
	}
	is_int(iss_ctx_new(&err, &ctx, &config, &nobody), ISS_OK,
	    "a server of three names");
	is_int((long long)ctx->vhosts.count, 3, "... has three contexts");
	is_text(
	    ctx->vhosts.list[0].name, "a.test", "... in the order of names");
	is_text(ctx->vhosts.list[2].name, "c.test", "... to the last");
	is_int(SSL_CTX_get_verify_mode(ctx->ssl_ctx), SSL_VERIFY_NONE,
	    "... itself it verifies nobody");
	is_int(iss_ctx_verify_mode(ctx), SSL_VERIFY_PEER,
	    "... but one of its names does");
	ok(memcmp(ctx->vhosts.list[0].session_id.bytes,
	       ctx->vhosts.list[1].session_id.bytes,
	       sizeof(ctx->session_id.bytes)) != 0,
	    "... sessions of one name are not another's");
	iss_ctx_free(ctx);
	iss_option_set_text(&err, one, version_option(), "nonsense", 8);
	ctx = NULL;
	is_int(iss_ctx_new(&err, &ctx, &config, &nobody), ISS_INVALID,
	    "a mistake in the options of one name");
	has_text(err.text, "host b.test: SSL_version", "... says which");
	ok(ctx == NULL, "... no context at all");
	iss_config_release(&config);
}

/* ---- sessions ---- */

static bool
same_id(const struct iss_ctx *a, const struct iss_ctx *b)
{
	return memcmp(a->session_id.bytes, b->session_id.bytes,
		   sizeof(a->session_id.bytes)) == 0;
}

static bool
same_rules(const struct iss_ctx *a, const struct iss_ctx *b)
{
	return memcmp(a->rules, b->rules, sizeof(a->rules)) == 0;
}

static void
test_session_ids(void)
{
	static const struct {
		const char *name;
		struct pair_options a[PAIR_OPTIONS_MAX], b[PAIR_OPTIONS_MAX];
		bool same;
	} cases[] = {
		{ "no name", { { NULL } }, { { NULL } }, false },
		{ "one name", { { "SSL_session_id_context", "x" } },
		    { { "SSL_session_id_context", "x" } }, true },
		{ "two names", { { "SSL_session_id_context", "x" } },
		    { { "SSL_session_id_context", "y" } }, false },
		{ "one name, clients are not verified",
		    { { "SSL_session_id_context", "x" } },
		    { { "SSL_session_id_context", "x" },
			{ "SSL_check_crl", "1" } },
		    true },
		{ "one name, clients are verified by other rules",
		    { { "SSL_session_id_context", "x" },
			{ "SSL_verify_mode", "1" } },
		    { { "SSL_session_id_context", "x" },
			{ "SSL_verify_mode", "1" }, { "SSL_check_crl", "1" } },
		    false },
		{ "one name, clients are verified by the same rules",
		    { { "SSL_session_id_context", "x" },
			{ "SSL_verify_mode", "1" } },
		    { { "SSL_session_id_context", "x" },
			{ "SSL_verify_mode", "1" } },
		    true },
	};
	struct iss_ctx *a, *b;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		a = pair_ctx(true, cases[i].a);
		b = pair_ctx(true, cases[i].b);
		ok(same_id(a, b) == cases[i].same, "%s: %s", cases[i].name,
		    cases[i].same ? "sessions are shared"
				  : "sessions are apart");
		ok((memcmp(a->session_id.chosen, b->session_id.chosen,
			sizeof(a->session_id.chosen)) == 0) ==
			(cases[i].same && same_rules(a, b)),
		    "... those of a choice, if all options are the same");
		iss_ctx_free(a);
		iss_ctx_free(b);
	}
}

static bool
accept_all(void *handle, bool ok, X509_STORE_CTX *store)
{
	(void)handle;
	(void)ok;
	(void)store;
	return true;
}

/* Whether two contexts with the same name share what a choice leads to. */
static bool
choices_are_shared(const char *mode, const struct iss_callbacks *callbacks)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_session_id_context", "x" },
		{ "SSL_verify_mode", mode },
	};
	const struct iss_link link = {
		.callbacks = callbacks,
		.handle = &program,
	};
	struct iss_ctx *a = pair_try_ctx(&err, true, options, &link);
	struct iss_ctx *b = pair_try_ctx(&err, true, options, &link);
	bool shared = memcmp(a->session_id.chosen, b->session_id.chosen,
			  sizeof(a->session_id.chosen)) == 0;

	ok(same_id(a, b), "mode %s: the same name", mode);
	iss_ctx_free(a);
	iss_ctx_free(b);
	return shared;
}

static void
test_choices(void)
{
	static const struct iss_callbacks none = { 0 };
	static const struct iss_callbacks judge = { .verify = accept_all };

	ok(choices_are_shared("1", &none), "... is that of choices, too");
	ok(!choices_are_shared("1", &judge), "... unless a sub judges clients");
	ok(choices_are_shared("0", &judge), "... whom the server asks at all");
}

/* Sessions of a wildcard are not those of a host that later has its own name.
 */
static void
test_renewed_hosts(void)
{
	static const char *const names[] = { "*.a.test", "www.a.test" };
	struct iss_config config;
	struct iss_ctx *before = NULL, *after = NULL;
	size_t i;

	iss_error_clear(&err);
	pair_config(&config, true, plain);
	iss_config_add_vhost(&err, &config, names[0]);
	is_int(iss_ctx_new(&err, &before, &config, &nobody), ISS_OK,
	    "a server of a wildcard");
	iss_config_add_vhost(&err, &config, names[1]);
	is_int(iss_ctx_renew(&err, &after, &config, &nobody, before), ISS_OK,
	    "... and then of one of its hosts");
	for (i = 0; i < ROWS(names); i++)
		is_text(after->vhosts.list[i].name, names[i], "... by name");
	ok(memcmp(before->vhosts.list[0].session_id.bytes,
	       after->vhosts.list[0].session_id.bytes,
	       sizeof(after->session_id.bytes)) == 0,
	    "... the wildcard keeps its sessions");
	ok(memcmp(before->vhosts.list[0].session_id.bytes,
	       after->vhosts.list[1].session_id.bytes,
	       sizeof(after->session_id.bytes)) != 0,
	    "... the host does not get them");
	iss_config_release(&config);
	iss_ctx_free(before);
	iss_ctx_free(after);
}

/* ---- a server without a certificate ---- */

static void
test_shows_nothing(void)
{
	static const struct {
		const char *name;
		struct pair_options set[PAIR_OPTIONS_MAX];
		bool server, nothing;
	} cases[] = {
		{ "a server with nothing", { { NULL, NULL } }, true, true },
		{ "with a cipher that needs no certificate",
		    { { "SSL_cipher_list", "aNULL" } }, true, false },
		{ "a client", { { NULL, NULL } }, false, false },
	};
	struct iss_ctx *ctx;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		ctx = pair_ctx(cases[i].server, cases[i].set);
		ok(iss_ctx_shows_nothing(ctx) == cases[i].nothing, "%s",
		    cases[i].name);
		iss_ctx_free(ctx);
	}
	ctx = pair_server_ctx(NULL);
	ok(!iss_ctx_shows_nothing(ctx), "a server with a certificate");
	iss_ctx_free(ctx);
}

/* ---- holders ---- */

static void
test_holders(void)
{
	struct iss_ctx *ctx = pair_server_ctx(NULL);
	SSL_CTX *ssl_ctx = ctx->ssl_ctx;
	SSL *ssl;

	SSL_CTX_up_ref(ssl_ctx);
	ok(iss_ctx_up_ref(ctx) == ctx, "one more holder");
	iss_ctx_free(ctx);
	ok(ctx->server, "... keeps it when the first goes");
	iss_ctx_free(ctx);
	iss_ctx_free(NULL);
	ssl = SSL_new(ssl_ctx);
	ok(ssl != NULL, "a program may hold the SSL_CTX longer");
	SSL_free(ssl);
	SSL_CTX_free(ssl_ctx);
}

int
main(void)
{
	test_refused();
	test_ignored();
	test_verify_modes();
	test_defaults();
	test_switches();
	test_program();
	test_vhosts();
	test_session_ids();
	test_choices();
	test_renewed_hosts();
	test_shows_nothing();
	test_holders();
	return tap_done();
}
