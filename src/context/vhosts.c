#include "context/vhosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/compat.h"
#include "link/link.h"
#include "names/reference_id.h"
#include "options/vhost_options.h"
#include "verification/verify.h"

enum { NAME_MAX_LEN = 255 };

/* Take a length of two bytes, and that many bytes. */
static bool
take_vector(const unsigned char **bytes, size_t *len,
    const unsigned char **vector, size_t *vector_len)
{
	size_t n;

	if (*len < 2)
		return false;
	n = (size_t)(*bytes)[0] << 8 | (*bytes)[1];
	if (n > *len - 2)
		return false;
	*vector = *bytes + 2;
	*vector_len = n;
	*bytes += 2 + n;
	*len -= 2 + n;
	return true;
}

bool
iss_vhosts_parse(const unsigned char *ext, size_t len,
    const unsigned char **name, size_t *name_len)
{
	const unsigned char *list;
	size_t left;

	if (!take_vector(&ext, &len, &list, &left) || len != 0)
		return false;
	/* Only one type of name was ever defined, and one name per type. */
	if (left == 0 || *list != TLSEXT_NAMETYPE_host_name)
		return false;
	list++;
	left--;
	return take_vector(&list, &left, name, name_len) && left == 0 &&
	       *name_len > 0 && *name_len <= NAME_MAX_LEN &&
	       memchr(*name, '\0', *name_len) == NULL;
}

int
iss_vhosts_add(struct iss_error *err, struct iss_vhosts *vhosts,
    const char *name, SSL_CTX *ssl_ctx, const struct iss_session_id *session_id)
{
	char *copy = strdup(name);
	struct iss_vhost *larger =
	    realloc(vhosts->list, (vhosts->count + 1) * sizeof(*vhosts->list));
	size_t at = vhosts->count;

	if (larger != NULL)
		vhosts->list = larger;
	if (larger == NULL || copy == NULL) {
		free(copy);
		return iss_error_set(err, "out of memory");
	}
	/* Keep the list sorted for iss_vhosts_find. */
	for (; at > 0 && strcmp(larger[at - 1].name, copy) > 0; at--)
		larger[at] = larger[at - 1];
	larger[at].name = copy;
	larger[at].ssl_ctx = ssl_ctx;
	larger[at].session_id = *session_id;
	vhosts->count++;
	return ISS_OK;
}

void
iss_vhosts_release(struct iss_vhosts *vhosts)
{
	size_t i;

	for (i = 0; i < vhosts->count; i++)
		free(vhosts->list[i].name);
	free(vhosts->list);
	SSL_CTX_free(vhosts->acme);
	memset(vhosts, 0, sizeof(*vhosts));
}

static int
compare_with_name(const void *name, const void *vhost)
{
	const struct iss_vhost *one = vhost;

	return strcmp(name, one->name);
}

static const struct iss_vhost *
find_exactly(const struct iss_vhosts *vhosts, const char *name)
{
	return bsearch(name, vhosts->list, vhosts->count, sizeof(*vhosts->list),
	    compare_with_name);
}

const struct iss_vhost *
iss_vhosts_find(
    const struct iss_vhosts *vhosts, const unsigned char *name, size_t len)
{
	const struct iss_vhost *found;
	struct iss_reference_id address;
	char wanted[NAME_MAX_LEN + 1];
	char wildcard[ISS_VHOST_WILDCARD_SIZE];
	size_t i;

	if (vhosts->count == 0 || len > NAME_MAX_LEN)
		return NULL;
	if (iss_reference_id_init_address(&address, (const char *)name, len)) {
		name = (const unsigned char *)address.name;
		len = strlen(address.name);
	}
	if (len > 0 && name[len - 1] == '.')
		len--;
	for (i = 0; i < len; i++)
		wanted[i] = (char)iss_ascii_lower(name[i]);
	wanted[len] = '\0';
	found = find_exactly(vhosts, wanted);
	if (found == NULL && iss_vhost_wildcard(wanted, wildcard))
		found = find_exactly(vhosts, wildcard);
	return found;
}

int
iss_vhosts_refuse(SSL *ssl, int *alert, const unsigned char *name, size_t len)
{
	struct iss_link *link = iss_link_of(ssl);
	struct iss_error ignored;
	struct iss_reference_id host;

	*alert = SSL_AD_UNRECOGNIZED_NAME;
	if (link == NULL)
		return SSL_CLIENT_HELLO_ERROR;
	iss_error_clear(&ignored);
	if (name == NULL)
		iss_error_set(iss_kept_error_fill(&link->failure),
		    "the client sent no server name, and there is no default "
		    "certificate");
	else if (iss_reference_id_init(&ignored, &host, name, len) == ISS_OK)
		iss_error_set(iss_kept_error_fill(&link->failure),
		    "there is no certificate for the server name \"%s\" that "
		    "the client sent, and no default certificate",
		    host.name);
	else
		iss_error_set(iss_kept_error_fill(&link->failure),
		    "the client sent an invalid server name, and there is no "
		    "default certificate");
	return SSL_CLIENT_HELLO_ERROR;
}

int
iss_vhosts_go_over(struct iss_error *err, SSL *ssl, const struct iss_vhost *to)
{
	const struct iss_link *link = iss_link_of(ssl);

	if (SSL_set_SSL_CTX(ssl, to->ssl_ctx) != NULL &&
	    iss_verify_follow(err, ssl) == ISS_OK &&
	    (link == NULL ||
		iss_session_id_bind(err, &to->session_id, link) == ISS_OK))
		return ISS_OK;
	return iss_error_openssl(err, "cannot switch to the context for %s",
	    to->name != NULL ? to->name : "other hosts");
}
