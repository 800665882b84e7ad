/*
 * sigv4_canonical - canonical request and string to sign
 *
 * The path is taken as received, freed of dot segments and double slashes
 * as the SDKs do, and every byte outside the unreserved set is encoded
 * again.  Query pairs are decoded once, encoded, and sorted.
 */
#include "api/sigv4_canonical.h"

#include <stdlib.h>

#define CANONICAL_MAX (512 * 1024)
#define SIGNED_MAX 100 /* headers: each is searched for in all */

static void
encode(ses_buf_t *b, ses_str_t s)
{
    ses_buf_str(b, ses_percent(b->arena, s));
}

void
sigv4_canonical_path(ses_buf_t *b, ses_str_t path)
{
    ses_str_t *stack = ses_alloc(b->arena, (path.n + 1) * sizeof(*stack));
    ses_str_t rest = path, part;
    size_t n = 0, i;

    while (ses_str_cut(&rest, '/', &part)) {
        if (part.n == 0 || ses_str_eqc(part, "."))
            continue;
        if (!ses_str_eqc(part, ".."))
            stack[n++] = part;
        else if (n > 0)
            n--;
    }
    for (i = 0; i < n; i++) {
        ses_buf_char(b, '/');
        encode(b, stack[i]);
    }
    if (n == 0 || ses_str_ends(path, SES_STR("/")))
        ses_buf_char(b, '/');
}

struct pair {
    ses_str_t name, value;
};

static int
by_name_and_value(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    int order = ses_str_cmp(a->name, b->name);

    return order != 0 ? order : ses_str_cmp(a->value, b->value);
}

/* A presigned request is signed with all of its query but the signature. */
static bool
is_signature(ses_str_t name)
{
    return ses_str_eqc(name, "X-Amz-Signature");
}

/* Decoded and encoded again; as it is when it cannot be decoded. */
static ses_str_t
recode(ses_arena_t *a, ses_str_t s)
{
    ses_str_t plain;

    return ses_percent(a, ses_percent_parse(a, s, false, &plain) ? plain : s);
}

void
sigv4_canonical_query(ses_buf_t *b, ses_str_t query, bool presigned)
{
    ses_str_t rest = query, name, value;
    struct pair *pairs;
    size_t n = 0, max = 1, i;

    for (i = 0; i < query.n; i++)
        max += query.p[i] == '&';
    pairs = ses_alloc(b->arena, max * sizeof(*pairs));

    while (api_pair_cut(&rest, &name, &value)) {
        pairs[n].name = recode(b->arena, name);
        if (presigned && is_signature(pairs[n].name))
            continue;
        pairs[n++].value = recode(b->arena, value);
    }
    qsort(pairs, n, sizeof(*pairs), by_name_and_value);

    for (i = 0; i < n; i++) {
        if (i > 0)
            ses_buf_char(b, '&');
        ses_buf_str(b, pairs[i].name);
        ses_buf_char(b, '=');
        ses_buf_str(b, pairs[i].value);
    }
}

/* A value without outer blanks, runs of inner ones as one space. */
static void
add_value(ses_buf_t *b, ses_str_t value)
{
    bool blank = false;
    size_t i;

    value = ses_str_trim(value);
    for (i = 0; i < value.n; i++) {
        if (value.p[i] == ' ' || value.p[i] == '\t') {
            blank = true;
            continue;
        }
        if (blank)
            ses_buf_char(b, ' ');
        blank = false;
        ses_buf_char(b, value.p[i]);
    }
}

/* One line of all headers of this name. */
static void
add_header(ses_buf_t *b, const api_request_t *r, ses_str_t name)
{
    unsigned i;
    bool first = true;

    ses_buf_str(b, name);
    ses_buf_char(b, ':');
    for (i = 0; i < r->nheaders; i++) {
        if (!ses_str_caseeq(r->headers[i].name, name))
            continue;
        if (!first)
            ses_buf_char(b, ',');
        first = false;
        add_value(b, r->headers[i].value);
    }
    ses_buf_char(b, '\n');
}

ses_rc_t
sigv4_canonical(ses_cx_t *cx, const api_request_t *r, const sigv4_t *s,
                ses_str_t payload_hash, ses_str_t *out)
{
    ses_str_t rest = s->signed_headers, name;
    bool host = false, token = s->presigned || s->token.p == NULL;
    unsigned n = 0;
    ses_buf_t b;

    ses_buf_init(&b, cx->arena, CANONICAL_MAX);
    ses_buf_str(&b, r->method);
    ses_buf_char(&b, '\n');
    sigv4_canonical_path(&b, r->path);
    ses_buf_char(&b, '\n');
    sigv4_canonical_query(&b, r->query, s->presigned);
    ses_buf_char(&b, '\n');

    while (ses_str_cut(&rest, ';', &name)) {
        if (++n > SIGNED_MAX)
            return ses_fail(cx, SES_INCOMPLETE,
                            "Too many 'SignedHeaders' in the Authorization.");
        host = host || ses_str_eqc(name, "host");
        token = token || ses_str_eqc(name, "x-amz-security-token");
        add_header(&b, r, name);
    }
    if (!host)
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "'Host' or ':authority' must be a 'SignedHeader' in "
                        "the AWS Authorization.");
    if (!token)
        return ses_fail(cx, SES_BAD_SIGNATURE,
                        "'X-Amz-Security-Token' must be a 'SignedHeader' in "
                        "the AWS Authorization.");

    ses_buf_char(&b, '\n');
    ses_buf_str(&b, s->signed_headers);
    ses_buf_char(&b, '\n');
    ses_buf_str(&b, payload_hash);
    if (b.overflow)
        return ses_fail(cx, SES_INCOMPLETE,
                        "The request is too long to be signed.");
    *out = ses_buf_get(&b);
    return SES_OK;
}

ses_str_t
sigv4_string_to_sign(ses_cx_t *cx, const sigv4_t *s, ses_str_t canonical)
{
    uint8_t hash[SES_SHA256];
    ses_str_t hex;

    ses_sha256(canonical, hash);
    hex = ses_hex(cx->arena, ses_str_n(hash, sizeof(hash)));
    return ses_str_printf(
        cx->arena, "AWS4-HMAC-SHA256\n%.*s\n%.*s/%.*s/%.*s/%.*s\n%.*s",
        SES_FMT(s->timestamp), SES_FMT(s->date), SES_FMT(s->region),
        SES_FMT(s->service), SES_FMT(s->terminator), SES_FMT(hex));
}
