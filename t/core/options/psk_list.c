/*
 * Lists of pre-shared keys: bounds, bytes, and copies that are independent.
 */
#include "options/psk_list.h"

#include <stdlib.h>

#include <openssl/ssl.h>

#include "tap.h"

static struct iss_error err;

static void
test_add(void)
{
	static const struct {
		const char *name;
		size_t identity_len, key_len;
		const char *why; /* NULL: it is taken */
	} cases[] = {
		{ "a byte each", 1, 1, NULL },
		{ "the longest identity", PSK_MAX_IDENTITY_LEN, 1, NULL },
		{ "the longest key", 1, PSK_MAX_PSK_LEN, NULL },
		{ "no identity", 0, 1, NULL },
		{ "an identity that is too long", PSK_MAX_IDENTITY_LEN + 1, 1,
		    "SSL_psk: the identity is too long" },
		{ "one that is much too long", 1 << 20, 1,
		    "SSL_psk: the identity is too long" },
		{ "a key that is too long", 1, PSK_MAX_PSK_LEN + 1,
		    "SSL_psk: invalid key length" },
		{ "an empty key", 1, 0, "SSL_psk: invalid key length" },
		{ "no identity and an empty key", 0, 0,
		    "SSL_psk: invalid key length" },
	};
	struct iss_psk_list psks = { NULL, 0 };
	char *identity = malloc(1 << 20), *key = malloc(PSK_MAX_PSK_LEN + 1);
	size_t i, count = 0;
	int rv;

	memset(identity, 'i', 1 << 20);
	memset(key, 'k', PSK_MAX_PSK_LEN + 1);
	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		rv = iss_psk_list_add(&err, &psks, "SSL_psk", identity,
		    cases[i].identity_len, key, cases[i].key_len);
		is_int(rv, cases[i].why == NULL ? ISS_OK : ISS_ERROR, "%s",
		    cases[i].name);
		has_text(err.text, cases[i].why != NULL ? cases[i].why : "",
		    "... why");
		count += rv == ISS_OK;
		is_int((long long)psks.count, (long long)count,
		    "... so many are there");
	}
	is_int((long long)strlen(psks.list[1].identity), PSK_MAX_IDENTITY_LEN,
	    "the longest identity is whole");
	is_int((long long)psks.list[2].len, PSK_MAX_PSK_LEN,
	    "the longest key is whole");
	ok(psks.list[3].identity == NULL, "no identity is that of all others");
	iss_psk_list_release(&psks);
	ok(psks.list == NULL && psks.count == 0, "released");
	iss_psk_list_release(&psks);
	free(identity);
	free(key);
}

static void
test_bytes(void)
{
	static const struct {
		const char *name, *identity;
		size_t len;
	} refused[] = {
		{ "NUL in an identity", "a\0b", 3 },
		{ "NUL at its end", "a\0", 2 },
		{ "NUL alone", "\0", 1 },
	};
	struct iss_psk_list psks = { NULL, 0 };
	char key[4] = { 'k', '\0', '\xff', '\0' };
	char identity[] = "b\xc3\xbc";
	size_t i;

	for (i = 0; i < ROWS(refused); i++) {
		iss_error_clear(&err);
		is_int(iss_psk_list_add(&err, &psks, "SSL_psk",
			   refused[i].identity, refused[i].len, "key", 3),
		    ISS_ERROR, "%s", refused[i].name);
		has_text(err.text, "NUL", "... why");
		has_text(err.text, "SSL_psk: ", "... names the option");
	}
	iss_error_clear(&err);
	is_int(iss_psk_list_add(
		   &err, &psks, "SSL_psk", identity, 3, key, sizeof(key)),
	    ISS_OK, "a key of any bytes");
	memset(key, 'x', sizeof(key));
	memset(identity, 'x', sizeof(identity));
	is_bytes(psks.list[0].key, psks.list[0].len, "k\0\xff\0", 4,
	    "... is a copy, NUL included");
	is_text(psks.list[0].identity, "b\xc3\xbc", "... of the identity too");
	iss_psk_list_release(&psks);
}

/* Equal identities are not the list's affair. */
static void
test_order(void)
{
	static const char *const identities[] = { "a", "b", "", "a", "" };
	struct iss_psk_list psks = { NULL, 0 };
	size_t i;

	for (i = 0; i < ROWS(identities); i++)
		iss_psk_list_add(&err, &psks, "SSL_psk", identities[i],
		    strlen(identities[i]), &"0123456789"[i], 1);
	is_int((long long)psks.count, ROWS(identities), "five keys");
	for (i = 0; i < psks.count; i++) {
		is_text(psks.list[i].identity,
		    *identities[i] != '\0' ? identities[i] : NULL,
		    "... identity %zu in its place", i);
		is_int(psks.list[i].key[0], '0' + (int)i, "... with its key");
	}
	iss_psk_list_release(&psks);
}

static void
test_copy(void)
{
	struct iss_psk_list from = { NULL, 0 }, to = { NULL, 0 };

	ok(iss_psk_list_copy(&to, &from), "a copy of an empty list");
	is_int((long long)to.count, 0, "... is empty");
	iss_psk_list_add(&err, &from, "SSL_psk", "me", 2, "a\0b", 3);
	iss_psk_list_add(&err, &from, "SSL_psk", "", 0, "c", 1);
	ok(iss_psk_list_copy(&to, &from), "a copy");
	ok(to.list[0].key != from.list[0].key &&
		to.list[0].identity != from.list[0].identity,
	    "... shares nothing");
	iss_psk_list_release(&from);
	is_int((long long)to.count, 2, "... outlives the original");
	is_text(to.list[0].identity, "me", "... an identity");
	is_bytes(to.list[0].key, to.list[0].len, "a\0b", 3, "... a key");
	ok(to.list[1].identity == NULL, "... that of all others");
	iss_psk_list_release(&to);
}

int
main(void)
{
	test_add();
	test_bytes();
	test_order();
	test_copy();
	return tap_done();
}
