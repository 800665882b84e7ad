/*
 * sign - DKIM signatures by libopendkim; the only reader of private keys
 *
 * relaxed/simple, rsa-sha256, as the service signs (contract 7.4), and
 * ed25519-sha256 beside it (RFC 8463): two handles that are fed the same.  The
 * library parses the key of every signature anew, which costs more than the
 * signature.  So its call of PEM_read_bio_PrivateKey is answered here, from
 * a cache of the process: the program is linked with -rdynamic and the
 * library resolves the name to ours.  A self-test at start sees whether it
 * does; without it the plain path is taken, slower and just as right.
 *
 * Unsealed keys are cached too, found by their sealed bytes.
 */
#include "sign.h"

#include <dlfcn.h>
#include <opendkim/dkim.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/arena.h"
#include "base/log.h"
#include "keycache.h"
#include "model/counter.h"
#include "sealing.h"

struct sign_s {
    ses_str_t id;
    unsigned n;
    DKIM *dkim[SIGN_MAX]; /* NULL = left out */
};

typedef EVP_PKEY *(*read_key_t)(BIO *, EVP_PKEY **, pem_password_cb *, void *);

static DKIM_LIB *library;
static keycache_t *parsed; /* PEM -> EVP_PKEY */
static keycache_t *opened; /* what it is sealed to, sealed bytes -> PEM */

/* --- memory ------------------------------------------------------------ */

/*
 * libopendkim 2.11 leaks its state of every Ed25519 key.  So it has its
 * memory from here, from the pool of a handle, and what it left is freed
 * with the handle.  The reference to the key itself is lost: such a key is
 * not freed when the cache gives it up.
 */
typedef struct block_s {
    struct block_s *prev, *next;
} block_t;

static void *
take_block(void *pool, size_t n)
{
    block_t *b = ses_xmalloc(sizeof(*b) + n), *head = pool;

    b->prev = b->next = b;
    if (head != NULL) {
        b->prev = head;
        b->next = head->next;
        head->next->prev = b;
        head->next = b;
    }
    return b + 1;
}

static void
drop_block(void *pool, void *p)
{
    block_t *b = p;

    (void) pool;
    if (p == NULL)
        return;
    b--;
    b->prev->next = b->next;
    b->next->prev = b->prev;
    ses_xfree(b);
}

static block_t *
pool_new(void)
{
    block_t *head = ses_xmalloc(sizeof(*head));

    head->prev = head->next = head;
    return head;
}

static void
pool_free(block_t *head)
{
    while (head->next != head)
        drop_block(head, head->next + 1);
    ses_xfree(head);
}

static void
handle_free(DKIM *dkim)
{
    block_t *pool = dkim_get_user_context(dkim);

    dkim_free(dkim);
    pool_free(pool);
}

/* What is signed when it is there ... */
static const u_char *const signed_fields[] = {
    (const u_char *) "From",
    (const u_char *) "Sender",
    (const u_char *) "Reply-To",
    (const u_char *) "To",
    (const u_char *) "Cc",
    (const u_char *) "Subject",
    (const u_char *) "Date",
    (const u_char *) "Message-ID",
    (const u_char *) "In-Reply-To",
    (const u_char *) "References",
    (const u_char *) "MIME-Version",
    (const u_char *) "Content-Type",
    (const u_char *) "Content-Transfer-Encoding",
    (const u_char *) "Content-ID",
    (const u_char *) "Content-Description",
    (const u_char *) "Content-Disposition",
    (const u_char *) "Content-Language",
    (const u_char *) "Auto-Submitted",
    (const u_char *) "Precedence",
    (const u_char *) "Feedback-ID",
    (const u_char *) "List-Id",
    (const u_char *) "List-Help",
    (const u_char *) "List-Unsubscribe",
    (const u_char *) "List-Unsubscribe-Post",
    (const u_char *) "List-Subscribe",
    (const u_char *) "List-Post",
    (const u_char *) "List-Owner",
    (const u_char *) "List-Archive",
    NULL,
};

