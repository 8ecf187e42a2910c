/*
 * Any text as SSL_version: the result is consistent and does not depend on
 * case.
 */
#include "options/version.h"

#include <stdint.h>
#include <string.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
other_case(int c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return c ^ 0x20;
	return c;
}

static int
parse(struct iss_version_range *versions, const char *text)
{
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	rv = iss_version_parse(&err, versions, text);
	claim(iss_error_is_set(&err) == (rv != ISS_OK));
	claim(rv == ISS_OK || strstr(err.text, "SSL_version") != NULL);
	return rv;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_version_range first = { -1, -1, 1 }, second = { -1, -1, 1 };
	int rv;
	char *text = malloc(size + 1);
	size_t i;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';

	rv = parse(&first, text);
	if (rv == ISS_OK)
		claim(first.min <= first.max &&
		      (first.min == 0) == (first.max == 0));
	else
		claim(first.min == -1 && first.max == -1 && first.options == 1);

	for (i = 0; i < size; i++)
		text[i] = (char)other_case((unsigned char)text[i]);
	claim(parse(&second, text) == rv);
	claim(first.min == second.min && first.max == second.max &&
	      first.options == second.options);
	free(text);
	return 0;
}
