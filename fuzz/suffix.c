/*
 * Any bytes as a list of public suffixes and, before the first empty line, as a
 * name; the first byte is the fallback.
 */
#include "names/suffix.h"

#include <stdint.h>
#include <string.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
labels_of(const char *name)
{
	size_t count = 1;

	for (; *name != '\0'; name++)
		count += *name == '.';
	return count;
}

static void
claim_list(const char *name, const char *text, size_t len, size_t fallback)
{
	struct iss_suffix_list *list = NULL;
	unsigned char one[ISS_SUFFIX_DIGEST_LEN], two[ISS_SUFFIX_DIGEST_LEN];
	struct iss_suffix_rules rules;
	struct iss_error err;

	iss_error_clear(&err);
	if (iss_suffix_list_new(&err, &list, text, len, fallback) != ISS_OK) {
		claim(iss_error_is_set(&err) && list == NULL);
		return;
	}
	claim(iss_suffix_list_count(list, name) <= labels_of(name));
	iss_suffix_list_digest(list, one);
	iss_suffix_list_digest(list, two);
	claim(memcmp(one, two, sizeof(one)) == 0);
	rules = iss_suffix_list_rules(list);
	(void)rules.is_public(rules.list, name);
	iss_suffix_list_free(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct iss_suffix_rules *rules = iss_suffix_rules_default();
	char *text, *rest;

	if (size == 0)
		return 0;
	text = malloc(size);
	claim(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if ((rest = memchr(text, '\n', size)) != NULL)
		*rest++ = '\0';
	else
		rest = text + size - 1;
	(void)rules->is_public(rules->list, text);
	claim_list(text, rest, size - 1 - (size_t)(rest - text), data[0] % 4u);
	free(text);
	return 0;
}