/* ... and what nobody may add or add again afterwards. */
static const u_char *const oversigned_fields[] = {
    (const u_char *) "From",
    (const u_char *) "Sender",
    (const u_char *) "Reply-To",
    (const u_char *) "To",
    (const u_char *) "Cc",
    (const u_char *) "Subject",
    (const u_char *) "Date",
    (const u_char *) "Message-ID",
    (const u_char *) "MIME-Version",
    (const u_char *) "Content-Type",
    (const u_char *) "Content-Transfer-Encoding",
    (const u_char *) "List-Unsubscribe",
    (const u_char *) "List-Unsubscribe-Post",
    NULL,
};

/* --- the caches -------------------------------------------------------- */

static void *
take_key(void *value, void *arg)
{
    (void) arg;
    return EVP_PKEY_up_ref(value) == 1 ? value : NULL;
}

static void
drop_key(void *value)
{
    EVP_PKEY_free(value);
}

static void *
take_text(void *value, void *arena)
{
    return ses_str_c(arena, ses_str(value));
}

static void
drop_text(void *value)
{
    OPENSSL_cleanse(value, strlen(value));
    ses_xfree(value);
}

/* Stands in for OpenSSL's when libopendkim calls it. */
__attribute__((visibility("default"))) EVP_PKEY *
PEM_read_bio_PrivateKey(BIO *bio, EVP_PKEY **x, pem_password_cb *cb, void *u)
{
    read_key_t real = NULL;
    EVP_PKEY *key;
    char *pem = NULL;
    long n = 0;

    *(void **) &real = dlsym(RTLD_NEXT, "PEM_read_bio_PrivateKey");
    if (real == NULL)
        return NULL;
    if (parsed == NULL || x != NULL || BIO_method_type(bio) != BIO_TYPE_MEM ||
        (n = BIO_get_mem_data(bio, &pem)) <= 0)
        return real(bio, x, cb, u);

    if ((key = keycache_get(parsed, pem, (size_t) n, NULL)) != NULL)
        return key;
    /* A BIO of its own: reading bio would take its bytes away. */
    if ((bio = BIO_new_mem_buf(pem, (int) n)) == NULL)
        return NULL;
    key = real(bio, NULL, cb, u);
    BIO_free(bio);
    if (key != NULL && EVP_PKEY_up_ref(key) == 1)
        keycache_put(parsed, pem, (size_t) n, key);
    return key;
}

/* The PEM text of a sealed key, NUL-terminated in cx->arena.  It is cached
 * under what it was sealed to, too: a row that was copied does not open. */
static ses_rc_t
open_key(ses_cx_t *cx, const sign_key_t *k, char **pem)
{
    ses_str_t name = ses_str_cat(cx->arena, k->aad, k->sealed), plain;
    char *copy;
    ses_rc_t rc;

    *pem = keycache_get(opened, name.p, name.n, cx->arena);
    if (*pem != NULL)
        return SES_OK;
    rc = sealing_open(cx, k->aad, k->sealed, &plain);
    if (rc == SES_DENIED)
        return ses_fail(cx, SES_FAULT, "dkim: key of %.*s does not open",
                        SES_FMT(k->domain));
    if (rc != SES_OK)
        return rc;
    *pem = ses_str_c(cx->arena, plain);
    OPENSSL_cleanse((char *) (uintptr_t) plain.p, plain.n);
    copy = ses_xmalloc(plain.n + 1);
    memcpy(copy, *pem, plain.n + 1);
    keycache_put(opened, name.p, name.n, copy);
    return SES_OK;
}

/* --- one signature ----------------------------------------------------- */

static ses_rc_t
failed(ses_cx_t *cx, DKIM *dkim, const char *step, DKIM_STAT st)
{
    const char *why = dkim != NULL ? dkim_geterror(dkim) : NULL;

    return ses_fail(cx, SES_FAULT, "dkim: %s: %s (%s)", step,
                    dkim_getresultstr(st), why == NULL ? "-" : why);
}

static ses_rc_t
feed_header(ses_cx_t *cx, DKIM *dkim, const ses_headers_t *header)
{
    ses_str_t line;
    DKIM_STAT st;
    unsigned k;

    for (k = 0; k < header->n; k++) {
        line =
            ses_str_printf(cx->arena, "%.*s:%.*s", SES_FMT(header->v[k].name),
                           SES_FMT(header->v[k].value));
        st = dkim_header(dkim, (u_char *) ses_str_c(cx->arena, line), line.n);
        if (st != DKIM_STAT_OK)
            return failed(cx, dkim, "header", st);
    }
    st = dkim_eoh(dkim);
    return st == DKIM_STAT_OK ? SES_OK : failed(cx, dkim, "end of header", st);
}

