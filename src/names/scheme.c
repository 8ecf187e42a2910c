/*
 * The table of schemes, and the words of which users make their own.
 */
#include "names/scheme.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */

/* A row: names, wildcards in SAN, wildcards in CN, use of the CN, IP in CN. */
#define ROW(alt, cn, check, ip) \
	{ false, ISS_CN_##check, ISS_WILDCARDS_##alt, ISS_WILDCARDS_##cn, ip, \
	  false }

/* The same, where a TLSA record may be enough. */
#define ROW_OF_RECORD(alt, cn, check, ip) \
	{ false, ISS_CN_##check, ISS_WILDCARDS_##alt, ISS_WILDCARDS_##cn, ip, \
	  true }

enum { ALIASES = 5 };

struct scheme_row {
	const char *names[ALIASES];
	struct iss_scheme scheme;
};

/* Today's schemes.  The names rfc2995 and rfc3207 are from the manual of 1.77. */
static const struct scheme_row schemes[] = {
	{ { "none" }, { .off = true } },
	{ { "default" },
	  ROW(ANYWHERE, ANYWHERE, ALWAYS, 1) },
	{ { "http", "www" },
	  ROW(ANYWHERE, ANYWHERE, WHEN_ONLY, 4) },
	{ { "rfc2818" },
	  ROW(ANYWHERE, ANYWHERE, WHEN_ONLY, 0) },
	{ { "xmpp", "rfc3920" },
	  ROW_OF_RECORD(ANYWHERE, ANYWHERE, WHEN_ONLY, 0) },
	{ { "ftp", "rfc4217" },
	  ROW(ANYWHERE, ANYWHERE, WHEN_ONLY, 0) },
	{ { "ldap", "rfc4513" },
	  ROW(FULL_LABEL, NONE, ALWAYS, 0) },
	{ { "smtp", "rfc3207" },
	  ROW_OF_RECORD(FULL_LABEL, FULL_LABEL, ALWAYS, 0) },
	{ { "rfc2595" },
	  ROW(FULL_LABEL, FULL_LABEL, ALWAYS, 0) },
	{ { "imap", "pop3", "acap", "rfc4642", "rfc2995" },
	  ROW(FULL_LABEL, FULL_LABEL, ALWAYS, 0) },
	{ { "nntp", "rfc5539", "netconf", "rfc5538" },
	  ROW(FULL_LABEL, FULL_LABEL, ALWAYS, 0) },
	{ { "syslog", "rfc5425", "snmp", "rfc5953" },
	  ROW(FULL_LABEL, FULL_LABEL, ALWAYS, 0) },
	{ { "gist", "rfc5971" },
	  ROW(FULL_LABEL, FULL_LABEL, WHEN_ONLY, 0) },
	{ { "sip", "rfc5922" },
	  ROW(NONE, NONE, ALWAYS, 0) },
};

/* Those in which the manual of 1.77 differs. */
static const struct scheme_row schemes_1_77[] = {
	{ { "http", "www" },
	  ROW(ANYWHERE, ANYWHERE, WHEN_ONLY, 0) },
	{ { "pop3", "imap", "acap", "rfc2995" },
	  ROW(FULL_LABEL, NONE, ALWAYS, 0) },
	{ { "nntp", "rfc4642" },
	  ROW(FULL_LABEL, NONE, ALWAYS, 0) },
	{ { "smtp", "rfc3207" },
	  ROW_OF_RECORD(NONE, NONE, ALWAYS, 0) },
};

/* The words for the members of a user's scheme. */

static const struct word { const char *text; int value; }
cn_words[] = {
	{ "always", ISS_CN_ALWAYS },
	{ "when_only", ISS_CN_WHEN_ONLY },
	{ NULL, 0 },
},
wildcard_words[] = {
	{ "full_label", ISS_WILDCARDS_FULL_LABEL },
	{ "leftmost", ISS_WILDCARDS_FULL_LABEL },
	{ "anywhere", ISS_WILDCARDS_ANYWHERE },
	{ NULL, 0 },
},
ip_words[] = {
	{ "1", 1 },
	{ "4", 4 },
	{ "6", 6 },
	{ NULL, 0 },
};

