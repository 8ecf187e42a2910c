/*
 * Which names of a certificate stand for a host: tables of cases for the
 * wildcard rules, and every substitution and insertion of a byte.
 */
#include "hostname.h"

#include <openssl/x509v3.h>

#include "tap.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* Names as bytes with a length, which may contain NUL. */
#define DNS(s)                                                                 \
	{                                                                      \
		GEN_DNS, (const unsigned char *)(s), sizeof(s) - 1             \
	}
#define IP(s)                                                                  \
	{                                                                      \
		GEN_IPADD, (const unsigned char *)(s), sizeof(s) - 1           \
	}
#define URI(s)                                                                 \
	{                                                                      \
		GEN_URI, (const unsigned char *)(s), sizeof(s) - 1             \
	}
#define EMAIL(s)                                                               \
	{                                                                      \
		GEN_EMAIL, (const unsigned char *)(s), sizeof(s) - 1           \
	}
#define OTHER(s)                                                               \
	{                                                                      \
		GEN_OTHERNAME, (const unsigned char *)(s), sizeof(s) - 1       \
	}
#define CN(s)                                                                  \
	{                                                                      \
		-1, (const unsigned char *)(s), sizeof(s) - 1                  \
	}

static struct iss_host
host_of(const char *text)
{
	struct iss_host host;
	struct iss_error err;

	iss_error_clear(&err);
	memset(&host, 0, sizeof(host));
	if (iss_host_init(&err, &host, text, strlen(text)) != 0) {
		ok(false, "host_of(%s)", text);
		diag("%s", err.text);
	}
	return host;
}

/* Match with one name as the only SAN, or as the only CN. */
static bool
match_one(const char *host, const struct iss_scheme *scheme, bool as_cn,
    struct iss_san name, const struct iss_suffixes *suffixes)
{
	struct iss_host parsed = host_of(host);
	struct iss_presented presented = {
		.state = as_cn ? ISS_SAN_ABSENT : ISS_SAN_PRESENT,
		.sans = as_cn ? NULL : &name,
		.n_sans = as_cn ? 0 : 1,
		.cns = as_cn ? &name : NULL,
		.n_cns = as_cn ? 1 : 0,
	};

	return iss_host_match(&parsed, scheme, &presented, suffixes);
}

/* clang-format off */

/*
 * A host and one presented name.  Each is tried as SAN and as CN, without
 * wildcards, with those of a full label, and with those anywhere: least is
 * the least permission that lets it match.
 */
enum least { EQUAL, FULL, ANYWHERE, NEVER };

