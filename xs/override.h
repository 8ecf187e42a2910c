/*
 * Which methods of a socket's class are ours, and which a subclass overrides.
 * The answer is cached, so that everybody else pays a few comparisons.
 */
#ifndef ISS_XS_OVERRIDE_H
#define ISS_XS_OVERRIDE_H

#include "perl_core.h"

#include "attachment.h"

enum iss_method {
	ISS_METHOD_READ,
	ISS_METHOD_SYSREAD,
	ISS_METHOD_READLINE,
	ISS_METHOD_GETC,
	ISS_METHOD_PRINT,
	ISS_METHOD_PRINTF,
	ISS_METHOD_SAY,
	ISS_METHOD_SYSWRITE,
	ISS_METHOD_WRITE,
	ISS_METHOD_EOF,
	ISS_METHOD_PEEK,
	ISS_METHOD_COUNT
};

const char *iss_method_name(enum iss_method method);

/* Remember our own methods, in case a program replaces them: at BOOT. */
void iss_overrides_remember(pTHX);

/* Does the socket's class resolve this method to ours? */
bool iss_is_ours(
    pTHX_ enum iss_method method, GV *glob, struct iss_method_cache *cache);

/* Is a tied handle's object one of ours, and is no method of it replaced? */
bool iss_tie_is_ours(pTHX_ SV *object, struct iss_method_cache *cache);

/* Does a subclass override this method?  False without TLS. */
bool iss_is_overridden(pTHX_ enum iss_method method, GV *glob);

#endif
