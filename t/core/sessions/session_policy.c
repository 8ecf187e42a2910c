/*
 * Policies as digests: whatever differs makes another digest, whatever does
 * not differ the same.
 */
#define _XOPEN_SOURCE 700 /* utimensat */
#include "sessions/session_policy.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fixture.h"
#include "options.h"
#include "scratch.h"
#include "tap.h"

static struct iss_error err;

struct digest {
	unsigned char bytes[ISS_SESSION_POLICY_LEN];
};

/* A way to gather a policy; arg tells one of them from another. */
typedef void gather_fn(struct iss_session_policy *policy, int arg);

static struct digest
digest_of(gather_fn *gather, int arg)
{
	struct iss_session_policy policy;
	struct digest digest = { { 0 } };

	iss_error_clear(&err);
	iss_session_policy_init(&policy);
	gather(&policy, arg);
	if (iss_session_policy_final(&err, &policy, digest.bytes) != ISS_OK)
		ok(false, "a digest: %s", err.text);
	iss_session_policy_release(&policy);
	return digest;
}

static bool
same(struct digest a, struct digest b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

/* ---- values ---- */

/* Sequences of values, all of which are different. */
static void
add_values(struct iss_session_policy *policy, int arg)
{
	switch (arg) {
	case 0:
		break;
	case 1:
		iss_session_policy_add(policy, NULL, 0);
		break;
	case 2:
		iss_session_policy_add(policy, "", 0);
		iss_session_policy_add(policy, "", 0);
		break;
	case 3:
		iss_session_policy_add(policy, "ab", 2);
		break;
	case 4:
		iss_session_policy_add(policy, "a", 1);
		iss_session_policy_add(policy, "b", 1);
		break;
	case 5:
		iss_session_policy_add(policy, "b", 1);
		iss_session_policy_add(policy, "a", 1);
		break;
	case 6:
		iss_session_policy_add(policy, "ab\0", 3);
		break;
	case 7:
		iss_session_policy_add_number(policy, 0);
		break;
	case 8:
		iss_session_policy_add_number(policy, 1);
		break;
	case 9:
		iss_session_policy_add_number(policy, -1);
		break;
	case 10:
		iss_session_policy_add_text(policy, "");
		break;
	case 11:
		iss_session_policy_add_text(policy, "ab");
		break;
	case 12:
		iss_session_policy_add_text(policy, NULL);
		iss_session_policy_add_text(policy, "ab");
		break;
	case 13:
		iss_session_policy_add_text(policy, "ab");
		iss_session_policy_add_text(policy, NULL);
		break;
	}
}

enum { VALUES = 14 };

/* ---- certificates and fingerprints ---- */

static void
add_cert(struct iss_session_policy *policy, int arg)
{
	static const char *const names[] = { NULL, "server", "ca" };
	X509 *cert = names[arg] != NULL ? fixture_cert(names[arg]) : NULL;

	iss_session_policy_add_cert(policy, cert);
	X509_free(cert);
}

enum { CERTS_COUNT = 3 };

#define MD5_A "d41d8cd98f00b204e9800998ecf8427e"
#define MD5_B "d41d8cd98f00b204e9800998ecf8427f"

static void
add_fingerprints(struct iss_session_policy *policy, int arg)
{
	static const char *const texts[][2] = {
		{ NULL },
		{ "md5$" MD5_A },
		{ "md5$" MD5_B },
		{ "md5$pub$" MD5_A },
		{ "sha256$" MD5_A MD5_A },
		{ "md5$" MD5_A, "md5$" MD5_B },
		{ "md5$" MD5_B, "md5$" MD5_A },
	};
	struct iss_fingerprint_list list = { NULL, 0 };
	size_t i;

	for (i = 0; i < 2 && texts[arg][i] != NULL; i++)
		iss_fingerprint_list_add(&err, &list, "SSL_fingerprint",
		    texts[arg][i], strlen(texts[arg][i]));
	iss_session_policy_add_fingerprints(policy, &list);
	iss_fingerprint_list_release(&list);
}

enum { FINGERPRINTS_COUNT = 7 };

/* All ways of one kind differ, and each is the same when it is repeated. */
static void
test_distinct(const char *what, gather_fn *gather, int count)
{
	int a, b, wrong = 0, unsteady = 0;

	for (a = 0; a < count; a++) {
		unsteady += !same(digest_of(gather, a), digest_of(gather, a));
		for (b = 0; b < a; b++)
			if (same(digest_of(gather, a), digest_of(gather, b))) {
				diag("%s: %d and %d are the same", what, a, b);
				wrong++;
			}
	}
	is_int(wrong, 0, "%s: all %d differ", what, count);
	is_int(unsteady, 0, "... and stay the same");
}

/* ---- configs ---- */

/* What is done to a config before it is digested. */
static struct change {
	const char *option, *value; /* NULL: none */
	bool server;
} change;

static void
set_value(void *config, const struct iss_option *option, const char *value)
{
	X509 *cert;

	switch (option->kind) {
	case ISS_FLAG:
	case ISS_SWITCH:
	case ISS_NUMBER:
	case ISS_SECONDS:
		iss_option_set_number(&err, config, option, atof(value));
		break;
	case ISS_CERTS:
		cert = fixture_cert(value);
		iss_option_add1_cert(&err, config, option, cert);
		X509_free(cert);
		break;
	case ISS_PSK_LIST:
		iss_option_add_psk(
		    &err, config, option, "me", 2, value, strlen(value));
		break;
	default:
		iss_option_set_text(&err, config, option, value, strlen(value));
	}
}

static void
add_config(struct iss_session_policy *policy, int unused)
{
	size_t count, i;
	const struct iss_option *options = iss_config_options(&count);
	struct iss_config config;

	(void)unused;
	iss_config_init(&config, change.server);
	for (i = 0; change.option != NULL && i < count; i++)
		if (strcmp(options[i].name, change.option) == 0)
			set_value(&config, &options[i], change.value);
	iss_session_policy_add_options(policy, &config);
	iss_session_policy_add_identities(policy, &config);
	iss_config_release(&config);
}

static struct digest
config_digest(const char *option, const char *value, bool server)
{
	change.option = option;
	change.value = value;
	change.server = server;
	return digest_of(add_config, 0);
}

/* Two values of an option of each kind, but handles, which judge nobody. */
static const char *
sample(enum iss_option_kind kind, bool second)
{
	switch (kind) {
	case ISS_FLAG:
		return second ? "0" : "1";
	case ISS_SWITCH:
		return second ? "0" : "1";
	case ISS_NUMBER:
	case ISS_SECONDS:
		return second ? "1" : "2";
	case ISS_CERTS:
		return second ? "ca" : "other-ca";
	case ISS_FINGERPRINTS:
		return second ? MD5_A : MD5_B;
	case ISS_HANDLE:
	case ISS_KEY:
		return NULL;
	default:
		return second ? "one" : "two";
	}
}

/* A new option is not forgotten: the walk is over the table. */
static void
test_every_option(void)
{
	size_t count, i;
	const struct iss_option *options = iss_config_options(&count);
	struct digest plain = config_digest(NULL, NULL, false), one, two;

	for (i = 0; i < count; i++) {
		if (sample(options[i].kind, false) == NULL)
			continue;
		if (options[i].neutral) {
			one = config_digest(options[i].name,
			    sample(options[i].kind, false), false);
			ok(same(one, plain), "%s makes none", options[i].name);
			continue;
		}
		one = config_digest(
		    options[i].name, sample(options[i].kind, false), false);
		two = config_digest(
		    options[i].name, sample(options[i].kind, true), false);
		ok(!same(one, two), "%s makes a difference", options[i].name);
		/* a flag has one of its two values by default */
		ok(!same(options[i].kind == ISS_FLAG && same(one, plain) ? two
									 : one,
		       plain),
		    "... also that it is given");
	}
	ok(!same(plain, config_digest(NULL, NULL, true)), "so does the role");
}

/* A key counts together with the identity that it belongs to. */
static void
add_psks(struct iss_session_policy *policy, int arg)
{
	static const struct {
		const char *identity, *key;
	} psks[] = { { "me", "0123" }, { "me", "0124" }, { "you", "0123" } };
	struct iss_config config;

	iss_config_init(&config, true);
	iss_option_add_psk(&err, &config,
	    option_of(iss_config_options, "SSL_psk"), psks[arg].identity,
	    strlen(psks[arg].identity), psks[arg].key, strlen(psks[arg].key));
	iss_session_policy_add_options(policy, &config);
	iss_config_release(&config);
}

static void
add_identities(struct iss_session_policy *policy, int arg)
{
	struct iss_config config;
	struct iss_identity *one;
	int i;

	iss_config_init(&config, true);
	for (i = 0; i < arg; i++) {
		one = iss_config_add_identity(&err, &config);
		iss_option_set_text(&err, one,
		    option_of(iss_config_identity_options, "SSL_cert_file"),
		    i == 1 ? "b" : "a", 1);
	}
	iss_session_policy_add_options(policy, &config);
	iss_session_policy_add_identities(policy, &config);
	iss_config_release(&config);
}

/* A file counts by its content. */
static void
test_files(void)
{
	static const char *const options[] = { "SSL_ca_file", "SSL_ca_path",
		"SSL_crl_file", "SSL_client_ca_file" };
	struct digest before, after;
	const char *path;
	size_t i;

	for (i = 0; i < ROWS(options); i++) {
		path = scratch_write("file", "one", 3);
		before = config_digest(options[i], path, false);
		ok(same(before, config_digest(options[i], path, false)),
		    "%s: a file that stays the same", options[i]);
		ok(same(before, config_digest(options[i],
				    scratch_write("copy", "one", 3), false)),
		    "... a copy of it");
		path = scratch_write("file", "three", 5);
		after = config_digest(options[i], path, false);
		ok(!same(before, after), "... one with other content");
		unlink(path);
		ok(!same(after, config_digest(options[i], path, false)),
		    "... one that is gone");
	}
}

/* As mv(1) and rsync(1) -t leave it: only inode and ctime tell. */
static void
test_replaced_file(void)
{
	static const struct timespec times[2] = { { 1000, 0 }, { 1000, 0 } };
	const char *path = scratch_write("file", "one", 3);
	const char *other = scratch_write("other", "two", 3);
	struct digest before;

	utimensat(AT_FDCWD, path, times, 0);
	utimensat(AT_FDCWD, other, times, 0);
	before = config_digest("SSL_ca_file", path, false);
	is_int(rename(other, path), 0, "a file of the same size and time");
	ok(!same(before, config_digest("SSL_ca_file", path, false)),
	    "... in the place of the other makes a difference");
	unlink(path);
}

/* An empty file, as one without memory to read it. */
static void
test_unreadable_file(void)
{
	static const struct timespec times[2] = { { 1000, 0 }, { 1000, 0 } };
	const char *path = scratch_write("file", "", 0);
	struct digest before = config_digest("SSL_ca_file", path, false);

	utimensat(AT_FDCWD, path, times, 0);
	ok(!same(before, config_digest("SSL_ca_file", path, false)),
	    "a file that cannot be read counts by its stamp");
	unlink(path);
}

static void
test_final(void)
{
	struct iss_session_policy policy;
	unsigned char digest[ISS_SESSION_POLICY_LEN];

	iss_error_clear(&err);
	iss_session_policy_init(&policy);
	policy.failed = true; /* as when memory runs out */
	iss_session_policy_add_text(&policy, "x");
	is_int(iss_session_policy_final(&err, &policy, digest), ISS_ERROR,
	    "a failure on the way is told at the end");
	has_text(err.text, "cannot compute the digest", "... says so");
	iss_session_policy_release(&policy);
	iss_session_policy_release(&policy);
	ok(policy.md == NULL, "released twice without harm");
}

int
main(void)
{
	test_distinct("values", add_values, VALUES);
	test_distinct("certificates", add_cert, CERTS_COUNT);
	test_distinct("fingerprints", add_fingerprints, FINGERPRINTS_COUNT);
	test_distinct("identities", add_identities, 3);
	test_distinct("pre-shared keys", add_psks, 3);
	test_every_option();
	test_files();
	test_replaced_file();
	test_unreadable_file();
	test_final();
	return tap_done();
}