static const struct name_row {
	const char *host;
	struct iss_san name;
	enum least least;
} name_rows[] = {
	/* Equality. */
	{ "www.example.com", DNS("www.example.com"), EQUAL },
	{ "www.example.com", DNS("WWW.Example.COM"), EQUAL },
	{ "WWW.EXAMPLE.COM", DNS("www.example.com"), EQUAL },
	{ "www.example.com.", DNS("www.example.com"), EQUAL },
	{ "www.example.com", DNS("www.example.com."), EQUAL },
	{ "www.example.com.", DNS("www.example.com."), EQUAL },
	{ "localhost", DNS("localhost"), EQUAL },
	{ "localhost", DNS("LOCALHOST."), EQUAL },
	{ "com", DNS("com"), EQUAL },
	{ "a_b.example.com", DNS("a_b.example.com"), EQUAL },
	{ "-a.example.com", DNS("-a.example.com"), EQUAL },
	{ "1.example.com", DNS("1.example.com"), EQUAL },
	{ "xn--mller-kva.de", DNS("xn--mller-kva.de"), EQUAL },
	{ "xn--mller-kva.de", DNS("XN--MLLER-KVA.DE"), EQUAL },

	/* Inequality. */
	{ "www.example.com", DNS("example.com"), NEVER },
	{ "example.com", DNS("www.example.com"), NEVER },
	{ "www.example.com", DNS("www.example.co"), NEVER },
	{ "www.example.co", DNS("www.example.com"), NEVER },
	{ "www.example.com", DNS("ww.example.com"), NEVER },
	{ "www.example.com", DNS("wwww.example.com"), NEVER },
	{ "www.example.com", DNS("www.example.com.evil.org"), NEVER },
	{ "www.example.com", DNS("www.example.org"), NEVER },
	{ "www.example.com", DNS("wwwxexample.com"), NEVER },
	{ "www.example.com", DNS("com"), NEVER },
	{ "www.example.com", DNS("www"), NEVER },
	{ "com", DNS("www.example.com"), NEVER },
	{ "localhost", DNS("localhos"), NEVER },
	{ "localhost", DNS("localhostt"), NEVER },

	/* What is no name never matches. */
	{ "www.example.com", DNS(""), NEVER },
	{ "www.example.com", DNS("."), NEVER },
	{ "www.example.com", DNS(".."), NEVER },
	{ "www.example.com", DNS("\0"), NEVER },
	{ "www.example.com", DNS(" "), NEVER },
	{ "www.example.com", DNS("www.example.com\0"), NEVER },
	{ "www.example.com", DNS("www.example.com\0.evil.org"), NEVER },
	{ "www.example.com", DNS("\0www.example.com"), NEVER },
	{ "www.example.com", DNS("www\0.example.com"), NEVER },
	{ "www.example.com", DNS("www.example.com\n"), NEVER },
	{ "www.example.com", DNS("www.example.com\r\n"), NEVER },
	{ "www.example.com", DNS("\nwww.example.com"), NEVER },
	{ "www.example.com", DNS("www.example.com "), NEVER },
	{ "www.example.com", DNS(" www.example.com"), NEVER },
	{ "www.example.com", DNS("www. example.com"), NEVER },
	{ "www.example.com", DNS("www.example.com\t"), NEVER },
	{ "www.example.com", DNS("www.example.com.."), NEVER },
	{ "www.example.com", DNS(".www.example.com"), NEVER },
	{ "www.example.com", DNS(".example.com"), NEVER },
	{ "www.example.com", DNS("www..example.com"), NEVER },
	{ "www.example.com", DNS("www.example..com"), NEVER },
	{ "www.example.com", DNS("www.example.com/"), NEVER },
	{ "www.example.com", DNS("www.example.com:443"), NEVER },
	{ "www.example.com", DNS("https://www.example.com"), NEVER },
	{ "www.example.com", DNS("www.example.com,evil.org"), NEVER },
	{ "www.example.com", DNS("\377\377\377.example.com"), NEVER },
	{ "xn--mller-kva.de", DNS("m\303\274ller.de"), NEVER },
	{ "xn--mller-kva.de", DNS("m\374ller.de"), NEVER },

	/* A wildcard is the leftmost label and matches exactly one. */
	{ "www.example.com", DNS("*.example.com"), FULL },
	{ "www.example.com", DNS("*.EXAMPLE.com"), FULL },
	{ "www.example.com", DNS("*.example.com."), FULL },
	{ "www.example.com.", DNS("*.example.com"), FULL },
	{ "a.example.com", DNS("*.example.com"), FULL },
	{ "a_b.example.com", DNS("*.example.com"), FULL },
	{ "xn--a.example.com", DNS("*.example.com"), FULL },
	{ "a.b.c.example.com", DNS("*.b.c.example.com"), FULL },
	{ "example.com", DNS("*.example.com"), NEVER },
	{ "a.b.example.com", DNS("*.example.com"), NEVER },
	{ "www.example.com", DNS("*.example.org"), NEVER },
	{ "www.example.com", DNS("*.xample.com"), NEVER },
	{ "www.example.com", DNS("*example.com"), NEVER },
	{ "www.example.com", DNS("*.eexample.com"), NEVER },
	{ "www.example.com", DNS("*.example.co"), NEVER },
	{ "www.example.com", DNS("*.example.com.org"), NEVER },
	{ "www.example.com", DNS("*"), NEVER },
	{ "www", DNS("*"), NEVER },
	{ "localhost", DNS("*"), NEVER },
	{ "localhost", DNS("local*"), NEVER },
	{ "localhost", DNS("*."), NEVER },
	{ "www.example.com", DNS("*."), NEVER },
	{ "www.example.com", DNS("*.."), NEVER },
	{ "www.example.com", DNS("*.com"), NEVER },
	{ "example.com", DNS("*.com"), NEVER },
	{ "www.example.com", DNS("*.*.com"), NEVER },
	{ "www.example.com", DNS("*.*"), NEVER },
	{ "www.example.com", DNS("*.*.*"), NEVER },
	{ "www.example.com", DNS("**.example.com"), NEVER },
	{ "www.example.com", DNS("www.*.com"), NEVER },
	{ "www.example.com", DNS("www.example.*"), NEVER },
	{ "www.example.com", DNS("www.exampl*.com"), NEVER },
	{ "www.example.com", DNS("www.*example.com"), NEVER },
	{ "www.example.com", DNS("*.example.com\0"), NEVER },
	{ "www.example.com", DNS("*\0.example.com"), NEVER },
	{ "www.example.com", DNS("*.example.com "), NEVER },
	{ "www.example.com", DNS("*.example.com\n"), NEVER },
	{ "www.example.com", DNS(" *.example.com"), NEVER },
	{ "www.example.com", DNS("* .example.com"), NEVER },
	{ "www.example.com", DNS("*..example.com"), NEVER },
	{ "www.example.com", DNS(".*.example.com"), NEVER },
	{ "www.example.com", DNS("*.example..com"), NEVER },
	{ "www.example.com", DNS("*.example.com.."), NEVER },
	{ "www.example.com", DNS("[*].example.com"), NEVER },
	{ "www.example.com", DNS("?.example.com"), NEVER },
	{ "www.example.com", DNS("%.example.com"), NEVER },

	/* A partial one stands for a byte at least. */
	{ "www.example.com", DNS("w*.example.com"), ANYWHERE },
	{ "www.example.com", DNS("ww*.example.com"), ANYWHERE },
	{ "www.example.com", DNS("*w.example.com"), ANYWHERE },
	{ "www.example.com", DNS("*ww.example.com"), ANYWHERE },
	{ "www.example.com", DNS("w*w.example.com"), ANYWHERE },
	{ "www.example.com", DNS("W*W.EXAMPLE.COM"), ANYWHERE },
	{ "www1.example.com", DNS("www*.example.com"), ANYWHERE },
	{ "www123.example.com", DNS("www*.example.com."), ANYWHERE },
	{ "foo-1.example.com", DNS("foo-*.example.com"), ANYWHERE },
	{ "foobar.example.com", DNS("f*r.example.com"), ANYWHERE },
	{ "www.example.com", DNS("www*.example.com"), NEVER },
	{ "www.example.com", DNS("*www.example.com"), NEVER },
	{ "www.example.com", DNS("ww*w.example.com"), NEVER },
	{ "www.example.com", DNS("ww*ww.example.com"), NEVER },
	{ "ww.example.com", DNS("w*w.example.com"), NEVER },
	{ "w.example.com", DNS("w*w.example.com"), NEVER },
	{ "www.example.com", DNS("x*.example.com"), NEVER },
	{ "www.example.com", DNS("*x.example.com"), NEVER },
	{ "www.example.com", DNS("w*x.example.com"), NEVER },
	{ "www.example.com", DNS("w*.example.org"), NEVER },
	{ "www.example.com", DNS("w**.example.com"), NEVER },
	{ "www.example.com", DNS("*w*.example.com"), NEVER },
	{ "w.w.example.com", DNS("w*.example.com"), NEVER },
	{ "www.example.com", DNS("w*"), NEVER },
	{ "www.example.com", DNS("w*.com"), NEVER },
	{ "example.com", DNS("e*.com"), NEVER },
	{ "www.example.com", DNS("w*\0.example.com"), NEVER },

	/* A partial one never stands within punycode. */
	{ "xn--caf-dma.example.com", DNS("xn--caf*.example.com"), NEVER },
	{ "xn--caf-dma.example.com", DNS("xn--*.example.com"), NEVER },
	{ "xn--caf-dma.example.com", DNS("xn-*.example.com"), NEVER },
	{ "xn--caf-dma.example.com", DNS("x*.example.com"), NEVER },
	{ "xn--caf-dma.example.com", DNS("*-dma.example.com"), NEVER },
	{ "xn--caf-dma.example.com", DNS("*a.example.com"), NEVER },
	{ "xn--caf-dma.example.com", DNS("x*a.example.com"), NEVER },
	{ "XN--CAF-DMA.example.com", DNS("x*.example.com"), NEVER },
	{ "Xn--Caf-dma.example.com", DNS("*A.example.com"), NEVER },
	{ "xN--caf-dma.example.com", DNS("XN--C*.example.com"), NEVER },
	{ "xn--caf-dma.example.com", DNS("*.example.com"), FULL },
	{ "www.xn--caf-dma.com", DNS("*.xn--caf-dma.com"), FULL },
	{ "www.xn--caf-dma.com", DNS("w*.XN--CAF-DMA.com"), ANYWHERE },
	{ "www.xn--caf-dma.com", DNS("www.xn--*.com"), NEVER },
	{ "xn-.example.com", DNS("x*.example.com"), ANYWHERE },
	{ "axn--b.example.com", DNS("a*.example.com"), ANYWHERE },

	/* Addresses in text are no names, names are no addresses. */
	{ "127.0.0.1", DNS("127.0.0.1"), NEVER },
	{ "127.0.0.1", DNS("*.0.0.1"), NEVER },
	{ "127.0.0.1", DNS("12*.0.0.1"), NEVER },
	{ "127.0.0.1", DNS("*"), NEVER },
	{ "::1", DNS("::1"), NEVER },
	{ "::1", DNS("[::1]"), NEVER },
	{ "::1", DNS("*"), NEVER },
};