/* clang-format on */

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const struct iss_scheme *
find_row(const struct scheme_row *rows, size_t n, const char *name)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < ALIASES && rows[i].names[j] != NULL; j++)
			if (strcmp(rows[i].names[j], name) == 0)
				return &rows[i].scheme;
	return NULL;
}

const struct iss_scheme *
iss_scheme_find(const char *name)
{
	return find_row(schemes, ROWS(schemes), name);
}

const struct iss_scheme *
iss_scheme_find_1_77(const char *name)
{
	const struct iss_scheme *scheme;

	scheme = find_row(schemes_1_77, ROWS(schemes_1_77), name);
	return scheme != NULL ? scheme : iss_scheme_find(name);
}

void
iss_scheme_names(struct iss_buf *out)
{
	const char *between = "";
	size_t i, j;

	for (i = 0; i < ROWS(schemes); i++) {
		const char *const *names = schemes[i].names;

		for (j = 0; j < ALIASES && names[j] != NULL; j++) {
			iss_buf_printf(out, "%s%s", between, names[j]);
			between = ", ";
		}
	}
}

static int
invalid_value(struct iss_error *err, const char *key, const char *value,
    const struct word *words)
{
	struct iss_buf valid;

	iss_buf_init(&valid, ISS_ERROR_TEXT_MAX);
	for (; words->text != NULL; words++)
		iss_buf_printf(&valid, ", %s", words->text);
	iss_error_set(err,
	    "invalid value \"%.60s\" for %s; valid values are 0%s", value, key,
	    iss_buf_text(&valid));
	iss_buf_release(&valid);
	return ISS_ERROR;
}

/* The number of a word; 0 for no word and for "0", -1 for an unknown one. */
static int
word_value(const struct word *words, const char *text)
{
	if (text == NULL || *text == '\0' || strcmp(text, "0") == 0)
		return 0;
	for (; words->text != NULL; words++)
		if (strcmp(words->text, text) == 0)
			return words->value;
	return -1;
}

enum { CHECK_CN, IN_ALT, IN_CN, IP_IN_CN, KEYS };

static const struct key {
	const char *name;
	const struct word *words;
} keys[KEYS] = {
	[CHECK_CN] = { "check_cn", cn_words },
	[IN_ALT] = { "wildcards_in_alt", wildcard_words },
	[IN_CN] = { "wildcards_in_cn", wildcard_words },
	[IP_IN_CN] = { "ip_in_cn", ip_words },
};

/* The index of a key; KEYS if there is none. */
static int
find_key(const char *name)
{
	int i;

	for (i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			break;
	return i;
}

static void
set_member(struct iss_scheme *scheme, int key, int value)
{
	switch (key) {
	case CHECK_CN:
		scheme->check_cn = (enum iss_check_cn)value;
		break;
	case IN_ALT:
		scheme->wildcards_in_alt = (enum iss_wildcards)value;
		break;
	case IN_CN:
		scheme->wildcards_in_cn = (enum iss_wildcards)value;
		break;
	default:
		scheme->ip_in_cn = value;
	}
}

int
iss_scheme_set(struct iss_error *err, struct iss_scheme *scheme,
    const char *key, const char *value)
{
	int i = find_key(key), number;

	if (i == KEYS)
		return iss_error_set(err,
		    "unknown key \"%.60s\"; valid keys are "
		    "%s, %s, %s, %s, callback",
		    key, keys[0].name, keys[1].name, keys[2].name,
		    keys[3].name);

	number = word_value(keys[i].words, value);
	if (number < 0 && i == CHECK_CN)
		number = ISS_CN_NEVER;
	if (number < 0)
		return invalid_value(err, key, value, keys[i].words);
	set_member(scheme, i, number);
	return ISS_OK;
}
