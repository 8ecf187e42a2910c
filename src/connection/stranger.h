/*
 * A peer that speaks something else than TLS: what its first bytes look like.
 */
#ifndef ISS_STRANGER_H
#define ISS_STRANGER_H

#include <stdbool.h>

#include "base/buf.h"
#include "connection/sock.h"

/* Are the peer's first bytes not those of TLS?  False if it has sent none. */
bool iss_stranger_has_spoken(const struct iss_sock *sock);

/* http, smtp, ftp, imap, pop3, ssh or other.  Static. */
const char *iss_stranger_language(const struct iss_sock *sock);

/* Append its first line, or what is known of it, in printable ASCII. */
void iss_stranger_quote(struct iss_buf *out, const struct iss_sock *sock);

#endif
