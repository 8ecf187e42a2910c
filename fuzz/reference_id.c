/*
 * Any bytes as a host and the names of a certificate: "host|Dname|Cname|...",
 * where the first letter is the type.  Names that match under a strict rule
 * must match under a looser one, and invalid names never match.
 */
#include "names/presented.h"

#include <stdint.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NAMES_MAX = 16 };

struct input {
	const uint8_t *host;
	size_t host_len;
	struct iss_san sans[NAMES_MAX], cns[NAMES_MAX];
	struct iss_presented presented;
};

static int
type_of(uint8_t letter)
{
	return letter == 'D'   ? GEN_DNS
	       : letter == 'I' ? GEN_IPADD
	       : letter == 'U' ? GEN_URI
			       : GEN_EMAIL;
}

static size_t
piece_len(const uint8_t *data, size_t size)
{
	const uint8_t *bar = size > 0 ? memchr(data, '|', size) : NULL;

	return bar != NULL ? (size_t)(bar - data) : size;
}

static void
split(struct input *in, const uint8_t *data, size_t size)
{
	struct iss_presented *p = &in->presented;

	memset(in, 0, sizeof(*in));
	p->sans = in->sans;
	p->cns = in->cns;
	in->host = data;
	in->host_len = piece_len(data, size);
	data += in->host_len, size -= in->host_len;
	while (size > 1 && p->n_sans < NAMES_MAX && p->n_cns < NAMES_MAX) {
		size_t len = piece_len(data + 1, size - 1);
		struct iss_san name = { 0, data + 2, len > 0 ? len - 1 : 0 };

		if (len > 0 && data[1] == 'C')
			in->cns[p->n_cns++] = name;
		else if (len > 0) {
			name.type = type_of(data[1]);
			in->sans[p->n_sans++] = name;
			p->state = ISS_SAN_PRESENT;
		}
		data += len + 1, size -= len + 1;
	}
}

/* A parsed host has only valid characters and parses to itself. */
static void
claim_host(const struct iss_reference_id *host)
{
	struct iss_reference_id again;
	struct iss_error err;
	size_t len = strlen(host->name);

	iss_error_clear(&err);
	claim(len > 0 && len <= ISS_REFERENCE_MAX);
	claim(host->name[strspn(host->name,
		  "abcdefghijklmnopqrstuvwxyz0123456789-_.:")] == '\0');
	claim(iss_reference_id_init(&err, &again, host->name, len) == 0);
	claim(again.kind == host->kind && again.addr_len == host->addr_len);
	claim(strcmp(again.name, host->name) == 0);
	claim(memcmp(again.addr, host->addr, sizeof(host->addr)) == 0);
}

/* Returns true if any name could match. */
static bool
any_clean_name(const struct iss_san *names, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < names[i].len; j++)
			if (names[i].bytes[j] <= ' ' || names[i].bytes[j] > '~')
				break;
		if (j == names[i].len && j > 0)
			return true;
		if (names[i].type == GEN_IPADD)
			return true;
	}
	return false;
}

/* Matches under one scheme: check_cn, wildcards, IP addresses in the CN. */
static bool
match(const struct iss_reference_id *host,
    const struct iss_presented *presented, int cn, int wildcards, int ip)
{
	struct iss_scheme scheme = { false, (enum iss_check_cn)cn,
		(enum iss_wildcards)wildcards, (enum iss_wildcards)wildcards,
		ip };
	struct iss_presented broken = *presented;
	bool matches = iss_presented_match(presented, host, &scheme, NULL);

	broken.state = ISS_SAN_BROKEN;
	claim(!iss_presented_match(&broken, host, &scheme, NULL));
	claim(matches || !iss_presented_match(presented, host, &scheme,
			     iss_suffix_rules_default()));
	return matches;
}

/* A more permissive rule never loses a match. */
static bool
claim_order(
    const struct iss_reference_id *host, const struct iss_presented *presented)
{
	int cn, w, ip;
	bool matches = false;

	for (cn = ISS_CN_NEVER; cn <= ISS_CN_ALWAYS; cn++)
		for (w = 0; w <= ISS_WILDCARDS_ANYWHERE; w++)
			for (ip = 0; ip < 2; ip++) {
				matches = match(host, presented, cn, w, ip);
				claim(matches || cn == 0 ||
				      !match(host, presented, cn - 1, w, ip));
				claim(matches || w == 0 ||
				      !match(host, presented, cn, w - 1, ip));
				claim(matches || ip == 0 ||
				      !match(host, presented, cn, w, ip - 1));
			}
	return matches;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_reference_id host;
	struct iss_error err;
	struct iss_buf text;
	struct input in;

	split(&in, data, size);
	iss_buf_init(&text, 200);
	iss_presented_describe(&text, &in.presented);
	claim(!text.overflowed && text.len > 0);
	claim(strlen(iss_buf_text(&text)) == text.len);
	iss_buf_release(&text);

	iss_error_clear(&err);
	if (iss_reference_id_init(&err, &host, in.host, in.host_len) != 0) {
		claim(iss_error_is_set(&err));
		return 0;
	}
	claim_host(&host);
	if (claim_order(&host, &in.presented))
		claim(any_clean_name(in.sans, in.presented.n_sans) ||
		      any_clean_name(in.cns, in.presented.n_cns));
	return 0;
}
