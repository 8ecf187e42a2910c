/*
 * Whom a connection is meant for: the policy, in one place.  It decides
 *
 *  - whether the name in the peer's certificate is checked, which name that
 *    must be and by which scheme;
 *  - which name a client sends to the server (SNI);
 *  - whether the default CAs are needed;
 *  - which sessions a client may resume.
 *
 * Pure: facts in, answer out.  It opens nothing and looks up nothing, so
 * t/core/options/peer_policy.c can list every case in a table.
 */
#ifndef ISS_PEER_POLICY_H
#define ISS_PEER_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/socket.h>

#include "base/buf.h"

/* Bytes that belong to somebody else, not terminated.  bytes NULL: not given,
 * which is not the same as given and empty. */
struct iss_text {
	const char *bytes;
	size_t len;
};

/* All that is known before the handshake.  Zeroed: a client that was told
 * nothing, under a context that verifies nobody. */
struct iss_peer_facts {
	bool server;
	bool as_in_1_77; /* the defaults of the manual of 1.77 are in force */

	/* the context */
	bool ctx_verifies;    /* its verify mode, or that of a host, is not 0 */
	bool ctx_for_servers; /* for a server, with no mode to follow */
	struct iss_text ctx_verifycn_name;
	struct iss_text ctx_session_key;

	/* the options of the connection */
	bool asks_to_verify;    /* SSL_verify_mode means verification */
	bool force_fingerprint; /* SSL_force_fingerprint */
	bool has_records;       /* SSL_tlsa, of a client: it verifies */
	bool has_scheme; /* SSL_verifycn_scheme, its own or the context's */
	struct iss_text verifycn_name;
	struct iss_text hostname; /* SSL_hostname */
	struct iss_text session_key;
	struct iss_text host; /* PeerHost: a name or an address, maybe a port */
	struct iss_text addr; /* PeerAddr: likewise; used if host is empty */

	/* the socket: its peer as getpeername(2) has it; NULL: there is none */
	const struct sockaddr *address;
	socklen_t address_len;
	bool address_to_come; /* of the Internet, but not connected yet */

	/* its text, by iss_peer_policy_address; needed only where
	 * iss_peer_policy_wants_address says so */
	struct iss_text address_text;
};

/* How the name in the peer's certificate is checked. */
enum iss_name_policy {
	/* Not at all: the peer is not verified, or nobody asked for a check. */
	ISS_PEER_UNCHECKED,
	/* Not at all, and the program should be warned: the context verifies
	 * nobody, although the call says SSL_verify_mode. */
	ISS_PEER_UNCHECKED_MODE_IGNORED,
	/* Not at all, and the program should be warned: the peer is verified,
	 * but it has neither a name nor an address. */
	ISS_PEER_UNCHECKED_NAME_UNKNOWN,
	/* It must be the name in the answer, by SSL_verifycn_scheme.  The name
	 * is empty if none is known; every scheme but "none" and a sub of the
	 * program then refuses the peer. */
	ISS_PEER_CHECK_BY_SCHEME,
	/* It must be the name in the answer, by the scheme "default". */
	ISS_PEER_CHECK_BY_DEFAULT,
	/* The program made a mistake, and there must be no handshake: a client
	 * with a context for servers would verify nobody without having said
	 * so. */
	ISS_PEER_WRONG_CONTEXT
};

/*
 * Is the name checked, and if so, which one?  Of the names that are given and
 * not empty the first one counts:
 *
 *	SSL_verifycn_name, of the connection
 *	SSL_verifycn_name, of the context
 *	SSL_hostname                        clients only
 *	PeerHost, else PeerAddr             clients only
 *	the address of the socket's peer    clients only
 *
 * Without a scheme clients check by "default" and servers do not check.  Nor
 * do clients that accept nothing but a fingerprint, or that have the defaults
 * of 1.77.  On return *name is borrowed from facts; it is empty unless there
 * is something to check.  Its bytes are NULL if it is the address of a socket
 * that is not connected yet: its peer will be known before the certificate is.
 */
enum iss_name_policy iss_peer_policy_name(
    const struct iss_peer_facts *facts, struct iss_text *name);

/*
 * Does the address of the socket's peer make a difference to the check?  Only
 * for a client that was given no name: the others need not look it up.
 */
bool iss_peer_policy_wants_address(const struct iss_peer_facts *facts);

/* Room for an address as a text. */
enum { ISS_PEER_ADDRESS_MAX = 64 };

/*
 * The IPv4 or IPv6 address of a socket as a text, without port and interface,
 * as certificates have it.  False: it is of another kind.
 */
bool iss_peer_policy_address(const struct sockaddr *address, socklen_t len,
    char text[ISS_PEER_ADDRESS_MAX]);

/*
 * The host that a client means to connect to, without its port: "name:port",
 * "[v6]:port", or as it was given.  bytes is NULL where neither PeerHost nor
 * PeerAddr says something.
 */
struct iss_text iss_peer_policy_host(const struct iss_peer_facts *facts);

/*
 * The name that a client sends to the server (SNI): SSL_hostname, even if it
 * is empty, which means none; else the host, unless that looks like an address
 * (RFC 6066, 3).  bytes is NULL if there is none; always NULL for a server.
 */
struct iss_text iss_peer_policy_sni(const struct iss_peer_facts *facts);

/*
 * Must the default CAs be loaded?  Only where somebody is verified and no CA
 * was given.  verify_mode is that of a config: SSL_VERIFY_*, or -1 for the
 * default of the role.
 */
bool iss_peer_policy_needs_default_ca(
    bool server, int verify_mode, bool ca_given);

/* What the sessions of a client are kept under. */
enum iss_session_key_source {
	ISS_SESSION_KEY_NONE,   /* nothing: they are not kept */
	ISS_SESSION_KEY_GIVEN,  /* SSL_session_key, a text */
	ISS_SESSION_KEY_HOST,   /* "host:port", a text */
	ISS_SESSION_KEY_ADDRESS /* the address of the socket, bytes */
};

/*
 * The key of a client's sessions, appended to *key: SSL_session_key of the
 * connection or else the context; or else the server's host and port.  The
 * host is the one that was asked for, or the peer's address.  A server that
 * has neither (a UNIX socket) goes by its whole address.  A peer without any
 * address, or with that of an unnamed UNIX socket, cannot be told from others,
 * so its sessions are not kept.  Also ISS_SESSION_KEY_NONE if the key does not
 * fit into the buffer.
 */
enum iss_session_key_source iss_peer_policy_session_key(
    const struct iss_peer_facts *facts, struct iss_buf *key);

#endif
