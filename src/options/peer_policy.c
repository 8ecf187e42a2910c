/*
 * The decisions that peer_policy.h explains.  Everything is borrowed from the
 * facts; nothing is kept.
 */
#include "options/peer_policy.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include <openssl/ssl.h>

/* Enough for an IPv6 address with the name of an interface, and a port. */
enum { ADDRESS_MAX = 128, PORT_MAX = 8 };

/* "0" is not a name either. */
static bool
is_zero(struct iss_text text)
{
	return text.len == 1 && text.bytes[0] == '0';
}

static bool
is_given(struct iss_text text)
{
	return text.bytes != NULL && text.len > 0 && !is_zero(text);
}

/* The first one that is given and not empty. */
static struct iss_text
first_given(const struct iss_text *texts, size_t count)
{
	static const struct iss_text none = { NULL, 0 };
	size_t i;

	for (i = 0; i < count; i++)
		if (is_given(texts[i]))
			return texts[i];
	return none;
}

static struct iss_text
without_port(struct iss_text host)
{
	const char *first = memchr(host.bytes, ':', host.len);
	const char *end = host.bytes + host.len;
	const char *bracket;

	if (host.bytes[0] == '[') {
		bracket = memchr(host.bytes, ']', host.len);
		if (bracket != NULL && bracket > host.bytes + 1) {
			host.bytes++;
			host.len = (size_t)(bracket - host.bytes);
			return host;
		}
	}
	/* Several colons: an IPv6 address without a port. */
	if (first != NULL &&
	    memchr(first + 1, ':', (size_t)(end - first - 1)) == NULL)
		host.len = (size_t)(first - host.bytes);
	return host;
}

struct iss_text
iss_peer_policy_host(const struct iss_peer_facts *facts)
{
	const struct iss_text given[] = { facts->host, facts->addr };
	struct iss_text host =
	    first_given(given, sizeof(given) / sizeof(given[0]));

	return host.bytes != NULL ? without_port(host) : host;
}

/* Whom this connection is meant for; the order is told in the header. */
static struct iss_text
name_of_peer(const struct iss_peer_facts *facts)
{
	const struct iss_text names[] = {
		facts->verifycn_name,
		facts->ctx_verifycn_name,
		facts->hostname,
		iss_peer_policy_host(facts),
		facts->address_text,
	};
	const size_t for_servers = 2;
	const size_t all = sizeof(names) / sizeof(names[0]);

	return first_given(names, facts->server ? for_servers : all);
}

/* The peer is verified, and no scheme was given. */
static enum iss_name_policy
without_scheme(const struct iss_peer_facts *facts, struct iss_text name)
{
	if (facts->server || facts->force_fingerprint || facts->as_in_1_77)
		return ISS_PEER_UNCHECKED;
	return is_given(name) || facts->address_to_come
		   ? ISS_PEER_CHECK_BY_DEFAULT
		   : ISS_PEER_UNCHECKED_NAME_UNKNOWN;
}

static enum iss_name_policy
decide(const struct iss_peer_facts *facts, struct iss_text name)
{
	if (!facts->server && facts->ctx_for_servers)
		return ISS_PEER_WRONG_CONTEXT;
	/* A context that verifies nobody is overruled by records alone. */
	if (!facts->ctx_verifies && (facts->server || !facts->has_records))
		return facts->asks_to_verify ? ISS_PEER_UNCHECKED_MODE_IGNORED
					     : ISS_PEER_UNCHECKED;
	return facts->has_scheme ? ISS_PEER_CHECK_BY_SCHEME
				 : without_scheme(facts, name);
}

enum iss_name_policy
iss_peer_policy_name(const struct iss_peer_facts *facts, struct iss_text *name)
{
	const struct iss_text empty = { "", 0 };
	const struct iss_text known = name_of_peer(facts);
	enum iss_name_policy policy = decide(facts, known);

	*name = empty;
	if (policy != ISS_PEER_CHECK_BY_SCHEME &&
	    policy != ISS_PEER_CHECK_BY_DEFAULT)
		return policy;
	if (is_given(known))
		*name = known;
	else if (facts->address_to_come && !facts->server)
		name->bytes = NULL;
	return policy;
}

bool
iss_peer_policy_wants_address(const struct iss_peer_facts *facts)
{
	const struct iss_text known = name_of_peer(facts);
	enum iss_name_policy policy = decide(facts, known);

	return !facts->server && !is_given(known) &&
	       (policy == ISS_PEER_CHECK_BY_SCHEME ||
		   policy == ISS_PEER_UNCHECKED_NAME_UNKNOWN);
}

