/*
 * The table of a connection's options, their defaults and their end.
 */
#include "options/peer_config.h"

#include <string.h>

#define PEER(name, kind, member)                                               \
	{                                                                      \
		"SSL_" name, kind, offsetof(struct iss_peer_config, member),   \
		    false, false                                               \
	}

static const struct iss_option client_options[] = {
	PEER("hostname", ISS_FILE, hostname),
	PEER("tlsa", ISS_TLSA, tlsa),
	PEER("dane_ee_name", ISS_SWITCH, dane_ee_name),
};

static const struct iss_option options[] = {
	PEER("fingerprint", ISS_FINGERPRINTS, fingerprints),
	PEER("force_fingerprint", ISS_SWITCH, force_fingerprint),
	PEER("ocsp_mode", ISS_NUMBER, ocsp_mode),
	PEER("strict_eof", ISS_FLAG, strict_eof),
	PEER("nodelay", ISS_FLAG, nodelay),
	PEER("usebio", ISS_FLAG, usebio),
	PEER("io_timeout", ISS_SECONDS, io_timeout),
	PEER("handshake_report", ISS_FLAG, handshake_report),
	PEER("handshake_timeout", ISS_SECONDS, handshake_timeout),
	PEER("deadline", ISS_SECONDS, deadline),
};

enum {
	CLIENT_COUNT = sizeof(client_options) / sizeof(client_options[0]),
	COUNT = sizeof(options) / sizeof(options[0])
};

const struct iss_option *
iss_peer_config_client_options(size_t *count)
{
	*count = CLIENT_COUNT;
	return client_options;
}

const struct iss_option *
iss_peer_config_options(size_t *count)
{
	*count = COUNT;
	return options;
}

void
iss_peer_config_init(struct iss_peer_config *config)
{
	memset(config, 0, sizeof(*config));
	config->dane_ee_name = -1;
	config->force_fingerprint = -1;
	config->ocsp_mode = -1;
	config->nodelay = true;
	config->io_timeout = -1;
	config->handshake_timeout = -1;
	config->deadline = ISS_NO_LIMIT;
}

void
iss_peer_config_release(struct iss_peer_config *config)
{
	iss_option_clear_all(config, client_options, CLIENT_COUNT);
	iss_option_clear_all(config, options, COUNT);
}

int
iss_peer_config_set_sni(struct iss_error *err, struct iss_peer_config *config,
    const char *name, size_t len)
{
	return iss_option_set_text(err, config, client_options, name, len);
}
