/*
 * Any text as SSL_version: the answer is sound, and does not depend on case.
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

static enum iss_version_fault
parse(struct iss_version_range *versions, const char *text)
{
	struct iss_error err;
	enum iss_version_fault fault;

	iss_error_clear(&err);
	fault = iss_version_parse(&err, versions, text);
	claim(iss_error_is_set(&err) == (fault != ISS_VERSION_FINE));
	claim(fault == ISS_VERSION_FINE ||
	      strstr(err.text, "SSL_version") != NULL);
	return fault;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_version_range first = { -1, -1, 1 }, second = { -1, -1, 1 };
	enum iss_version_fault fault;
	char *text = malloc(size + 1);
	size_t i;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';

	fault = parse(&first, text);
	if (fault == ISS_VERSION_FINE)
		claim(first.min <= first.max &&
		      (first.min == 0) == (first.max == 0));
	else
		claim(first.min == -1 && first.max == -1 && first.options == 1);

	for (i = 0; i < size; i++)
		text[i] = (char)other_case((unsigned char)text[i]);
	claim(parse(&second, text) == fault);
	claim(first.min == second.min && first.max == second.max &&
	      first.options == second.options);
	free(text);
	return 0;
}
