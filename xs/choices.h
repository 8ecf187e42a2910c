/*
 * Questions of the handshake that a program answers with an object:
 * SSL_hello_callback and SSL_cert_callback.  lib/IO/Socket/SSL/Choices.pm
 * calls the subs, and has chosen.h take their answers.
 */
#ifndef ISS_XS_CHOICES_H
#define ISS_XS_CHOICES_H

#include "perl_core.h"

#include "link/callbacks.h"
#include "options/config.h"

/* For iss_answers. */
enum iss_reply iss_choices_answer_hello(
    void *handle, const struct iss_hello *hello, int *alert);
enum iss_reply iss_choices_answer_cert(void *handle,
    const struct iss_cert_request *request,
    const struct iss_identity **identity);

/* A new value that carries the certificate of a config to that answer; takes
 * over the config, which is from Newx. */
SV *iss_new_certificate(pTHX_ struct iss_config *config);

#endif
