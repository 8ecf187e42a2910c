/*
 * Perl's headers, in the only order that works, for every file of xs/.
 */
#ifndef ISS_XS_PERL_CORE_H
#define ISS_XS_PERL_CORE_H

#define PERL_NO_GET_CONTEXT
#include "EXTERN.h"
#include "perl.h"
#include "XSUB.h"
#include "ppport.h"

/* Since Perl 5.18. */
#ifndef TAINTING_get
#	define TAINTING_get (PL_tainting)
#endif

#endif
