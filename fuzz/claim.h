/*
 * An assertion of a fuzz target: aborts if it is false, with and without
 * NDEBUG.
 */
#ifndef ISS_FUZZ_CLAIM_H
#define ISS_FUZZ_CLAIM_H

#include <stdio.h>
#include <stdlib.h>

#define claim(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: does not hold: %s\n",          \
			    __FILE__, __LINE__, #condition);                   \
			abort();                                               \
		}                                                              \
	} while (0)

#endif
