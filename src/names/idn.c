/*
 * libidn2, or its absence.
 */
#include "names/idn.h"

#include <string.h>

#ifdef HAVE_LIBIDN2
#	include <idn2.h>
#endif

#ifdef HAVE_LIBIDN2

typedef int convert_fn(const char *in, char **out);

static int
look_up(const char *in, char **out)
{
	return idn2_lookup_u8((const uint8_t *)in, (uint8_t **)out,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
}

/* Write the characters of a text as one byte each; false if one has none. */
static bool
to_bytes(const char *in, char *out)
{
	const unsigned char *from = (const unsigned char *)in;

	for (; *from != '\0'; from++) {
		if (*from < 0x80) {
			*out++ = (char)*from;
		} else if ((*from == 0xc2 || *from == 0xc3) &&
			   (from[1] & 0xc0) == 0x80) {
			*out++ = (char)((*from & 3) << 6 | (from[1] & 0x3f));
			from++;
		} else {
			return false;
		}
	}
	*out = '\0';
	return true;
}

/* A name that is not valid may be UTF-8 that the program did not decode. */
static int
to_ascii(const char *in, char **out)
{
	char bytes[ISS_IDN_MAX + 1];
	int rv = look_up(in, out);

	if (rv != IDN2_OK && to_bytes(in, bytes) &&
	    look_up(bytes, out) == IDN2_OK)
		return IDN2_OK;
	return rv;
}

static int
to_unicode(const char *in, char **out)
{
	return idn2_to_unicode_8z8z(in, out, 0);
}

static int
convert_name(struct iss_error *err, struct iss_buf *out, const char *name,
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
	return ISS_OK;
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
	return convert_name(err, out, name, len, to_ascii);
}

int
iss_idn_to_unicode(
    struct iss_error *err, struct iss_buf *out, const char *name, size_t len)
{
	return convert_name(err, out, name, len, to_unicode);
}

#else

static int
not_built_in(struct iss_error *err)
{
	return iss_error_set(err,
	    "Unicode names are not supported: IO::Socket::SSL was "
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
