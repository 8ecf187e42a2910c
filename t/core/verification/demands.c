/*
 * Demands on a peer: names that are set and refused, what is owned and
 * replaced; and whatever differs makes another policy of sessions.
 */
#include "verification/demands.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "revocation/staple.h"
#include "tap.h"

static struct iss_error err;

/* clang-format off */
#define B(text) text, sizeof(text) - 1
/* clang-format on */

static void
test_set_name(void)
{
	static const struct {
		const char *what, *name;
		size_t len;
		const char *scheme; /* NULL: the program */
		enum iss_name_check check;
		bool good;
	} cases[] = {
		{ "a name", B("a.test"), "http", ISS_NAME_BY_SCHEME, true },
		{ "an address", B("::1"), "http", ISS_NAME_BY_SCHEME, true },
		{ "no name", B(""), "http", 0, false },
		{ "NUL in a name", B("a.test\0b"), "http", 0, false },
		{ "two dots", B("a..test"), "http", 0, false },
		{ "any name, by the program", B("a b..c"), NULL,
		    ISS_NAME_BY_CALLBACK, true },
		{ "no name, by the program", B(""), NULL, 0, false },
		{ "half a name, by the program", B("a\0b"), NULL, 0, false },
		{ "any name, not checked", B("a..b"), "none",
		    ISS_NAME_UNCHECKED, true },
	};
	struct iss_verify rules;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		memset(&rules, 0, sizeof(rules));
		iss_error_clear(&err);
		is_int(iss_verify_set_name(&err, &rules, cases[i].name,
			   cases[i].len,
			   cases[i].scheme != NULL
			       ? iss_scheme_find(cases[i].scheme)
			       : NULL),
		    cases[i].good ? ISS_OK : ISS_ERROR, "%s", cases[i].what);
		ok(iss_error_is_set(&err) != cases[i].good, "... %s",
		    cases[i].good ? "no error" : err.text);
		is_int(rules.check, cases[i].check, "... how it is checked");
		is_text(rules.name, cases[i].good ? cases[i].name : NULL,
		    "... a copy of it");
		iss_verify_set_name(
		    &err, &rules, "other", 5, iss_scheme_find("http"));
		is_text(rules.name, "other", "... which another replaces");
		iss_verify_release(&rules);
		ok(rules.name == NULL && rules.check == ISS_NAME_UNCHECKED,
		    "... released");
		iss_verify_release(&rules);
	}
}

/* ---- the address of a socket that is not connected yet ---- */

static void
test_address(const char *scheme, enum iss_name_check check)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct iss_verify rules = { 0 };

	iss_error_clear(&err);
	iss_verify_set_name(&err, &rules, "old.test", 8, NULL);
	iss_verify_set_by_address(
	    &rules, scheme != NULL ? iss_scheme_find(scheme) : NULL);
	is_int(rules.check, check, "by address, %s",
	    scheme != NULL ? scheme : "the program");
	is_text(rules.name, NULL, "... no name yet");
	is_int(iss_verify_find_address(&err, &rules, fd), ISS_ERROR,
	    "... not connected: %s", err.text);
	is_int(rules.check, check, "... and nothing changes");
	if (bind(listener, (struct sockaddr *)&address, len) != 0 ||
	    listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &len) != 0 ||
	    connect(fd, (struct sockaddr *)&address, len) != 0)
		diag("no connection: %s", strerror(errno));
	iss_error_clear(&err);
	is_int(iss_verify_find_address(&err, &rules, fd), ISS_OK,
	    "... connected: %s", err.text);
	is_text(rules.name, "127.0.0.1", "... the name");
	is_int(rules.check, check, "... checked in the same way");
	ok(scheme == NULL || memcmp(&rules.scheme, iss_scheme_find(scheme),
				 sizeof(rules.scheme)) == 0,
	    "... by the same scheme");
	is_int(
	    iss_verify_find_address(&err, &rules, -1), ISS_OK, "... and kept");
	iss_verify_release(&rules);
	close(fd);
	close(listener);
}

/* No certificate is for the address of a UNIX socket. */
static void
test_no_address(void)
{
	struct iss_verify rules = { 0 };
	int fds[2] = { -1, -1 };

	ok(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "a UNIX socket");
	iss_verify_set_by_address(&rules, iss_scheme_find("http"));
	iss_error_clear(&err);
	is_int(iss_verify_find_address(&err, &rules, fds[0]), ISS_ERROR,
	    "... has no address: %s", err.text);
	has_text(err.text, "neither a name nor the address", "... why");
	ok(rules.name == NULL && rules.by_address, "... and no name");
	iss_verify_release(&rules);
	close(fds[0]);
	close(fds[1]);
}

