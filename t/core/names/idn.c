/*
 * Unicode names and public suffixes, with the libraries and without.
 */
#include "names/idn.h"
#include "names/suffix.h"

#include "tap.h"

#define TEXT(s) s, sizeof(s) - 1

/* clang-format off */

static const struct convert_row {
	const char *name;
	size_t len;
	const char *ascii; /* NULL: an error */
} to_ascii[] = {
	{ TEXT("example.com"), "example.com" },
	{ TEXT("m\303\274ller.de"), "xn--mller-kva.de" },
	{ TEXT("M\303\234LLER.DE"), "xn--mller-kva.de" },
	{ TEXT("stra\303\237e.de"), "xn--strae-oqa.de" },
	{ TEXT("\344\276\213\343\201\210.jp"), "xn--r8jz45g.jp" },
	{ TEXT("\327\251\327\234\327\225\327\235.il"), "xn--9dbne9b.il" },
	/* encoded twice: "m\303\274ller.de" as bytes, taken for characters */
	{ TEXT("m\303\203\302\274ller.de"), "xn--mller-kva.de" },
	{ TEXT("m\303\203\302\274ller\342\202\254.de"), NULL },
	{ TEXT("m\303\203.\302\200.de"), NULL },
	{ TEXT("\377"), NULL },
	{ TEXT("a\300\200"), NULL },
	{ TEXT("m\303"), NULL },
	{ TEXT("m\303\274\0.de"), NULL },
	{ TEXT("\0"), NULL },
	{ TEXT("\342\200\256m\303\274.de"), NULL }, /* right-to-left override */
	{ TEXT("xn--a\303\274.de"), NULL },
},
to_unicode[] = {
	{ TEXT("xn--mller-kva.de"), "m\303\274ller.de" },
	{ TEXT("XN--MLLER-KVA.de"), "M\303\274LLER.de" },
	{ TEXT("example.com"), "example.com" },
	{ TEXT("xn--r8jz45g.jp"), "\344\276\213\343\201\210.jp" },
	{ TEXT("\377"), NULL },
	{ TEXT("a\0b"), NULL },
	{ TEXT("xn--\303\274"), NULL },
};

static const struct suffix_row {
	const char *domain;
	bool by_list, by_labels;
} suffixes[] = {
	{ "com", true, true },
	{ "uk", true, true },
	{ "co.uk", true, false },
	{ "example.com", false, false },
	{ "example.co.uk", false, false },
	{ "github.io", false, false },
	{ "ck", true, true },
	{ "foo.ck", true, false },
	{ "www.ck", false, false },
	{ "bar.foo.ck", false, false },
	{ "localhost", true, true },
	{ "invalidtld", true, true },
	{ "a.invalidtld", false, false },
	{ "xn--p1ai", true, true },
	{ "xn--55qx5d.cn", true, false },
};

/* clang-format on */

typedef int convert_fn(
    struct iss_error *err, struct iss_buf *out, const char *name, size_t len);

static void
test_convert(
    const char *what, convert_fn *fn, const struct convert_row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const char *want = rows[i].ascii;
		struct iss_error err;
		struct iss_buf out;

		if (!iss_idn_is_available())
			want = NULL;
		iss_error_clear(&err);
		iss_buf_init(&out, ISS_IDN_MAX);
		is_int(fn(&err, &out, rows[i].name, rows[i].len),
		    want != NULL ? 0 : ISS_ERROR, "%s %s", what, rows[i].name);
		is_text(iss_buf_text(&out), want != NULL ? want : "",
		    "%s %s: the result", what, rows[i].name);
		is_int(iss_error_is_set(&err), want == NULL,
		    "%s %s: an error or none", what, rows[i].name);
		if (!iss_idn_is_available())
			has_text(err.text, "without libidn2", "%s: why", what);
		iss_buf_release(&out);
	}
}

static void
test_bounds(void)
{
	char name[ISS_IDN_MAX + 1];
	struct iss_error err;
	struct iss_buf out;

	memset(name, 'a', sizeof(name));
	iss_buf_init(&out, ISS_IDN_MAX);
	iss_error_clear(&err);
	is_int(iss_idn_to_ascii(&err, &out, name, sizeof(name)), ISS_ERROR,
	    "a long name is refused");
	iss_error_clear(&err);
	is_int(iss_idn_to_ascii(&err, &out, name, 64), ISS_ERROR,
	    "a long label is refused");
	is_int((long long)out.len, 0, "nothing is written");
	iss_buf_release(&out);

	iss_buf_init(&out, 3);
	iss_error_clear(&err);
	is_int(iss_idn_to_ascii(&err, &out, name, 4), ISS_ERROR,
	    "a result beyond the buffer's bound is an error");
	iss_buf_release(&out);
}

static void
test_suffixes(void)
{
	const struct iss_suffix_rules *list = iss_suffix_rules_default();
	bool by_list = false;
	size_t i;

#ifdef HAVE_LIBPSL
	by_list = true;
#endif
	ok(list == iss_suffix_rules_default(), "one list a process");
	for (i = 0; i < ROWS(suffixes); i++) {
		const struct suffix_row *row = &suffixes[i];

		is_int(list->is_public(list->list, row->domain),
		    by_list ? row->by_list : row->by_labels,
		    "%s: a public suffix or not", row->domain);
	}
}

int
main(void)
{
	test_convert("to ASCII", iss_idn_to_ascii, to_ascii, ROWS(to_ascii));
	test_convert(
	    "to Unicode", iss_idn_to_unicode, to_unicode, ROWS(to_unicode));
	test_bounds();
	test_suffixes();
	return tap_done();
}
