/*
 * What the tests of options share: a row of a table by its name, and what is
 * true of every table.
 */
#ifndef ISS_TEST_OPTIONS_H
#define ISS_TEST_OPTIONS_H

#include <stdlib.h>

#include "base/buf.h"
#include "options/fingerprint.h"
#include "options/option.h"
#include "options/psk_list.h"
#include "tap.h"

typedef const struct iss_option *table_fn(size_t *count);

/* An option of a table by its name; without it there is nothing to test. */
static inline const struct iss_option *
option_of(table_fn *options, const char *name)
{
	size_t count, i;
	const struct iss_option *table = options(&count);

	for (i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	printf("Bail out! no option %s\n", name);
	exit(2);
}

static inline size_t
size_of(enum iss_option_kind kind)
{
	switch (kind) {
	case ISS_TEXTS:
	case ISS_PATHS:
		return sizeof(struct iss_texts);
	case ISS_PROTOCOLS:
		return sizeof(struct iss_buf);
	case ISS_FINGERPRINTS:
		return sizeof(struct iss_fingerprint_list);
	case ISS_TLSA:
		return sizeof(struct iss_tlsa_list);
	case ISS_FLAG:
		return sizeof(bool);
	case ISS_SWITCH:
	case ISS_NUMBER:
		return sizeof(int);
	case ISS_SECONDS:
		return sizeof(double);
	case ISS_PSK_LIST:
		return sizeof(struct iss_psk_list);
	default:
		return sizeof(void *);
	}
}

/* Has each row of a table of a struct of that size its own name and place? */
static inline void
expect_table(const char *name, table_fn *options, size_t size)
{
	size_t i, n, count, bad = 0;
	const struct iss_option *table = options(&count);

	ok(count > 0, "options of %s", name);
	for (i = 0; i < count; i++) {
		bad += strncmp(table[i].name, "SSL_", 4) != 0;
		bad += table[i].offset + size_of(table[i].kind) > size;
		for (n = 0; n < i; n++)
			bad += strcmp(table[i].name, table[n].name) == 0 ||
			       table[i].offset == table[n].offset;
	}
	is_int((long long)bad, 0, "... each has a name and a place of its own");
}

#endif
