/*
 * Values by option, host and tag: an array that is sorted once, then searched,
 * so that thousands of hosts are no burden.
 */
#include "options/vhost_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "names/reference_id.h"

void
iss_vhost_options_init(struct iss_vhost_options *given)
{
	memset(given, 0, sizeof(*given));
}

void
iss_vhost_options_release(struct iss_vhost_options *given)
{
	size_t i;

	for (i = 0; i < given->n_values; i++) {
		free(given->values[i].host);
		free(given->values[i].tag);
	}
	free(given->values);
	free(given->options);
	iss_vhost_options_init(given);
}

static int
out_of_memory(struct iss_error *err, const struct iss_option *option)
{
	return iss_error_set(err, "%s: out of memory", option->name);
}

static int
add_option(struct iss_error *err, struct iss_vhost_options *given,
    const struct iss_option *option, bool by_vhost, void *value)
{
	struct iss_vhost_option *larger =
	    realloc(given->options, (given->n_options + 1) * sizeof(*larger));

	if (larger == NULL)
		return out_of_memory(err, option);
	given->options = larger;
	larger += given->n_options++;
	larger->option = option;
	larger->by_vhost = by_vhost;
	larger->value = value;
	return ISS_OK;
}

int
iss_vhost_options_set(struct iss_error *err, struct iss_vhost_options *given,
    const struct iss_option *option, void *value)
{
	return add_option(err, given, option, false, value);
}

int
iss_vhost_options_begin(struct iss_error *err, struct iss_vhost_options *given,
    const struct iss_option *option)
{
	return add_option(err, given, option, true, NULL);
}

static char *
copy(const char *bytes, size_t len)
{
	char *text = malloc(len + 1);

	if (text != NULL) {
		memcpy(text, bytes, len);
		text[len] = '\0';
	}
	return text;
}

bool
iss_vhost_wildcard(const char *host, char wildcard[ISS_VHOST_WILDCARD_SIZE])
{
	struct iss_reference_id address;
	const char *rest = strchr(host, '.');
	size_t len = rest != NULL ? strlen(rest) : 0;

	if (rest == NULL || rest == host || len < 2 ||
	    len + 2 > ISS_VHOST_WILDCARD_SIZE ||
	    iss_reference_id_init_address(&address, host, strlen(host)))
		return false;
	wildcard[0] = '*';
	memcpy(wildcard + 1, rest, len + 1);
	return true;
}

/* "*." and a name, which is put into *rest. */
static bool
is_wildcard(struct iss_reference_id *rest, const char *bytes, size_t len)
{
	struct iss_error ignored;

	iss_error_clear(&ignored);
	return len > 2 && bytes[0] == '*' && bytes[1] == '.' &&
	       iss_reference_id_init(&ignored, rest, bytes + 2, len - 2) ==
		   ISS_OK &&
	       rest->kind == ISS_REFERENCE_NAME;
}

static char *
copy_wildcard(const struct iss_reference_id *rest)
{
	size_t len = strlen(rest->name);
	char *text = malloc(len + 3);

	if (text == NULL)
		return NULL;
	memcpy(text, "*.", 2);
	memcpy(text + 2, rest->name, len + 1);
	return text;
}

/* As clients will ask for it.  One that is no host name is kept, in lower case:
 * a client may ask for anything. */
static char *
normal_host(const char *bytes, size_t len)
{
	struct iss_error ignored;
	struct iss_reference_id host;
	char *text;
	size_t i;

	if (len > 0 && bytes[len - 1] == '.')
		len--;
	iss_error_clear(&ignored);
	if (len > 0 &&
	    iss_reference_id_init(&ignored, &host, bytes, len) == ISS_OK)
		return copy(host.name, strlen(host.name));
	if (is_wildcard(&host, bytes, len))
		return copy_wildcard(&host);
	if ((text = copy(bytes, len)) == NULL)
		return NULL;
	for (i = 0; i < len; i++)
		text[i] = (char)iss_ascii_lower(text[i]);
	return text;
}

/* Room for one more; it grows by doubling, since there may be thousands. */
static struct iss_vhost_value *
next_value(struct iss_vhost_options *given)
{
	size_t n = given->n_values;
	struct iss_vhost_value *larger;

	if ((n & (n - 1)) == 0) {
		larger = realloc(
		    given->values, (n == 0 ? 1 : 2 * n) * sizeof(*larger));
		if (larger == NULL)
			return NULL;
		given->values = larger;
	}
	return &given->values[n];
}

int
iss_vhost_options_add(struct iss_error *err, struct iss_vhost_options *given,
    const struct iss_option *option, const char *key, size_t len, void *value)
{
	const char *percent = memchr(key, '%', len);
	size_t host_len = percent != NULL ? (size_t)(percent - key) : len;
	struct iss_vhost_value *one;

	if (memchr(key, '\0', len) != NULL)
		return iss_error_set(err,
		    "%s: the host name contains a NUL character", option->name);
	if ((one = next_value(given)) == NULL)
		return out_of_memory(err, option);
	one->option = option;
	one->value = value;
	one->order = given->n_values;
	one->host = normal_host(key, host_len);
	one->tag = percent != NULL ? copy(percent + 1, len - host_len - 1)
				   : copy("", 0);
	if (one->host == NULL || one->tag == NULL) {
		free(one->host);
		free(one->tag);
		return out_of_memory(err, option);
	}
	given->n_values++;
	return ISS_OK;
}

