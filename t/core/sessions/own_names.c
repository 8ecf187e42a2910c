/*
 * The names of a server's certificates as a part of a digest.
 */
#include "sessions/own_names.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

struct digest {
	unsigned char bytes[ISS_SESSION_POLICY_LEN];
};

/* The digest for a context with up to two certificates of t/certs. */
static struct digest
digest_of(const char *one, const char *two)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	struct iss_session_policy policy;
	const char *names[] = { one, two };
	struct digest digest = { { 0 } };
	struct iss_error err;
	const X509 *current;
	char path[64];
	size_t i;

	iss_error_clear(&err);
	for (i = 0; i < 2 && names[i] != NULL; i++) {
		snprintf(path, sizeof(path), CERTS "%s.pem", names[i]);
		SSL_CTX_use_certificate_file(ctx, path, SSL_FILETYPE_PEM);
		snprintf(path, sizeof(path), CERTS "%s.key", names[i]);
		SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM);
	}
	current = SSL_CTX_get0_certificate(ctx);
	iss_session_policy_init(&policy);
	iss_own_names_add(&policy, ctx);
	is_int(iss_session_policy_final(&err, &policy, digest.bytes), ISS_OK,
	    "a digest for %s", one != NULL ? one : "nobody");
	ok(SSL_CTX_get0_certificate(ctx) == current, "... the context stays");
	iss_session_policy_release(&policy);
	SSL_CTX_free(ctx);
	return digest;
}

static bool
same(struct digest a, struct digest b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

int
main(void)
{
	struct digest server = digest_of("server", NULL);

	ok(same(server, digest_of("server", NULL)), "the same certificate");
	ok(same(server, digest_of("server-ecdsa", NULL)),
	    "another one for the same names");
	ok(same(server, digest_of("server", "server-ecdsa")),
	    "both, each name once");
	ok(!same(server, digest_of("server2", NULL)), "other names");
	ok(!same(server, digest_of("server-ecdsa", "server2")), "more names");
	ok(!same(server, digest_of(NULL, NULL)), "no certificate");
	ok(same(digest_of("cn-only", NULL), digest_of("cn-only", NULL)) &&
		!same(digest_of("cn-only", NULL), digest_of("utf8-cn", NULL)),
	    "common names where there is nothing else");
	ok(!same(digest_of("bad-san", NULL), digest_of(NULL, NULL)),
	    "names that cannot be read count as the certificate");
	return tap_done();
}
