#include "sessions/packed.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>

#include "base/compat.h"
#include "revocation/staple.h"
#include "x509/chain.h"

enum { LENGTH = 4, NOTE = 8 };

/* What is still unread. */
struct rest {
	const unsigned char *bytes;
	size_t len;
};

static bool
put_number(struct iss_buf *out, uint64_t number, size_t size)
{
	unsigned char bytes[NOTE];
	size_t i;

	for (i = size; i > 0; i--, number >>= 8)
		bytes[i - 1] = (unsigned char)number;
	return iss_buf_append(out, bytes, size);
}

/* Takes over der. */
static bool
put_der(struct iss_buf *out, unsigned char *der, int len)
{
	bool good;

	if (len <= 0)
		return false;
	good = put_number(out, (uint64_t)len, LENGTH) &&
	       iss_buf_append(out, der, (size_t)len);
	OPENSSL_clear_free(der, (size_t)len);
	return good;
}

bool
iss_packed_write(struct iss_buf *out, const SSL_SESSION *session,
    const STACK_OF(X509) * chain)
{
	unsigned char *der = NULL;
	int len = iss_compat_i2d_session(session, &der);
	int i;

	if (!put_der(out, der, len) ||
	    !put_number(out, (uint64_t)iss_staple_note_of(session), NOTE))
		return false;
	for (i = 0; i < sk_X509_num(chain); i++) {
		der = NULL;
		len = i2d_X509(sk_X509_value(chain, i), &der);
		if (!put_der(out, der, len))
			return false;
	}
	return true;
}

static bool
get_number(struct rest *rest, uint64_t *number, size_t size)
{
	*number = 0;
	if (rest->len < size)
		return false;
	for (; size > 0; size--, rest->len--)
		*number = *number << 8 | *rest->bytes++;
	return true;
}

/* Split a DER off. */
static bool
get_der(struct rest *rest, struct rest *der)
{
	uint64_t len;

	if (!get_number(rest, &len, LENGTH) || len > rest->len)
		return false;
	der->bytes = rest->bytes;
	der->len = (size_t)len;
	rest->bytes += len;
	rest->len -= (size_t)len;
	return true;
}

static bool
get_cert(struct rest *rest, STACK_OF(X509) * chain)
{
	struct rest der;
	X509 *cert;

	if (!get_der(rest, &der))
		return false;
	cert = d2i_X509(NULL, &der.bytes, (long)der.len);
	if (cert != NULL && sk_X509_push(chain, cert) > 0)
		return true;
	X509_free(cert);
	return false;
}

static bool
get_chain(struct rest *rest, SSL_SESSION *session)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	bool good = chain != NULL;

	while (good && rest->len > 0)
		good = get_cert(rest, chain);
	if (good)
		return iss_chain_remember(session, chain);
	sk_X509_pop_free(chain, X509_free);
	return false;
}

static void
correct_time(SSL_SESSION *session)
{
	time_t now = time(NULL);

	if (iss_compat_session_time(session) > now)
		iss_compat_set_session_time(session, now);
}

SSL_SESSION *
iss_packed_read(const void *bytes, size_t len)
{
	struct rest rest = { bytes, len }, der;
	SSL_SESSION *session;
	uint64_t note;

	if (!get_der(&rest, &der) || !get_number(&rest, &note, NOTE))
		return NULL;
	session = d2i_SSL_SESSION(NULL, &der.bytes, (long)der.len);
	if (session != NULL && (!iss_staple_set_note(session, (int64_t)note) ||
				   !get_chain(&rest, session))) {
		SSL_SESSION_free(session);
		session = NULL;
	}
	if (session != NULL)
		correct_time(session);
	ERR_clear_error();
	return session;
}
