#include "connection/limits.h"

#include <stdlib.h>

static struct iss_limits *
make(struct iss_limits **limits)
{
	if (*limits != NULL)
		return *limits;
	if ((*limits = malloc(sizeof(**limits))) == NULL)
		return NULL;
	(*limits)->io_timeout = -1;
	(*limits)->handshake_wait = -1;
	(*limits)->read_until = ISS_NO_DEADLINE;
	(*limits)->write_until = ISS_NO_DEADLINE;
	(*limits)->handshake_until = ISS_NO_DEADLINE;
	return *limits;
}

bool
iss_limits_begin(
    struct iss_limits **limits, const struct iss_peer_config *config)
{
	const bool hurries = config->handshake_timeout > 0;
	iss_deadline until =
	    iss_deadline_after(config->deadline > 0 ? config->deadline : 0);

	if (config->io_timeout < 0 && !hurries && until == ISS_NO_DEADLINE)
		return true;
	if (make(limits) == NULL)
		return false;
	(*limits)->io_timeout = config->io_timeout;
	if (hurries)
		(*limits)->handshake_until =
		    iss_deadline_after(config->handshake_timeout);
	return iss_limits_set(limits, ISS_BOTH_WAYS, until);
}

bool
iss_limits_set(struct iss_limits **limits, int ways, iss_deadline until)
{
	if (*limits == NULL && until == ISS_NO_DEADLINE)
		return true;
	if (make(limits) == NULL)
		return false;
	if (ways & ISS_READS)
		(*limits)->read_until = until;
	if (ways & ISS_WRITES)
		(*limits)->write_until = until;
	return true;
}

bool
iss_limits_set_handshake_wait(struct iss_limits **limits, double seconds)
{
	if (*limits == NULL && seconds < 0)
		return true;
	if (make(limits) == NULL)
		return false;
	(*limits)->handshake_wait = seconds;
	return true;
}

void
iss_limits_end_handshake(struct iss_limits **limits)
{
	if (*limits == NULL)
		return;
	(*limits)->handshake_until = ISS_NO_DEADLINE;
	if ((*limits)->io_timeout >= 0 ||
	    iss_limits_until(*limits, ISS_BOTH_WAYS) != ISS_NO_DEADLINE)
		return;
	free(*limits);
	*limits = NULL;
}

iss_deadline
iss_limits_until(const struct iss_limits *limits, int ways)
{
	iss_deadline until = ISS_NO_DEADLINE;

	if (limits == NULL)
		return until;
	if ((ways & ISS_READS) && limits->read_until < until)
		until = limits->read_until;
	if ((ways & ISS_WRITES) && limits->write_until < until)
		until = limits->write_until;
	if ((ways & ISS_HANDSHAKES) && limits->handshake_until < until)
		until = limits->handshake_until;
	return until;
}
