/*
 * How long a server may resume the session of a client that showed a
 * certificate: until the first certificate of the chain that was verified ends.
 * OpenSSL verifies nothing when it resumes (CVE-2025-68121 is the same mistake
 * elsewhere).
 */
#ifndef ISS_PEER_END_H
#define ISS_PEER_END_H

#include <stdbool.h>

#include <openssl/ssl.h>

/*
 * Write that time into the tickets of a server's context, and refuse those that
 * are too old, or are from a client with a certificate and do not tell: a full
 * handshake follows.  Once, when the context is made.
 * SSL_CTX_set_session_ticket_cb(3).
 */
void iss_peer_end_install(SSL_CTX *ctx);

/*
 * A server's handshake is done: the session of a client with a certificate,
 * which OpenSSL may keep itself, ends with it; what the judge said is
 * forgotten.
 */
void iss_peer_end_limit(SSL *ssl);

/*
 * For a session that is kept elsewhere: note the end in it, as tickets have it;
 * is it one that may be resumed now?  _note returns false when memory runs out.
 */
bool iss_peer_end_note(SSL *ssl, SSL_SESSION *session);
bool iss_peer_end_allows(SSL *ssl, SSL_SESSION *session);

/* Would the client with this certificate, whose session ssl is about to resume,
 * be accepted in a full handshake? */
typedef bool iss_peer_judge_fn(SSL *ssl, X509 *leaf);
struct iss_peer_judge {
	iss_peer_judge_fn *accepts;
};

/*
 * What was said of the clients of this context's sessions may hold no more, or
 * somebody else said it: ask the judge (static), too, once for a client and
 * four times in a handshake, and refuse a client without a certificate if this
 * context demands one.
 * False when memory runs out.
 */
bool iss_peer_end_set_judge(SSL_CTX *ctx, const struct iss_peer_judge *judge);

#endif
