#include "gather.h"

void
iss_gather_begin(struct iss_gathered *g)
{
	g->more = NULL;
	g->len = 0;
}

void
iss_gather(pTHX_ struct iss_gathered *g, const char *bytes, size_t len)
{
	if (g->more == NULL && len <= sizeof(g->small) - g->len) {
		Copy(bytes, g->small + g->len, len, char);
		g->len += len;
		return;
	}
	if (g->more == NULL) {
		g->more = newSVpvn(g->small, g->len);
		SAVEFREESV(g->more);
	}
	sv_catpvn_nomg(g->more, bytes, len);
}

const char *
iss_gathered_bytes(const struct iss_gathered *g, size_t *len)
{
	if (g->more == NULL) {
		*len = g->len;
		return g->small;
	}
	*len = SvCUR(g->more);
	return SvPVX_const(g->more);
}
