/*
 * The two optional libraries behind names, and what is done without them.
 * Knows no certificate and no host.
 */
#include "names/idn.h"

#include <string.h>

#include <openssl/crypto.h>

#ifdef HAVE_LIBIDN2
#	include <idn2.h>
#endif
#ifdef HAVE_LIBPSL
#	include <libpsl.h>
#endif

#ifdef HAVE_LIBIDN2

typedef int convert_fn(const char *in, char **out);

static int
to_ascii(const char *in, char **out)
{
	return idn2_lookup_u8((const uint8_t *)in, (uint8_t **)out,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
}

static int
to_unicode(const char *in, char **out)
{
	return idn2_to_unicode_8z8z(in, out, 0);
}

static int
convert(struct iss_error *err, struct iss_buf *out, const char *name,
    size_t len, convert_fn *fn)
{
	char text[ISS_IDN_MAX + 1];
	char *converted = NULL;
	bool fits;
	int rv;

	if (len > ISS_IDN_MAX)
		return iss_error_set(err, "it is too long");
	if (memchr(name, '\0', len) != NULL)
		return iss_error_set(err, "it contains a NUL");
	memcpy(text, name, len);
	text[len] = '\0';

	if ((rv = fn(text, &converted)) != IDN2_OK)
		return iss_error_set(err, "libidn2: %s", idn2_strerror(rv));
	fits = iss_buf_puts(out, converted);
	idn2_free(converted);
	if (!fits)
		return iss_error_set(err, "it is too long");
	return 0;
}

bool
iss_idn_is_available(void)
{
	return true;
}

int
iss_idn_to_ascii(
    struct iss_error *err, struct iss_buf *out, const char *name, size_t len)
{
	return convert(err, out, name, len, to_ascii);
}

int
iss_idn_to_unicode(
    struct iss_error *err, struct iss_buf *out, const char *name, size_t len)
{
	return convert(err, out, name, len, to_unicode);
}

#else

static int
not_built_in(struct iss_error *err)
{
	return iss_error_set(err,
	    "Unicode names are not supported, IO::Socket::SSL was "
	    "built without libidn2");
}

bool
iss_idn_is_available(void)
{
	return false;
}

int
iss_idn_to_ascii(
    struct iss_error *err, struct iss_buf *out, const char *name, size_t len)
{
	(void)out, (void)name, (void)len;
	return not_built_in(err);
}

int
iss_idn_to_unicode(
    struct iss_error *err, struct iss_buf *out, const char *name, size_t len)
{
	(void)out, (void)name, (void)len;
	return not_built_in(err);
}

#endif

/* The rule for want of a list. */
static bool
is_single_label(void *list, const char *domain)
{
	(void)list;
	return strchr(domain, '.') == NULL;
}

static const struct iss_suffixes two_labels = { is_single_label, NULL };

#ifdef HAVE_LIBPSL

static const psl_ctx_t *builtin_list;
static CRYPTO_ONCE builtin_once = CRYPTO_ONCE_STATIC_INIT;

static void
open_builtin(void)
{
	builtin_list = psl_builtin();
}

/*
 * ICANN's part: a private suffix (github.io) has one owner, whose wildcard
 * is his own affair.  A top level domain that the list does not know counts
 * as a public suffix.
 */
static bool
is_public_in_builtin(void *list, const char *domain)
{
	(void)list;
	return psl_is_public_suffix2(builtin_list, domain, PSL_TYPE_ICANN);
}

const struct iss_suffixes *
iss_suffixes_default(void)
{
	static const struct iss_suffixes builtin = { is_public_in_builtin,
		NULL };

	/* A libpsl may have been built without a list. */
	if (!CRYPTO_THREAD_run_once(&builtin_once, open_builtin) ||
	    builtin_list == NULL)
		return &two_labels;
	return &builtin;
}

#else

const struct iss_suffixes *
iss_suffixes_default(void)
{
	return &two_labels;
}

#endif
