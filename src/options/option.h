/*
 * One row in a table of options: its name, what its value may look like, and
 * where in a struct that value is kept; and the setters that fill the struct
 * by such a row.  The tables are in config.h and peer_config.h.
 */
#ifndef ISS_OPTION_H
#define ISS_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "options/tlsa.h"

/* What a value may look like. */
enum iss_option_kind {
	ISS_TEXT,      /* char * */
	ISS_FILE,      /* char *, where "" means not given */
	ISS_TEXTS,     /* struct iss_texts, a list; one text is a list of one */
	ISS_PATHS,     /* struct iss_texts; a text is split at ":" */
	ISS_PROTOCOLS, /* struct iss_buf, a list of bytes in wire format */
	ISS_FINGERPRINTS, /* struct iss_fingerprint_list, a list */
	ISS_TLSA,         /* struct iss_tlsa_list, a list of records */
	ISS_FLAG,         /* bool: true or false */
	ISS_SWITCH,       /* int: 1 or 0 */
	ISS_NUMBER,       /* int: must be a number */
	ISS_SECONDS,      /* double: must be a number, fractions count */
	ISS_CERTS,        /* STACK_OF(X509) *, owned references */
	ISS_KEY,          /* EVP_PKEY *, an owned reference */
	ISS_PSK_LIST,     /* struct iss_psk_list, pairs of identity and key */
	ISS_HANDLE        /* void *, borrowed */
};

/* A list of texts, owned. */
struct iss_texts {
	char **text;
	size_t count;
};

struct iss_option {
	const char *name; /* as the user writes it */
	enum iss_option_kind kind;
	size_t offset; /* of the member in its struct */
	bool by_vhost; /* may be a hash by the host that a client asks for */
	bool neutral; /* sessions may pass between contexts that differ in it */
};

/*
 * Set the member of config, the struct that the row's table describes.  A
 * value set before is replaced.  Texts are copied and must be free of NUL.
 * Each setter serves these kinds:
 *
 * _set_text    TEXT, FILE; TEXTS and PATHS: becomes the whole list
 * _add_text    TEXTS, PATHS, PROTOCOLS, FINGERPRINTS, TLSA: one more element,
 *              which is not split
 * _set_number  FLAG, SWITCH, NUMBER, SECONDS
 * _add1_cert   CERTS: one more, a reference is taken
 * _set1_key    KEY: a reference is taken
 * _set0_handle HANDLE
 * _add_psk     PSK_LIST: one more pair; identity "" serves all others
 * _add_tlsa    TLSA: one more record; as text: _add_text
 *
 * Those with err return ISS_OK, or ISS_ERROR with err naming the option.
 */
int iss_option_set_text(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len);
int iss_option_add_text(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len);
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

int iss_option_add_tlsa(struct iss_error *err, void *config,
    const struct iss_option *option, const struct iss_tlsa *record);

/*
 * Free the member's value; it is then as if not given.  Numbers, which own
 * nothing, stay as they are.  _clear_all does so for a table of count rows.
 */
void iss_option_clear(void *config, const struct iss_option *option);
void iss_option_clear_all(
    void *config, const struct iss_option *options, size_t count);

#endif
