/*
 * The predefined schemes, each as the contract tells it, and the words that
 * describe one of the user's own.
 */
#include "names/scheme.h"

#include "tap.h"

/* clang-format off */

/* The table of the interface contract, a row a name: letters tell wildcards
 * in SAN and in CN (anywhere, full label, none), CN (always, when only), and
 * then the IP addresses in CN. */
static const struct row {
	const char *name;
	char alt, cn, check;
	int ip;
} today[] = {
	{ "default", 'a', 'a', 'a', 1 },
	{ "http",    'a', 'a', 'w', 4 },
	{ "www",     'a', 'a', 'w', 4 },
	{ "rfc2818", 'a', 'a', 'w', 0 },
	{ "xmpp",    'a', 'a', 'w', 0 },
	{ "rfc3920", 'a', 'a', 'w', 0 },
	{ "ftp",     'a', 'a', 'w', 0 },
	{ "rfc4217", 'a', 'a', 'w', 0 },
	{ "ldap",    'f', 'n', 'a', 0 },
	{ "rfc4513", 'f', 'n', 'a', 0 },
	{ "smtp",    'f', 'f', 'a', 0 },
	{ "rfc2595", 'f', 'f', 'a', 0 },
	{ "imap",    'f', 'f', 'a', 0 },
	{ "pop3",    'f', 'f', 'a', 0 },
	{ "acap",    'f', 'f', 'a', 0 },
	{ "rfc4642", 'f', 'f', 'a', 0 },
	{ "nntp",    'f', 'f', 'a', 0 },
	{ "rfc5539", 'f', 'f', 'a', 0 },
	{ "netconf", 'f', 'f', 'a', 0 },
	{ "rfc5538", 'f', 'f', 'a', 0 },
	{ "syslog",  'f', 'f', 'a', 0 },
	{ "rfc5425", 'f', 'f', 'a', 0 },
	{ "snmp",    'f', 'f', 'a', 0 },
	{ "rfc5953", 'f', 'f', 'a', 0 },
	{ "gist",    'f', 'f', 'w', 0 },
	{ "rfc5971", 'f', 'f', 'w', 0 },
	{ "sip",     'n', 'n', 'a', 0 },
	{ "rfc5922", 'n', 'n', 'a', 0 },
	{ "rfc2995", 'f', 'f', 'a', 0 },
	{ "rfc3207", 'f', 'f', 'a', 0 },
},

/* The manual of 1.77, and some names that it does not know. */
then[] = {
	{ "http",    'a', 'a', 'w', 0 },
	{ "www",     'a', 'a', 'w', 0 },
	{ "rfc2818", 'a', 'a', 'w', 0 },
	{ "ldap",    'f', 'n', 'a', 0 },
	{ "rfc4513", 'f', 'n', 'a', 0 },
	{ "pop3",    'f', 'n', 'a', 0 },
	{ "imap",    'f', 'n', 'a', 0 },
	{ "acap",    'f', 'n', 'a', 0 },
	{ "rfc2995", 'f', 'n', 'a', 0 },
	{ "nntp",    'f', 'n', 'a', 0 },
	{ "rfc4642", 'f', 'n', 'a', 0 },
	{ "smtp",    'n', 'n', 'a', 0 },
	{ "rfc3207", 'n', 'n', 'a', 0 },
	{ "default", 'a', 'a', 'a', 1 },
	{ "sip",     'n', 'n', 'a', 0 },
};

static const char *const unknown[] = {
	"", " ", "HTTP", "Http", "http ", " http", "htt", "https", "rfc",
	"rfc9999", "2818", "none ", "off", "0", "default\n",
};

/* clang-format on */

static int
wildcards(char letter)
{
	return letter == 'a'   ? ISS_WILDCARDS_ANYWHERE
	       : letter == 'f' ? ISS_WILDCARDS_FULL_LABEL
			       : ISS_WILDCARDS_NONE;
}

/* A TLSA record for the certificate is enough. */
static bool
is_by_record(const char *name)
{
	return strcmp(name, "smtp") == 0 || strcmp(name, "rfc3207") == 0 ||
	       strcmp(name, "xmpp") == 0 || strcmp(name, "rfc3920") == 0;
}

static void
test_table(const char *when, const struct row *rows, size_t n,
    const struct iss_scheme *(*find)(const char *name))
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct row *row = &rows[i];
		const struct iss_scheme *scheme = find(row->name);

		if (!ok(scheme != NULL, "%s: %s exists", when, row->name))
			continue;
		ok(!scheme->off, "%s: %s checks", when, row->name);
		is_int(scheme->wildcards_in_alt, wildcards(row->alt),
		    "%s: %s, wildcards in SAN", when, row->name);
		is_int(scheme->wildcards_in_cn, wildcards(row->cn),
		    "%s: %s, wildcards in CN", when, row->name);
		is_int(scheme->check_cn,
		    row->check == 'a' ? ISS_CN_ALWAYS : ISS_CN_WHEN_ONLY,
		    "%s: %s, check of CN", when, row->name);
		is_int(scheme->record_is_enough, is_by_record(row->name),
		    "%s: %s, DANE", when, row->name);
		is_int(scheme->ip_in_cn, row->ip, "%s: %s, IP in CN", when,
		    row->name);
	}
	ok(find("none") != NULL && find("none")->off, "%s: none is off", when);
	for (i = 0; i < ROWS(unknown); i++)
		ok(find(unknown[i]) == NULL, "%s: \"%s\" is none", when,
		    unknown[i]);
}

static void
test_names(void)
{
	struct iss_buf names;
	size_t i;

	iss_buf_init(&names, 1024);
	iss_scheme_names(&names);
	has_text(iss_buf_text(&names), "none, default, http, www, ",
	    "the names in the order of the table");
	for (i = 0; i < ROWS(today); i++)
		has_text(iss_buf_text(&names), today[i].name, "%s is told",
		    today[i].name);
	iss_buf_release(&names);
}

