/*
 * Messages in words and as dumps: every kind, messages that are cut off, and
 * secrets that are not shown.
 */
#include "connection/trace.h"

#include <stdlib.h>

#include <openssl/ssl.h>

#include "tap.h"

/* clang-format off */
#define B(text) (const unsigned char *)(text), sizeof(text) - 1
/* clang-format on */

#define TICKET "\x04\0\0\1s"

static const struct {
	const char *name;
	struct iss_message message;
	const char *text; /* "": no message of the protocol */
	const char *dump;
} messages[] = {
	{ "a ClientHello", { true, TLS1_2_VERSION, SSL3_RT_HANDSHAKE, B("\1") },
	    "sent TLSv1_2 handshake ClientHello, 1 bytes",
	    "    0000  01                                               .\n" },
	{ "a Finished", { false, TLS1_3_VERSION, SSL3_RT_HANDSHAKE, B("\24A") },
	    "received TLSv1_3 handshake Finished, 2 bytes",
	    "    0000  14 41                                            "
	    ".A\n" },
	{ "HelloRequest, the number 0",
	    { false, TLS1_2_VERSION, SSL3_RT_HANDSHAKE, B("\0") },
	    "received TLSv1_2 handshake HelloRequest, 1 bytes",
	    "    0000  00                                               .\n" },
	{ "MessageHash, the last number",
	    { false, TLS1_3_VERSION, SSL3_RT_HANDSHAKE, B("\xfe") },
	    "received TLSv1_3 handshake MessageHash, 1 bytes",
	    "    0000  fe                                               .\n" },
	{ "an unknown message",
	    { false, TLS1_3_VERSION, SSL3_RT_HANDSHAKE, B("\x63") },
	    "received TLSv1_3 handshake (unknown), 1 bytes",
	    "    0000  63                                               c\n" },
	{ "an unknown version", { true, 0x7f1c, SSL3_RT_HANDSHAKE, B("\2") },
	    "sent (unknown) handshake ServerHello, 1 bytes",
	    "    0000  02                                               .\n" },
	{ "a fatal alert", { true, TLS1_3_VERSION, SSL3_RT_ALERT, B("\2\x2a") },
	    "sent TLSv1_3 alert fatal \"bad certificate\", 2 bytes",
	    "    0000  02 2a                                            "
	    ".*\n" },
	{ "an alert that OpenSSL does not name",
	    { false, TLS1_3_VERSION, SSL3_RT_ALERT, B("\2\x74") },
	    "received TLSv1_3 alert fatal \"certificate required\", 2 bytes",
	    "    0000  02 74                                            "
	    ".t\n" },
	{ "close_notify", { false, TLS1_2_VERSION, SSL3_RT_ALERT, B("\1\0") },
	    "received TLSv1_2 alert warning \"close notify\", 2 bytes",
	    "    0000  01 00                                            "
	    "..\n" },
	{ "an unknown alert",
	    { false, TLS1_3_VERSION, SSL3_RT_ALERT, B("\7\xff") },
	    "received TLSv1_3 alert unknown \"unknown\", 2 bytes",
	    "    0000  07 ff                                            "
	    "..\n" },
	{ "half an alert", { false, TLS1_3_VERSION, SSL3_RT_ALERT, B("\2") },
	    "received TLSv1_3 alert, 1 bytes",
	    "    0000  02                                               .\n" },
	{ "ChangeCipherSpec",
	    { true, TLS1_2_VERSION, SSL3_RT_CHANGE_CIPHER_SPEC, B("\1") },
	    "sent TLSv1_2 change_cipher_spec, 1 bytes",
	    "    0000  01                                               .\n" },
	{ "a heartbeat", { true, TLS1_2_VERSION, 24, B("\1") },
	    "sent TLSv1_2 heartbeat, 1 bytes",
	    "    0000  01                                               .\n" },
	{ "data of the application",
	    { true, TLS1_3_VERSION, SSL3_RT_APPLICATION_DATA, B("secret") },
	    "sent TLSv1_3 application_data, 6 bytes", "" },
	{ "a session ticket",
	    { false, TLS1_3_VERSION, SSL3_RT_HANDSHAKE, B(TICKET) },
	    "received TLSv1_3 handshake NewSessionTicket, 5 bytes", "" },
	{ "a ticket without its content",
	    { false, TLS1_3_VERSION, SSL3_RT_HANDSHAKE, B("\4") },
	    "received TLSv1_3 handshake NewSessionTicket, 1 bytes", "" },
	{ "an empty message",
	    { true, TLS1_3_VERSION, SSL3_RT_HANDSHAKE, B("") }, "", "" },
	{ "no bytes at all",
	    { true, TLS1_3_VERSION, SSL3_RT_HANDSHAKE, NULL, 0 }, "", "" },
	{ "the header of a record",
	    { true, 0, SSL3_RT_HEADER, B("\x16\3\1\0\1") }, "", "" },
	{ "the inner type of a record",
	    { true, TLS1_3_VERSION, SSL3_RT_INNER_CONTENT_TYPE, B("\x16") }, "",
	    "" },
	{ "an unknown kind", { true, TLS1_3_VERSION, 99, B("x") }, "", "" },
	{ "the kind 0", { true, TLS1_3_VERSION, 0, B("x") }, "", "" },
};