/* Public suffixes; with libpsl, or by the rule of two labels. */
static const struct suffix_row {
	const char *host;
	struct iss_san name;
	bool by_list, by_labels, unchecked;
} suffix_rows[] = {
	{ "www.example.com", DNS("*.example.com"), true, true, true },
	{ "example.com", DNS("*.com"), false, false, true },
	{ "example.com", DNS("*.COM"), false, false, true },
	{ "example.com.", DNS("*.com."), false, false, true },
	{ "example.com", DNS("ex*.com"), false, false, true },
	{ "example.com", DNS("example.com"), true, true, true },
	{ "com", DNS("com"), true, true, true },
	{ "co.uk", DNS("co.uk"), true, true, true },
	{ "co.uk", DNS("*.uk"), false, false, true },
	{ "example.co.uk", DNS("*.co.uk"), false, true, true },
	{ "EXAMPLE.CO.UK", DNS("*.co.uk"), false, true, true },
	{ "example.co.uk", DNS("*.CO.UK."), false, true, true },
	{ "example.co.uk", DNS("e*.co.uk"), false, true, true },
	{ "www.example.co.uk", DNS("*.example.co.uk"), true, true, true },
	{ "foo.ck", DNS("*.ck"), false, false, true },
	{ "bar.foo.ck", DNS("*.foo.ck"), false, true, true },
	{ "x.bar.foo.ck", DNS("*.bar.foo.ck"), true, true, true },
	{ "a.www.ck", DNS("*.www.ck"), true, true, true },
	{ "foo.localdomain", DNS("*.localdomain"), false, false, true },
	{ "foo.invalidtld", DNS("*.invalidtld"), false, false, true },
	{ "a.b.invalidtld", DNS("*.b.invalidtld"), true, true, true },
	{ "user.github.io", DNS("*.github.io"), true, true, true },
	{ "a.xn--55qx5d.cn", DNS("*.xn--55qx5d.cn"), false, true, true },
	{ "a.b.xn--55qx5d.cn", DNS("*.b.xn--55qx5d.cn"), true, true, true },
	{ "a.xn--p1ai", DNS("*.xn--p1ai"), false, false, true },
	{ "a.com", DNS("*"), false, false, false },
	{ "com", DNS("*"), false, false, false },
	{ "www.example.com", DNS("*.com"), false, false, false },
};