bool
iss_peer_policy_address(const struct sockaddr *address, socklen_t len,
    char text[ISS_PEER_ADDRESS_MAX])
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	if (len >= sizeof(ipv4) && address->sa_family == AF_INET) {
		memcpy(&ipv4, address, sizeof(ipv4));
		return inet_ntop(AF_INET, &ipv4.sin_addr, text,
			   ISS_PEER_ADDRESS_MAX) != NULL;
	}
	if (len >= sizeof(ipv6) && address->sa_family == AF_INET6) {
		memcpy(&ipv6, address, sizeof(ipv6));
		return inet_ntop(AF_INET6, &ipv6.sin6_addr, text,
			   ISS_PEER_ADDRESS_MAX) != NULL;
	}
	return false;
}

/* A colon or a percent sign is part of an IPv6 address, and digits and dots
 * alone are an IPv4 address, or nothing that a server could be called. */
static bool
is_name(struct iss_text host)
{
	static const char in_names[] = "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
	bool any = false;
	size_t i;

	for (i = 0; i < host.len; i++) {
		if (host.bytes[i] == ':' || host.bytes[i] == '%')
			return false;
		any |= host.bytes[i] != '\0' &&
		       strchr(in_names, host.bytes[i]) != NULL;
	}
	return any;
}

struct iss_text
iss_peer_policy_sni(const struct iss_peer_facts *facts)
{
	const struct iss_text none = { NULL, 0 };
	struct iss_text host;

	if (facts->server)
		return none;
	if (facts->hostname.bytes != NULL && !is_zero(facts->hostname))
		return facts->hostname;
	host = iss_peer_policy_host(facts);
	return host.bytes != NULL && is_name(host) ? host : none;
}

bool
iss_peer_policy_needs_default_ca(bool server, int verify_mode, bool ca_given)
{
	bool verifies = verify_mode != SSL_VERIFY_NONE;

	if (verify_mode < 0)
		verifies = !server;
	else if (server)
		verifies = (verify_mode & SSL_VERIFY_PEER) != 0;
	return verifies && !ca_given;
}

/* The path of a UNIX socket, which on Linux may begin with NUL, is all zeros
 * or missing where the socket is not bound. */
static bool
is_unnamed(const struct iss_peer_facts *facts)
{
	const char *bytes = (const char *)facts->address;
	size_t i;

	if (facts->address->sa_family != AF_UNIX)
		return false;
	for (i = offsetof(struct sockaddr_un, sun_path); i < facts->address_len;
	     i++)
		if (bytes[i] != '\0')
			return false;
	return true;
}

static bool
has_port(const struct iss_peer_facts *facts)
{
	return facts->address->sa_family == AF_INET ||
	       facts->address->sa_family == AF_INET6;
}

static bool
add_host_and_port(const struct iss_peer_facts *facts, struct iss_buf *key)
{
	struct iss_text host = iss_peer_policy_host(facts);
	char address[ADDRESS_MAX], port[PORT_MAX];

	if (getnameinfo(facts->address, facts->address_len, address,
		sizeof(address), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	if (is_given(host))
		iss_buf_append(key, host.bytes, host.len);
	else
		iss_buf_puts(key, address);
	return iss_buf_puts(key, ":") && iss_buf_puts(key, port);
}

static enum iss_session_key_source
key_of_peer(const struct iss_peer_facts *facts, struct iss_buf *key)
{
	if (facts->address == NULL ||
	    facts->address_len < sizeof(facts->address->sa_family) ||
	    is_unnamed(facts))
		return ISS_SESSION_KEY_NONE;
	if (has_port(facts) && add_host_and_port(facts, key))
		return ISS_SESSION_KEY_HOST;
	iss_buf_clear(key);
	iss_buf_append(key, facts->address, facts->address_len);
	return ISS_SESSION_KEY_ADDRESS;
}

enum iss_session_key_source
iss_peer_policy_session_key(
    const struct iss_peer_facts *facts, struct iss_buf *key)
{
	const struct iss_text given[] = { facts->session_key,
		facts->ctx_session_key };
	struct iss_text own =
	    first_given(given, sizeof(given) / sizeof(given[0]));
	enum iss_session_key_source source = ISS_SESSION_KEY_GIVEN;

	if (own.bytes != NULL)
		iss_buf_append(key, own.bytes, own.len);
	else
		source = key_of_peer(facts, key);
	return key->overflowed ? ISS_SESSION_KEY_NONE : source;
}
