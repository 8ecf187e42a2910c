/*
 * Whom a connection is meant for: is the name checked at all, and which one;
 * what a client sends; whether the default CAs are loaded; what sessions are
 * kept under.  The rows are the policy.
 */
#include "options/peer_policy.h"

#include <netinet/in.h>
#include <arpa/inet.h>
#include <sys/un.h>

#include "tap.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* A text of a row, and the one that is empty. */
#define TEXT(literal)                                                          \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}
#define EMPTY TEXT("")

static bool
is_same(struct iss_text text, const char *want)
{
	if (text.bytes == NULL || want == NULL)
		return text.bytes == NULL && want == NULL;
	return text.len == strlen(want) &&
	       memcmp(text.bytes, want, text.len) == 0;
}

static void
is_text_of(struct iss_text text, const char *want, const char *label)
{
	if (!ok(is_same(text, want), "%s: %s", label,
		want != NULL ? want : "nothing"))
		diag("got: %.*s", text.bytes != NULL ? (int)text.len : 6,
		    text.bytes != NULL ? text.bytes : "(null)");
}

/* ---- is the name checked at all? ---- */

#define CLIENT .ctx_verifies = true
#define SERVER .ctx_verifies = true, .server = true
#define OWN_NAME .verifycn_name = TEXT("own.example")
#define CTX_NAME .ctx_verifycn_name = TEXT("ctx.example")
#define HOSTNAME .hostname = TEXT("sni.example")
#define HOST .host = TEXT("host.example:443")
#define ADDR .addr = TEXT("addr.example:443")
#define ADDRESS .address_text = TEXT("192.0.2.1")
#define SCHEME .has_scheme = true

