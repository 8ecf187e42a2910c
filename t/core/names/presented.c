/*
 * Addresses in SAN and CN, what comes of SAN and CN together, and the names
 * as text.
 */
#include "names/presented.h"

#include "names.h"
#include "tap.h"

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
		struct iss_reference_id host = host_of(row->host);
		struct iss_presented presented = { row->state, row->sans,
			row->n_sans, row->cns, row->n_cns };
		bool want[] = { row->never, row->when_only, row->always };

		for (check = ISS_CN_NEVER; check <= ISS_CN_ALWAYS; check++) {
			struct iss_scheme scheme = {
				.check_cn = (enum iss_check_cn)check,
				.ip_in_cn = 1,
			};

			is_int(iss_presented_match(
				   &presented, &host, &scheme, NULL),
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
	struct iss_reference_id host = host_of("host.example.com");

	ok(iss_presented_match(&broken, &host, none, NULL) &&
		iss_presented_match(&nothing, &host, none, NULL),
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
	test_addresses();
	test_both();
	test_off();
	test_describe();
	return tap_done();
}
