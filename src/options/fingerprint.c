/*
 * Parsing fingerprints.  Any doubt is an error, since a wrong guess would trust
 * a certificate that nobody meant.
 */
#include "options/fingerprint.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

/* The digests that a bare value can mean, by length. */
static const struct {
	const char *name;
	size_t len;
} by_length[] = {
	{ "md5", 16 },
	{ "sha1", 20 },
	{ "sha256", 32 },
	{ "sha512", 64 },
};

static const char *
guess_digest(size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(by_length) / sizeof(by_length[0]); i++)
		if (by_length[i].len == len)
			return by_length[i].name;
	return NULL;
}

/* Take the word before the next '$' off the text; false if there is no '$'. */
static bool
take_word(const char **text, const char *end, const char **word, size_t *len)
{
	const char *dollar = memchr(*text, '$', (size_t)(end - *text));

	if (dollar == NULL)
		return false;
	*word = *text;
	*len = (size_t)(dollar - *text);
	*text = dollar + 1;
	return true;
}

static bool
is_pub(const char *word, size_t len)
{
	return len == 3 && memcmp(word, "pub", 3) == 0;
}

/* Parse "algo$", "pub$", both or neither.  Returns what is wrong, or NULL. */
static const char *
parse_words(struct iss_fingerprint *new, const char **text, const char *end)
{
	const char *word;
	size_t len;

	if (!take_word(text, end, &word, &len))
		return NULL;
	if (!is_pub(word, len)) {
		if (len == 0 || len > ISS_DIGEST_NAME_MAX)
			return "the name of the digest is empty or too long";
		memcpy(new->algo, word, len);
		if (EVP_get_digestbyname(new->algo) == NULL)
			return "unknown digest";
		if (!take_word(text, end, &word, &len))
			return NULL;
	}
	new->pubkey = is_pub(word, len);
	return new->pubkey ? NULL : "only \"pub$\" may follow the digest";
}

static const char *
parse_hex(struct iss_fingerprint *new, const char *text, const char *end)
{
	size_t digits = 0;
	int value;

	for (; text < end; text++) {
		if (*text == ':')
			continue;
		if ((value = OPENSSL_hexchar2int((unsigned char)*text)) < 0)
			return "a character is not a hexadecimal digit";
		if (digits / 2 == sizeof(new->digest))
			return "too many digits";
		new->digest[digits / 2] =
		    (unsigned char)(new->digest[digits / 2] << 4 | value);
		digits++;
	}
	new->len = digits / 2;
	return digits % 2 == 0 ? NULL : "an odd number of digits";
}

static const char *
check_length(struct iss_fingerprint *new)
{
	const char *guess;

	if (new->algo[0] == '\0') {
		if ((guess = guess_digest(new->len)) == NULL)
			return "no known digest has this length";
		memcpy(new->algo, guess, strlen(guess) + 1);
	}
	if ((size_t)EVP_MD_size(EVP_get_digestbyname(new->algo)) != new->len)
		return "wrong number of digits for this digest";
	return NULL;
}

int
iss_fingerprint_list_add(struct iss_error *err,
    struct iss_fingerprint_list *fingerprints, const char *option,
    const char *text, size_t len)
{
	struct iss_fingerprint new = { .len = 0 };
	struct iss_fingerprint *larger;
	const char *hex = text;
	const char *wrong;

	if ((wrong = parse_words(&new, &hex, text + len)) == NULL &&
	    (wrong = parse_hex(&new, hex, text + len)) == NULL)
		wrong = check_length(&new);
	if (wrong != NULL)
		return iss_error_set(err,
		    "%s: malformed fingerprint \"%.*s\": %s (write "
		    "sha256$ or sha256$pub$, then the hex digits)",
		    option, (int)(len < 60 ? len : 60), text, wrong);
	larger = realloc(
	    fingerprints->list, (fingerprints->count + 1) * sizeof(*larger));
	if (larger == NULL)
		return iss_error_set(err, "%s: out of memory", option);
	larger[fingerprints->count++] = new;
	fingerprints->list = larger;
	return ISS_OK;
}

bool
iss_fingerprint_list_copy(
    struct iss_fingerprint_list *to, const struct iss_fingerprint_list *from)
{
	size_t size = from->count * sizeof(*from->list);

	if (size == 0)
		return true;
	if ((to->list = malloc(size)) == NULL)
		return false;
	memcpy(to->list, from->list, size);
	to->count = from->count;
	return true;
}

bool
iss_fingerprint_list_is_of_keys(const struct iss_fingerprint_list *fingerprints)
{
	return fingerprints->count > 0 && fingerprints->list[0].pubkey;
}

void
iss_fingerprint_list_release(struct iss_fingerprint_list *fingerprints)
{
	free(fingerprints->list);
	fingerprints->list = NULL;
	fingerprints->count = 0;
}
