/*
 * Reads the message a second time, as OpenSSL leaves out the extensions that
 * it does not know.
 */
#include "context/hello.h"

#include <string.h>

#include <openssl/ssl.h>

#include "base/ascii.h"
#include "context/vhosts.h"

enum { HEADER_LEN = 4, RANDOM_LEN = 32 };

static bool
take(struct iss_wire *from, size_t len, struct iss_wire *out)
{
	if (len > from->len)
		return false;
	out->bytes = from->bytes;
	out->len = len;
	from->bytes += len;
	from->len -= len;
	return true;
}

bool
iss_hello_next_number(struct iss_wire *list, size_t size, unsigned int *number)
{
	struct iss_wire bytes;

	if (!take(list, size, &bytes))
		return false;
	for (*number = 0; bytes.len > 0; bytes.bytes++, bytes.len--)
		*number = *number << 8 | bytes.bytes[0];
	return true;
}

/* Bytes behind their length, which has so many bytes itself. */
static bool
take_vector(struct iss_wire *from, size_t size, struct iss_wire *out)
{
	unsigned int len;

	return iss_hello_next_number(from, size, &len) && take(from, len, out);
}

/* A vector that fills an extension; its items have so many bytes. */
static bool
take_list(struct iss_wire body, size_t size, size_t item, struct iss_wire *out)
{
	return take_vector(&body, size, out) && body.len == 0 &&
	       out->len % item == 0;
}

bool
iss_hello_next_extension(
    struct iss_wire *extensions, unsigned int *type, struct iss_wire *body)
{
	return iss_hello_next_number(extensions, 2, type) &&
	       take_vector(extensions, 2, body);
}

/* Clients send names in ASCII (RFC 6066, 3). */
static void
read_name(struct iss_hello *hello, struct iss_wire body)
{
	const unsigned char *name;
	struct iss_error ignored;
	size_t len;

	iss_error_clear(&ignored);
	hello->has_name = true;
	hello->name_is_valid =
	    iss_vhosts_parse(body.bytes, body.len, &name, &len) &&
	    iss_ascii_is(name, len) &&
	    iss_reference_id_init(&ignored, &hello->host, name, len) == ISS_OK;
}

static bool
read_extension(struct iss_hello *hello, unsigned int type, struct iss_wire body)
{
	switch (type) {
	case TLSEXT_TYPE_server_name:
		read_name(hello, body);
		return true;
	case TLSEXT_TYPE_supported_versions:
		return take_list(body, 1, 2, &hello->versions);
	case TLSEXT_TYPE_supported_groups:
		return take_list(body, 2, 2, &hello->groups);
	case TLSEXT_TYPE_signature_algorithms:
		return take_list(body, 2, 2, &hello->sigalgs);
	case TLSEXT_TYPE_ec_point_formats:
		return take_list(body, 1, 1, &hello->formats);
	case TLSEXT_TYPE_application_layer_protocol_negotiation:
		return take_list(body, 2, 1, &hello->alpn) &&
		       iss_wire_is_sound(hello->alpn);
	case TLSEXT_TYPE_early_data:
		hello->early_data = true;
		return true;
	case TLSEXT_TYPE_session_ticket:
		hello->resumes |= body.len > 0;
		return true;
	case TLSEXT_TYPE_psk:
		hello->resumes = true;
		return true;
	default:
		return true;
	}
}

static bool
read_extensions(struct iss_hello *hello)
{
	struct iss_wire left = hello->extensions, body;
	unsigned int type;

	while (left.len > 0)
		if (!iss_hello_next_extension(&left, &type, &body) ||
		    !read_extension(hello, type, body))
			return false;
	return true;
}

bool
iss_hello_parse(
    struct iss_hello *hello, const unsigned char *message, size_t len)
{
	struct iss_wire left = { message, len }, session, ignored;
	unsigned int version;

	memset(hello, 0, sizeof(*hello));
	if (!take(&left, HEADER_LEN, &ignored) ||
	    !iss_hello_next_number(&left, 2, &version) ||
	    !take(&left, RANDOM_LEN, &ignored) ||
	    !take_vector(&left, 1, &session) ||
	    !take_vector(&left, 2, &hello->ciphers) ||
	    hello->ciphers.len % 2 != 0 || !take_vector(&left, 1, &ignored))
		return false;
	hello->version = (int)version;
	if (left.len > 0 && (!take_vector(&left, 2, &hello->extensions) ||
				left.len > 0 || !read_extensions(hello)))
		return false;
	/* Clients of TLS 1.3 send a session id that means nothing (RFC 8446,
	 * 4.1.2). */
	hello->resumes |= session.len > 0 && hello->versions.len == 0;
	return true;
}