static void
test_addresses(void)
{
	struct iss_verify rules = { 0 };

	test_address("http", ISS_NAME_BY_SCHEME);
	test_address(NULL, ISS_NAME_BY_CALLBACK);
	test_no_address();
	iss_verify_set_by_address(&rules, iss_scheme_find("none"));
	is_int(rules.check, ISS_NAME_UNCHECKED, "none: not checked");
	is_int(iss_verify_find_address(&err, &rules, -1), ISS_OK,
	    "... and no address needed");
	iss_verify_release(&rules);
}

/* ---- fingerprints ---- */

static struct iss_fingerprint_list
fingerprint(const char *digit)
{
	struct iss_fingerprint_list list = { 0 };
	char hex[41] = "";

	while (strlen(hex) < 40)
		strcat(hex, digit);
	iss_error_clear(&err);
	is_int(
	    iss_fingerprint_list_add(&err, &list, "SSL_fingerprint", hex, 40),
	    ISS_OK, "a fingerprint of %s: %s", digit, err.text);
	return list;
}

static void
test_fingerprints(void)
{
	struct iss_fingerprint_list one = fingerprint("1");
	struct iss_fingerprint_list other = fingerprint("2");
	struct iss_verify rules = { 0 };

	ok(!iss_verify_require_fingerprint(&rules),
	    "none can be required where there is none");
	ok(!rules.force_fingerprint, "... and none is");
	iss_verify_set_fingerprints(&err, &rules, &one, false);
	ok(iss_verify_require_fingerprint(&rules) && rules.force_fingerprint,
	    "one that there is");
	iss_verify_replace_fingerprints(&err, &rules, &other, false);
	is_int((long)rules.fingerprints.count, 1, "another in its place");
	is_int(rules.fingerprints.list[0].digest[0], 0x22, "... alone");
	ok(!rules.force_fingerprint, "... and it is not required");
	iss_fingerprint_list_release(&other);
	is_int(rules.fingerprints.list[0].digest[19], 0x22, "... a copy");
	iss_verify_release(&rules);
	is_int((long)rules.fingerprints.count, 0, "released");
	iss_fingerprint_list_release(&one);
}

/* ---- sessions ---- */

static void
by_name(struct iss_verify *rules)
{
	iss_verify_set_name(&err, rules, "a.test", 6, iss_scheme_find("http"));
}

static void
by_other_name(struct iss_verify *rules)
{
	iss_verify_set_name(&err, rules, "b.test", 6, iss_scheme_find("http"));
}

static void
by_other_scheme(struct iss_verify *rules)
{
	iss_verify_set_name(&err, rules, "a.test", 6, iss_scheme_find("ldap"));
}

static void
by_program(struct iss_verify *rules)
{
	iss_verify_set_name(&err, rules, "a.test", 6, NULL);
}

static void
by_own_scheme(struct iss_verify *rules)
{
	static const struct iss_scheme strictest;

	iss_verify_set_name(&err, rules, "a.test", 6, &strictest);
}

static void
with_any_suffix(struct iss_verify *rules)
{
	iss_verify_set_suffixes(rules, true, NULL);
}

#ifdef HAVE_LIBPSL
static void
with_suffix(struct iss_verify *rules, const char *text)
{
	struct iss_suffix_list *list = NULL;

	iss_suffix_list_new(&err, &list, text, strlen(text), 1);
	iss_verify_set_suffixes(rules, false, list);
	iss_suffix_list_free(list);
}

static void
with_suffixes(struct iss_verify *rules)
{
	with_suffix(rules, "test\n");
}

static void
with_other_suffixes(struct iss_verify *rules)
{
	with_suffix(rules, "example\n");
}
#endif

static void
with_fingerprint(struct iss_verify *rules)
{
	struct iss_fingerprint_list list = fingerprint("1");

	iss_verify_set_fingerprints(&err, rules, &list, false);
	iss_fingerprint_list_release(&list);
}

static void
with_other_fingerprint(struct iss_verify *rules)
{
	struct iss_fingerprint_list list = fingerprint("2");

	iss_verify_set_fingerprints(&err, rules, &list, false);
	iss_fingerprint_list_release(&list);
}

static void
with_required_fingerprint(struct iss_verify *rules)
{
	with_fingerprint(rules);
	iss_verify_require_fingerprint(rules);
}

