/*
 * One table of protocol versions for the parser, its messages and the names.
 */
#include "options/version.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/compat.h"

#ifdef OPENSSL_NO_SSL3
#	define CAN_SSL3 false
#else
#	define CAN_SSL3 true
#endif
#ifdef OPENSSL_NO_TLS1
#	define CAN_TLS1 false
#else
#	define CAN_TLS1 true
#endif
#ifdef OPENSSL_NO_TLS1_1
#	define CAN_TLS1_1 false
#else
#	define CAN_TLS1_1 true
#endif
#ifdef OPENSSL_NO_TLS1_2
#	define CAN_TLS1_2 false
#else
#	define CAN_TLS1_2 true
#endif
#ifdef OPENSSL_NO_TLS1_3
#	define CAN_TLS1_3 false
#else
#	define CAN_TLS1_3 true
#endif

enum { PROTOCOLS = 6, SPELLINGS = 4, LONGEST_SHOWN = 60 };

/* Every protocol, oldest first, and all spellings that SSL_version takes. */
static const struct protocol {
	int number;
	bool supported; /* by the OpenSSL that we were built with */
	uint64_t no;    /* the option that turns it off */
	const char *spellings[SPELLINGS];
} protocols[PROTOCOLS] = {
	{ 0x0002, false, 0, { "SSLv2" } },
	{ SSL3_VERSION, CAN_SSL3, SSL_OP_NO_SSLv3, { "SSLv3" } },
	{ TLS1_VERSION, CAN_TLS1, SSL_OP_NO_TLSv1,
	    { "TLSv1", "TLSv1_0", "TLSv10", "TLSv1.0" } },
	{ TLS1_1_VERSION, CAN_TLS1_1, SSL_OP_NO_TLSv1_1,
	    { "TLSv1_1", "TLSv11", "TLSv1.1" } },
	{ TLS1_2_VERSION, CAN_TLS1_2, SSL_OP_NO_TLSv1_2,
	    { "TLSv1_2", "TLSv12", "TLSv1.2" } },
	{ TLS1_3_VERSION, CAN_TLS1_3, SSL_OP_NO_TLSv1_3,
	    { "TLSv1_3", "TLSv13", "TLSv1.3" } },
};

/* The spellings that mean every version. */
static const char *const any_spellings[SPELLINGS] = { "SSLv23", "SSLv2/3" };

/* Sets of protocols: bit i stands for protocols[i]. */
enum { NOTHING = 0, EVERYTHING = (1 << PROTOCOLS) - 1 };

struct selection {
	unsigned named;    /* without '!' */
	unsigned excluded; /* with '!' */
};

static bool
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_spelled(const char *const *spellings, const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < SPELLINGS && spellings[i] != NULL; i++)
		if (strlen(spellings[i]) == len &&
		    iss_ascii_equal(spellings[i], word, len))
			return true;
	return false;
}

/* The set that a word stands for; NOTHING for an unknown word. */
static unsigned
find_protocols(const char *word, size_t len)
{
	size_t i;

	if (len == 0)
		return NOTHING;
	if (is_spelled(any_spellings, word, len))
		return EVERYTHING;
	for (i = 0; i < PROTOCOLS; i++)
		if (is_spelled(protocols[i].spellings, word, len))
			return 1U << i;
	return NOTHING;
}

/* Append the names of a set. */
static void
append_names(struct iss_buf *out, unsigned set)
{
	const char *between = "";
	size_t i;

	for (i = 0; i < PROTOCOLS; i++) {
		if ((set & (1U << i)) == 0)
			continue;
		iss_buf_printf(out, "%s%s", between, protocols[i].spellings[0]);
		between = ", ";
	}
}

static int
invalid_word(struct iss_error *err, const char *word, size_t len)
{
	struct iss_buf names;

	iss_buf_init(&names, ISS_ERROR_TEXT_MAX);
	append_names(&names, EVERYTHING);
	iss_error_set(err,
	    "SSL_version: \"%.*s\" is not a protocol version; valid are "
	    "%s, %s, separated by ':' (a '!' before a version excludes it)",
	    (int)(len < LONGEST_SHOWN ? len : LONGEST_SHOWN), word,
	    any_spellings[0], iss_buf_text(&names));
	iss_buf_release(&names);
	return ISS_INVALID;
}

