#include "sessions/offered.h"

enum { AGE_LEN = 4 };

/* Read the length in front of a vector; false if there is less than that. */
static bool
take_len(const unsigned char **at, size_t *left, size_t *len)
{
	if (*left < 2)
		return false;
	*len = (size_t)(*at)[0] << 8 | (*at)[1];
	*at += 2;
	*left -= 2;
	return *len <= *left;
}

bool
iss_offered_psk(
    const unsigned char *ext, size_t len, size_t i, const unsigned char **id)
{
	const unsigned char *at = ext;
	size_t left = len, size;

	if (!take_len(&at, &left, &size))
		return false;
	left = size; /* without the binders */
	while (take_len(&at, &left, &size)) {
		if (left - size < AGE_LEN)
			return false;
		if (size == ISS_OFFERED_LEN && i-- == 0) {
			*id = at;
			return true;
		}
		at += size + AGE_LEN;
		left -= size + AGE_LEN;
	}
	return false;
}

static bool
server_speaks_1_3(const SSL *ssl)
{
	long newest = SSL_get_max_proto_version((SSL *)ssl);

	return (newest == 0 || newest >= TLS1_3_VERSION) &&
	       (SSL_get_options(ssl) & SSL_OP_NO_TLSv1_3) == 0;
}

static bool
client_speaks_1_3(SSL *ssl)
{
	const unsigned char *ext;
	size_t len, i;

	if (!SSL_client_hello_get0_ext(
		ssl, TLSEXT_TYPE_supported_versions, &ext, &len))
		return false;
	for (i = 1; i + 1 < len; i += 2)
		if ((ext[i] << 8 | ext[i + 1]) == TLS1_3_VERSION)
			return true;
	return false;
}

bool
iss_offered_id(SSL *ssl, size_t i, const unsigned char **id)
{
	const unsigned char *ext;
	size_t len;

	if (client_speaks_1_3(ssl) && server_speaks_1_3(ssl))
		return SSL_client_hello_get0_ext(
			   ssl, TLSEXT_TYPE_psk, &ext, &len) &&
		       iss_offered_psk(ext, len, i, id);
	return i == 0 &&
	       SSL_client_hello_get0_session_id(ssl, id) == ISS_OFFERED_LEN;
}
