/*
 * record - join keys, make and check page tokens
 */
#include "store/record.h"

#include "base/assert.h"
#include "base/encode.h"

#define PAGE_MAC 16

static ses_str_t
join(ses_arena_t *a, const ses_str_t *parts, size_t n, bool open)
{
    size_t len = open ? 1 : 0, i;
    char *p, *at;

    for (i = 0; i < n; i++)
        len += parts[i].n + (i > 0 ? 1 : 0);
    p = at = ses_alloc(a, len + 1);
    for (i = 0; i < n; i++) {
        if (i > 0)
            *at++ = '\0';
        if (parts[i].n > 0)
            memcpy(at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    if (open)
        *at++ = '\0';
    *at = '\0';
    return ses_str_n(p, len);
}

ses_str_t
ses_key2(ses_arena_t *a, ses_str_t x, ses_str_t y)
{
    return join(a, (ses_str_t[]){x, y}, 2, false);
}

ses_str_t
ses_key3(ses_arena_t *a, ses_str_t x, ses_str_t y, ses_str_t z)
{
    return join(a, (ses_str_t[]){x, y, z}, 3, false);
}

ses_str_t
ses_key_prefix1(ses_arena_t *a, ses_str_t x)
{
    return join(a, &x, 1, true);
}

ses_str_t
ses_key_after(ses_arena_t *a, ses_str_t prefix, ses_str_t after)
{
    if (after.n == 0)
        return SES_STR("");
    return ses_str_cat(a, ses_str_cat(a, prefix, after), ses_str_n("", 1));
}

ses_str_t
ses_key_prefix2(ses_arena_t *a, ses_str_t x, ses_str_t y)
{
    return join(a, (ses_str_t[]){x, y}, 2, true);
}

void
ses_put_u64(uint8_t out[8], uint64_t v)
{
    int i;

    for (i = 7; i >= 0; i--) {
        out[i] = (uint8_t) v;
        v >>= 8;
    }
}

uint64_t
ses_key_u64(ses_str_t s)
{
    uint64_t v = 0;
    size_t i;

    ses_assert(s.n >= 8);
    for (i = 0; i < 8; i++)
        v = v << 8 | (uint8_t) s.p[i];
    return v;
}

ses_str_t
ses_key_seq(ses_arena_t *a, ses_str_t prefix, uint64_t seq)
{
    uint8_t be[8];

    ses_put_u64(be, seq);
    return ses_str_cat(a, prefix, ses_str_n(be, 8));
}

ses_str_t
ses_key_hash(ses_arena_t *a, ses_str_t x, ses_str_t y, ses_str_t z)
{
    ses_str_t parts[3] = {x, y, z}, all = SES_STR("");
    uint8_t sum[SES_SHA256];
    int i;

    for (i = 0; i < 3; i++)
        all = ses_str_cat(a, ses_key_seq(a, all, parts[i].n), parts[i]);
    ses_sha256(all, sum);
    return ses_str_dup(a, ses_str_n(sum, 16));
}

static void
page_mac(ses_cx_t *cx, ses_str_t site_key, ses_str_t list, ses_str_t key,
         uint8_t mac[SES_SHA256])
{
    ses_arena_t *a = cx->arena;
    ses_str_t bound = ses_key3(a, SES_STR("page"), cx->account, list);

    bound = ses_str_cat(a, ses_key_seq(a, bound, list.n), key);
    ses_hmac_sha256(site_key, bound, mac);
}

ses_str_t
ses_page_token(ses_cx_t *cx, ses_str_t site_key, ses_str_t list, ses_str_t key)
{
    uint8_t mac[SES_SHA256];

    page_mac(cx, site_key, list, key, mac);
    return ses_base64(cx->arena,
                      ses_str_cat(cx->arena, ses_str_n(mac, PAGE_MAC), key));
}

ses_rc_t
ses_page_parse(ses_cx_t *cx, ses_str_t site_key, ses_str_t list,
               ses_str_t token, ses_str_t *key)
{
    uint8_t mac[SES_SHA256];
    ses_str_t raw, rest;

    if (token.n > 2048 || !ses_base64_parse(cx->arena, token, &raw) ||
        raw.n <= PAGE_MAC)
        goto refuse;
    rest = ses_str_from(raw, PAGE_MAC);
    page_mac(cx, site_key, list, rest, mac);
    if (!ses_str_eq_secret(ses_str_head(raw, PAGE_MAC),
                           ses_str_n(mac, PAGE_MAC)))
        goto refuse;
    *key = rest;
    return SES_OK;

refuse:
    return ses_fail(cx, SES_BAD_TOKEN, "The specified NextToken is invalid.");
}
