/* Peers that speak something else than TLS, by their first bytes. */
#include "connection/stranger.h"

#include <string.h>

#include "tap.h"

static const struct {
	const char *said;
	bool stranger;
	const char *language, *quote;
} cases[] = {
	{ "HTTP/1.1 400 Bad Request\r\nDate: x", true, "http",
	    "HTTP/1.1 400 Bad Request" },
	{ "GET / HTTP/1.1\r\n", true, "http", "GET / HTTP/1.1" },
	{ "220 mail.test ESMTP Postfix\r\n", true, "smtp",
	    "220 mail.test ESMTP Postfix" },
	{ "220 (vsFTPd 3.0.3)\r\n", true, "ftp", "220 (vsFTPd 3.0.3)" },
	{ "* OK IMAP4 ready\r\n", true, "imap", "* OK IMAP4 ready" },
	{ "+OK POP3 ready\r\n", true, "pop3", "+OK POP3 ready" },
	{ "SSH-2.0-OpenSSH_9.2\r\n", true, "ssh", "SSH-2.0-OpenSSH_9.2" },
	{ "hello", true, "other", "hello" },
	{ "\x01\x02", true, "other", "\\x01\\x02" },
	{ "", false, "other", "" },
	{ "\x16\x03\x01\x02", false, "other", NULL },
	{ "\x15\x03\x03\x02", false, "other", NULL },
	{ "\x16", false, "other", NULL },
	{ "\x16\x04", true, "other", NULL },
	{ "\x80\x2e\x01\x03", false, "other", NULL },
};

int
main(void)
{
	struct iss_sock sock;
	struct iss_buf text;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		memset(&sock, 0, sizeof(sock));
		sock.first_len = strlen(cases[i].said);
		if (sock.first_len > sizeof(sock.first))
			sock.first_len = sizeof(sock.first);
		memcpy(sock.first, cases[i].said, sock.first_len);
		ok(iss_stranger_has_spoken(&sock) == cases[i].stranger,
		    "case %zu: a stranger? '%s'", i, cases[i].said);
		is_text(iss_stranger_language(&sock), cases[i].language,
		    "... its language");
		if (cases[i].quote == NULL)
			continue;
		iss_buf_init(&text, 500);
		iss_stranger_quote(&text, &sock);
		is_text(iss_buf_text(&text), cases[i].quote, "... its words");
		iss_buf_release(&text);
	}
	return tap_done();
}
