/*
 * Keys for session tickets in files that several servers share
 * (SSL_ticket_keys).  A file has 80 bytes (name 16, HMAC 32, AES-256 32) or 48
 * (name 16, AES-128 16, HMAC 16), as nginx has them.
 */
#ifndef ISS_TICKET_FILES_H
#define ISS_TICKET_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "link/link.h"
#include "options/option.h"

enum { ISS_TICKET_HALF_MAX = 32 };

/* A key, ready for use: that for AES and that for HMAC are of the same
 * length. */
struct iss_ticket_secret {
	unsigned char name[ISS_TICKET_NAME_LEN];
	unsigned char aes[ISS_TICKET_HALF_MAX];
	unsigned char hmac[ISS_TICKET_HALF_MAX];
	size_t len;
};

/*
 * Take the ticket keys of a server's context from files: the first one
 * encrypts, all decrypt.  Returns ISS_OK, or ISS_ERROR when a file cannot be
 * read, has another size, or is accessible to others than its owner.
 */
int iss_ticket_files_use(
    struct iss_error *err, SSL_CTX *ctx, const struct iss_texts *files);

/* Does the context of the connection have such keys? */
bool iss_ticket_files_exist(const SSL *ssl);

/*
 * The current key; if name is not NULL, the key of that name, when *current
 * tells whether that is the current one.  False: there is no such key.  Once a
 * second at most the files are read again.  If one fails then, the old keys
 * stay, and the program is warned, once a text.  The caller cleanses *out.
 */
bool iss_ticket_files_key(SSL *ssl, const unsigned char *name,
    struct iss_ticket_secret *out, bool *current);

#endif
