/*
 * The syntax of names in certificates.
 */
#include "names/syntax.h"

#include <string.h>

#include "tap.h"

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name;
	bool good;
} dns[] = {
	{ "example.com", true },
	{ "EXAMPLE.Com", true },
	{ "localhost", true },
	{ "xn--bcher-kva.example", true },
	{ "a-b.example", true },
	{ "*.example.com", true },
	{ "1.2.3.4", true }, /* an address is nothing of ours */
	{ SIXTY "123.example", true },
	{ SIXTY "1234.example", false },
	{ SIXTY "." SIXTY "." SIXTY "." SIXTY ".12345678", true },
	{ SIXTY "." SIXTY "." SIXTY "." SIXTY ".1234567890", false },
	{ "", false },
	{ ".", false },
	{ "*", false },
	{ ".example.com", false },
	{ "example.com.", false },
	{ "a..b", false },
	{ "-a.example", false },
	{ "a-.example", false },
	{ "a_b.example", false },
	{ "a b.example", false },
	{ "w*.example", false },
	{ "a.*.example", false },
	{ "*.*.example", false },
	{ "b\xc3\xbc"
	  "cher.example",
	    false },
};

static const struct {
	const char *name;
	bool good;
} mailboxes[] = {
	{ "a@example.com", true },
	{ "*@example.com", true },
	{ "a+b@example.com", true },
	{ "@example.com", false },
	{ "a@", false },
	{ "a", false },
	{ "", false },
	{ "a@b@example.com", false },
	{ "a@*.example.com", false },
	{ "a@.example.com", false },
	{ "a@exa mple.com", false },
};

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(dns); i++)
		is_int(
		    iss_syntax_is_dns_name((const unsigned char *)dns[i].name,
			strlen(dns[i].name)),
		    dns[i].good, "DNS: \"%.80s\"", dns[i].name);
	is_int(iss_syntax_is_dns_name((const unsigned char *)"a\0b.c", 5),
	    false, "DNS: a NUL");
	for (i = 0; i < ROWS(mailboxes); i++)
		is_int(iss_syntax_is_mailbox(
			   (const unsigned char *)mailboxes[i].name,
			   strlen(mailboxes[i].name)),
		    mailboxes[i].good, "mailbox: \"%s\"", mailboxes[i].name);
	return tap_done();
}