static const struct {
	const char *label;
	struct iss_peer_facts facts;
	enum iss_name_policy policy;
	const char *name; /* "": none; NULL: the address, when there is one */
} checks[] = {
	/* A client that verifies checks by "default" if nobody says more. */
	{ "client", { CLIENT, HOST }, ISS_PEER_CHECK_BY_DEFAULT,
	    "host.example" },
	{ "client, PeerAddr alone", { CLIENT, ADDR }, ISS_PEER_CHECK_BY_DEFAULT,
	    "addr.example" },
	{ "client, 0 is not a name",
	    { CLIENT, .verifycn_name = TEXT("0"), .hostname = TEXT("0"),
		.host = TEXT("host.example") },
	    ISS_PEER_CHECK_BY_DEFAULT, "host.example" },
	{ "client, an address", { CLIENT, .host = TEXT("127.0.0.1:443") },
	    ISS_PEER_CHECK_BY_DEFAULT, "127.0.0.1" },
	{ "client, an IPv6 address", { CLIENT, .host = TEXT("[::1]:443") },
	    ISS_PEER_CHECK_BY_DEFAULT, "::1" },

	/* The first name that is given counts. */
	{ "host before addr", { CLIENT, HOST, ADDR }, ISS_PEER_CHECK_BY_DEFAULT,
	    "host.example" },
	{ "hostname before host", { CLIENT, HOSTNAME, HOST, ADDR },
	    ISS_PEER_CHECK_BY_DEFAULT, "sni.example" },
	{ "the context's before hostname",
	    { CLIENT, CTX_NAME, HOSTNAME, HOST, ADDR },
	    ISS_PEER_CHECK_BY_DEFAULT, "ctx.example" },
	{ "its own before the context's",
	    { CLIENT, OWN_NAME, CTX_NAME, HOSTNAME, HOST, ADDR },
	    ISS_PEER_CHECK_BY_DEFAULT, "own.example" },
	{ "empty ones are not given",
	    { CLIENT, .verifycn_name = EMPTY, .ctx_verifycn_name = EMPTY,
		.hostname = EMPTY, .host = EMPTY, ADDR },
	    ISS_PEER_CHECK_BY_DEFAULT, "addr.example" },

	/* Nobody knows the name: warned, not refused. */
	{ "client, no name", { CLIENT }, ISS_PEER_UNCHECKED_NAME_UNKNOWN, "" },
	{ "client, a port alone", { CLIENT, .host = TEXT(":443"), ADDR },
	    ISS_PEER_UNCHECKED_NAME_UNKNOWN, "" },

	/* The address of the peer is the last resort of clients. */
	{ "client, the peer's address alone", { CLIENT, ADDRESS },
	    ISS_PEER_CHECK_BY_DEFAULT, "192.0.2.1" },
	{ "client, a port alone, the peer's address",
	    { CLIENT, .host = TEXT(":443"), ADDRESS },
	    ISS_PEER_CHECK_BY_DEFAULT, "192.0.2.1" },
	{ "client, an empty SSL_hostname, the peer's address",
	    { CLIENT, .hostname = EMPTY, ADDRESS }, ISS_PEER_CHECK_BY_DEFAULT,
	    "192.0.2.1" },
	{ "client, host before the peer's address", { CLIENT, HOST, ADDRESS },
	    ISS_PEER_CHECK_BY_DEFAULT, "host.example" },
	{ "client, scheme, the peer's address", { CLIENT, SCHEME, ADDRESS },
	    ISS_PEER_CHECK_BY_SCHEME, "192.0.2.1" },
	{ "client of 1.77, scheme, the peer's address",
	    { CLIENT, .as_in_1_77 = true, SCHEME, ADDRESS },
	    ISS_PEER_CHECK_BY_SCHEME, "192.0.2.1" },
	{ "server, scheme, the peer's address", { SERVER, SCHEME, ADDRESS },
	    ISS_PEER_CHECK_BY_SCHEME, "" },

	/* The socket is not connected yet. */
	{ "client, an address to come", { CLIENT, .address_to_come = true },
	    ISS_PEER_CHECK_BY_DEFAULT, NULL },
	{ "client, host, an address to come",
	    { CLIENT, HOST, .address_to_come = true },
	    ISS_PEER_CHECK_BY_DEFAULT, "host.example" },
	{ "client, scheme, an address to come",
	    { CLIENT, SCHEME, .address_to_come = true },
	    ISS_PEER_CHECK_BY_SCHEME, NULL },
	{ "client, fingerprint alone, an address to come",
	    { CLIENT, .force_fingerprint = true, .address_to_come = true },
	    ISS_PEER_UNCHECKED, "" },
	{ "server, scheme, an address to come",
	    { SERVER, SCHEME, .address_to_come = true },
	    ISS_PEER_CHECK_BY_SCHEME, "" },

	/* Records make a client verify. */
	{ "client, records", { .has_records = true, HOST },
	    ISS_PEER_CHECK_BY_DEFAULT, "host.example" },
	{ "client, records, scheme", { .has_records = true, SCHEME, HOST },
	    ISS_PEER_CHECK_BY_SCHEME, "host.example" },
	{ "client, records, a context for servers",
	    { .has_records = true, .ctx_for_servers = true, HOST },
	    ISS_PEER_WRONG_CONTEXT, "" },
	{ "server, records", { .has_records = true, .server = true, OWN_NAME },
	    ISS_PEER_UNCHECKED, "" },

	/* A scheme: checked by it, even if no name is known. */
	{ "client, scheme", { CLIENT, SCHEME, HOST }, ISS_PEER_CHECK_BY_SCHEME,
	    "host.example" },
	{ "client, scheme, no name", { CLIENT, SCHEME },
	    ISS_PEER_CHECK_BY_SCHEME, "" },
	{ "server, scheme, name", { SERVER, SCHEME, OWN_NAME },
	    ISS_PEER_CHECK_BY_SCHEME, "own.example" },
	{ "server, scheme, the context's name", { SERVER, SCHEME, CTX_NAME },
	    ISS_PEER_CHECK_BY_SCHEME, "ctx.example" },
	{ "server, scheme, no name", { SERVER, SCHEME },
	    ISS_PEER_CHECK_BY_SCHEME, "" },
	{ "server: what it listens on is nobody's name",
	    { SERVER, SCHEME, HOSTNAME, HOST, ADDR }, ISS_PEER_CHECK_BY_SCHEME,
	    "" },

	/* No scheme, and not checked. */
	{ "server", { SERVER }, ISS_PEER_UNCHECKED, "" },
	{ "server, name", { SERVER, OWN_NAME, CTX_NAME }, ISS_PEER_UNCHECKED,
	    "" },
	{ "client, fingerprint alone",
	    { CLIENT, .force_fingerprint = true, OWN_NAME, HOST },
	    ISS_PEER_UNCHECKED, "" },
	{ "client, fingerprint alone, no name",
	    { CLIENT, .force_fingerprint = true }, ISS_PEER_UNCHECKED, "" },
	{ "client, fingerprint and scheme",
	    { CLIENT, .force_fingerprint = true, SCHEME, HOST },
	    ISS_PEER_CHECK_BY_SCHEME, "host.example" },
	{ "client of 1.77", { CLIENT, .as_in_1_77 = true, OWN_NAME, HOST },
	    ISS_PEER_UNCHECKED, "" },
	{ "client of 1.77, no name", { CLIENT, .as_in_1_77 = true },
	    ISS_PEER_UNCHECKED, "" },
	{ "client of 1.77, scheme",
	    { CLIENT, .as_in_1_77 = true, SCHEME, HOST },
	    ISS_PEER_CHECK_BY_SCHEME, "host.example" },

	/* The context verifies nobody. */
	{ "nobody verified", { HOST }, ISS_PEER_UNCHECKED, "" },
	{ "nobody verified, scheme", { SCHEME, OWN_NAME, HOST },
	    ISS_PEER_UNCHECKED, "" },
	{ "nobody verified, a verify mode", { .asks_to_verify = true, HOST },
	    ISS_PEER_UNCHECKED_MODE_IGNORED, "" },
	{ "server, a verify mode", { .server = true, .asks_to_verify = true },
	    ISS_PEER_UNCHECKED_MODE_IGNORED, "" },
	{ "verified, a verify mode", { CLIENT, .asks_to_verify = true, HOST },
	    ISS_PEER_CHECK_BY_DEFAULT, "host.example" },

	/* A context that was made for servers. */
	{ "client, context for servers", { .ctx_for_servers = true, HOST },
	    ISS_PEER_WRONG_CONTEXT, "" },
	{ "client, context for servers, a verify mode",
	    { .ctx_for_servers = true, .asks_to_verify = true, HOST },
	    ISS_PEER_WRONG_CONTEXT, "" },
	{ "client, context for servers with a host that verifies",
	    { CLIENT, .ctx_for_servers = true, SCHEME, OWN_NAME },
	    ISS_PEER_WRONG_CONTEXT, "" },
	{ "server, context for servers",
	    { .server = true, .ctx_for_servers = true }, ISS_PEER_UNCHECKED,
	    "" },
};

