/*
 * The value of one SSL_* option, from Perl into the core's config.  A value of
 * the wrong kind is a mistake of the program: these functions croak then,
 * naming the option.  A message shows nothing of a key, and only the beginning
 * of a long value.
 */
#ifndef ISS_XS_OPTION_VALUE_H
#define ISS_XS_OPTION_VALUE_H

#include "perl_core.h"

#include "base/error.h"
#include "options/option.h"

/*
 * Set the option of config, the struct that its table describes.  undef, or an
 * array of undefs, means "not given".  Returns ISS_OK, or ISS_ERROR for a
 * malformed fingerprint.
 */
int iss_option_value_set(pTHX_ struct iss_error *err, void *config,
    const struct iss_option *option, SV *value);

/*
 * For a file, a list, an object or the name of a scheme, '' and 0 mean "not
 * given".  _is_given of lib/IO/Socket/SSL/Defaults.pm says the same of the
 * arguments of a call, where such a value must not hide a default; this is for
 * the values that do not come that way: those of hosts, and the defaults.
 */
bool iss_option_value_is_given(pTHX_ SV *value);

/* Croak with the error unless rv is ISS_OK. */
void iss_option_value_must(pTHX_ const struct iss_error *err, int rv);

#endif
