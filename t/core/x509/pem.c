/*
 * PEM block by block: what looks like PEM, what is in it, and what is damaged.
 */
#include "x509/pem.h"

#include <limits.h>
#include <stdlib.h>

#include "fixture.h"
#include "tap.h"

/* clang-format off */
#define B(text) text, sizeof(text) - 1
#define BOM "\xEF\xBB\xBF"

static const struct {
	const char *name, *bytes;
	size_t len;
	bool is;
} looks[] = {
	{ "nothing", B(""), false },
	{ "a block", B("-----BEGIN X-----\n"), true },
	{ "the beginning of its first line alone", B("-----BEGIN "), true },
	{ "less than that", B("-----BEGIN"), false },
	{ "the end of a block", B("-----END X-----\n"), false },
	{ "a block after text", B("text\n\n-----BEGIN X-----\n"), true },
	{ "a block after CR LF", B("text\r\n-----BEGIN X-----\r\n"), true },
	{ "a block after a byte order mark", B(BOM "-----BEGIN X-----\n"),
	    true },
	{ "a mark, text and a block", B(BOM "text\n-----BEGIN X-----\n"),
	    true },
	{ "a byte order mark alone", B(BOM), false },
	{ "two of its bytes", B("\xEF\xBB"), false },
	{ "two marks", B(BOM BOM "-----BEGIN X-----\n"), false },
	{ "a block that begins in a line", B("text -----BEGIN X-----\n"),
	    false },
	{ "a block behind a blank", B(" -----BEGIN X-----\n"), false },
	{ "a block after a lone CR", B("text\r-----BEGIN X-----\n"), false },
	{ "lower case", B("-----begin X-----\n"), false },
	{ "NUL bytes before", B("\0\0\n-----BEGIN X-----\n"), true },
	{ "newlines alone", B("\n\n\n"), false },
	{ "DER", B("\x30\x82\x01\x00"), false },
};
/* clang-format on */

/* In memory of exactly that size, so that a read beyond it is seen. */
static void *
exactly(const void *bytes, size_t len)
{
	void *copy = malloc(len > 0 ? len : 1);

	memcpy(copy, bytes, len);
	return copy;
}

static void
test_looks(void)
{
	void *copy;
	size_t i;

	for (i = 0; i < ROWS(looks); i++) {
		copy = exactly(looks[i].bytes, looks[i].len);
		ok(iss_pem_is(copy, looks[i].len) == looks[i].is, "%s: %s",
		    looks[i].name, looks[i].is ? "PEM" : "not PEM");
		free(copy);
	}
}

/* Blocks, of which each holds the three bytes 0, 1, 2. */
#define BLOCK(label)                                                           \
	"-----BEGIN " label "-----\nAAEC\n-----END " label "-----\n"

enum { MOST_BLOCKS = 4 };

/* The labels that are found, and how it ends. */
static const struct blocks {
	const char *name, *text;
	const char *labels[MOST_BLOCKS];
	int rv;
	const char *why;
} blocks[] = {
	{ .name = "nothing", .text = "", .rv = ISS_EOF },
	{ .name = "text alone", .text = "hello\n\nworld\n", .rv = ISS_EOF },
	{
	    .name = "two blocks",
	    .text = BLOCK("A") BLOCK("B C"),
	    .labels = { "A", "B C" },
	    .rv = ISS_EOF,
	},
	{
	    .name = "text around them",
	    .text = "a\n" BLOCK("A") "b\n-----END A-----\n" BLOCK("B") "c",
	    .labels = { "A", "B" },
	    .rv = ISS_EOF,
	},
	{
	    .name = "a byte order mark",
	    .text = BOM BLOCK("A"),
	    .labels = { "A" },
	    .rv = ISS_EOF,
	},
	{
	    .name = "CR LF, and no newline at the end",
	    .text = "-----BEGIN A-----\r\nAAEC\r\n-----END A-----",
	    .labels = { "A" },
	    .rv = ISS_EOF,
	},
	{
	    .name = "a block without an end",
	    .text = BLOCK("A") "-----BEGIN B-----\nAAEC\n",
	    .labels = { "A" },
	    .rv = ISS_ERROR,
	    .why = "file.pem: PEM block 2 is damaged: ",
	},
	{
	    .name = "the beginning of a block",
	    .text = "-----BEGIN A-----",
	    .rv = ISS_ERROR,
	    .why = "file.pem: PEM block 1 is damaged: ",
	},
	{
	    .name = "an end that belongs to another beginning",
	    .text = BLOCK("A") BLOCK("B") "-----BEGIN C-----\nAAEC\n"
					  "-----END D-----\n",
	    .labels = { "A", "B" },
	    .rv = ISS_ERROR,
	    .why = "file.pem: PEM block 3 is damaged: bad end line",
	},
	{
	    .name = "bytes that are not base64",
	    .text = "-----BEGIN A-----\n!!!!\n-----END A-----\n",
	    .rv = ISS_ERROR,
	    .why = "file.pem: PEM block 1 is damaged: bad base64 decode",
	},
	{
	    .name = "base64 that is cut off",
	    .text = "-----BEGIN A-----\nAAE\n-----END A-----\n",
	    .rv = ISS_ERROR,
	    .why = "file.pem: PEM block 1 is damaged: bad base64 decode",
	},
};