static void
test_check(size_t i)
{
	struct iss_text name = TEXT("untouched");

	is_int(iss_peer_policy_name(&checks[i].facts, &name), checks[i].policy,
	    "%s", checks[i].label);
	is_text_of(name, checks[i].name, checks[i].label);
}

/* ---- when is the peer's address looked up? ---- */

static const struct {
	const char *label;
	struct iss_peer_facts facts;
	bool wanted;
} lookups[] = {
	{ "client, no name", { CLIENT }, true },
	{ "client, a port alone", { CLIENT, .host = TEXT(":443") }, true },
	{ "client, scheme, no name", { CLIENT, SCHEME }, true },
	{ "client, host", { CLIENT, HOST }, false },
	{ "client, scheme, host", { CLIENT, SCHEME, HOST }, false },
	{ "client, the context's name", { CLIENT, CTX_NAME }, false },
	{ "client, fingerprint alone", { CLIENT, .force_fingerprint = true },
	    false },
	{ "client of 1.77", { CLIENT, .as_in_1_77 = true }, false },
	{ "client, nobody verified", { SCHEME }, false },
	{ "client, context for servers", { CLIENT, .ctx_for_servers = true },
	    false },
	{ "server, scheme, no name", { SERVER, SCHEME }, false },
};

static void
test_lookup(size_t i)
{
	is_int(iss_peer_policy_wants_address(&lookups[i].facts),
	    lookups[i].wanted, "address looked up: %s", lookups[i].label);
}

