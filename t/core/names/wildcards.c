/*
 * Which names of a certificate stand for a host: tables of cases for the
 * wildcard rules, and every substitution and insertion of a byte.
 */
#include "names/presented.h"

#include "names.h"
#include "tap.h"

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
	{ "abcdefghijklmnopqrstuvwxyz", DNS("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
	  EQUAL },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ", DNS("abcdefghijklmnopqrstuvwxyz"),
	  EQUAL },
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
	{ "com", DNS("*.com"), NEVER },
	{ "com", DNS("*.example.com"), NEVER },
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

static const struct iss_suffix_rules by_labels = { single_labels_are_public,
	NULL };

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
			   iss_suffix_rules_default()),
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
	struct iss_suffix_rules suffixes = { remember, asked };
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
	static const struct iss_suffix_rules none = { nothing_is_public, NULL };
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

int
main(void)
{
	test_names();
	test_suffixes();
	test_suffix_callback();
	test_every_byte();
	return tap_done();
}
