/*
 * What a connection has agreed on and done, at one glance.
 */
#ifndef ISS_FACTS_H
#define ISS_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "connection/conn.h"

enum { ISS_FACTS_SIGALG_MAX = 48, ISS_FACTS_DANE_MAX = 12 };

/* Texts are "" or NULL where something is not known, or not in this OpenSSL.
 * Pointers are borrowed from the connection. */
struct iss_facts {
	const char *version;
	const char *cipher;
	int bits; /* of the cipher's key, 0: not known */
	const char *group;
	char sigalg[ISS_FACTS_SIGALG_MAX]; /* ours, as "RSA-PSS+SHA256" */
	char peer_sigalg[ISS_FACTS_SIGALG_MAX];
	const unsigned char *alpn;
	unsigned int alpn_len;
	const char *server_name;
	bool server, resumed, pinned, stapled;
	bool extended_master_secret; /* always so in TLS 1.3 */
	bool verified;               /* the chain and, if asked for, the name */
	const char *verify_name;
	char dane[ISS_FACTS_DANE_MAX];   /* as "3 1 1" */
	STACK_OF(X509) * peer_chain;     /* as sent, without a client's leaf */
	STACK_OF(X509) * verified_chain; /* NULL: not verified */
	double handshake_ms;             /* negative: not known */
	uint64_t bytes_in, bytes_out;    /* on the wire */
	uint64_t data_in, data_out;      /* of the application */
};

/* The facts of a connection; before its handshake most are not known. */
void iss_facts_get(const struct iss_conn *conn, struct iss_facts *facts);

#endif
