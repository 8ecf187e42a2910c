/*
 * Small steps with Perl values: look into a hash, read a text, die where the
 * caller made the mistake.
 */
#ifndef ISS_XS_VALUES_H
#define ISS_XS_VALUES_H

#include "perl_core.h"

/*
 * The value at key in a hash (which may be NULL), after its get magic.  NULL
 * if there is none or it is undef.
 */
SV *iss_hash_value(pTHX_ HV *hash, const char *key);

/*
 * The next pair of a hash after hv_iterinit: the key, and *value.  Both are
 * mortal copies, since a tied value, or the code that goes on with the pair,
 * may change the hash.  NULL at the end.
 */
SV *iss_hash_next(pTHX_ HV *hash, SV **value);

/*
 * The UTF-8 bytes of a text that a program may have encoded already: if its
 * characters are bytes, and these are UTF-8, they are taken as they are.
 * Otherwise its characters are encoded.  Valid until the
 * scalar changes or the statement ends.
 */
const char *iss_utf8_text(pTHX_ SV *text, STRLEN *len);

/* Does the value hold PEM?  A message must not show it: it may be a key. */
bool iss_is_pem(pTHX_ SV *value);

/*
 * The beginning of a value, for a message: 60 characters at most, and nothing
 * of PEM.  A mortal text.
 */
SV *iss_shown(pTHX_ SV *value);

/*
 * Die of a mistake in the program, with the file and line that called this
 * module (Carp::croak).  Takes over the reference to message.
 */
void iss_croak(pTHX_ SV *message) __attribute__((noreturn));

/* Warn with that file and line (Carp::carp).  Takes over the reference. */
void iss_carp(pTHX_ SV *message);

/*
 * Call a sub, or with G_METHOD a method of args[0], in scalar context.  The
 * result is mortal.  It may die, so no OpenSSL function may be on the stack;
 * for "last" and the like, to leave it is an error.
 */
SV *iss_call_sub(pTHX_ SV *sub, I32 flags, SV **args, int count);
SV *iss_call_perl(pTHX_ const char *name, I32 flags, SV **args, int count);

/* Take back a bless; Perl has no function for it. */
void iss_unbless(pTHX_ SV *sv);

#endif