static int
compare_texts(
    const struct iss_vhost_value *a, const char *host, const char *tag)
{
	int order = strcmp(a->host, host);

	return order != 0 ? order : strcmp(a->tag, tag);
}

static int
compare(const void *left, const void *right)
{
	const struct iss_vhost_value *a = left, *b = right;
	int order = compare_texts(a, b->host, b->tag);

	if (order != 0)
		return order;
	return a->order < b->order ? -1 : a->order > b->order;
}

void
iss_vhost_options_sort(struct iss_vhost_options *given)
{
	if (given->n_values > 0)
		qsort(given->values, given->n_values, sizeof(*given->values),
		    compare);
}

/* The first value that does not come before host and tag. */
static size_t
find(const struct iss_vhost_options *given, const char *host, const char *tag)
{
	size_t low = 0, high = given->n_values;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_texts(&given->values[middle], host, tag) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const char *
iss_vhost_options_next(const struct iss_vhost_options *given, const char *host)
{
	size_t i;

	for (i = find(given, host, ""); i < given->n_values; i++)
		if (strcmp(given->values[i].host, host) != 0)
			return given->values[i].host;
	return NULL;
}

static bool
is_for(const struct iss_vhost_value *value, const char *host, const char *tag)
{
	return strcmp(value->host, host) == 0 && strcmp(value->tag, tag) == 0;
}

/* The value of a host and tag; of several the one that was given last. */
static void *
value_at(const struct iss_vhost_options *given, const struct iss_option *option,
    const char *host, const char *tag)
{
	void *value = NULL;
	size_t i;

	for (i = find(given, host, tag);
	     i < given->n_values && is_for(&given->values[i], host, tag); i++)
		if (given->values[i].option == option)
			value = given->values[i].value;
	return value;
}

static const struct iss_vhost_option *
find_option(
    const struct iss_vhost_options *given, const struct iss_option *option)
{
	size_t i;

	for (i = 0; i < given->n_options; i++)
		if (given->options[i].option == option)
			return &given->options[i];
	return NULL;
}

void *
iss_vhost_options_value(const struct iss_vhost_options *given,
    const struct iss_option *option, const char *host)
{
	const struct iss_vhost_option *one = find_option(given, option);
	char wildcard[ISS_VHOST_WILDCARD_SIZE];
	void *value;

	if (one == NULL || !one->by_vhost)
		return one != NULL ? one->value : NULL;
	value = value_at(given, option, host, "");
	if (value == NULL && iss_vhost_wildcard(host, wildcard))
		value = value_at(given, option, wildcard, "");
	return value != NULL ? value : value_at(given, option, "", "");
}

static bool
is_identity_option(const struct iss_option *option)
{
	size_t i, count;
	const struct iss_option *options = iss_config_identity_options(&count);

	for (i = 0; i < count; i++)
		if (option == &options[i])
			return true;
	return false;
}

static bool
is_certificate(const struct iss_option *option)
{
	return option->offset == offsetof(struct iss_identity, cert) ||
	       option->offset == offsetof(struct iss_identity, cert_file);
}

/* The tag that follows under which the host has a certificate or a key; after
 * NULL the first one; NULL: no more. */
static const char *
next_tag(
    const struct iss_vhost_options *given, const char *host, const char *tag)
{
	size_t i;

	for (i = find(given, host, tag != NULL ? tag : "");
	     i < given->n_values && strcmp(given->values[i].host, host) == 0;
	     i++)
		if (is_identity_option(given->values[i].option) &&
		    (tag == NULL || strcmp(given->values[i].tag, tag) != 0))
			return given->values[i].tag;
	return NULL;
}

/* Under which name the host has certificates: its own, a wildcard, or "". */
static const char *
find_certificates(const struct iss_vhost_options *given, const char *host)
{
	char wildcard[ISS_VHOST_WILDCARD_SIZE];

	if (next_tag(given, host, NULL) != NULL)
		return host;
	if (!iss_vhost_wildcard(host, wildcard) ||
	    next_tag(given, wildcard, NULL) == NULL)
		return "";
	return given->values[find(given, wildcard, "")].host;
}

/* A host that such certificates leave out has none. */
static bool
has_certificates_by_vhost(const struct iss_vhost_options *given)
{
	size_t i;

	for (i = 0; i < given->n_options; i++)
		if (given->options[i].by_vhost &&
		    is_identity_option(given->options[i].option) &&
		    is_certificate(given->options[i].option))
			return true;
	return false;
}

bool
iss_vhost_options_next_identity(const struct iss_vhost_options *given,
    const char *host, struct iss_vhost_identity *place)
{
	bool first = place->host == NULL;

	if (first)
		place->host = find_certificates(given, host);
	place->tag = next_tag(given, place->host, place->tag);
	if (place->tag != NULL || !first || has_certificates_by_vhost(given))
		return place->tag != NULL;
	place->tag = "";
	return true;
}

void *
iss_vhost_options_identity_value(const struct iss_vhost_options *given,
    const struct iss_option *option, const struct iss_vhost_identity *place)
{
	const struct iss_vhost_option *one = find_option(given, option);

	if (one == NULL || !one->by_vhost)
		return one != NULL ? one->value : NULL;
	return value_at(given, option, place->host, place->tag);
}