/* A handle for a key and its PEM text, with header fed. */
static ses_rc_t
start(ses_cx_t *cx, const sign_key_t *k, char *pem, ses_str_t id,
      const ses_headers_t *header, DKIM **out)
{
    DKIM_STAT st = DKIM_STAT_OK;
    block_t *pool = pool_new();
    ses_rc_t rc;
    DKIM *dkim;

    dkim = dkim_sign(library, (u_char *) ses_str_c(cx->arena, id), pool,
                     (dkim_sigkey_t) pem,
                     (u_char *) ses_str_c(cx->arena, k->selector),
                     (u_char *) ses_str_c(cx->arena, k->domain),
                     DKIM_CANON_RELAXED, DKIM_CANON_SIMPLE,
                     k->kind == SES_DKIM_ED25519 ? DKIM_SIGN_ED25519SHA256
                                                 : DKIM_SIGN_RSASHA256,
                     -1, &st);
    if (dkim == NULL) {
        pool_free(pool);
        return failed(cx, NULL, "start", st);
    }
    dkim_set_user_context(dkim, pool);
    if ((rc = feed_header(cx, dkim, header)) != SES_OK) {
        handle_free(dkim);
        return rc;
    }
    *out = dkim;
    return SES_OK;
}

static ses_rc_t
begin(ses_cx_t *cx, const sign_key_t *k, ses_str_t id,
      const ses_headers_t *header, DKIM **out)
{
    ses_rc_t rc;
    char *pem;

    if ((rc = open_key(cx, k, &pem)) != SES_OK)
        return rc;
    rc = start(cx, k, pem, id, header, out);
    OPENSSL_cleanse(pem, strlen(pem));
    return rc;
}

/* The value of DKIM-Signature without its CRs. */
static ses_rc_t
end(ses_cx_t *cx, DKIM *dkim, ses_str_t *value)
{
    u_char *text = NULL;
    size_t n = 0, i, k = 0;
    DKIM_STAT st;
    char *p;

    if ((st = dkim_eom(dkim, NULL)) != DKIM_STAT_OK)
        return failed(cx, dkim, "end of message", st);
    st = dkim_getsighdr_d(dkim, strlen(DKIM_SIGNHEADER) + 2, &text, &n);
    if (st != DKIM_STAT_OK)
        return failed(cx, dkim, "header field", st);
    p = ses_alloc(cx->arena, n + 1);
    for (i = 0; i < n; i++)
        if (text[i] != '\r')
            p[k++] = (char) text[i];
    p[k] = '\0';
    *value = ses_str_n(p, k);
    return SES_OK;
}

/* --- all signatures of a message --------------------------------------- */

/* The first must be made; a further one that fails is left out, and neither
 * stops nor delays the message.  True = leave it out. */
static bool
left_out(ses_cx_t *cx, sign_t *s, unsigned n, ses_rc_t rc)
{
    ses_tally(SES_SIGN_FAILED);
    if (n == 0)
        return false;
    ses_log(SES_LOG_WARN, "%.*s: a further signature was left out: %s",
            SES_FMT(s->id), ses_rc_name(rc));
    if (s->dkim[n] != NULL)
        handle_free(s->dkim[n]);
    s->dkim[n] = NULL;
    ses_cx_clear(cx);
    return true;
}

ses_rc_t
sign_begin(ses_cx_t *cx, const sign_key_t *keys, unsigned n, ses_str_t id,
           const ses_headers_t *header, sign_t **out)
{
    sign_t *s = ses_xcalloc(sizeof(*s));
    ses_rc_t rc;

    s->id = id;
    for (; s->n < n && s->n < SIGN_MAX; s->n++) {
        rc = begin(cx, &keys[s->n], id, header, &s->dkim[s->n]);
        if (rc != SES_OK && !left_out(cx, s, s->n, rc)) {
            sign_free(s);
            return rc;
        }
    }
    *out = s;
    return SES_OK;
}