/* Facts from the bits of a number. */
static struct iss_peer_facts
facts_from_bits(unsigned bits)
{
	static const struct iss_text some = TEXT("a.example");
	static const struct iss_text none = { NULL, 0 };
	struct iss_peer_facts facts = {
		.server = bits & 1,
		.as_in_1_77 = bits & 2,
		.ctx_verifies = bits & 4,
		.ctx_for_servers = bits & 8,
		.asks_to_verify = bits & 16,
		.force_fingerprint = bits & 32,
		.has_scheme = bits & 64,
		.verifycn_name = bits & 128 ? some : none,
		.ctx_verifycn_name = bits & 256 ? some : none,
		.hostname = bits & 512 ? some : none,
		.host = bits & 1024 ? some : none,
		.address_text = bits & 2048 ? some : none,
		.has_records = bits & 4096,
		.address_to_come = bits & 8192,
	};

	return facts;
}

/* A client must not lose its check by any other way than those in the rows. */
static bool
may_be_unchecked(const struct iss_peer_facts *facts, bool knows_a_name)
{
	if (!facts->ctx_verifies && (facts->server || !facts->has_records))
		return true;
	return !facts->has_scheme &&
	       (facts->server || facts->force_fingerprint ||
		   facts->as_in_1_77 || !knows_a_name);
}

static void
test_all_combinations(void)
{
	enum {
		ALL = 1 << 14,
		NAMES_OF_ANY = 3 << 7,
		NAMES_OF_CLIENT = 31 << 7,
		TO_COME = 1 << 13
	};
	unsigned bits, wrong = 0;

	for (bits = 0; bits < ALL; bits++) {
		struct iss_peer_facts facts = facts_from_bits(bits);
		struct iss_text name;
		enum iss_name_policy policy =
		    iss_peer_policy_name(&facts, &name);
		bool known =
		    bits & (facts.server ? NAMES_OF_ANY : NAMES_OF_CLIENT);
		bool to_come = !known && !facts.server && bits & TO_COME;
		bool refused = !facts.server && facts.ctx_for_servers;
		bool checked = policy == ISS_PEER_CHECK_BY_SCHEME ||
			       policy == ISS_PEER_CHECK_BY_DEFAULT;

		if (refused != (policy == ISS_PEER_WRONG_CONTEXT) ||
		    (!refused && checked == may_be_unchecked(
						&facts, known || to_come)) ||
		    (name.len > 0) != (checked && known) ||
		    (name.bytes == NULL) != (checked && to_come)) {
			diag("facts %#x: policy %d", bits, (int)policy);
			wrong++;
		}
	}
	is_int(
	    wrong, 0, "checked in each combination, but where it may not be");
}

/* ---- the host, and the name that is sent ---- */

