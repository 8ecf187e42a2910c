/*
 * The plain values of a context's options, before anything is done with them.
 * The options of a single connection are in peer_config.h, since connections
 * with different ones may share a context.
 *
 * The tables are the one list of names: whoever fills the struct, from a Perl
 * hash for example, walks them.
 */
#ifndef ISS_CONFIG_H
#define ISS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"
#include "options/fingerprint.h"
#include "options/option.h"
#include "options/psk_list.h"

struct iss_store;
struct iss_shared_keys;

/* A certificate of ours, with its key. */
struct iss_identity {
	char *cert_file;
	char *key_file;
	STACK_OF(X509) * cert; /* leaf first; owned references */
	EVP_PKEY *key;
	struct iss_buf key_text; /* PEM, DER or a URI instead of a handle */
};

/* The names of members are those of the options without "SSL_". */
struct iss_config {
	bool server;
	/* the protocol */
	char *version;
	char *cipher_list; /* "": OpenSSL's default; NULL: ours */
	char *ciphersuites;
	char *ecdh_curve;
	int honor_cipher_order; /* 1, 0; -1: true for servers */
	char *dh_file;
	void *dh;                      /* a DH *, borrowed from the caller */
	int dh_auto;                   /* without the two: built-in groups */
	struct iss_buf alpn_protocols; /* wire format */
	struct iss_buf npn_protocols;
	bool mode_release_buffers;
	/* who we are */
	struct iss_identity *identities; /* one per kind of key */
	size_t n_identities;
	bool key_cache; /* remember those from files: pair_cache.h */
	struct iss_psk_list psks;
	/* whom we trust */
	int verify_mode; /* SSL_VERIFY_*, -1: by role */
	bool verify_strict;
	struct iss_texts ca_file;
	struct iss_texts ca_path;
	STACK_OF(X509) * ca;
	bool check_crl, crl_check_all;
	struct iss_texts crl_file;
	char *client_ca_file;
	STACK_OF(X509) * client_ca;
	/* for connections that bring none of their own */
	struct iss_fingerprint_list fingerprints;
	int force_fingerprint;
	int ocsp_mode; /* ISS_OCSP_* of staple.h, -1: by the verify mode */
	/* sessions of a server */
	char *session_id_context;
	struct iss_texts ticket_keys;
	bool other_judge;                    /* iss_config_set_other_judge */
	struct iss_store *store;             /* borrowed; or NULL */
	struct iss_shared_keys *shared_keys; /* likewise */
	int num_tickets;                     /* of TLS 1.3; -1: OpenSSL's */
	/* of both */
	int session_timeout; /* seconds; -1: OpenSSL's */
	/* look for changed files so often, in seconds; 0: never */
	double reload;
	/* for those who analyse what was recorded */
	char *keylog_file;
	bool tainted; /* the program distrusts its environment: no key log */
	/*
	 * The virtual hosts of a server, each with a whole config of its own.
	 * vhost is the name in one of those; NULL in the config around them,
	 * which serves all other names.
	 */
	char *vhost;
	struct iss_config *vhosts;
	size_t n_vhosts;
};

/* Set built-in defaults; free all that the setters put in. */
void iss_config_init(struct iss_config *config, bool server);
void iss_config_release(struct iss_config *config);

/* The program judges clients by another sub than in the context before. */
void iss_config_set_other_judge(struct iss_config *config);

/* Keep the sessions of a server and its virtual hosts in a store, or their
 * tickets under shared keys. */
void iss_config_set0_store(struct iss_config *config, struct iss_store *store);
void iss_config_set0_shared_keys(
    struct iss_config *config, struct iss_shared_keys *keys);

/* Without a Diffie-Hellman group of its own, use no built-in one either. */
void iss_config_disable_dh(struct iss_config *config);

/*
 * Add an empty identity, or a virtual host with default options and a name as
 * vhost_options.h has it.  Returns NULL, with err set, when memory runs out.
 * The result belongs to config, and moves when config gets another one.
 */
struct iss_identity *iss_config_add_identity(
    struct iss_error *err, struct iss_config *config);
struct iss_config *iss_config_add_vhost(
    struct iss_error *err, struct iss_config *config, const char *host);

/* The key of an identity is in these bytes, which are copied. */
int iss_config_set_key_text(struct iss_error *err,
    struct iss_identity *identity, const void *bytes, size_t len);

/* The tables of struct iss_config and struct iss_identity.  Static. */
const struct iss_option *iss_config_options(size_t *count);
const struct iss_option *iss_config_identity_options(size_t *count);

#endif
