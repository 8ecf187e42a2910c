#include "connection/stranger.h"

#include <string.h>

#include "base/ascii.h"

enum {
	RECORD_TYPE_MIN = 20, /* RFC 8446, 5.1, and 24 for heartbeats */
	RECORD_TYPE_MAX = 24,
	RECORD_MAJOR = 3,
	SSL2_HELLO = 0x80, /* a ClientHello as SSLv2 had it (RFC 5246, E.2) */
};

bool
iss_stranger_has_spoken(const struct iss_sock *sock)
{
	const unsigned char *first = sock->first;

	if (sock->first_len == 0)
		return false;
	if (first[0] >= RECORD_TYPE_MIN && first[0] <= RECORD_TYPE_MAX)
		return sock->first_len > 1 && first[1] != RECORD_MAJOR;
	return !(first[0] & SSL2_HELLO);
}

/* A language by the beginning of what it says first, and by a word in it. */
static const struct {
	const char *language, *begins, *has;
} languages[] = {
	{ "http", "HTTP/", "" },
	{ "http", "GET ", "" },
	{ "http", "POST ", "" },
	{ "http", "HEAD ", "" },
	{ "http", "PUT ", "" },
	{ "http", "OPTIONS ", "" },
	{ "http", "CONNECT ", "" },
	{ "ssh", "SSH-", "" },
	{ "imap", "* OK", "" },
	{ "imap", "* BYE", "" },
	{ "pop3", "+OK", "" },
	{ "pop3", "-ERR", "" },
	{ "smtp", "220", "SMTP" },
	{ "smtp", "554", "" },
	{ "smtp", "EHLO ", "" },
	{ "smtp", "HELO ", "" },
	{ "ftp", "220", "" },
	{ "ftp", "421", "" },
};

static bool
begins_with(const char *text, size_t len, const char *begins)
{
	return len >= strlen(begins) &&
	       memcmp(text, begins, strlen(begins)) == 0;
}

static bool
has_word(const char *text, size_t len, const char *word)
{
	size_t i;

	for (i = 0; i + strlen(word) <= len; i++)
		if (memcmp(text + i, word, strlen(word)) == 0)
			return true;
	return false;
}

const char *
iss_stranger_language(const struct iss_sock *sock)
{
	const char *text = (const char *)sock->first;
	size_t i, len = sock->first_len;

	for (i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (begins_with(text, len, languages[i].begins) &&
		    has_word(text, len, languages[i].has))
			return languages[i].language;
	return "other";
}

void
iss_stranger_quote(struct iss_buf *out, const struct iss_sock *sock)
{
	size_t len = 0;

	while (len < sock->first_len && sock->first[len] != '\r' &&
	       sock->first[len] != '\n')
		len++;
	iss_ascii_show(out, sock->first, len);
}