static const struct {
	const char *label;
	struct iss_peer_facts facts;
	const char *host; /* NULL: none */
	const char *sni;  /* NULL: none */
} hosts[] = {
	{ "nothing", { .server = false }, NULL, NULL },
	{ "a name", { .host = TEXT("a.example") }, "a.example", "a.example" },
	{ "and a port", { .host = TEXT("a.example:443") }, "a.example",
	    "a.example" },
	{ "and the name of a port", { .host = TEXT("a.example:https(443)") },
	    "a.example", "a.example" },
	{ "a colon at the end", { .host = TEXT("a.example:") }, "a.example",
	    "a.example" },
	{ "a port alone", { .host = TEXT(":443"), ADDR }, "", NULL },
	{ "of PeerAddr", { .addr = TEXT("a.example:443") }, "a.example",
	    "a.example" },
	{ "of PeerAddr, since PeerHost is empty", { .host = EMPTY, ADDR },
	    "addr.example", "addr.example" },
	{ "both", { HOST, ADDR }, "host.example", "host.example" },
	{ "a final dot", { .host = TEXT("a.example.") }, "a.example.",
	    "a.example." },
	{ "a single label", { .host = TEXT("localhost") }, "localhost",
	    "localhost" },
	{ "digits and one letter", { .host = TEXT("1a") }, "1a", "1a" },
	{ "digits and an underscore", { .host = TEXT("1_2") }, "1_2", "1_2" },
	{ "a capital", { .host = TEXT("1A") }, "1A", "1A" },
	{ "a single letter", { .host = TEXT("a"), ADDR }, "a", "a" },
	{ "a zero in front", { .host = TEXT("0.example"), ADDR }, "0.example",
	    "0.example" },
	{ "a bracket in the middle", { .host = TEXT("ab]:443") }, "ab]",
	    "ab]" },
	{ "a colon behind the end", { .host = { "a:b:", 3 } }, "a", "a" },
	{ "IPv4", { .host = TEXT("127.0.0.1") }, "127.0.0.1", NULL },
	{ "IPv4 and a port", { .host = TEXT("127.0.0.1:443") }, "127.0.0.1",
	    NULL },
	{ "digits", { .host = TEXT("2130706433") }, "2130706433", NULL },
	{ "IPv6", { .host = TEXT("fe80::1") }, "fe80::1", NULL },
	{ "IPv6 in brackets", { .host = TEXT("[fe80::1]") }, "fe80::1", NULL },
	{ "IPv6 and a port", { .host = TEXT("[fe80::1]:443") }, "fe80::1",
	    NULL },
	{ "IPv6 and an interface", { .host = TEXT("fe80::1%eth0") },
	    "fe80::1%eth0", NULL },
	{ "... in brackets", { .host = TEXT("[fe80::1%eth0]:443") },
	    "fe80::1%eth0", NULL },
	{ "a percent sign", { .host = TEXT("a%b") }, "a%b", NULL },
	{ "a name in brackets", { .host = TEXT("[a.example]:443") },
	    "a.example", "a.example" },
	{ "empty brackets", { .host = TEXT("[]:443") }, "[]", NULL },
	{ "an open bracket", { .host = TEXT("[::1") }, "[::1", NULL },
	{ "SSL_hostname", { HOSTNAME, HOST }, "host.example", "sni.example" },
	{ "... an address, since it is given",
	    { .hostname = TEXT("127.0.0.1"), HOST }, "host.example",
	    "127.0.0.1" },
	{ "... 0: the host", { .hostname = TEXT("0"), HOST }, "host.example",
	    "host.example" },
	{ "... empty: no name at all", { .hostname = EMPTY, HOST },
	    "host.example", "" },
	{ "a server", { .server = true, HOSTNAME, HOST }, "host.example",
	    NULL },
};

static void
test_host(size_t i)
{
	struct iss_text host = iss_peer_policy_host(&hosts[i].facts);

	is_text_of(host, hosts[i].host, hosts[i].label);
	is_text_of(
	    iss_peer_policy_sni(&hosts[i].facts), hosts[i].sni, "its SNI");
}

static void
test_nul(void)
{
	const struct iss_peer_facts facts = { .host = TEXT("\0001") };

	is_text_of(iss_peer_policy_sni(&facts), NULL, "NUL and a digit, SNI");
}

/* ---- the default CAs ---- */

static const struct {
	const char *label;
	bool server;
	int mode;
	bool given;
	bool needed;
} cas[] = {
	{ "client", false, -1, false, true },
	{ "client, a CA is given", false, -1, true, false },
	{ "client, verifies", false, 1, false, true },
	{ "client, verifies, a CA is given", false, 1, true, false },
	{ "client, verifies nobody", false, 0, false, false },
	{ "server", true, -1, false, false },
	{ "server, a CA is given", true, -1, true, false },
	{ "server, verifies", true, 1, false, true },
	{ "server, demands a certificate", true, 3, false, true },
	{ "server, flags alone", true, 6, false, false },
	{ "client, flags alone", false, 6, false, true },
	{ "server, verifies, a CA is given", true, 1, true, false },
	{ "server, verifies nobody", true, 0, false, false },
};

