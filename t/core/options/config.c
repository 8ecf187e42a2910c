/*
 * The options of a context: their tables and defaults, identities and virtual
 * hosts.
 */
#include "options/config.h"

#include "options.h"
#include "tap.h"

static struct iss_error err;

static void
test_defaults(void)
{
	static const bool roles[] = { false, true };
	struct iss_config config;
	size_t i;

	for (i = 0; i < 2; i++) {
		iss_config_init(&config, roles[i]);
		ok(config.server == roles[i], "a %s",
		    roles[i] ? "server" : "client");
		is_int(config.verify_mode, -1, "... verifies by its role");
		is_int(config.honor_cipher_order, -1, "... likewise ciphers");
		is_int(config.ocsp_mode, -1, "... likewise OCSP");
		ok(config.cipher_list == NULL && config.version == NULL,
		    "... no texts");
		iss_config_release(&config);
		iss_config_release(&config);
	}
}

static void
test_identities(void)
{
	const struct iss_option *option =
	    option_of(iss_config_identity_options, "SSL_cert_file");
	struct iss_config config;
	struct iss_identity *one = NULL;
	char name[16];
	size_t i;

	iss_config_init(&config, true);
	for (i = 0; i < 10; i++) {
		one = iss_config_add_identity(&err, &config);
		ok(one == &config.identities[i] && one->cert_file == NULL &&
			one->cert == NULL && one->key == NULL,
		    "identity %zu is empty", i);
		snprintf(name, sizeof(name), "file %zu", i);
		iss_option_set_text(&err, one, option, name, strlen(name));
	}
	is_int((long long)config.n_identities, 10, "ten identities");
	is_text(config.identities[0].cert_file, "file 0",
	    "... the first is as it was");
	iss_config_release(&config);
}

static void
test_vhosts(void)
{
	static const char *const names[] = { "a.test", "xn--bcher-kva.test",
		"" };
	struct iss_config config;
	struct iss_config *one;
	size_t i;

	iss_config_init(&config, true);
	for (i = 0; i < ROWS(names); i++) {
		one = iss_config_add_vhost(&err, &config, names[i]);
		ok(one == &config.vhosts[i] && one->server &&
			one->verify_mode == -1 && one->version == NULL,
		    "host '%s' has defaults", names[i]);
		is_text(one->vhost, names[i], "... its name");
		ok(one->vhost != names[i], "... which is a copy");
		iss_option_set_text(&err, one,
		    option_of(iss_config_options, "SSL_version"), names[i],
		    strlen(names[i]));
		iss_config_add_identity(&err, one);
	}
	is_text(config.vhosts[0].version, "a.test",
	    "the first is as it was when others come");
	is_int((long long)config.n_vhosts, ROWS(names), "... all are there");
	iss_config_release(&config);
}

int
main(void)
{
	expect_table(
	    "a context", iss_config_options, sizeof(struct iss_config));
	expect_table("an identity", iss_config_identity_options,
	    sizeof(struct iss_identity));
	test_defaults();
	test_identities();
	test_vhosts();
	return tap_done();
}
