/*
 * Configs whose CA files are not in the process's cache.  Their files are
 * written while no fault happens.
 */
#ifndef ISS_FRESH_H
#define ISS_FRESH_H

#include "fault.h"
#include "pair.h"
#include "scratch.h"

/* In place of a file of t/certs a copy that has just been written: it is not in
 * the cache of CA files, so it is read and parsed again. */
static inline const char *
fresh_copy(const char *file)
{
	static char bytes[1 << 16];
	FILE *in = fopen(file, "r");
	size_t len;

	if (in == NULL) {
		printf("Bail out! cannot read %s\n", file);
		exit(2);
	}
	len = fread(bytes, 1, sizeof(bytes), in);
	fclose(in);
	return scratch_write(strrchr(file, '/') + 1, bytes, len);
}

/* As pair_config. */
static inline void
fresh_config(
    struct iss_config *config, bool server, const struct pair_options *options)
{
	struct pair_options fresh[PAIR_OPTIONS_MAX];
	bool armed = fault_state.armed;
	size_t i;

	fault_state.armed = false;
	memcpy(fresh, options, sizeof(fresh));
	for (i = 0; i < PAIR_OPTIONS_MAX && fresh[i].name != NULL; i++)
		if (strcmp(fresh[i].name, "SSL_ca_file") == 0 ||
		    strcmp(fresh[i].name, "SSL_crl_file") == 0)
			fresh[i].value = fresh_copy(fresh[i].value);
	pair_config(config, server, fresh);
	fault_state.armed = armed;
}

#endif
