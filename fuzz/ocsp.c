/*
 * Any bytes as an OCSP response for a certificate of t/certs, or as the id of a
 * certificate in a request.  A response that the issuer has not signed, or that
 * is for another CA's certificate, never counts.
 */
#include "revocation/ocsp.h"

#include <stdint.h>
#include <string.h>

#include <openssl/err.h>

#include "../t/core/fixture.h"
#include "claim.h"

#define NOW 1800000000LL /* 2027 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read once, shared by all inputs. */
static X509 *cert, *issuer, *stranger;

static void
claim_answer(const struct iss_ocsp_answer *answer)
{
	struct iss_error err;
	struct iss_buf text;
	size_t i;

	iss_error_clear(&err);
	claim(answer->status >= V_OCSP_CERTSTATUS_GOOD &&
	      answer->status <= V_OCSP_CERTSTATUS_UNKNOWN);
	claim(iss_ocsp_check_time(&err, answer, NOW) == ISS_OK);
	claim(iss_ocsp_good_until(answer) >= NOW - ISS_OCSP_SKEW);
	iss_buf_init(&text, 1000);
	iss_ocsp_describe(&text, answer);
	claim(text.len > 0 && !text.overflowed);
	for (i = 0; i < text.len; i++)
		claim(text.data[i] >= ' ' && text.data[i] <= '~');
	iss_buf_release(&text);
}

static void
try_response(struct iss_ocsp_bytes der)
{
	OCSP_BASICRESP *response = NULL;
	struct iss_ocsp_answer answer;
	struct iss_ocsp_bytes about;
	struct iss_error err;
	struct iss_buf id;

	iss_error_clear(&err);
	iss_buf_init(&id, 1000);
	claim(iss_ocsp_id(&err, cert, issuer, &id) == ISS_OK);
	about.bytes = (const unsigned char *)id.data;
	about.len = id.len;
	if (iss_ocsp_read(&err, &response, der) == ISS_OK) {
		if (iss_ocsp_judge(
			&err, response, about, issuer, NOW, &answer) == ISS_OK)
			claim_answer(&answer);
		else
			claim(iss_error_is_set(&err));
		iss_error_clear(&err);
		claim(iss_ocsp_judge(&err, response, about, stranger, NOW,
			  &answer) == ISS_ERROR);
	}
	claim(iss_error_is_set(&err));
	claim(ERR_peek_error() == 0);
	OCSP_BASICRESP_free(response);
	iss_buf_release(&id);
}

static void
try_id(struct iss_ocsp_bytes id)
{
	struct iss_error err;
	struct iss_buf request;
	int rv;

	iss_error_clear(&err);
	iss_buf_init(&request, ISS_OCSP_RESPONSE_MAX);
	rv = iss_ocsp_request(&err, &id, 1, &request);
	claim((rv == ISS_OK) == (request.len > 0));
	claim((rv == ISS_OK) != iss_error_is_set(&err));
	iss_buf_release(&request);
	ERR_clear_error();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_ocsp_bytes input;

	if (cert == NULL) {
		cert = fixture_cert("server");
		issuer = fixture_cert("ca");
		stranger = fixture_cert("other-ca");
	}
	input.bytes = data;
	input.len = size;
	try_response(input);
	try_id(input);
	return 0;
}