static void
test_ca(size_t i)
{
	is_int(iss_peer_policy_needs_default_ca(
		   cas[i].server, cas[i].mode, cas[i].given),
	    cas[i].needed, "default CAs: %s", cas[i].label);
}

/* ---- the key of sessions ---- */

enum address {
	NO_ADDRESS,
	IPV4,
	IPV6,
	UNIX_PATH,
	UNIX_ABSTRACT,
	UNIX_UNNAMED,
	UNIX_ZEROS,
	ANOTHER_KIND,
	CUT_OFF
};

#define OWN_KEY .session_key = TEXT("own")
#define CTX_KEY .ctx_session_key = TEXT("ctx")

static const struct {
	const char *label;
	struct iss_peer_facts facts;
	enum address address;
	enum iss_session_key_source source;
	const char *key; /* of an address: unused */
} keys[] = {
	{ "given", { OWN_KEY, CTX_KEY, HOST }, IPV4, ISS_SESSION_KEY_GIVEN,
	    "own" },
	{ "of the context", { CTX_KEY, HOST }, IPV4, ISS_SESSION_KEY_GIVEN,
	    "ctx" },
	{ "its own is empty", { .session_key = EMPTY, CTX_KEY, HOST }, IPV4,
	    ISS_SESSION_KEY_GIVEN, "ctx" },
	{ "both are empty",
	    { .session_key = EMPTY, .ctx_session_key = EMPTY, HOST }, IPV4,
	    ISS_SESSION_KEY_HOST, "host.example:4433" },
	{ "given, without an address", { OWN_KEY }, NO_ADDRESS,
	    ISS_SESSION_KEY_GIVEN, "own" },
	{ "host, and the port of the socket", { HOST }, IPV4,
	    ISS_SESSION_KEY_HOST, "host.example:4433" },
	{ "an IPv6 address that was asked for", { .host = TEXT("[::1]:443") },
	    IPV6, ISS_SESSION_KEY_HOST, "::1:4433" },
	{ "IPv4 alone", { .server = false }, IPV4, ISS_SESSION_KEY_HOST,
	    "127.0.0.1:4433" },
	{ "IPv6 alone", { .server = false }, IPV6, ISS_SESSION_KEY_HOST,
	    "::1:4433" },
	{ "a port was asked for", { .host = TEXT(":443") }, IPV4,
	    ISS_SESSION_KEY_HOST, "127.0.0.1:4433" },
	{ "a host without an address", { HOST }, NO_ADDRESS,
	    ISS_SESSION_KEY_NONE, "" },
	{ "a UNIX socket", { .server = false }, UNIX_PATH,
	    ISS_SESSION_KEY_ADDRESS, NULL },
	{ "... whatever host was given", { HOST }, UNIX_PATH,
	    ISS_SESSION_KEY_ADDRESS, NULL },
	{ "... whose name begins with NUL", { .server = false }, UNIX_ABSTRACT,
	    ISS_SESSION_KEY_ADDRESS, NULL },
	{ "... without a name", { HOST }, UNIX_UNNAMED, ISS_SESSION_KEY_NONE,
	    "" },
	{ "... whose name is zeros", { HOST }, UNIX_ZEROS, ISS_SESSION_KEY_NONE,
	    "" },
	{ "another kind of address", { HOST }, ANOTHER_KIND,
	    ISS_SESSION_KEY_ADDRESS, NULL },
	{ "an address that is cut off", { HOST }, CUT_OFF, ISS_SESSION_KEY_NONE,
	    "" },
};

static union {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
	struct sockaddr_un local;
} peer;

