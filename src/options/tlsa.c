/*
 * Reading records of DANE.  Whether one can be used is for dane.c to say.
 */
#include "options/tlsa.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

static bool
append(struct iss_tlsa_list *records, const struct iss_tlsa *record)
{
	size_t size = (records->count + 1) * sizeof(*records->list);
	struct iss_tlsa *larger = realloc(records->list, size);
	unsigned char *data = malloc(record->len);

	if (larger != NULL)
		records->list = larger;
	if (larger == NULL || data == NULL) {
		free(data);
		return false;
	}
	memcpy(data, record->data, record->len);
	larger += records->count++;
	*larger = *record;
	larger->data = data;
	return true;
}

static int
add(struct iss_error *err, struct iss_tlsa_list *records, const char *option,
    const struct iss_tlsa *record)
{
	if (record->len == 0)
		return iss_error_set(err, "%s: a record without data", option);
	if (record->len > ISS_TLSA_DATA_MAX)
		return iss_error_set(err,
		    "%s: the data of a record is longer than %d bytes", option,
		    ISS_TLSA_DATA_MAX);
	if (records->count == ISS_TLSA_MAX)
		return iss_error_set(
		    err, "%s: more than %d records", option, ISS_TLSA_MAX);
	if (!append(records, record))
		return iss_error_set(err, "%s: out of memory", option);
	return ISS_OK;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_blanks(const char **text, const char *end)
{
	while (*text < end && is_blank(**text))
		++*text;
}

/* Take a number of 0 to 255, and the blank behind it, off the text. */
static bool
take_number(const char **text, const char *end, unsigned char *number)
{
	const char *at;
	int value = 0;

	skip_blanks(text, end);
	for (at = *text; at < end && *at >= '0' && *at <= '9'; at++)
		if ((value = value * 10 + (*at - '0')) > 255)
			return false;
	if (at == *text || at == end || !is_blank(*at))
		return false;
	*number = (unsigned char)value;
	*text = at;
	return true;
}

/* Decode the digits to the end.  Returns what is wrong, or NULL. */
static const char *
decode(struct iss_tlsa *record, const char *text, const char *end)
{
	size_t digits = 0;
	int value;

	for (; text < end; text++) {
		if (is_blank(*text))
			continue;
		if ((value = OPENSSL_hexchar2int((unsigned char)*text)) < 0)
			return "a character is not a hexadecimal digit";
		record->data[digits / 2] =
		    (unsigned char)(record->data[digits / 2] << 4 | value);
		digits++;
	}
	record->len = digits / 2;
	return digits % 2 == 0 ? NULL : "an odd number of digits";
}

int
iss_tlsa_list_add_text(struct iss_error *err, struct iss_tlsa_list *records,
    const char *option, const char *text, size_t len)
{
	struct iss_tlsa record = { .data = calloc(len / 2 + 1, 1) };
	const char *wrong = "there must be three numbers of 0 to 255, then the "
			    "data in hexadecimal digits";
	const char *at = text, *end = text + len;
	int rv;

	if (record.data == NULL)
		return iss_error_set(err, "%s: out of memory", option);
	if (take_number(&at, end, &record.usage) &&
	    take_number(&at, end, &record.selector) &&
	    take_number(&at, end, &record.type))
		wrong = decode(&record, at, end);
	if (wrong != NULL)
		rv = iss_error_set(err, "%s: malformed record \"%.*s\": %s",
		    option, (int)(len < 60 ? len : 60), text, wrong);
	else
		rv = add(err, records, option, &record);
	free(record.data);
	return rv;
}

/* Neither a digest of the right length nor DER, which begins with the tag of a
 * sequence, consists of digits. */
static bool
is_hex(const struct iss_tlsa *record)
{
	size_t i;

	if ((record->type == 1 && record->len == SHA256_DIGEST_LENGTH) ||
	    (record->type == 2 && record->len == SHA512_DIGEST_LENGTH))
		return false;
	for (i = 0; i < record->len; i++)
		if (OPENSSL_hexchar2int(record->data[i]) < 0)
			return false;
	return record->len > 0 && record->len % 2 == 0;
}

int
iss_tlsa_list_add(struct iss_error *err, struct iss_tlsa_list *records,
    const char *option, const struct iss_tlsa *record)
{
	const char *digits = (const char *)record->data;
	struct iss_tlsa decoded = *record;
	int rv;

	if (!is_hex(record))
		return add(err, records, option, record);
	if ((decoded.data = calloc(record->len, 1)) == NULL)
		return iss_error_set(err, "%s: out of memory", option);
	(void)decode(&decoded, digits, digits + record->len);
	rv = add(err, records, option, &decoded);
	free(decoded.data);
	return rv;
}

bool
iss_tlsa_list_copy(struct iss_tlsa_list *to, const struct iss_tlsa_list *from)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		if (!append(to, &from->list[i])) {
			iss_tlsa_list_release(to);
			return false;
		}
	return true;
}

void
iss_tlsa_list_cut(struct iss_tlsa_list *records, size_t count)
{
	while (records->count > count)
		free(records->list[--records->count].data);
}

void
iss_tlsa_list_release(struct iss_tlsa_list *records)
{
	iss_tlsa_list_cut(records, 0);
	free(records->list);
	records->list = NULL;
}