/* Every block but the last, then what iss_pem_next returns. */
static void
test_blocks(const struct blocks *row)
{
	size_t len = strlen(row->text), i = 0;
	void *copy = exactly(row->text, len);
	struct iss_error err;
	struct iss_pem pem;
	int rv;

	iss_error_clear(&err);
	is_int(iss_pem_init(&err, &pem, copy, len), ISS_OK, "%s", row->name);
	while ((rv = iss_pem_next(&err, &pem, "file.pem")) == ISS_OK) {
		if (!ok(i < MOST_BLOCKS && row->labels[i] != NULL,
			"... block %zu", i))
			break;
		is_text(pem.label, row->labels[i], "... its label");
		is_bytes(
		    pem.data, (size_t)pem.len, "\0\1\2", 3, "... its bytes");
		is_int((long long)pem.blocks, (long long)++i, "... its number");
	}
	is_int(rv, row->rv, "... then the end");
	ok(i == MOST_BLOCKS || row->labels[i] == NULL, "... after all blocks");
	ok(pem.label == NULL && pem.data == NULL, "... no block is left over");
	if (row->why != NULL)
		has_text(err.text, row->why, "... why");
	else
		ok(!iss_error_is_set(&err), "... without an error");
	iss_pem_release(&pem);
	ok(pem.bio == NULL, "... released");
	iss_pem_release(&pem);
	free(copy);
}

/* A damaged block is passed over, should somebody go on. */
static void
test_go_on(void)
{
	static const char text[] =
	    "-----BEGIN A-----\n!!!!\n-----END A-----\n" BLOCK("B");
	struct iss_error err;
	struct iss_pem pem;

	iss_error_clear(&err);
	iss_pem_init(&err, &pem, text, sizeof(text) - 1);
	is_int(iss_pem_next(&err, &pem, "x"), ISS_ERROR, "a damaged block");
	is_int(iss_pem_next(&err, &pem, "x"), ISS_OK, "... and the next one");
	is_text(pem.label, "B", "... is read");
	has_text(err.text, "block 1", "... with the first error kept");
	iss_pem_release(&pem);

	iss_error_clear(&err);
	is_int(iss_pem_init(&err, &pem, text, (size_t)INT_MAX + 1), ISS_ERROR,
	    "more bytes than OpenSSL counts");
	is_text(err.text, "the PEM text is too large", "... why");
	iss_pem_release(&pem);
}

static void
test_labels(void)
{
	static const struct {
		const char *label;
		bool cert, crl, key;
	} cases[] = {
		{ "CERTIFICATE", .cert = true },
		{ "X509 CERTIFICATE", .cert = true },
		{ "TRUSTED CERTIFICATE", .cert = true },
		{ "NEW CERTIFICATE REQUEST", .cert = false },
		{ "CERTIFICATE REQUEST", .cert = false },
		{ "certificate", .cert = false },
		{ "X509 CRL", .crl = true },
		{ "CRL", .crl = false },
		{ "PRIVATE KEY", .key = true },
		{ "RSA PRIVATE KEY", .key = true },
		{ "EC PRIVATE KEY", .key = true },
		{ "ENCRYPTED PRIVATE KEY", .key = true },
		{ "PUBLIC KEY", .key = false },
		{ "PRIVATE KEYS", .key = false },
		{ "KEY", .key = false },
		{ "", .key = false },
	};
	struct iss_pem pem = { 0 };
	char label[64];
	size_t i;

	pem.label = label;
	for (i = 0; i < ROWS(cases); i++) {
		snprintf(label, sizeof(label), "%s", cases[i].label);
		ok(iss_pem_is_cert(&pem) == cases[i].cert, "'%s': certificate?",
		    label);
		ok(iss_pem_is_crl(&pem) == cases[i].crl,
		    "... revocation list?");
		ok(iss_pem_is_key(&pem) == cases[i].key, "... private key?");
	}
}

