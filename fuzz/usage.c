/*
 * Any bits as usages of a certificate, and their words for openssl.cnf.
 */
#include "x509/usage.h"

#include <stdint.h>
#include <string.h>

#include "claim.h"

enum { TEXT_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
claim_text(uint32_t usages, enum iss_usage_kind kind)
{
	struct iss_buf text;
	const char *words;

	iss_buf_init(&text, TEXT_MAX);
	iss_usage_text(&text, usages, kind);
	words = iss_buf_text(&text);
	claim(strlen(words) == text.len && text.len < TEXT_MAX / 2);
	claim(text.len == 0 || (words[0] != ',' && words[text.len - 1] != ','));
	claim(strstr(words, ",,") == NULL);
	claim(usages != 0 || text.len == 0);
	iss_buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t usages;
	int kind;

	if (size < sizeof(usages))
		return 0;
	memcpy(&usages, data, sizeof(usages));
	for (kind = 0; kind < ISS_USAGE_KINDS; kind++)
		claim_text(usages, (enum iss_usage_kind)kind);
	if (size > sizeof(usages))
		(void)iss_usage_key_name(data[sizeof(usages)]);
	return 0;
}
