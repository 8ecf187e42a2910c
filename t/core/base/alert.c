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
		{ 50, "decode error" },
		{ 42, "bad certificate" },
		{ 109, "missing extension" },
		{ 116, "certificate required" },
		{ 120, "no application protocol" },
		{ 1, "unknown" },
		{ 255, "unknown" },
		{ -1, "unknown" },
		{ INT_MAX, "unknown" },
	};
	size_t i;

	for (i = 0; i < ROWS(cases); i++)
		is_text(iss_alert_name(cases[i].alert), cases[i].name,
		    "alert %d", cases[i].alert);
	return tap_done();
}
