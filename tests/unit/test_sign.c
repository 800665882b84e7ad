/*
 * test_sign - signatures against the examples of RFC 6376 and RFC 8463
 */
// LIBS: -lopendkim -lresolv -ldl
#include "model_store.h"

#include "../../milter/gate/keycache.c"
#include "../../milter/gate/sealing.c"
#include "../../milter/gate/sign.c"

/* RFC 8463 appendix A: the keys' records and the message. */
#define SEED "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
#define PUBLIC "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const char *const fields[] = {
    "From: Joe SixPack <joe@football.example.com>",
    "To: Suzie Q <suzie@shopping.example.net>",
    "Subject: Is dinner ready?",
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)",
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>",
};
#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

static const char body[] =
    "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

static const char example[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==";

/* libopendkim never gives back a reference to an Ed25519 key. */
__attribute__((visibility("default"))) const char *
__lsan_default_suppressions(void)
{
    return "leak:libcrypto.so";
}

static DKIM_STAT
record(DKIM *dkim, DKIM_SIGINFO *sig, u_char *buf, size_t size)
{
    (void) dkim;
    (void) sig;
    snprintf((char *) buf, size, "v=DKIM1; k=ed25519; p=" PUBLIC);
    return DKIM_STAT_OK;
}

static DKIM_STAT
verify(const char *signature)
{
    DKIM_LIB *lib = dkim_init(NULL, NULL);
    DKIM_STAT st;
    DKIM *d;
    size_t i;

    dkim_set_key_lookup(lib, record);
    d = dkim_verify(lib, (u_char *) (uintptr_t) "id", NULL, &st);
    assert_non_null(d);
    st = dkim_header(d, (u_char *) (uintptr_t) signature, strlen(signature));
    assert_int_equal(st, DKIM_STAT_OK);
    for (i = 0; i < NFIELDS; i++)
        assert_int_equal(
            dkim_header(d, (u_char *) (uintptr_t) fields[i], strlen(fields[i])),
            DKIM_STAT_OK);
    st = dkim_eoh(d);
    if (st == DKIM_STAT_OK)
        st = dkim_body(d, (u_char *) (uintptr_t) body, sizeof(body) - 1);
    if (st == DKIM_STAT_OK)
        st = dkim_eom(d, NULL);
    dkim_free(d);
    dkim_close(lib);
    return st;
}

/* The private key of the example as the gate keeps one, PKCS #8 in PEM, and
 * its record's p=. */
static char *
example_key(fixture_t *f)
{
    BIO *bio = BIO_new(BIO_s_mem());
    uint8_t raw[32];
    size_t n = sizeof(raw);
    ses_str_t seed;
    EVP_PKEY *key;
    char *p, *pem;

    assert_true(ses_base64_parse(f->arena, SES_STR(SEED), &seed));
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
                                       (const uint8_t *) seed.p, seed.n);
    assert_non_null(key);
    assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &n), 1);
    assert_true(same(ses_base64(f->arena, ses_str_n(raw, n)), PUBLIC));
    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    n = (size_t) BIO_get_mem_data(bio, &p);
    pem = ses_str_c(f->arena, ses_str_n(p, n));
    BIO_free(bio);
    EVP_PKEY_free(key);
    return pem;
}

/* Our signature of the example's header and of a body in pieces. */
static char *
sign(fixture_t *f, const char *text, size_t piece)
{
    static const sign_key_t key = {
        .domain = SES_STR_INIT("football.example.com"),
        .selector = SES_STR_INIT("brisbane"),
        .kind = SES_DKIM_ED25519,
    };
    ses_headers_t header;
    ses_str_t value, field;
    size_t i, n, left = strlen(text);
    ptrdiff_t colon;
    DKIM *dkim;

    ses_headers_init(&header, f->arena);
    for (i = 0; i < NFIELDS; i++) {
        field = ses_str(fields[i]);
        colon = ses_str_find(field, ':');
        assert_int_equal(
            ses_headers_add(&f->cx, &header,
                            ses_str_head(field, (size_t) colon),
                            ses_str_from(field, (size_t) colon + 1)),
            SES_OK);
    }
    assert_int_equal(
        start(&f->cx, &key, example_key(f), SES_STR("id"), &header, &dkim),
        SES_OK);
    for (; left > 0; text += n, left -= n) {
        n = left < piece ? left : piece;
        assert_int_equal(dkim_body(dkim, (u_char *) (uintptr_t) text, n),
                         DKIM_STAT_OK);
    }
    assert_int_equal(end(&f->cx, dkim, &value), SES_OK);
    handle_free(dkim);
    assert_true(ses_str_find(value, '\r') < 0);
    return ses_str_c(f->arena,
                     ses_str_cat(f->arena, SES_STR("DKIM-Signature: "), value));
}

static void
test_example(void **state)
{
    fixture_t *f = *state;
    char *wrong = ses_str_c(f->arena, ses_str(example));

    assert_int_equal(verify(example), DKIM_STAT_OK);
    *strstr(wrong, "gCrin") = 'G';
    assert_int_not_equal(verify(wrong), DKIM_STAT_OK);
    assert_int_equal(verify(sign(f, body, 1000)), DKIM_STAT_OK);
    assert_int_equal(verify(sign(f, body, 1)), DKIM_STAT_OK);
    assert_int_not_equal(verify(sign(f, "another\r\n", 100)), DKIM_STAT_OK);
}

/* RFC 6376 sections 3.4.3 and 3.4.5: what is hashed of a body. */
static void
test_body(void **state)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"", "\r\n"},
        {"\r\n\r\n\r\n", "\r\n"},
        {" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n"},
        {"a  \r\n", "a  \r\n"},
    };
    fixture_t *f = *state;
    uint8_t sum[SES_SHA256];
    ses_str_t want;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ses_sha256(ses_str(cases[i].canonical), sum);
        want =
            ses_str_printf(f->arena, "bh=%.*s;",
                           SES_FMT(ses_base64(f->arena, ses_str_n(sum, 32))));
        if (ses_str_search(ses_str(sign(f, cases[i].text, 3)), want) < 0)
            fail_msg("body %zu: no %.*s", i, SES_FMT(want));
    }
    ses_sha256(SES_STR("\r\n"), sum);
    assert_true(same(ses_base64(f->arena, ses_str_n(sum, 32)),
                     "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="));
}

static int
begin_all(void **state)
{
    fixture_t *f;

    if (setup(state) != 0)
        return -1;
    f = *state;
    return sign_init(&f->cx) == SES_OK ? 0 : -1;
}

static int
end_all(void **state)
{
    sign_exit();
    return teardown(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_example, begin_all, end_all),
        cmocka_unit_test_setup_teardown(test_body, begin_all, end_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
