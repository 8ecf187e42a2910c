#include "state.h"

#include "debug.h"

void
iss_tell_open(pTHX_ GV *glob, struct iss_conn *conn)
{
	HV *hash = GvHVn(glob);
	char text[128];

	if (iss_debug_level(aTHX) >= 1) {
		my_snprintf(text, sizeof(text), "%s with %s",
		    SSL_get_version(conn->ssl), SSL_get_cipher_name(conn->ssl));
		iss_debug_print(aTHX_ text);
	}
	(void)hv_stores(hash, "_SSL_opened", newSViv(1));
	(void)hv_deletes(hash, "_SSL_opening", G_DISCARD);
}
