/*
 * Any bytes as an alternative name, in DER and as users write them; the first
 * byte is the type.  A name that can be made can be told and made again.
 */
#include "x509/altname.h"

#include <stdint.h>
#include <string.h>

#include <openssl/err.h>

#include "claim.h"

enum { TYPES = 9, VALUE_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The value as text or bytes, to be released; false: it cannot be told. */
static bool
told(GENERAL_NAME *name, struct iss_buf *out)
{
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	iss_buf_init(out, VALUE_MAX);
	rv = iss_altname_value(&err, name, out);
	claim((rv != ISS_OK) == iss_error_is_set(&err));
	return rv == ISS_OK;
}

static void
claim_der(const uint8_t *data, size_t size)
{
	GENERAL_NAME *name = d2i_GENERAL_NAME(NULL, &data, (long)size);
	struct iss_buf value;

	ERR_clear_error();
	if (name == NULL)
		return;
	claim(iss_altname_number(iss_altname_type(name->type)) == name->type);
	(void)told(name, &value);
	iss_buf_release(&value);
	GENERAL_NAME_free(name);
}

/* What users read of it makes the same name; an otherName reads differently. */
static void
claim_again(int type, GENERAL_NAME *name)
{
	struct iss_error err;
	struct iss_buf value;
	GENERAL_NAME *again;

	claim(told(name, &value));
	iss_error_clear(&err);
	again = iss_altname_new(&err, type, value.data, value.len);
	if (type != GEN_OTHERNAME && type != GEN_X400 && type != GEN_EDIPARTY) {
		claim(again != NULL);
		claim(GENERAL_NAME_cmp(again, name) == 0);
	}
	GENERAL_NAME_free(again);
	iss_buf_release(&value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GENERAL_NAME *name;
	struct iss_error err;
	int type;

	if (size == 0)
		return 0;
	type = data[0] % TYPES;
	claim_der(data + 1, size - 1);
	iss_error_clear(&err);
	name = iss_altname_new(&err, type, data + 1, size - 1);
	claim((name == NULL) == iss_error_is_set(&err));
	if (name != NULL) {
		claim(name->type == type);
		claim_again(type, name);
	}
	GENERAL_NAME_free(name);
	claim(ERR_peek_error() == 0);
	return 0;
}