/* clang-format on */

static bool
nothing_is_public(void *list, const char *domain)
{
	(void)list, (void)domain;
	return false;
}

static bool
single_labels_are_public(void *list, const char *domain)
{
	(void)list;
	return strchr(domain, '.') == NULL;
}

static const struct iss_suffixes by_labels = { single_labels_are_public, NULL };

static void
test_names(void)
{
	static const char *const said[] = { "equal", "full label", "anywhere" };
	size_t i;
	int allowed, as_cn;

	for (i = 0; i < ROWS(name_rows); i++) {
		const struct name_row *row = &name_rows[i];

		for (allowed = 0; allowed <= ISS_WILDCARDS_ANYWHERE; allowed++)
			for (as_cn = 0; as_cn < 2; as_cn++) {
				/* The other kind of wildcards is the opposite,
				 * so that a mix-up is seen. */
				int other = ISS_WILDCARDS_ANYWHERE - allowed;
				struct iss_scheme scheme = {
					.check_cn = ISS_CN_ALWAYS,
					.wildcards_in_alt =
					    (enum iss_wildcards)(
						as_cn ? other : allowed),
					.wildcards_in_cn = (enum iss_wildcards)(
					    as_cn ? allowed : other),
				};

				is_int(match_one(row->host, &scheme, as_cn,
					   row->name, &by_labels),
				    allowed >= (int)row->least,
				    "%s: %s \"%.*s\", wildcards: %s", row->host,
				    as_cn ? "CN" : "SAN", (int)row->name.len,
				    (const char *)row->name.bytes,
				    said[allowed]);
			}
	}
}

