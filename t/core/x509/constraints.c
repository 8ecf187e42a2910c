/*
 * The name constraints of CAs, and a host.
 */
#include "x509/constraints.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "fixture.h"
#include "tap.h"

static const struct {
	const char *constraints; /* of the CA; NULL: none */
	const char *host;
	bool permitted;
} rows[] = {
	{ NULL, "a.example", true },
	{ "permitted;DNS:example", "a.example", true },
	{ "permitted;DNS:example", "example", true },
	{ "permitted;DNS:example", "a.test", false },
	{ "permitted;DNS:example", "192.0.2.1", true },
	{ "excluded;DNS:a.example", "a.example", false },
	{ "excluded;DNS:a.example", "b.a.example", false },
	{ "excluded;DNS:a.example", "b.example", true },
	{ "permitted;IP:192.0.2.0/255.255.255.0", "192.0.2.9", true },
	{ "permitted;IP:192.0.2.0/255.255.255.0", "192.0.3.9", false },
	{ "permitted;IP:192.0.2.0/255.255.255.0", "a.example", true },
	{ "excluded;IP:::/::", "::1", false },
	{ "permitted;IP:2001:db8::/ffff:ffff::", "2001:db8::1", true },
	{ "permitted;IP:2001:db8::/ffff:ffff::", "2001:db9::1", false },
	{ "permitted;email:example", "a.example", true },
	{ "DER:3003", "a.example", false },
};

static void
add_constraints(X509 *cert, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	if (value == NULL)
		return;
	X509V3_set_ctx(&ctx, NULL, cert, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	ext = X509V3_EXT_conf_nid(
	    NULL, &ctx, NID_name_constraints, (char *)value);
	if (ext == NULL) {
		printf("Bail out! %s\n", value);
		exit(2);
	}
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
}

static void
test_row(size_t i, int depth)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct iss_reference_id host;
	struct iss_error err;
	int n;

	iss_error_clear(&err);
	iss_reference_id_init(&err, &host, rows[i].host, strlen(rows[i].host));
	for (n = 0; n < 3; n++)
		sk_X509_push(chain, fixture_cert("ca"));
	add_constraints(sk_X509_value(chain, depth), rows[i].constraints);
	is_int(iss_constraints_permit(chain, &host),
	    rows[i].permitted || depth == 0, "depth %d, %s: %s", depth,
	    rows[i].constraints != NULL ? rows[i].constraints : "none",
	    rows[i].host);
	ok(iss_constraints_exist(chain) ==
		(rows[i].constraints != NULL && depth > 0),
	    "... has a CA constraints");
	is_int((long long)ERR_peek_error(), 0, "... the queue stays empty");
	sk_X509_pop_free(chain, X509_free);
}

int
main(void)
{
	size_t i;
	int depth;

	for (i = 0; i < ROWS(rows); i++)
		for (depth = 0; depth < 3; depth++)
			test_row(i, depth);
	return tap_done();
}
