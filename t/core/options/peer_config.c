/*
 * The options of one connection: their table, their defaults and their end.
 */
#include "options/peer_config.h"

#include "options.h"
#include "tap.h"

static struct iss_error err;

/* clang-format off */
#define B(text) text, sizeof(text) - 1
/* clang-format on */

/* Whatever the setters put into a struct is freed: for valgrind to tell. */
static void
test_peer(void)
{
	struct iss_peer_config peer, *config = &peer;

	iss_peer_config_init(config);
	ok(config->force_fingerprint == -1 && config->ocsp_mode == -1,
	    "a connection goes by its context");
	ok(config->nodelay && !config->strict_eof, "... its flags");
	ok(config->io_timeout < 0, "... and waits without a limit");
	iss_option_set_text(&err, config,
	    option_of(iss_peer_config_options, "SSL_fingerprint"),
	    B("d41d8cd98f00b204e9800998ecf8427e"));
	is_int((long long)config->fingerprints.count, 1, "a fingerprint");
	iss_peer_config_release(config);
	is_int((long long)config->fingerprints.count, 0, "... released");
	iss_peer_config_release(config);
}

int
main(void)
{
	expect_table("a connection", iss_peer_config_options,
	    sizeof(struct iss_peer_config));
	test_peer();
	return tap_done();
}