static void
test_suffixes(void)
{
	const struct iss_scheme *scheme = iss_scheme_find("default");
	size_t i;
	int as_cn;

	for (i = 0; i < ROWS(suffix_rows) * 2; i++) {
		const struct suffix_row *row = &suffix_rows[i / 2];
		bool by_default = row->by_labels;

#ifdef HAVE_LIBPSL
		by_default = row->by_list;
#endif
		as_cn = i % 2;
		is_int(match_one(row->host, scheme, as_cn, row->name,
			   iss_suffixes_default()),
		    by_default, "%s: %s %s, default list", row->host,
		    as_cn ? "CN" : "SAN", (const char *)row->name.bytes);
		is_int(
		    match_one(row->host, scheme, as_cn, row->name, &by_labels),
		    row->by_labels, "%s: %s %s, two labels", row->host,
		    as_cn ? "CN" : "SAN", (const char *)row->name.bytes);
		is_int(match_one(row->host, scheme, as_cn, row->name, NULL),
		    row->unchecked, "%s: %s %s, unchecked", row->host,
		    as_cn ? "CN" : "SAN", (const char *)row->name.bytes);
	}
}

static bool
remember(void *list, const char *domain)
{
	char *asked = list;

	snprintf(asked, 64, "%s", domain);
	return false;
}

static void
test_suffix_callback(void)
{
	char asked[64] = "nothing";
	struct iss_suffixes suffixes = { remember, asked };
	const struct iss_scheme *scheme = iss_scheme_find("default");
	struct iss_san wild = DNS("*.Example.COM."), plain = DNS("a.b.c");

	ok(match_one("WWW.eXample.com.", scheme, false, wild, &suffixes),
	    "a list of the user's own allows it");
	is_text(asked, "example.com", "it was asked in lower case, no dot");
	strcpy(asked, "nothing");
	ok(match_one("a.b.c", scheme, false, plain, &suffixes), "no wildcard");
	is_text(asked, "nothing", "then it is not asked");
}

/*
 * Each byte of a name replaced by each of the 256, and each of them inserted
 * everywhere: only what the rules allow may match.
 */
static bool
may_replace(size_t at, int c, const char *name)
{
	int old = (unsigned char)name[at];

	/* w*w: one byte for one byte, in the leftmost label. */
	return c == old || (old != '.' && c == (old ^ 0x20)) ||
	       (c == '*' && at < strcspn(name, "."));
}

static void
test_every_byte(void)
{
	static const char name[] = "www.example-1.com";
	static const struct iss_suffixes none = { nothing_is_public, NULL };
	const struct iss_scheme *scheme = iss_scheme_find("default");
	unsigned char changed[sizeof(name) + 1];
	size_t len = sizeof(name) - 1, at;
	int c, wrong;

	for (at = 0; at < len; at++) {
		struct iss_san san = { GEN_DNS, changed, len };

		for (c = 0, wrong = 0; c < 256; c++) {
			bool digit_or_dash = name[at] == '-' || name[at] == '1';
			bool may = may_replace(at, c, name) &&
				   !(digit_or_dash && c != name[at]);

			memcpy(changed, name, len);
			changed[at] = (unsigned char)c;
			if (match_one(name, scheme, false, san, &none) != may)
				wrong++;
		}
		is_int(wrong, 0, "replaced at %zu", at);
	}
	for (at = 0; at <= len; at++) {
		struct iss_san san = { GEN_DNS, changed, len + 1 };

		for (c = 0, wrong = 0; c < 256; c++) {
			memcpy(changed, name, at);
			changed[at] = (unsigned char)c;
			memcpy(changed + at + 1, name + at, len - at);
			if (match_one(name, scheme, false, san, &none) !=
			    (at == len && c == '.'))
				wrong++;
		}
		is_int(wrong, 0, "inserted at %zu", at);
	}
}

/* clang-format off */

