/*
 * The secrets of connections, for programs such as Wireshark that decrypt what
 * they recorded: RFC 9850, a line a secret.
 */
#ifndef ISS_KEYLOG_H
#define ISS_KEYLOG_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/error.h"

/*
 * Log the secrets of connections under ssl_ctx: append each line to file, which
 * is made for its owner alone (mode 0600), and tell it to the keylog callback
 * of the connection's link.  file may be NULL; the callback is looked for when
 * there is a line.  *is_public tells whether others than the owner of the file
 * can read it.  If a line cannot be written, the program is warned once.
 *
 * tainted: the program distrusts its environment.  Then, and if the process has
 * other effective than real ids, it fails.  Returns ISS_OK or ISS_ERROR.
 * SSL_CTX_set_keylog_callback(3).
 */
int iss_keylog_use(struct iss_error *err, SSL_CTX *ssl_ctx, const char *file,
    bool tainted, bool *is_public);

/* Is the process one that must not write secrets, whoever asks for it? */
bool iss_keylog_is_forbidden(bool tainted);
#define ISS_KEYLOG_FORBIDDEN "no key log under setuid, setgid or taint"

#endif