static int
unsupported(struct iss_error *err, const char *text, unsigned set)
{
	struct iss_buf names;

	iss_buf_init(&names, ISS_ERROR_TEXT_MAX);
	append_names(&names, set);
	iss_error_set(err,
	    "SSL_version \"%.*s\": SSL Version %s not supported by this "
	    "OpenSSL (%s)",
	    LONGEST_SHOWN, text, iss_buf_text(&names),
	    OpenSSL_version(OPENSSL_VERSION));
	iss_buf_release(&names);
	return ISS_ERROR;
}

/* Parse one word between colons. */
static int
parse_word(struct iss_error *err, struct selection *selection, const char *word,
    size_t len)
{
	bool exclude;
	unsigned set;

	while (len > 0 && is_blank(word[len - 1]))
		len--;
	while (len > 0 && is_blank(word[0]))
		word++, len--;
	exclude = len > 0 && word[0] == '!';
	set = exclude ? find_protocols(word + 1, len - 1)
		      : find_protocols(word, len);
	if (set == NOTHING)
		return invalid_word(err, word, len);
	if (exclude)
		selection->excluded |= set;
	else
		selection->named |= set;
	return ISS_OK;
}

static unsigned
supported_set(void)
{
	unsigned set = NOTHING;
	size_t i;

	for (i = 0; i < PROTOCOLS; i++)
		if (protocols[i].supported)
			set |= 1U << i;
	return set;
}

/*
 * Every protocol that is asked for by its own name must be supported, but of
 * those that SSLv23 stands for, only one.
 */
static int
check_supported(
    struct iss_error *err, const char *text, struct selection selection)
{
	unsigned left = selection.named & ~selection.excluded;
	unsigned lacking = left & ~supported_set();

	if (left == NOTHING)
		return iss_error_set(err,
		    "SSL_version \"%.*s\" excludes all protocols",
		    LONGEST_SHOWN, text);
	if (selection.named != EVERYTHING && lacking != NOTHING)
		return unsupported(err, text, lacking);
	if (lacking == left)
		return unsupported(err, text, left);
	return ISS_OK;
}

static struct iss_version_range
make_range(struct selection selection)
{
	struct iss_version_range versions = { 0, 0, 0 };
	unsigned left = selection.named & ~selection.excluded;
	bool all = selection.named == EVERYTHING;
	size_t i;

	for (i = 0; i < PROTOCOLS; i++) {
		if ((left & (1U << i)) == 0)
			continue;
		if (versions.min == 0)
			versions.min = protocols[i].number;
		versions.max = protocols[i].number;
	}
	for (i = 0; i < PROTOCOLS; i++) {
		bool inside = protocols[i].number > versions.min &&
			      protocols[i].number < versions.max;

		if ((left & (1U << i)) == 0 &&
		    (inside || (selection.excluded & (1U << i)) != 0))
			versions.options |= protocols[i].no;
	}
	if (all)
		versions.min = versions.max = 0;
	return versions;
}

/* Colons at the end do not count. */
static const char *
end_of_list(const char *text)
{
	const char *end = text + strlen(text);

	while (end > text && end[-1] == ':')
		end--;
	return end;
}

int
iss_version_parse(
    struct iss_error *err, struct iss_version_range *out, const char *text)
{
	struct selection selection = { NOTHING, NOTHING };
	int rv;
	const char *word, *end;
	size_t len;

	end = end_of_list(text);
	if (end == text) {
		text = ISS_VERSION_DEFAULT;
		end = end_of_list(text);
	}
	for (word = text; word < end; word += len + 1) {
		len = strcspn(word, ":");
		rv = parse_word(err, &selection, word, len);
		if (rv != ISS_OK)
			return rv;
	}
	if (selection.named == NOTHING)
		selection.named = EVERYTHING;
	rv = check_supported(err, text, selection);
	if (rv == ISS_OK)
		*out = make_range(selection);
	return rv;
}

const char *
iss_version_name(int number)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++)
		if (protocols[i].number == number)
			return protocols[i].spellings[0];
	return "(unknown)";
}
