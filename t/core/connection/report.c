/* Lines of a report: what was said, when, and no more than fits. */
#include "connection/report.h"

#include <string.h>

#include <openssl/ssl.h>

#include "tap.h"

static const unsigned char hello[] = { SSL3_MT_CLIENT_HELLO, 0, 0, 0 };

static const struct iss_message message = { true, TLS1_2_VERSION,
	SSL3_RT_HANDSHAKE, hello, sizeof(hello) };

int
main(void)
{
	struct iss_report *report = iss_report_new();
	const struct iss_message header = { true, TLS1_2_VERSION,
		SSL3_RT_HEADER, hello, 4 };
	size_t len;
	int i;

	is_text(iss_report_text(report), "", "nothing was said so far");
	iss_report_add(report, &message);
	is_text(iss_report_text(report),
	    "    0.0 sent TLSv1_2 handshake ClientHello, 4 bytes\n",
	    "a line, at the beginning");
	iss_report_add(report, &header);
	has_text(
	    iss_report_text(report), "4 bytes\n", "headers are not messages");
	for (i = 0; i < 1000; i++)
		iss_report_add(report, &message);
	len = strlen(iss_report_text(report));
	ok(len > ISS_REPORT_MAX - 100 && len <= ISS_REPORT_MAX,
	    "%zu bytes of a long one", len);
	is_text(
	    iss_report_text(report) + len - 8, "4 bytes\n", "... whole lines");
	iss_report_free(report);
	iss_report_free(NULL);
	return tap_done();
}
