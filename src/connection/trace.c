/*
 * Names for the numbers of TLS.  Of a message only the type is parsed.
 */
#include "connection/trace.h"

#include <openssl/ssl.h>

#include "base/alert.h"
#include "options/version.h"

enum { PER_LINE = 16 };

struct number_name {
	int number;
	const char *name;
};

/* RFC 8446, 5.1; RFC 6520 */
static const struct number_name content_types[] = {
	{ SSL3_RT_CHANGE_CIPHER_SPEC, "change_cipher_spec" },
	{ SSL3_RT_ALERT, "alert" },
	{ SSL3_RT_HANDSHAKE, "handshake" },
	{ SSL3_RT_APPLICATION_DATA, "application_data" },
	{ 24, "heartbeat" },
	{ 0, NULL },
};

/* RFC 8446, 4 and B.3; RFC 5246, 7.4 */
static const struct number_name handshake_types[] = {
	{ SSL3_MT_HELLO_REQUEST, "HelloRequest" },
	{ SSL3_MT_CLIENT_HELLO, "ClientHello" },
	{ SSL3_MT_SERVER_HELLO, "ServerHello" },
	{ SSL3_MT_NEWSESSION_TICKET, "NewSessionTicket" },
	{ SSL3_MT_END_OF_EARLY_DATA, "EndOfEarlyData" },
	{ SSL3_MT_ENCRYPTED_EXTENSIONS, "EncryptedExtensions" },
	{ SSL3_MT_CERTIFICATE, "Certificate" },
	{ SSL3_MT_SERVER_KEY_EXCHANGE, "ServerKeyExchange" },
	{ SSL3_MT_CERTIFICATE_REQUEST, "CertificateRequest" },
	{ SSL3_MT_SERVER_DONE, "ServerHelloDone" },
	{ SSL3_MT_CERTIFICATE_VERIFY, "CertificateVerify" },
	{ SSL3_MT_CLIENT_KEY_EXCHANGE, "ClientKeyExchange" },
	{ SSL3_MT_FINISHED, "Finished" },
	{ SSL3_MT_CERTIFICATE_STATUS, "CertificateStatus" },
	{ SSL3_MT_KEY_UPDATE, "KeyUpdate" },
	{ SSL3_MT_NEXT_PROTO, "NextProtocol" },
	{ SSL3_MT_MESSAGE_HASH, "MessageHash" },
	{ 0, NULL },
};

static const char *
name_of(const struct number_name *table, int number)
{
	for (; table->name != NULL; table++)
		if (table->number == number)
			return table->name;
	return NULL;
}

static void
append_alert(struct iss_buf *out, const unsigned char *bytes)
{
	int alert = bytes[0] << 8 | bytes[1];

	iss_buf_printf(out, " %s \"%s\"", SSL_alert_type_string_long(alert),
	    iss_alert_name(bytes[1]));
}

void
iss_trace_message(struct iss_buf *out, const struct iss_message *message)
{
	const char *type = name_of(content_types, message->content_type);
	const char *name;

	if (type == NULL || message->len == 0)
		return;
	iss_buf_printf(out, "%s %s %s", message->sent ? "sent" : "received",
	    iss_version_name(message->version), type);
	if (message->content_type == SSL3_RT_ALERT && message->len >= 2)
		append_alert(out, message->bytes);
	if (message->content_type == SSL3_RT_HANDSHAKE) {
		name = name_of(handshake_types, message->bytes[0]);
		iss_buf_printf(out, " %s", name != NULL ? name : "(unknown)");
	}
	iss_buf_printf(out, ", %zu bytes", message->len);
}

static bool
is_private(const struct iss_message *message)
{
	return message->content_type == SSL3_RT_APPLICATION_DATA ||
	       (message->content_type == SSL3_RT_HANDSHAKE &&
		   message->bytes[0] == SSL3_MT_NEWSESSION_TICKET);
}

static void
dump_line(
    struct iss_buf *out, const unsigned char *bytes, size_t at, size_t count)
{
	size_t i;

	iss_buf_printf(out, "    %04zx ", at);
	for (i = 0; i < PER_LINE; i++)
		if (i < count)
			iss_buf_printf(out, " %02x", bytes[at + i]);
		else
			iss_buf_puts(out, "   ");
	iss_buf_puts(out, "  ");
	for (i = 0; i < count; i++) {
		unsigned char c = bytes[at + i];

		iss_buf_printf(out, "%c", c >= 0x20 && c < 0x7f ? c : '.');
	}
	iss_buf_puts(out, "\n");
}

void
iss_trace_dump(
    struct iss_buf *out, const struct iss_message *message, size_t max)
{
	size_t len = message->len < max ? message->len : max;
	size_t at;

	if (message->len == 0 || is_private(message) ||
	    name_of(content_types, message->content_type) == NULL)
		return;
	for (at = 0; at < len; at += PER_LINE)
		dump_line(out, message->bytes, at,
		    len - at < PER_LINE ? len - at : PER_LINE);
	if (len < message->len)
		iss_buf_puts(out, "    ...\n");
}
