/*
 * Owns the application data of tickets: a version, and the end as seconds since
 * 1970, eight bytes with the highest first.
 */
#include "sessions/peer_end.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "base/compat.h"
#include "base/ex_index.h"
#include "link/link.h"
#include "x509/asn1_time.h"

enum {
	NOTE_VERSION = 1,
	NOTE_LEN = 9,
	JUDGED_MAX =
	    4 /* in a handshake: a ClientHello has room for 90 tickets */
};

/* What the judge of a context said of a client.  After a HelloRetryRequest
 * OpenSSL asks a second time in the same handshake. */
struct verdict {
	SSL_CTX *ctx;
	X509 *leaf;
	bool accepted;
	int judged; /* how many in this handshake */
};

static void
verdict_free(struct verdict *verdict)
{
	if (verdict == NULL)
		return;
	SSL_CTX_free(verdict->ctx);
	X509_free(verdict->leaf);
	free(verdict);
}

ISS_EX_INDEX(judge_index, SSL_CTX, NULL);
ISS_EX_INDEX_OWNED(verdict_index, SSL, verdict_free);

/* The earliest end in the chain; that of a fingerprint's certificate, which is
 * not verified, does not count.  A time that cannot be read has passed. */
static int64_t
end_of_chain(const STACK_OF(X509) * chain)
{
	int64_t end = INT64_MAX, one;
	int i;

	for (i = 0; i < sk_X509_num(chain); i++) {
		if (!iss_asn1_time_get(
			X509_get0_notAfter(sk_X509_value(chain, i)), &one))
			return 0;
		if (one < end)
			end = one;
	}
	return end;
}

bool
iss_peer_end_note(SSL *ssl, SSL_SESSION *session)
{
	unsigned char note[NOTE_LEN] = { NOTE_VERSION };
	uint64_t end;
	size_t i;

	/* A session that was resumed has its note, and no chain. */
	if (SSL_SESSION_get0_peer(session) == NULL || SSL_session_reused(ssl))
		return true;
	end = (uint64_t)end_of_chain(SSL_get0_verified_chain(ssl));
	for (i = NOTE_LEN - 1; i > 0; i--, end >>= 8)
		note[i] = (unsigned char)end;
	return SSL_SESSION_set1_ticket_appdata(session, note, sizeof(note)) !=
	       0;
}

static bool
has_not_ended(SSL_SESSION *session)
{
	const unsigned char *note;
	void *data = NULL;
	uint64_t end = 0;
	size_t len = 0, i;

	if (!SSL_SESSION_get0_ticket_appdata(session, &data, &len) ||
	    len != NOTE_LEN)
		return false;
	note = data;
	for (i = 1; i < NOTE_LEN; i++)
		end = end << 8 | note[i];
	return note[0] == NOTE_VERSION && time(NULL) <= (int64_t)end;
}

bool
iss_peer_end_set_judge(SSL_CTX *ctx, const struct iss_peer_judge *judge)
{
	return SSL_CTX_set_ex_data(ctx, judge_index(), (void *)judge) != 0;
}

static void
forget_verdict(SSL *ssl)
{
	verdict_free(SSL_get_ex_data(ssl, verdict_index()));
	SSL_set_ex_data(ssl, verdict_index(), NULL);
}

/* When memory runs out the judge is asked again. */
static void
keep_verdict(SSL *ssl, SSL_CTX *ctx, X509 *leaf, bool accepted, int judged)
{
	struct verdict *verdict = calloc(1, sizeof(*verdict));

	forget_verdict(ssl);
	if (verdict == NULL)
		return;
	SSL_CTX_up_ref(ctx);
	X509_up_ref(leaf);
	verdict->ctx = ctx;
	verdict->leaf = leaf;
	verdict->accepted = accepted;
	verdict->judged = judged;
	if (!SSL_set_ex_data(ssl, verdict_index(), verdict))
		verdict_free(verdict);
}

/* TLS 1.2 may renegotiate, which is another handshake. */
static bool
judge_accepts(const struct iss_peer_judge *judge, SSL *ssl, X509 *leaf)
{
	const struct verdict *kept = SSL_get_ex_data(ssl, verdict_index());
	SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);
	int judged = kept != NULL ? kept->judged : 0;
	bool accepted;

	if (kept != NULL && kept->ctx == ctx && X509_cmp(kept->leaf, leaf) == 0)
		return kept->accepted;
	if (judged >= JUDGED_MAX)
		return false;
	accepted = judge->accepts(ssl, leaf);
	if (SSL_version(ssl) >= TLS1_3_VERSION)
		keep_verdict(ssl, ctx, leaf, accepted, judged + 1);
	return accepted;
}

/* OpenSSL does not ask this of a session. */
static bool
demands_certificate(const SSL *ssl)
{
	const int both = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

	return (SSL_get_verify_mode(ssl) & both) == both;
}

/* OpenSSL compares the cipher of a session only with those that the client
 * offers.  TLS 1.3 negotiates another one. */
static bool
has_good_cipher(SSL *ssl, const SSL_SESSION *session)
{
	return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION ||
	       sk_SSL_CIPHER_find(
		   SSL_get_ciphers(ssl), SSL_SESSION_get0_cipher(session)) >= 0;
}

/* A connection may have come to another context: its judge counts. */
bool
iss_peer_end_allows(SSL *ssl, SSL_SESSION *session)
{
	X509 *leaf = SSL_SESSION_get0_peer(session);
	const struct iss_peer_judge *judge =
	    SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), judge_index());

	if (!has_good_cipher(ssl, session))
		return false;
	if (leaf == NULL)
		return judge == NULL || !demands_certificate(ssl);
	if (!has_not_ended(session))
		return false;
	return judge == NULL || judge_accepts(judge, ssl, leaf);
}

static int
on_new_ticket(SSL *ssl, void *unused)
{
	const struct iss_link *link = iss_link_of(ssl);

	(void)unused;
	if (link != NULL)
		iss_stats_add(link->stats, ISS_STATS_TICKETS, 1);
	return iss_peer_end_note(ssl, SSL_get0_session(ssl));
}

static SSL_TICKET_RETURN
on_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t len,
    SSL_TICKET_STATUS status, void *unused)
{
	(void)name;
	(void)len;
	(void)unused;
	switch (status) {
	case SSL_TICKET_SUCCESS:
	case SSL_TICKET_SUCCESS_RENEW:
		if (!iss_peer_end_allows(ssl, session))
			return SSL_TICKET_RETURN_IGNORE_RENEW;
		return status == SSL_TICKET_SUCCESS
			   ? SSL_TICKET_RETURN_USE
			   : SSL_TICKET_RETURN_USE_RENEW;
	default:
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	}
}

void
iss_peer_end_install(SSL_CTX *ctx)
{
	SSL_CTX_set_session_ticket_cb(ctx, on_new_ticket, on_ticket, NULL);
}

void
iss_peer_end_limit(SSL *ssl)
{
	SSL_SESSION *session = SSL_get0_session(ssl);
	int64_t left;

	forget_verdict(ssl);
	if (session == NULL || SSL_session_reused(ssl) ||
	    SSL_SESSION_get0_peer(session) == NULL)
		return;
	left = end_of_chain(SSL_get0_verified_chain(ssl));
	if (left == INT64_MAX)
		return;
	left -= iss_compat_session_time(session);
	if (left < SSL_SESSION_get_timeout(session))
		SSL_SESSION_set_timeout(session, left > 0 ? (long)left : 0);
}
