/*
 * The plain values of the SSL_* options, before anything is done with them.
 * Two structs, since a context may be shared by connections that differ:
 * struct iss_config makes a context, struct iss_peer_config a connection.
 * The tables behind iss_config_options and iss_peer_options are the one
 * list of names; whoever fills a struct (from a Perl hash, say) walks them.
 */
#ifndef ISS_CONFIG_H
#define ISS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"
#include "options/fingerprint.h"
#include "options/psk_list.h"

/* A list of texts, owned. */
struct iss_texts {
	char **text;
	size_t count;
};

/* A certificate of ours, with its key. */
struct iss_identity {
	char *cert_file;
	char *key_file;
	STACK_OF(X509) * cert; /* leaf first; owned references */
	EVP_PKEY *key;
};

/* The options of a context; the names are those without "SSL_". */
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
	struct iss_identity *identities; /* a kind of key each */
	size_t n_identities;
	struct iss_psk_list psks;
	/* whom we trust */
	int verify_mode; /* SSL_VERIFY_*, -1: as the role has it */
	struct iss_texts ca_file;
	struct iss_texts ca_path;
	STACK_OF(X509) * ca;
	bool check_crl;
	struct iss_texts crl_file;
	char *client_ca_file;
	STACK_OF(X509) * client_ca;
	struct iss_fingerprints fingerprints; /* of connections without own */
	int force_fingerprint;
	int ocsp_mode; /* ISS_OCSP_* of staple.h, -1: by the verify mode */
	/* sessions of a server */
	char *session_id_context;
	/* a server of several names: what each has instead of all this */
	char *host; /* its name; NULL: any other name, or none */
	struct iss_config *vhosts;
	size_t n_vhosts;
};

/* The options of one connection. */
struct iss_peer_config {
	char *hostname; /* SNI; NULL: none */
	struct iss_fingerprints fingerprints;
	int force_fingerprint; /* 1, 0; -1: as the context has it */
	int ocsp_mode;         /* likewise */
	bool strict_eof;
	bool nodelay;      /* set TCP_NODELAY */
	bool usebio;       /* the host moves the bytes: pump.h */
	double io_timeout; /* seconds; negative: none */
};

/* What a value may look like. */
enum iss_option_kind {
	ISS_TEXT,      /* char * */
	ISS_FILE,      /* char *, where "" means not given */
	ISS_TEXTS,     /* struct iss_texts, a list; one text is a list of one */
	ISS_PATHS,     /* struct iss_texts; a text is split at ":" */
	ISS_PROTOCOLS, /* struct iss_buf, a list of bytes in wire format */
	ISS_FINGERPRINTS, /* struct iss_fingerprints, a list */
	ISS_FLAG,         /* bool: true or false */
	ISS_SWITCH,       /* int: 1 or 0 */
	ISS_NUMBER,       /* int: must be a number */
	ISS_SECONDS,      /* double: must be a number, fractions count */
	ISS_CERTS, /* STACK_OF(X509) *, the first one borrowed by the caller */
	ISS_KEY,   /* EVP_PKEY * */
	ISS_PSK_LIST, /* struct iss_psk_list, pairs of identity and key */
	ISS_HANDLE    /* void *, borrowed by the config */
};

struct iss_option {
	const char *name; /* as the user writes it */
	enum iss_option_kind kind;
	size_t offset; /* of the member in its struct */
};

/*
 * The tables, count by pointer.  Static: never freed.  The first is of
 * struct iss_config, the second of struct iss_identity, the third of struct
 * iss_peer_config.
 */
const struct iss_option *iss_config_options(size_t *count);
const struct iss_option *iss_identity_options(size_t *count);
const struct iss_option *iss_peer_options(size_t *count);

/* Built-in defaults; release frees what the setters put in. */
void iss_config_init(struct iss_config *config, bool server);
void iss_config_release(struct iss_config *config);
void iss_peer_config_init(struct iss_peer_config *config);
void iss_peer_config_release(struct iss_peer_config *config);

/*
 * One more identity of a config, empty; one more host, by defaults, with its
 * name in A-labels and lower case, if it is one.  NULL, with err set,
 * when memory runs out.  They belong to config, and move when it gets more.
 */
struct iss_identity *iss_config_add_identity(
    struct iss_error *err, struct iss_config *config);
struct iss_config *iss_config_add_vhost(struct iss_error *err,
    struct iss_config *config, const char *name, size_t len);

/*
 * Set the member of config (of any of the structs) that option describes; a
 * value set before is replaced, texts are copied and must be free of NUL.
 * Return ISS_OK or ISS_ERROR with err naming the option.
 *
 * _text    TEXT, FILE; TEXTS and PATHS: becomes the whole list
 * _add     TEXTS, PATHS, PROTOCOLS, FINGERPRINTS: one more element, not split
 * _clear   TEXTS, PATHS: the empty list
 * _number  FLAG, SWITCH, NUMBER, SECONDS
 * _add1_cert, _set1_key   CERTS, KEY: take a reference of their own
 * _set0_handle             HANDLE
 * _add_psk                 PSKS: one more pair, identity "" for all others
 */
int iss_option_set_text(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len);
int iss_option_add_text(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len);
void iss_option_clear(void *config, const struct iss_option *option);
int iss_option_set_number(struct iss_error *err, void *config,
    const struct iss_option *option, double number);
int iss_option_add1_cert(struct iss_error *err, void *config,
    const struct iss_option *option, X509 *cert);
int iss_option_set1_key(struct iss_error *err, void *config,
    const struct iss_option *option, EVP_PKEY *key);
void iss_option_set0_handle(
    void *config, const struct iss_option *option, void *handle);
int iss_option_add_psk(struct iss_error *err, void *config,
    const struct iss_option *option, const char *identity, size_t identity_len,
    const char *key, size_t key_len);

#endif
