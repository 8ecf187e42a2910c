/*
 * The alerts of TLS by name (RFC 8446, 6).
 */
#ifndef ISS_ALERT_H
#define ISS_ALERT_H

/*
 * The name of an alert by its number, as SSL_alert_desc_string_long(3) has
 * it; "unknown" for a number without a name.  Static.
 */
const char *iss_alert_name(int alert);

/*
 * The number of an alert that ends a connection, by its name with blanks or
 * underscores; -1 if there is none.
 */
int iss_alert_number(const char *name);

#endif