static const struct address_row {
	const char *host;
	struct iss_san name;
	bool as_cn;
	int ip_in_cn;
	bool match;
} address_rows[] = {
	/* In a SAN: bytes, whatever ip_in_cn. */
	{ "127.0.0.1", IP("\177\0\0\1"), false, 0, true },
	{ "127.0.0.1", IP("\177\0\0\1"), false, 6, true },
	{ "127.0.0.1", IP("\177\0\0\2"), false, 1, false },
	{ "127.0.0.1", IP("\177\0\0"), false, 1, false },
	{ "127.0.0.1", IP("\177\0\0\1\0"), false, 1, false },
	{ "127.0.0.1", IP(""), false, 1, false },
	{ "127.0.0.1", IP("127.0.0.1"), false, 1, false },
	{ "0.0.0.0", IP("\0\0\0\0"), false, 0, true },
	{ "0.0.0.0", IP("\0\0\0\0\0\0\0\0"), false, 0, false },
	{ "10.0.0.0", IP("\12\0\0\0\377\0\0\0"), false, 0, false },
	{ "::1", IP("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), false, 0, true },
	{ "[::1]", IP("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), false, 0, true },
	{ "0:0:0:0:0:0:0:1", IP("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
	  false, 0, true },
	{ "::1", IP("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"), false, 0, false },
	{ "::1", IP("\0\0\0\1"), false, 0, false },
	{ "::1", IP("::1"), false, 0, false },
	{ "2001:DB8::a", IP("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x0a"),
	  false, 0, true },
	{ "::ffff:127.0.0.1", IP("\177\0\0\1"), false, 0, false },
	{ "127.0.0.1", IP("\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\1"),
	  false, 0, false },
	{ "::ffff:127.0.0.1", IP("\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\1"),
	  false, 0, true },
	{ "127.0.0.1", OTHER("\177\0\0\1"), false, 1, false },
	{ "127.0.0.1", URI("127.0.0.1"), false, 1, false },
	{ "127.0.0.1", EMAIL("127.0.0.1"), false, 1, false },

	/* A name never meets the bytes of an address. */
	{ "abcd", IP("abcd"), false, 1, false },
	{ "abcd", OTHER("abcd"), false, 1, false },
	{ "abcd", URI("abcd"), false, 1, false },
	{ "abcd", EMAIL("abcd"), false, 1, false },

	/* In a CN: text, of the families that are allowed. */
	{ "127.0.0.1", CN("127.0.0.1"), true, 0, false },
	{ "127.0.0.1", CN("127.0.0.1"), true, 1, true },
	{ "127.0.0.1", CN("127.0.0.1"), true, 4, true },
	{ "127.0.0.1", CN("127.0.0.1"), true, 6, false },
	{ "::1", CN("::1"), true, 0, false },
	{ "::1", CN("::1"), true, 1, true },
	{ "::1", CN("::1"), true, 4, false },
	{ "::1", CN("::1"), true, 6, true },
	{ "::1", CN("0:0:0:0:0:0:0:1"), true, 1, true },
	{ "::1", CN("0::0001"), true, 6, true },
	{ "2001:db8::a", CN("2001:DB8::A"), true, 6, true },
	{ "127.0.0.1", CN("127.0.0.2"), true, 1, false },
	{ "127.0.0.1", CN("127.0.0.1."), true, 1, false },
	{ "127.0.0.1", CN("127.0.0.01"), true, 1, false },
	{ "127.0.0.1", CN("127.0.0.1 "), true, 1, false },
	{ "127.0.0.1", CN(" 127.0.0.1"), true, 1, false },
	{ "127.0.0.1", CN("127.0.0.1\n"), true, 1, false },
	{ "127.0.0.1", CN("127.0.0.1\0"), true, 1, false },
	{ "127.0.0.1", CN("127.1"), true, 1, false },
	{ "127.0.0.1", CN("2130706433"), true, 1, false },
	{ "127.0.0.1", CN("0x7f.0.0.1"), true, 1, false },
	{ "127.0.0.1", CN("0177.0.0.1"), true, 1, false },
	{ "127.0.0.1", CN("::ffff:127.0.0.1"), true, 1, false },
	{ "127.0.0.1", CN("*.0.0.1"), true, 1, false },
	{ "127.0.0.1", CN("*"), true, 1, false },
	{ "127.0.0.1", CN("\177\0\0\1"), true, 1, false },
	{ "127.0.0.1", CN(""), true, 1, false },
	{ "::1", CN("[::1]"), true, 1, false },
	{ "::1", CN("::1%lo"), true, 1, false },
};

/* clang-format on */

static void
test_addresses(void)
{
	size_t i;

	for (i = 0; i < ROWS(address_rows); i++) {
		const struct address_row *row = &address_rows[i];
		struct iss_scheme scheme = { false, ISS_CN_ALWAYS,
			ISS_WILDCARDS_ANYWHERE, ISS_WILDCARDS_ANYWHERE,
			row->ip_in_cn };

		is_int(
		    match_one(row->host, &scheme, row->as_cn, row->name, NULL),
		    row->match, "%s: %s %.*s, ip_in_cn %d", row->host,
		    row->as_cn ? "CN" : "SAN", (int)row->name.len,
		    (const char *)row->name.bytes, row->ip_in_cn);
	}
}

/* clang-format off */

/* SAN and CN together; one more row a rule. */
static const struct iss_san
	dns_other[] = { DNS("other.example.com") },
	dns_host[] = { DNS("host.example.com") },
	dns_second[] = { EMAIL("a@b"), DNS("other.example.com"),
			 IP("\1\2\3\4"), DNS("host.example.com") },
	ip_other[] = { IP("\1\2\3\4") },
	ip_host[] = { IP("\177\0\0\1") },
	uri_host[] = { URI("host.example.com") },
	cn_host[] = { CN("host.example.com") },
	cn_ip[] = { CN("127.0.0.1") },
	cn_several[] = { CN("Some Name"), CN("host.example.com") };

static const struct both_row {
	const char *what;
	const char *host;
	enum iss_san_state state;
	const struct iss_san *sans;
	size_t n_sans;
	const struct iss_san *cns;
	size_t n_cns;
	bool never, when_only, always; /* by check_cn */
} both_rows[] = {
#define SANS(x) ISS_SAN_PRESENT, x, ROWS(x)
#define NO_SAN ISS_SAN_ABSENT, NULL, 0
	{ "nothing at all", "host.example.com", NO_SAN, NULL, 0,
	  false, false, false },
	{ "a CN alone", "host.example.com", NO_SAN, cn_host, 1,
	  false, true, true },
	{ "an empty SAN, CN", "host.example.com", ISS_SAN_PRESENT, NULL, 0,
	  cn_host, 1, false, true, true },
	{ "another DNS, CN", "host.example.com", SANS(dns_other), cn_host, 1,
	  false, false, true },
	{ "an IP, CN", "host.example.com", SANS(ip_other), cn_host, 1,
	  false, true, true },
	{ "a URI, CN", "host.example.com", SANS(uri_host), cn_host, 1,
	  false, true, true },
	{ "a URI only", "host.example.com", SANS(uri_host), NULL, 0,
	  false, false, false },
	{ "the DNS only", "host.example.com", SANS(dns_host), NULL, 0,
	  true, true, true },
	{ "the fourth SAN", "host.example.com", SANS(dns_second), NULL, 0,
	  true, true, true },
	{ "second CN", "host.example.com", NO_SAN, cn_several, 2,
	  false, true, true },
	{ "a broken SAN, CN", "host.example.com", ISS_SAN_BROKEN, NULL, 0,
	  cn_host, 1, false, false, false },
	{ "a half-broken SAN", "host.example.com", ISS_SAN_BROKEN, dns_host,
	  1, NULL, 0, false, false, false },
	{ "address: CN alone", "127.0.0.1", NO_SAN, cn_ip, 1,
	  false, true, true },
	{ "address: empty SAN, CN", "127.0.0.1", ISS_SAN_PRESENT, NULL, 0,
	  cn_ip, 1, false, false, false },
	{ "address: DNS, CN", "127.0.0.1", SANS(dns_other), cn_ip, 1,
	  false, false, false },
	{ "address: another IP, CN", "127.0.0.1", SANS(ip_other), cn_ip, 1,
	  false, false, false },
	{ "address: the IP", "127.0.0.1", SANS(ip_host), NULL, 0,
	  true, true, true },
	{ "address: broken SAN", "127.0.0.1", ISS_SAN_BROKEN, ip_host, 1,
	  cn_ip, 1, false, false, false },
};

/* clang-format on */

static void
test_both(void)
{
	static const char *const said[] = { "never", "when_only", "always" };
	size_t i;
	int check;

	for (i = 0; i < ROWS(both_rows); i++) {
		const struct both_row *row = &both_rows[i];
		struct iss_host host = host_of(row->host);
		struct iss_presented presented = { row->state, row->sans,
			row->n_sans, row->cns, row->n_cns };
		bool want[] = { row->never, row->when_only, row->always };

		for (check = ISS_CN_NEVER; check <= ISS_CN_ALWAYS; check++) {
			struct iss_scheme scheme = {
				.check_cn = (enum iss_check_cn)check,
				.ip_in_cn = 1,
			};

			is_int(iss_host_match(
				   &host, &scheme, &presented, &by_labels),
			    want[check], "%s: check_cn %s", row->what,
			    said[check]);
		}
	}
}

static void
test_off(void)
{
	struct iss_presented broken = { .state = ISS_SAN_BROKEN };
	struct iss_presented nothing = { .state = ISS_SAN_ABSENT };
	const struct iss_scheme *none = iss_scheme_find("none");
	struct iss_host host = host_of("host.example.com");

	ok(iss_host_match(&host, none, &broken, NULL) &&
		iss_host_match(&host, none, &nothing, NULL),
	    "scheme none: everything matches");
}

/* clang-format off */

static const struct iss_san
	several[] = { EMAIL("a@b.c"), DNS("a.example"), OTHER("x"),
		      URI("http://a"), IP("\177\0\0\1"),
		      IP("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), IP("abc") },
	hostile[] = { DNS("a\0b\n\33[1m\377, DNS:x\\") },
	strange_type[] = { { 77, (const unsigned char *)"x", 1 },
			   { -5, (const unsigned char *)"x", 1 } };

/* clang-format on */

static void
describes(const char *what, size_t max, struct iss_presented presented,
    const char *want)
{
	struct iss_buf out;

	iss_buf_init(&out, max);
	iss_presented_describe(&out, &presented);
	is_text(iss_buf_text(&out), want, "describe: %s", what);
	ok(!out.overflowed, "describe: %s: no overflow", what);
	iss_buf_release(&out);
}

static void
test_describe(void)
{
	struct iss_presented all = { ISS_SAN_PRESENT, several, ROWS(several),
		cn_several, 2 };
	struct iss_presented cut = { ISS_SAN_ABSENT, NULL, 0, cn_several, 2 };
	struct iss_buf out;
	char longest[160];
	struct iss_san name = { GEN_DNS, (unsigned char *)longest, 150 };

	describes("several", 1000, all,
	    "email:a@b.c, DNS:a.example, URI:http://a, IP:127.0.0.1, IP:::1, "
	    "IP:abc, CN:Some Name, CN:host.example.com");
	describes("nothing", 1000,
	    (struct iss_presented){ .state = ISS_SAN_ABSENT }, "no names");
	describes("types that we do not know", 1000,
	    (struct iss_presented){ ISS_SAN_PRESENT, strange_type, 2, NULL, 0 },
	    "no names");
	describes("broken", 1000,
	    (struct iss_presented){ .state = ISS_SAN_BROKEN },
	    "a subjectAltName that cannot be parsed");
	describes("hostile", 1000,
	    (struct iss_presented){ ISS_SAN_PRESENT, hostile, 1, NULL, 0 },
	    "DNS:a\\x00b\\x0a\\x1b[1m\\xff\\x2c DNS:x\\x5c");
	describes("just fits", 38, cut, "CN:Some Name, CN:host.example.com");
	describes("does not fit", 37, cut, "CN:Some Name, ...");
	describes("not even the first", 10, cut, "...");

	memset(longest, 'a', sizeof(longest));
	iss_buf_init(&out, 1000);
	iss_presented_describe(&out,
	    &(struct iss_presented){ ISS_SAN_PRESENT, &name, 1, NULL, 0 });
	is_int((long long)out.len, 4 + 100 + 3, "a long name is cut");
	iss_buf_release(&out);

	iss_buf_init(&out, 1000);
	iss_buf_puts(&out, "offered: ");
	iss_presented_describe(&out, &cut);
	is_text(iss_buf_text(&out),
	    "offered: CN:Some Name, CN:host.example.com",
	    "describe appends to what is there");
	iss_buf_release(&out);
}

int
main(void)
{
	test_names();
	test_suffixes();
	test_suffix_callback();
	test_every_byte();
	test_addresses();
	test_both();
	test_off();
	test_describe();
	return tap_done();
}
