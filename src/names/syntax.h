/*
 * The syntax of names in certificates, for strict verification.  Matching
 * (presented.h) is more generous.
 */
#ifndef ISS_SYNTAX_H
#define ISS_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A name in the preferred syntax (RFC 5280, 4.2.1.6; RFC 1034, 3.5): labels of
 * letters, digits and '-', which is neither first nor last.  No final dot; the
 * first of several labels may be "*".
 */
bool iss_syntax_is_dns_name(const unsigned char *bytes, size_t len);

/* "local@domain" (RFC 5321, 4.1.2), with such a domain, but no "*"; the local
 * part is only not empty. */
bool iss_syntax_is_mailbox(const unsigned char *bytes, size_t len);

#endif
