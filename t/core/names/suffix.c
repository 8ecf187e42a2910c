/*
 * Public suffixes of names, by rules and without.
 */
#include "names/suffix.h"

#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct iss_error err;

static struct iss_suffix_list *
new_list(const char *text, size_t fallback)
{
	struct iss_suffix_list *list = NULL;

	iss_error_clear(&err);
	iss_suffix_list_new(
	    &err, &list, text, text != NULL ? strlen(text) : 0, fallback);
	return list;
}

/* Whatever the list: there is no rule for these. */
static void
test_without_rules(void)
{
	static const struct {
		const char *name;
		size_t fallback, count;
	} cases[] = {
		{ "a.b.no-such-tld", 1, 1 },
		{ "a.b.no-such-tld", 2, 2 },
		{ "a.b.no-such-tld", 0, 0 },
		{ "a.b.no-such-tld", 9, 3 },
		{ "no-such-tld", 1, 1 },
		{ "", 1, 0 },
	};
	struct iss_suffix_list *list;
	struct iss_suffix_rules rules;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		list = new_list(NULL, cases[i].fallback);
		if (!ok(list != NULL, "the default list"))
			continue;
		is_int(iss_suffix_list_count(list, cases[i].name),
		    cases[i].count, "'%s' with %zu", cases[i].name,
		    cases[i].fallback);
		rules = iss_suffix_list_rules(list);
		is_int(rules.is_public(rules.list, "no-such-tld"),
		    cases[i].fallback >= 1, "... as a place for wildcards");
		iss_suffix_list_free(list);
	}
	iss_suffix_list_free(NULL);
}

#ifdef HAVE_LIBPSL

static void
test_rules(void)
{
	static const struct {
		const char *name;
		size_t count;
	} cases[] = {
		{ "a.com", 1 },
		{ "com", 1 },
		{ "a.co.uk", 2 },
		{ "uk", 1 },
		{ "a.b.ck", 2 },
		{ "b.ck", 2 },
		{ "ck", 0 },
		{ "www.ck", 1 },
		{ "jp", 1 },
		{ "kobe.jp", 1 },
		{ "a.kobe.jp", 3 },
		{ "b.a.kobe.jp", 3 },
		{ "city.kobe.jp", 2 },
		{ "a.city.kobe.jp", 2 },
		{ "osaka.jp", 2 },
		{ "a.osaka.jp", 3 },
		{ "np", 0 },
		{ "a.np", 2 },
		{ "b.a.np", 3 },
		{ "a.www.ck", 1 },
		{ "a.xn--mnchen-3ya.museum", 2 },
		{ "museum", 0 },
		{ "a.private.example", 2 },
		{ "a.", 0 },
	};
	struct iss_suffix_list *list =
	    new_list("// a comment\ncom\nuk\r\nco.uk rest\n*.ck\n!www.ck\n"
		     "jp\n*.kobe.jp\n!city.kobe.jp\nosaka.jp\n*.osaka.jp\n"
		     "*.np\n*.a.np\n"
		     "m\xc3\xbcnchen.museum\n"
		     "// ===BEGIN PRIVATE DOMAINS===\nprivate.example\n",
		0);
	struct iss_suffix_rules rules;
	size_t i;

	if (!ok(list != NULL, "a list in text: %s", err.text))
		return;
	for (i = 0; i < COUNT(cases); i++)
		is_int(iss_suffix_list_count(list, cases[i].name),
		    cases[i].count, "%s", cases[i].name);

	rules = iss_suffix_list_rules(iss_suffix_list_up_ref(list));
	iss_suffix_list_free(list);
	ok(rules.is_public(rules.list, "co.uk"), "all of a name is a suffix");
	ok(!rules.is_public(rules.list, "a.co.uk"), "... and more is not");
	ok(rules.is_public(rules.list, "kobe.jp") &&
		rules.is_public(rules.list, "ck"),
	    "no wildcard matches below the parent of a wildcard");
	iss_suffix_list_free(list);

	list = new_list("", 1);
	is_int(iss_suffix_list_count(list, "a.co.uk"), 1, "an empty list");
	iss_suffix_list_free(list);
}

#else

static void
test_rules(void)
{
	ok(new_list("com\n", 1) == NULL, "there are no lists without libpsl");
	has_text(err.text, "built without libpsl", "... with the reason");
}

#endif

int
main(void)
{
	test_without_rules();
	test_rules();
	return tap_done();
}
