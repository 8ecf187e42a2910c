/*
 * Session id contexts: equal where sessions may be shared, else different.
 */
#include "context/session_id.h"

#include <string.h>

#include "revocation/staple.h"
#include "tap.h"
#include "verification/verify.h"

static unsigned char rules[ISS_SESSION_POLICY_LEN] = { 1 };
static bool shared; /* there are ticket keys */
static unsigned char other_rules[ISS_SESSION_POLICY_LEN] = { 2 };

static bool by_program, with_keys;

/* The id of a context with this option, virtual host and verify mode. */
static struct iss_session_id
make_id(char *option, char *vhost, int mode,
    const unsigned char use_rules[ISS_SESSION_POLICY_LEN])
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	struct iss_session_id id = { { 0 } };
	struct iss_config config;
	struct iss_error err;

	iss_config_init(&config, true);
	config.session_id_context = option;
	config.vhost = vhost;
	config.ticket_keys.count = shared;
	iss_error_clear(&err);
	config.verify_mode = mode;
	config.psks.count = with_keys;
	is_int(iss_session_id_use(
		   &err, &id, ctx, &config, use_rules, by_program, NULL),
	    ISS_OK, "an id for %s", option != NULL ? option : "nobody");
	SSL_CTX_free(ctx);
	return id;
}

static bool
same(struct iss_session_id a, struct iss_session_id b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static void
test_context(void)
{
	char a[] = "a", b[] = "b", host[] = "host.test";
	const int none = SSL_VERIFY_NONE, peer = SSL_VERIFY_PEER;
	struct iss_session_id id;

	ok(same(make_id(a, NULL, none, rules), make_id(a, NULL, none, rules)),
	    "one text, one id");
	ok(!same(make_id(a, NULL, none, rules), make_id(b, NULL, none, rules)),
	    "another text, another id");
	ok(!same(make_id(a, NULL, none, rules), make_id(a, host, none, rules)),
	    "a virtual host has its own");
	ok(same(make_id(a, NULL, none, rules),
	       make_id(a, NULL, none, other_rules)),
	    "other rules make no difference where nobody is verified");
	ok(!same(make_id(a, NULL, peer, rules),
	       make_id(a, NULL, peer, other_rules)),
	    "... but where clients are");
	with_keys = true;
	ok(!same(make_id(a, NULL, none, rules),
	       make_id(a, NULL, none, other_rules)),
	    "... or have pre-shared keys");
	with_keys = false;
	ok(!same(make_id(NULL, NULL, none, rules),
	       make_id(NULL, NULL, none, rules)),
	    "without a text the id is random");
	shared = true;
	ok(same(make_id(NULL, NULL, none, rules),
	       make_id(NULL, NULL, none, rules)),
	    "... but for those with ticket keys, where it is made of the "
	    "rules");
	ok(!same(make_id(NULL, NULL, none, rules),
	       make_id(NULL, NULL, none, other_rules)),
	    "... so that others have another");
	ok(!same(make_id(NULL, NULL, none, rules),
	       make_id(NULL, host, none, rules)),
	    "... and of the host");
	id = make_id(NULL, NULL, none, rules);
	by_program = true;
	ok(!same(make_id(NULL, NULL, none, rules), id),
	    "... and where a sub has a say");
	by_program = shared = false;
}

static void
test_alone(void)
{
	char name[] = "a";
	struct iss_session_id id, before;
	struct iss_error err;

	id = before = make_id(name, NULL, SSL_VERIFY_PEER, rules);
	iss_error_clear(&err);
	is_int(iss_session_id_set_alone(&err, &id), ISS_OK, "a sub judges");
	ok(same(id, before), "... which leaves the name as it is");
	ok(memcmp(id.chosen, before.chosen, sizeof(id.chosen)) != 0,
	    "... but not that of a choice");
}

/* What bind makes of the id shows in handshakes (t/sessions). */
static void
test_bind(void)
{
	struct iss_session_id id = { { 1 } };
	struct iss_staple staple;
	struct iss_verify verify;
	struct iss_link link;
	struct iss_error err;
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	memset(&staple, 0, sizeof(staple));
	memset(&verify, 0, sizeof(verify));
	memset(&link, 0, sizeof(link));
	iss_error_clear(&err);
	link.staple = &staple;
	link.verify = &verify;
	is_int(iss_session_id_bind(&err, &id, &link), ISS_OK,
	    "without rules of its own the SSL is left alone");
	link.ssl = SSL_new(ctx);
	verify.force_fingerprint = true;
	is_int(
	    iss_session_id_bind(&err, &id, &link), ISS_OK, "rules of its own");
	verify.check = ISS_NAME_BY_CALLBACK;
	is_int(iss_session_id_bind(&err, &id, &link), ISS_OK,
	    "a scheme that is a sub");
	SSL_free(link.ssl);
	SSL_CTX_free(ctx);
}

int
main(void)
{
	test_context();
	test_alone();
	test_bind();
	return tap_done();
}
