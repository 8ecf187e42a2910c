/*
 * Records of DANE (TLSA, RFC 6698): which certificates and keys a server may
 * have, as its domain says.
 */
#ifndef ISS_TLSA_H
#define ISS_TLSA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
	ISS_TLSA_MAX = 256,       /* records */
	ISS_TLSA_DATA_MAX = 65535 /* of one, as in the DNS */
};

/* What the record is about (RFC 7218). */
enum iss_tlsa_usage {
	ISS_TLSA_PKIX_TA, /* a CA, besides those that are trusted here */
	ISS_TLSA_PKIX_EE, /* the server, besides the CAs */
	ISS_TLSA_DANE_TA, /* a CA, instead of those */
	ISS_TLSA_DANE_EE  /* the server, and nothing else counts */
};

struct iss_tlsa {
	unsigned char usage, selector, type;
	unsigned char *data; /* owned */
	size_t len;
};

/* A list that owns its elements; zeroed it is empty. */
struct iss_tlsa_list {
	struct iss_tlsa *list;
	size_t count;
};

/*
 * Append a record to the list: its four fields, or the text of them as in a
 * zone file, "3 1 1 HEX", where blanks may divide the digits.  The data of
 * record, which is copied, may be bytes or hexadecimal digits: no usable bytes
 * look like digits.  Whether the record can be used is not judged.  Returns
 * ISS_OK, or ISS_ERROR with the list unchanged and err naming the option and
 * what is wrong.
 */
int iss_tlsa_list_add(struct iss_error *err, struct iss_tlsa_list *records,
    const char *option, const struct iss_tlsa *record);
int iss_tlsa_list_add_text(struct iss_error *err, struct iss_tlsa_list *records,
    const char *option, const char *text, size_t len);

/* Copy a list into an empty one; false, and it is empty, when memory runs
 * out. */
bool iss_tlsa_list_copy(
    struct iss_tlsa_list *to, const struct iss_tlsa_list *from);

/* Forget all but the first count records. */
void iss_tlsa_list_cut(struct iss_tlsa_list *records, size_t count);

/* Free everything and leave the list empty. */
void iss_tlsa_list_release(struct iss_tlsa_list *records);

#endif