/* The address of a row, in peer; its length. */
static socklen_t
make_address(enum address kind)
{
	const socklen_t family = offsetof(struct sockaddr_un, sun_path);

	memset(&peer, 0, sizeof(peer));
	peer.any.sa_family = AF_UNIX;
	switch (kind) {
	case IPV4:
		peer.ipv4.sin_family = AF_INET;
		peer.ipv4.sin_port = htons(4433);
		peer.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(peer.ipv4);
	case IPV6:
		peer.ipv6.sin6_family = AF_INET6;
		peer.ipv6.sin6_port = htons(4433);
		peer.ipv6.sin6_addr = in6addr_loopback;
		return sizeof(peer.ipv6);
	case UNIX_PATH:
		strcpy(peer.local.sun_path, "/run/a");
		return family + 7;
	case UNIX_ABSTRACT:
		strcpy(peer.local.sun_path + 1, "a");
		return family + 2;
	case UNIX_ZEROS:
		return sizeof(peer.local);
	case ANOTHER_KIND:
		peer.any.sa_family = AF_UNSPEC;
		return sizeof(peer.any);
	case CUT_OFF:
		return 1;
	default:
		return family;
	}
}

static void
test_key(size_t i)
{
	struct iss_peer_facts facts = keys[i].facts;
	const socklen_t len = make_address(keys[i].address);
	struct iss_buf key;

	if (keys[i].address != NO_ADDRESS) {
		facts.address = &peer.any;
		facts.address_len = len;
	}
	iss_buf_init(&key, 256);
	is_int(iss_peer_policy_session_key(&facts, &key), keys[i].source,
	    "session key: %s", keys[i].label);
	if (keys[i].key != NULL)
		is_text(iss_buf_text(&key), keys[i].key, "... %s", keys[i].key);
	else
		ok(key.len == len && memcmp(key.data, &peer, len) == 0,
		    "... the whole address");
	iss_buf_release(&key);
}

/* ---- the address of the peer as a text ---- */

static const struct {
	enum address kind;
	const char *text; /* NULL: it has none */
} texts[] = {
	{ IPV4, "127.0.0.1" },
	{ IPV6, "::1" },
	{ UNIX_PATH, NULL },
	{ UNIX_UNNAMED, NULL },
	{ UNIX_ZEROS, NULL },
	{ ANOTHER_KIND, NULL },
	{ CUT_OFF, NULL },
};

static void
test_text(size_t i)
{
	const socklen_t len = make_address(texts[i].kind);
	char text[ISS_PEER_ADDRESS_MAX];
	bool known = iss_peer_policy_address(&peer.any, len, text);

	is_text(known ? text : NULL, texts[i].text, "address of kind %d",
	    (int)texts[i].kind);
}

/* Of every family, one byte is missing. */
static void
test_short_address(enum address kind)
{
	const socklen_t len = make_address(kind);
	char text[ISS_PEER_ADDRESS_MAX];

	ok(!iss_peer_policy_address(&peer.any, len - 1, text),
	    "address of kind %d, cut off", (int)kind);
}

/* A certificate says nothing of interfaces. */
static void
test_text_of_interface(void)
{
	const socklen_t len = make_address(IPV6);
	char text[ISS_PEER_ADDRESS_MAX];

	peer.ipv6.sin6_scope_id = 1;
	ok(iss_peer_policy_address(&peer.any, len, text),
	    "address on an interface");
	is_text(text, "::1", "... without its name");
}

static void
test_long_key(void)
{
	const struct iss_peer_facts facts = { OWN_KEY };
	struct iss_buf key;

	iss_buf_init(&key, 2);
	is_int(iss_peer_policy_session_key(&facts, &key), ISS_SESSION_KEY_NONE,
	    "session key: too long for the buffer");
	iss_buf_release(&key);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(checks); i++)
		test_check(i);
	for (i = 0; i < ROWS(lookups); i++)
		test_lookup(i);
	test_all_combinations();
	for (i = 0; i < ROWS(hosts); i++)
		test_host(i);
	test_nul();
	for (i = 0; i < ROWS(cas); i++)
		test_ca(i);
	for (i = 0; i < ROWS(keys); i++)
		test_key(i);
	for (i = 0; i < ROWS(texts); i++)
		test_text(i);
	test_short_address(IPV4);
	test_short_address(IPV6);
	test_text_of_interface();
	test_long_key();
	return tap_done();
}