/* clang-format off */

static const struct setting {
	const char *key, *value;
	struct iss_scheme want; /* from a zeroed one */
	const char *error;
} settings[] = {
	{ "check_cn", "always", { .check_cn = ISS_CN_ALWAYS }, NULL },
	{ "check_cn", "when_only", { .check_cn = ISS_CN_WHEN_ONLY }, NULL },
	{ "check_cn", "0", { .off = false }, NULL },
	{ "check_cn", "", { .off = false }, NULL },
	{ "check_cn", NULL, { .off = false }, NULL },
	{ "check_cn", "Always", { .off = false }, NULL },
	{ "check_cn", "whatever", { .off = false }, NULL },
	{ "check_cn", "1", { .off = false }, NULL },
	{ "wildcards_in_alt", "leftmost",
	  { .wildcards_in_alt = ISS_WILDCARDS_FULL_LABEL }, NULL },
	{ "wildcards_in_alt", "full_label",
	  { .wildcards_in_alt = ISS_WILDCARDS_FULL_LABEL }, NULL },
	{ "wildcards_in_alt", "anywhere",
	  { .wildcards_in_alt = ISS_WILDCARDS_ANYWHERE }, NULL },
	{ "wildcards_in_alt", "0", { .off = false }, NULL },
	{ "wildcards_in_alt", NULL, { .off = false }, NULL },
	{ "wildcards_in_alt", "always", { .off = false },
	  "invalid value \"always\" for wildcards_in_alt; valid values are 0, "
	  "full_label, leftmost, anywhere" },
	{ "wildcards_in_alt", "1", { .off = false }, "\"1\"" },
	{ "wildcards_in_alt", " anywhere", { .off = false }, "valid values are" },
	{ "wildcards_in_cn", "leftmost",
	  { .wildcards_in_cn = ISS_WILDCARDS_FULL_LABEL }, NULL },
	{ "wildcards_in_cn", "full_label",
	  { .wildcards_in_cn = ISS_WILDCARDS_FULL_LABEL }, NULL },
	{ "wildcards_in_cn", "anywhere",
	  { .wildcards_in_cn = ISS_WILDCARDS_ANYWHERE }, NULL },
	{ "wildcards_in_cn", "", { .off = false }, NULL },
	{ "wildcards_in_cn", "rightmost", { .off = false }, "\"rightmost\"" },
	{ "ip_in_cn", "1", { .ip_in_cn = 1 }, NULL },
	{ "ip_in_cn", "4", { .ip_in_cn = 4 }, NULL },
	{ "ip_in_cn", "6", { .ip_in_cn = 6 }, NULL },
	{ "ip_in_cn", "0", { .ip_in_cn = 0 }, NULL },
	{ "ip_in_cn", NULL, { .ip_in_cn = 0 }, NULL },
	{ "ip_in_cn", "5", { .ip_in_cn = 0 },
	  "invalid value \"5\" for ip_in_cn; valid values are 0, 1, 4, 6" },
	{ "ip_in_cn", "46", { .ip_in_cn = 0 }, "\"46\"" },
	{ "ip_in_cn", "-1", { .ip_in_cn = 0 }, "\"-1\"" },
	{ "check_CN", "always", { .off = false },
	  "unknown key \"check_CN\"; valid keys are check_cn, "
	  "wildcards_in_alt, wildcards_in_cn, ip_in_cn, callback" },
	{ "", "always", { .off = false }, "unknown key \"\"" },
};

/* clang-format on */

static void
test_settings(void)
{
	size_t i;

	for (i = 0; i < ROWS(settings); i++) {
		const struct setting *row = &settings[i];
		const char *value = row->value != NULL ? row->value : "NULL";
		struct iss_scheme got = { .off = false };
		struct iss_error err;

		iss_error_clear(&err);
		is_int(iss_scheme_set(&err, &got, row->key, row->value),
		    row->error != NULL ? ISS_ERROR : 0, "%s => %s", row->key,
		    value);
		ok(got.off == row->want.off &&
			got.check_cn == row->want.check_cn &&
			got.wildcards_in_alt == row->want.wildcards_in_alt &&
			got.wildcards_in_cn == row->want.wildcards_in_cn &&
			got.ip_in_cn == row->want.ip_in_cn,
		    "%s => %s: the scheme", row->key, value);
		if (row->error != NULL)
			has_text(err.text, row->error, "%s => %s: why",
			    row->key, value);
	}
}

/* A later value replaces an earlier one, the strictest too. */
static void
test_reset(void)
{
	static const char *const keys[] = { "check_cn", "wildcards_in_alt",
		"wildcards_in_cn", "ip_in_cn" };
	struct iss_scheme got = { false, ISS_CN_ALWAYS, ISS_WILDCARDS_ANYWHERE,
		ISS_WILDCARDS_ANYWHERE, 1 };
	struct iss_error err;
	size_t i;

	iss_error_clear(&err);
	for (i = 0; i < ROWS(keys); i++)
		is_int(iss_scheme_set(&err, &got, keys[i], "0"), 0, "%s => 0",
		    keys[i]);
	ok(got.check_cn == ISS_CN_NEVER &&
		got.wildcards_in_alt == ISS_WILDCARDS_NONE &&
		got.wildcards_in_cn == ISS_WILDCARDS_NONE && got.ip_in_cn == 0,
	    "all are the strictest again");
}

int
main(void)
{
	test_table("today", today, ROWS(today), iss_scheme_find);
	test_table("1.77", then, ROWS(then), iss_scheme_find_1_77);
	test_names();
	test_settings();
	test_reset();
	return tap_done();
}
