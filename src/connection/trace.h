/*
 * Protocol messages in words, for debugging a connection: a message of
 * SSL_CTX_set_msg_callback(3) as a line of text, and its bytes as a dump.  No
 * secrets are shown: OpenSSL reports no keys there, and tickets are left out.
 */
#ifndef ISS_TRACE_H
#define ISS_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A message as OpenSSL's callback reports it. */
struct iss_message {
	bool sent;        /* by us, else received */
	int version;      /* on the wire: TLS1_2_VERSION and the like */
	int content_type; /* SSL3_RT_*, or OpenSSL's pseudo types */
	const unsigned char *bytes;
	size_t len;
};

/*
 * Append "sent TLSv1_2 handshake ClientHello, 512 bytes"; nothing for OpenSSL's
 * pseudo messages, such as record headers.
 */
void iss_trace_message(struct iss_buf *out, const struct iss_message *message);

/* Append the bytes in hexadecimal and ASCII, 16 a line, at most max of them;
 * nothing for application data and session tickets. */
void iss_trace_dump(
    struct iss_buf *out, const struct iss_message *message, size_t max);

#endif