ses_rc_t
sign_body(ses_cx_t *cx, sign_t *s, const void *p, size_t n)
{
    DKIM_STAT st;
    ses_rc_t rc;
    unsigned k;

    for (k = 0; k < s->n && n > 0; k++) {
        if (s->dkim[k] == NULL)
            continue;
        st = dkim_body(s->dkim[k], (u_char *) (uintptr_t) p, n);
        if (st == DKIM_STAT_OK)
            continue;
        rc = failed(cx, s->dkim[k], "body", st);
        if (!left_out(cx, s, k, rc))
            return rc;
    }
    return SES_OK;
}

ses_rc_t
sign_end(ses_cx_t *cx, sign_t *s, ses_str_t values[SIGN_MAX], unsigned *n)
{
    ses_rc_t rc;
    unsigned k;

    *n = 0;
    for (k = 0; k < s->n; k++) {
        if (s->dkim[k] == NULL)
            continue;
        rc = end(cx, s->dkim[k], &values[*n]);
        if (rc == SES_OK)
            ++*n;
        else if (!left_out(cx, s, k, rc))
            return rc;
    }
    return SES_OK;
}

void
sign_free(sign_t *s)
{
    unsigned k;

    if (s == NULL)
        return;
    for (k = 0; k < SIGN_MAX; k++)
        if (s->dkim[k] != NULL)
            handle_free(s->dkim[k]);
    ses_xfree(s);
}

/* --- start ------------------------------------------------------------- */

/* Sign an empty message with a key of its own. */
static ses_rc_t
sign_nothing(ses_cx_t *cx, char *pem)
{
    static const sign_key_t key = {
        .domain = SES_STR_INIT("a.test"),
        .selector = SES_STR_INIT("s"),
        .kind = SES_DKIM_RSA,
    };
    ses_headers_t header;
    ses_str_t value;
    DKIM *dkim;
    ses_rc_t rc;

    ses_headers_init(&header, cx->arena);
    rc = ses_headers_add(cx, &header, SES_STR("From"), SES_STR(" a@a.test"));
    if (rc != SES_OK)
        return rc;
    rc = start(cx, &key, pem, SES_STR("self-test"), &header, &dkim);
    if (rc != SES_OK)
        return rc;
    rc = end(cx, dkim, &value);
    handle_free(dkim);
    return rc;
}

/* Two signatures with one key: the second must have found it. */
static ses_rc_t
self_test(ses_cx_t *cx)
{
    EVP_PKEY *key = EVP_RSA_gen(1024);
    BIO *bio = BIO_new(BIO_s_mem());
    ses_rc_t rc = SES_FAULT;
    char *p = NULL, *pem;
    long n;

    if (key != NULL && bio != NULL &&
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
        (n = BIO_get_mem_data(bio, &p)) > 0) {
        pem = ses_str_c(cx->arena, ses_str_n(p, (size_t) n));
        if ((rc = sign_nothing(cx, pem)) == SES_OK)
            rc = sign_nothing(cx, pem);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    if (rc != SES_OK)
        return ses_fail(cx, SES_FAULT, "dkim: the self-test failed");
    if (keycache_hits(parsed) == 0)
        ses_log(SES_LOG_WARN, "dkim: libopendkim does not use the key cache: "
                              "signing works, at three times the cost");
    return SES_OK;
}

static bool
option(dkim_opts_t which, const u_char *const *list)
{
    const u_char **value = (const u_char **) (uintptr_t) list;

    return dkim_options(library, DKIM_OP_SETOPT, which, value,
                        sizeof(u_char **)) == DKIM_STAT_OK;
}

ses_rc_t
sign_init(ses_cx_t *cx)
{
    parsed = keycache_new(take_key, drop_key);
    opened = keycache_new(take_text, drop_text);
    if ((library = dkim_init(take_block, drop_block)) == NULL ||
        !option(DKIM_OPTS_SIGNHDRS, signed_fields) ||
        !option(DKIM_OPTS_OVERSIGNHDRS, oversigned_fields))
        return ses_fail(cx, SES_FAULT, "dkim: libopendkim does not start");
    return self_test(cx);
}

void
sign_exit(void)
{
    if (library != NULL)
        dkim_close(library);
    keycache_free(opened);
    keycache_free(parsed);
    library = NULL;
    opened = parsed = NULL;
}
