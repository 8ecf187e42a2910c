#include "binding.h"

#include <openssl/crypto.h>

#include "attachment.h"
#include "errors.h"
#include "connection/binding.h"

/* Croaks, unless it is a string of bytes. */
static const char *
bytes_of(pTHX_ const char *what, SV *value, STRLEN *len)
{
	SV *copy = sv_2mortal(newSVsv(value));

	if (SvUTF8(copy) && !sv_utf8_downgrade(copy, TRUE))
		Perl_croak(aTHX_ "export_keying_material: the %s must be "
				 "bytes; it has wide characters",
		    what);
	return SvPVbyte(copy, *len);
}

static size_t
length_of(pTHX_ SV *value)
{
	const NV number = SvOK(value) ? SvNV(value) : 0;

	if (!(number >= 1 && number <= ISS_EXPORT_MAX))
		Perl_croak(aTHX_ "export_keying_material: the length must be "
				 "1 to %d bytes",
		    ISS_EXPORT_MAX);
	return (size_t)number;
}

/* After the arguments were read: they may be objects that close the socket. */
static struct iss_conn *
connection_of(pTHX_ GV *self)
{
	struct iss_conn *conn = iss_attached(aTHX_ self);

	if (conn == NULL)
		iss_tell_text(
		    aTHX_ self, 0, "there is no TLS connection on this socket");
	return conn;
}

static SV *
new_export(pTHX_ GV *self, const struct iss_conn *conn,
    const struct iss_export *wanted, size_t len)
{
	SV *out = newSV(len + 1);
	struct iss_error err;

	SvPOK_on(out);
	SvCUR_set(out, len);
	*SvEND(out) = '\0';
	iss_error_clear(&err);
	if (iss_binding_export(
		&err, conn, wanted, (unsigned char *)SvPVX(out), len) == ISS_OK)
		return out;
	SvREFCNT_dec(out);
	iss_tell_error(aTHX_ self, &err);
	return NULL;
}

void
iss_push_export(pTHX_ GV *self, SV *label, SV *length, SV *context)
{
	struct iss_export wanted = { NULL, 0, NULL, 0 };
	size_t len = length_of(aTHX_ length);
	struct iss_conn *conn;
	SV *out = NULL;
	dSP;

	if (SvOK(label))
		wanted.label =
		    bytes_of(aTHX_ "label", label, &wanted.label_len);
	if (wanted.label_len == 0)
		Perl_croak(aTHX_
		    "export_keying_material: the label must not be empty");
	if (SvOK(context))
		wanted.context = (const unsigned char *)bytes_of(
		    aTHX_ "context", context, &wanted.context_len);
	conn = connection_of(aTHX_ self);
	if (conn != NULL)
		out = new_export(aTHX_ self, conn, &wanted, len);
	if (out != NULL)
		mXPUSHs(out);
	PUTBACK;
}

void
iss_push_binding(pTHX_ GV *self, SV *type)
{
	const char *name = SvOK(type) ? SvPV_nolen(type) : "";
	const struct iss_conn *conn = connection_of(aTHX_ self);
	unsigned char bytes[ISS_BINDING_MAX];
	struct iss_error err;
	size_t len = 0;
	int rv;
	dSP;

	if (conn == NULL)
		return;
	iss_error_clear(&err);
	rv = iss_binding_get(&err, conn, name, bytes, &len);
	if (rv == ISS_INVALID)
		Perl_croak(aTHX_ "%s", err.text);
	if (rv == ISS_OK)
		mXPUSHp((const char *)bytes, len);
	else
		iss_tell_error(aTHX_ self, &err);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	PUTBACK;
}

void
iss_push_bindings(pTHX_ const struct iss_conn *conn)
{
	unsigned char bytes[ISS_BINDING_MAX];
	struct iss_error err;
	const char *name;
	size_t i, len;
	dSP;

	for (i = 0; (name = iss_binding_name(i)) != NULL; i++) {
		iss_error_clear(&err);
		if (iss_binding_get(&err, conn, name, bytes, &len) == ISS_OK)
			mXPUSHs(newSVpv(name, 0));
	}
	OPENSSL_cleanse(bytes, sizeof(bytes));
	PUTBACK;
}
