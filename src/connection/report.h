/*
 * SSL_handshake_report: what the two sides said during a handshake, a line a
 * message, with milliseconds since its beginning.
 */
#ifndef ISS_REPORT_H
#define ISS_REPORT_H

#include "connection/trace.h"

enum { ISS_REPORT_MAX = 16384 }; /* bytes; the rest is left out */

struct iss_report;

/* An empty report; the clock begins with the first line.  NULL when memory runs
 * out. */
struct iss_report *iss_report_new(void);
void iss_report_free(struct iss_report *report);

/* Add a line for the message, such as
 * "    1.2 received TLSv1_3 handshake ServerHello, 122 bytes\n". */
void iss_report_add(
    struct iss_report *report, const struct iss_message *message);

/* All lines.  Borrowed until the next one. */
const char *iss_report_text(const struct iss_report *report);

#endif
