/*
 * The names of alerts, of those that OpenSSL knows and those that it does not.
 */
#include "base/alert.h"

#include <limits.h>

#include "tap.h"

int
main(void)
{
	static const struct {
		int alert;
		const char *name;
	} cases[] = {
		{ 0, "close notify" },
		{ 10, "unexpected message" },
		{ 50, "decode error" },
		{ 86, "inappropriate fallback" },
		{ 42, "bad certificate" },
		{ 109, "missing extension" },
		{ 116, "certificate required" },
		{ 120, "no application protocol" },
		{ 1, "unknown" },
		{ 255, "unknown" },
		{ -1, "unknown" },
		{ INT_MAX, "unknown" },
	};
	/* of those that end a connection */
	static const struct {
		const char *name;
		int alert;
	} names[] = {
		{ "unrecognized_name", 112 },
		{ "unrecognized name", 112 },
		{ "missing_extension", 109 },
		{ "handshake_failure", 40 },
		{ "handshake", -1 },
		{ "handshake_failures", -1 },
		{ "close_notify", -1 },
		{ "user_canceled", -1 },
		{ "no_renegotiation", -1 },
		{ "unknown", -1 },
		{ "", -1 },
	};
	size_t i;

	for (i = 0; i < ROWS(cases); i++)
		is_text(iss_alert_name(cases[i].alert), cases[i].name,
		    "alert %d", cases[i].alert);
	for (i = 0; i < ROWS(names); i++)
		is_int(iss_alert_number(names[i].name), names[i].alert,
		    "the number of '%s'", names[i].name);
	return tap_done();
}
