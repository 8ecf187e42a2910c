#include "connection/report.h"

#include <stdlib.h>

#include "base/deadline.h"

#define NANOSECONDS 1e6 /* in a millisecond */

struct iss_report {
	struct iss_buf text;
	iss_deadline began; /* 0: not yet */
};

struct iss_report *
iss_report_new(void)
{
	struct iss_report *report = calloc(1, sizeof(*report));

	if (report != NULL)
		iss_buf_init(&report->text, ISS_REPORT_MAX);
	return report;
}

void
iss_report_free(struct iss_report *report)
{
	if (report == NULL)
		return;
	iss_buf_release(&report->text);
	free(report);
}

void
iss_report_add(struct iss_report *report, const struct iss_message *message)
{
	iss_deadline now = iss_deadline_after(0);
	struct iss_buf words;

	if (report->began == 0)
		report->began = now;
	iss_buf_init(&words, ISS_REPORT_MAX);
	iss_trace_message(&words, message);
	if (words.len > 0)
		iss_buf_printf(&report->text, "%7.1f %s\n",
		    (double)(now - report->began) / NANOSECONDS,
		    iss_buf_text(&words));
	iss_buf_release(&words);
}

const char *
iss_report_text(const struct iss_report *report)
{
	return iss_buf_text(&report->text);
}
