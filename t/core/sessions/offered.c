/*
 * Session ids in a pre_shared_key extension, whole and damaged.
 */
#include "sessions/offered.h"

#include <string.h>

#include "base/buf.h"
#include "tap.h"

/* An extension with identities of these lengths, each of one byte repeated, and
 * with binders that are not read. */
static void
make(struct iss_buf *ext, const size_t *lens, size_t count)
{
	unsigned char identity[256], head[2];
	struct iss_buf list;
	size_t i;

	iss_buf_init(&list, 4096);
	iss_buf_init(ext, 4096);
	for (i = 0; i < count; i++) {
		memset(identity, (int)i + 'a', sizeof(identity));
		head[0] = (unsigned char)(lens[i] >> 8);
		head[1] = (unsigned char)lens[i];
		iss_buf_append(&list, head, 2);
		iss_buf_append(&list, identity, lens[i]);
		iss_buf_append(&list, "\0\0\0\0", 4);
	}
	head[0] = (unsigned char)(list.len >> 8);
	head[1] = (unsigned char)list.len;
	iss_buf_append(ext, head, 2);
	iss_buf_append(ext, list.data, list.len);
	iss_buf_append(ext, "\0\2\1\1", 4);
	iss_buf_release(&list);
}

/* The first bytes of the ids that are found. */
static void
found(const struct iss_buf *ext, size_t len, char *out)
{
	const unsigned char *id;
	size_t i;

	for (i = 0;
	     iss_offered_psk((const unsigned char *)ext->data, len, i, &id);
	     i++)
		out[i] = (char)id[ISS_OFFERED_LEN - 1];
	out[i] = '\0';
}

int
main(void)
{
	static const size_t lens[] = { 32, 31, 32, 33, 200, 32 };
	static const struct {
		const char *wanted, *what;
		size_t cut;
	} cases[] = {
		{ "acf", "ids of 32 bytes, in order", 0 },
		{ "acf", "without binders", 4 },
		{ "", "the list is too short", 5 },
		{ "", "nothing at all", 400 },
	};
	struct iss_buf ext;
	char ids[8];
	size_t i;

	make(&ext, lens, sizeof(lens) / sizeof(lens[0]));
	is_int((int)ext.len, 2 + 32 * 3 + 31 + 33 + 200 + 6 * 6 + 4, "made");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		found(&ext, cases[i].cut > ext.len ? 0 : ext.len - cases[i].cut,
		    ids);
		ok(strcmp(ids, cases[i].wanted) == 0, "%s", cases[i].what);
	}
	((unsigned char *)ext.data)[1]--; /* an age of three bytes */
	found(&ext, ext.len, ids);
	ok(strcmp(ids, "ac") == 0, "the last identity is cut off");
	iss_buf_release(&ext);
	return tap_done();
}