static void
with_record(struct iss_verify *rules)
{
	iss_tlsa_list_add_text(&err, &rules->tlsa, "SSL_tlsa", B("3 1 1 ab"));
}

static void
with_other_record(struct iss_verify *rules)
{
	iss_tlsa_list_add_text(&err, &rules->tlsa, "SSL_tlsa", B("3 1 1 ac"));
}

static void
with_record_of_other_usage(struct iss_verify *rules)
{
	iss_tlsa_list_add_text(&err, &rules->tlsa, "SSL_tlsa", B("1 1 1 ab"));
}

static void
with_record_of_certificate(struct iss_verify *rules)
{
	iss_tlsa_list_add_text(&err, &rules->tlsa, "SSL_tlsa", B("3 0 1 ab"));
}

static void
with_record_of_other_type(struct iss_verify *rules)
{
	iss_tlsa_list_add_text(&err, &rules->tlsa, "SSL_tlsa", B("3 1 2 ab"));
}

static void
with_record_and_name(struct iss_verify *rules)
{
	with_record(rules);
	rules->name_of_ee = 1;
}

static const struct {
	const char *what;
	void (*demand)(struct iss_verify *rules);
	int staple;
	struct iss_scheme scheme; /* for by_own_scheme */
} demands[] = {
	{ "nothing", NULL, 0 },
	{ "a name", by_name, 0 },
	{ "another name", by_other_name, 0 },
	{ "another scheme", by_other_scheme, 0 },
	{ "a name, by the program", by_program, 0 },
	{ "the strictest scheme", by_own_scheme, 0 },
	{ "... and common names", by_own_scheme, 0,
	    { .check_cn = ISS_CN_ALWAYS } },
	{ "... and wildcards", by_own_scheme, 0,
	    { .wildcards_in_alt = ISS_WILDCARDS_ANYWHERE } },
	{ "... and wildcards in common names", by_own_scheme, 0,
	    { .wildcards_in_cn = ISS_WILDCARDS_ANYWHERE } },
	{ "... and addresses in common names", by_own_scheme, 0,
	    { .ip_in_cn = 4 } },
	{ "... and a record is enough", by_own_scheme, 0,
	    { .record_is_enough = true } },
	{ "no suffixes", with_any_suffix, 0 },
#ifdef HAVE_LIBPSL
	{ "suffixes", with_suffixes, 0 },
	{ "other suffixes", with_other_suffixes, 0 },
#endif
	{ "a fingerprint", with_fingerprint, 0 },
	{ "another fingerprint", with_other_fingerprint, 0 },
	{ "a required fingerprint", with_required_fingerprint, 0 },
	{ "a record", with_record, 0 },
	{ "another record", with_other_record, 0 },
	{ "a record of another usage", with_record_of_other_usage, 0 },
	{ "a record of the whole certificate", with_record_of_certificate, 0 },
	{ "a record of another type", with_record_of_other_type, 0 },
	{ "a record, and the name", with_record_and_name, 0 },
	{ "a staple", NULL, ISS_OCSP_MUST_STAPLE },
};

static void
digest_of(size_t row, unsigned char digest[ISS_SESSION_POLICY_LEN])
{
	struct iss_verify rules = { 0 };
	struct iss_staple staple = { .mode = demands[row].staple };
	struct iss_link link = { .verify = &rules, .staple = &staple };
	struct iss_session_policy policy;

	if (demands[row].demand != NULL)
		demands[row].demand(&rules);
	if (demands[row].demand == by_own_scheme)
		rules.scheme = demands[row].scheme;
	iss_session_policy_init(&policy);
	iss_verify_add_policy(&link, &policy);
	is_int(iss_session_policy_final(&err, &policy, digest), ISS_OK,
	    "a policy: %s", demands[row].what);
	iss_session_policy_release(&policy);
	iss_verify_release(&rules);
}

static void
test_policies(void)
{
	unsigned char digests[ROWS(demands)][ISS_SESSION_POLICY_LEN];
	unsigned char again[ISS_SESSION_POLICY_LEN];
	size_t i, n;

	for (i = 0; i < ROWS(demands); i++) {
		digest_of(i, digests[i]);
		digest_of(i, again);
		ok(memcmp(digests[i], again, sizeof(again)) == 0,
		    "... is the same again");
		for (n = 0; n < i; n++)
			ok(memcmp(digests[n], digests[i], sizeof(again)) != 0,
			    "... is not that of: %s", demands[n].what);
	}
}

int
main(void)
{
	test_set_name();
	test_addresses();
	test_fingerprints();
	test_policies();
	return tap_done();
}