/* In memory of exactly that size, so that a read beyond it is seen. */
static struct iss_message
exactly(const struct iss_message *message)
{
	struct iss_message copy = *message;
	unsigned char *bytes = malloc(copy.len > 0 ? copy.len : 1);

	if (copy.len > 0)
		memcpy(bytes, message->bytes, copy.len);
	copy.bytes = bytes;
	return copy;
}

static void
test_messages(void)
{
	struct iss_message copy;
	struct iss_buf out;
	size_t i;

	for (i = 0; i < ROWS(messages); i++) {
		copy = exactly(&messages[i].message);
		iss_buf_init(&out, 4096);
		iss_trace_message(&out, &copy);
		is_text(iss_buf_text(&out), messages[i].text, "%s",
		    messages[i].name);
		iss_buf_clear(&out);
		iss_trace_dump(&out, &copy, 4096);
		is_text(iss_buf_text(&out), messages[i].dump, "... its bytes");
		iss_buf_release(&out);
		free((void *)copy.bytes);
	}
}

static void
test_append(void)
{
	struct iss_buf out;

	iss_buf_init(&out, 4096);
	iss_buf_puts(&out, "before: ");
	iss_trace_message(&out, &messages[0].message);
	is_text(iss_buf_text(&out),
	    "before: sent TLSv1_2 handshake ClientHello, 1 bytes",
	    "the words are appended");
	iss_buf_release(&out);
	iss_buf_init(&out, 10);
	iss_trace_message(&out, &messages[0].message);
	iss_trace_dump(&out, &messages[0].message, 4096);
	ok(out.overflowed && out.len <= 10, "a buffer that is too small");
	iss_buf_release(&out);
}

/* A message of len bytes, of which at most max are shown. */
static void
test_length(size_t len, size_t max, size_t lines, bool more)
{
	unsigned char *bytes = malloc(len);
	struct iss_message message = { .version = TLS1_2_VERSION,
		.content_type = SSL3_RT_HANDSHAKE,
		.bytes = bytes,
		.len = len };
	const char *at;
	struct iss_buf out;
	size_t i, count = 0;

	for (i = 0; i < len; i++)
		bytes[i] = (unsigned char)(i + 'A');
	iss_buf_init(&out, 1 << 20);
	iss_trace_dump(&out, &message, max);
	for (at = iss_buf_text(&out); (at = strchr(at, '\n')) != NULL; at++)
		count++;
	is_int((long long)count, (long long)lines + more,
	    "%zu bytes, at most %zu: lines", len, max);
	ok((strstr(iss_buf_text(&out), "    ...\n") != NULL) == more, "... %s",
	    more ? "and more" : "which are all");
	ok(iss_buf_text(&out)[0] == '\0' ||
		strchr(iss_buf_text(&out), '\n')[1] == '\0' ||
		strchr(iss_buf_text(&out), '\n')[1] == ' ',
	    "... each of them indented");
	iss_buf_release(&out);
	free(bytes);
}

static void
test_lengths(void)
{
	static const struct {
		size_t len, max, lines;
		bool more;
	} cases[] = {
		{ 15, 4096, 1, false },
		{ 16, 4096, 1, false },
		{ 17, 4096, 2, false },
		{ 32, 32, 2, false },
		{ 33, 32, 2, true },
		{ 33, 17, 2, true },
		{ 16, 1, 1, true },
		{ 16, 0, 0, true },
		{ 70000, 70000, 4375, false },
	};
	size_t i;

	for (i = 0; i < ROWS(cases); i++)
		test_length(
		    cases[i].len, cases[i].max, cases[i].lines, cases[i].more);
}

static void
test_columns(void)
{
	static const unsigned char bytes[] = "\1 ~\x7f\x80 abcdefghijklmn";
	struct iss_message message = { .version = TLS1_2_VERSION,
		.content_type = SSL3_RT_HANDSHAKE,
		.bytes = bytes,
		.len = sizeof(bytes) - 1 };
	struct iss_buf out;

	iss_buf_init(&out, 4096);
	iss_trace_dump(&out, &message, 18);
	is_text(iss_buf_text(&out),
	    "    0000  01 20 7e 7f 80 20 61 62 63 64 65 66 67 68 69 6a"
	    "  . ~.. abcdefghij\n"
	    "    0010  6b 6c                                          "
	    "  kl\n"
	    "    ...\n",
	    "columns, and a dot for what cannot be printed");
	iss_buf_release(&out);
}

int
main(void)
{
	test_messages();
	test_append();
	test_lengths();
	test_columns();
	return tap_done();
}
