/*
 * The names of addresses in RFC 8738.  t/handshake/acme.t has the handshakes.
 */
#include "context/acme.h"

#include <string.h>

#include "names/reference_id.h"
#include "tap.h"

static const struct {
	const char *name, *host; /* NULL: refused */
} cases[] = {
	{ "www.Example.org.", "www.example.org" },
	{ "1.2.0.192.in-addr.arpa", "192.0.2.1" },
	{ "1.2.0.192.IN-ADDR.arpa.", "192.0.2.1" },
	{ "2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa" },
	{ "9.1.2.0.192.in-addr.arpa", "9.1.2.0.192.in-addr.arpa" },
	{ "a.2.0.192.in-addr.arpa", NULL },
	{ "300.2.0.192.in-addr.arpa", NULL },
	{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6."
	  "arpa",
	    "2001:db8::1" },
	{ "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
	    "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
	{ "in-addr.arpa", "in-addr.arpa" },
	{ "192.0.2.1", "192.0.2.1" },
	{ "a..b", NULL },
	{ "*.example.org", NULL },
};

int
main(void)
{
	struct iss_reference_id host;
	size_t i;
	bool found;

	for (i = 0; i < ROWS(cases); i++) {
		found =
		    iss_acme_host(&host, (const unsigned char *)cases[i].name,
			strlen(cases[i].name));
		ok(found == (cases[i].host != NULL), "%s is %s", cases[i].name,
		    cases[i].host != NULL ? "a host" : "refused");
		if (found && cases[i].host != NULL)
			is_text(host.name, cases[i].host, "... which");
	}
	return tap_done();
}