/* The bytes of a block as what they are, cut off, and as the other. */
static void
test_decode(void)
{
	struct iss_pem pem = { .blocks = 7 };
	X509 *want = fixture_cert("server"), *cert;
	unsigned char *der = NULL;
	struct iss_error err;
	int len = i2d_X509(want, &der);

	iss_error_clear(&err);
	pem.data = der;
	pem.len = len;
	cert = iss_pem_cert(&err, &pem, "file.pem");
	ok(cert != NULL && X509_cmp(cert, want) == 0, "a certificate");
	X509_free(cert);
	pem.len = len - 1;
	ok(iss_pem_cert(&err, &pem, "file.pem") == NULL, "one that is cut off");
	has_text(err.text,
	    "file.pem: the certificate in PEM block 7 is damaged: ",
	    "... names file and block");
	iss_error_clear(&err);
	pem.len = 0;
	ok(iss_pem_cert(&err, &pem, "file.pem") == NULL, "one without bytes");
	ok(iss_error_is_set(&err), "... is an error");
	iss_error_clear(&err);
	pem.len = len;
	ok(iss_pem_crl(&err, &pem, "file.pem") == NULL,
	    "a certificate as a revocation list");
	has_text(err.text,
	    "file.pem: the revocation list in PEM block 7 is damaged: ",
	    "... names file and block");
	OPENSSL_free(der);
	X509_free(want);
}

static void
test_crl(void)
{
	FILE *in = fopen(CERTS "crl.der", "rb");
	unsigned char der[4096];
	struct iss_pem pem = { .data = der, .blocks = 1 };
	struct iss_error err;
	X509_CRL *crl;

	iss_error_clear(&err);
	pem.len = in != NULL ? (long)fread(der, 1, sizeof(der), in) : 0;
	crl = iss_pem_crl(&err, &pem, "x");
	ok(crl != NULL, "a revocation list");
	X509_CRL_free(crl);
	ok(iss_pem_cert(&err, &pem, "x") == NULL, "... is not a certificate");
	if (in != NULL)
		fclose(in);
}

static void
test_add_key(void)
{
	EVP_PKEY *key = fixture_key("server"), *same = NULL;
	X509 *cert = fixture_cert("server");
	struct iss_error err;
	struct iss_buf out;
	struct iss_pem pem;
	const unsigned char *at;

	iss_error_clear(&err);
	iss_buf_init(&out, 65536);
	iss_buf_puts(&out, "text before\n");
	is_int(iss_pem_add_key(&err, &out, key), ISS_OK, "a key is appended");
	iss_pem_init(&err, &pem, out.data, out.len);
	is_int(iss_pem_next(&err, &pem, "x"), ISS_OK, "... as a block");
	is_text(pem.label, "PRIVATE KEY", "... with its label");
	is_text(pem.header, "", "... not encrypted");
	at = pem.data;
	same = d2i_AutoPrivateKey(NULL, &at, pem.len);
	ok(same != NULL && X509_check_private_key(cert, same) == 1,
	    "... the same key");
	EVP_PKEY_free(same);
	iss_pem_release(&pem);
	iss_buf_release(&out);
	iss_buf_init(&out, 100);
	is_int(iss_pem_add_key(&err, &out, key), ISS_ERROR,
	    "a buffer that is too small");
	ok(iss_error_is_set(&err) && out.len == 0, "... gets nothing");
	iss_buf_release(&out);
	EVP_PKEY_free(key);
	X509_free(cert);
}

/* An encrypted key is found as it is; nobody asks for a password. */
static void
test_encrypted(void)
{
	static const char text[] = "-----BEGIN RSA PRIVATE KEY-----\n"
				   "Proc-Type: 4,ENCRYPTED\n"
				   "DEK-Info: AES-128-CBC,00\n\n"
				   "AAEC\n"
				   "-----END RSA PRIVATE KEY-----\n";
	struct iss_error err;
	struct iss_pem pem;

	iss_error_clear(&err);
	iss_pem_init(&err, &pem, text, sizeof(text) - 1);
	is_int(iss_pem_next(&err, &pem, "x"), ISS_OK, "an encrypted key");
	has_text(pem.header, "4,ENCRYPTED", "... says so in its header");
	is_bytes(
	    pem.data, (size_t)pem.len, "\0\1\2", 3, "... is not decrypted");
	iss_pem_release(&pem);
}

int
main(void)
{
	size_t i;

	test_looks();
	for (i = 0; i < ROWS(blocks); i++)
		test_blocks(&blocks[i]);
	test_go_on();
	test_labels();
	test_decode();
	test_crl();
	test_add_key();
	test_encrypted();
	return tap_done();
}
