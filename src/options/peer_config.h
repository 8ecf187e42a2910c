/*
 * The plain values of the options of one connection.
 */
#ifndef ISS_PEER_CONFIG_H
#define ISS_PEER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "options/fingerprint.h"
#include "options/option.h"

/* So many seconds that nobody lives to see their end. */
#define ISS_NO_LIMIT 1e300

/* The names of members are those of the options without "SSL_". */
struct iss_peer_config {
	char *hostname; /* for SNI; NULL: none */
	struct iss_tlsa_list tlsa;
	int dane_ee_name; /* 1, 0; -1: by the scheme of the name */
	struct iss_fingerprint_list fingerprints;
	int force_fingerprint; /* 1, 0; -1: as the context has it */
	int ocsp_mode;         /* ISS_OCSP_*, -1: as the context has it */
	bool strict_eof;
	bool handshake_report;
	bool nodelay;             /* set TCP_NODELAY */
	bool usebio;              /* the program moves the bytes: pump.h */
	double io_timeout;        /* seconds; negative: none */
	double handshake_timeout; /* seconds; 0 or less: none */
	double deadline;          /* seconds; 0 or less: it is over */
};

/* Set built-in defaults; free all that the setters put in. */
void iss_peer_config_init(struct iss_peer_config *config);
void iss_peer_config_release(struct iss_peer_config *config);

/* The table of struct iss_peer_config; those that only clients have are in a
 * table of their own.  Static. */
const struct iss_option *iss_peer_config_options(size_t *count);
const struct iss_option *iss_peer_config_client_options(size_t *count);

/* The name that a client sends is this one, not SSL_hostname; if it is empty,
 * none is sent.  Returns what iss_option_set_text does. */
int iss_peer_config_set_sni(struct iss_error *err,
    struct iss_peer_config *config, const char *name, size_t len);

#endif
