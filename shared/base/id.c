/*
 * id - pack and unpack message ids and queue ids
 */
#include "base/id.h"

#include <stdio.h>

#include "base/encode.h"

/* Postfix: no vowels, so that no id spells a word. */
static const char base52[] =
    "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

/* Region codes seen on the service (contract 4.10). */
static const struct {
    const char *region;
    uint16_t code;
} regions[] = {
    {"us-east-1", 0x0100},    {"us-west-2", 0x0101},
    {"eu-west-1", 0x0102},    {"ap-northeast-1", 0x0106},
    {"eu-central-1", 0x0107}, {"ap-southeast-2", 0x0108},
    {"ap-south-1", 0x0109},   {"us-east-2", 0x010f},
};

/* 8-4-4-4-12 hex digits; printf's %02x sixteen times is too slow for it. */
static ses_str_t
uuid_text(ses_arena_t *a, const uint8_t b[16])
{
    static const char digits[] = "0123456789abcdef";
    char *out = ses_alloc(a, 36), *p = out;
    size_t i;

    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = digits[b[i] >> 4];
        *p++ = digits[b[i] & 0x0f];
    }
    return ses_str_n(out, 36);
}

ses_str_t
ses_uuid_from(ses_arena_t *a, const uint8_t bytes[16])
{
    uint8_t b[16];

    memcpy(b, bytes, 16);
    b[6] = (uint8_t) ((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t) ((b[8] & 0x3f) | 0x80);
    return uuid_text(a, b);
}

ses_str_t
ses_uuid(ses_arena_t *a)
{
    uint8_t b[16];

    ses_random(b, sizeof(b));
    return ses_uuid_from(a, b);
}

uint16_t
ses_region_code(ses_str_t region)
{
    uint32_t h = 2166136261U; /* FNV-1a, for regions of our users' own */
    size_t i;

    for (i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
        if (ses_str_eqc(region, regions[i].region))
            return regions[i].code;
    for (i = 0; i < region.n; i++)
        h = (h ^ (uint8_t) region.p[i]) * 16777619U;
    return (uint16_t) (0x8000 | (h & 0x7fff));
}

static void
put_be(uint8_t *p, uint64_t v, size_t n)
{
    while (n-- > 0) {
        p[n] = (uint8_t) v;
        v >>= 8;
    }
}

static uint64_t
get_be(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    size_t i;

    for (i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

void
ses_msgid_key(ses_msgid_t id, uint8_t out[SES_MSGID_KEY])
{
    put_be(out, (uint64_t) id.ms, 6);
    put_be(out + 6, id.us, 2);
    put_be(out + 8, id.node, 2);
    put_be(out + 10, id.inode, 8);
}

bool
ses_msgid_from_key(ses_str_t key, ses_msgid_t *id)
{
    const uint8_t *p = (const uint8_t *) key.p;

    if (key.n != SES_MSGID_KEY)
        return false;
    id->ms = (int64_t) get_be(p, 6);
    id->us = (uint16_t) get_be(p + 6, 2);
    id->node = (uint16_t) get_be(p + 8, 2);
    id->inode = get_be(p + 10, 8);
    return true;
}

/* 24 bits over everything the id says, against typing errors. */
static uint32_t
checksum(uint16_t region, ses_msgid_t id)
{
    uint8_t in[2 + SES_MSGID_KEY], sum[SES_SHA256];

    put_be(in, region, 2);
    ses_msgid_key(id, in + 2);
    ses_sha256(ses_str_n(in, sizeof(in)), sum);
    return (uint32_t) get_be(sum, 3);
}

/*
 * The UUID: node, microseconds (10 bits) below the inode's top two bits, then
 * the other 62 bits of the inode around version and variant, four zero bits,
 * and the checksum in the last 24.
 */
static void
uuid_pack(uint16_t region, ses_msgid_t id, uint8_t b[16])
{
    uint64_t i = id.inode;

    put_be(b, id.node, 2);
    put_be(b + 2, (uint64_t) (id.us | (i >> 62) << 10), 2);
    put_be(b + 4, i >> 46 & 0xffff, 2);
    put_be(b + 6, 0x4000 | (i >> 34 & 0xfff), 2);
    put_be(b + 8, 0x8000 | (i >> 20 & 0x3fff), 2);
    put_be(b + 10, (i & 0xfffff) << 4, 3);
    put_be(b + 13, checksum(region, id), 3);
}

static bool
uuid_unpack(const uint8_t b[16], ses_msgid_t *id)
{
    uint64_t lo = get_be(b + 2, 2);

    if ((b[6] & 0xf0) != 0x40 || (b[8] & 0xc0) != 0x80 || (b[12] & 0x0f) != 0)
        return false;
    id->node = (uint16_t) get_be(b, 2);
    id->us = (uint16_t) (lo & 0x3ff);
    id->inode = (lo >> 10 & 3) << 62 | get_be(b + 4, 2) << 46 |
                (get_be(b + 6, 2) & 0xfff) << 34 |
                (get_be(b + 8, 2) & 0x3fff) << 20 | get_be(b + 10, 3) >> 4;
    return id->us < 1000 && lo >> 12 == 0;
}

ses_str_t
ses_msgid_format(ses_arena_t *a, ses_msgid_t id, ses_str_t region)
{
    uint16_t code = ses_region_code(region);
    uint8_t b[16];

    uuid_pack(code, id, b);
    return ses_str_printf(a, "%04x%012llx-%.*s-000000", code,
                          (unsigned long long) id.ms, SES_FMT(uuid_text(a, b)));
}

/* n hex digits, lower case only: an id has one spelling. */
static bool
hex_field(ses_str_t s, size_t at, size_t n, uint64_t *out)
{
    uint64_t v = 0;
    size_t i;
    char c;

    for (i = at; i < at + n; i++) {
        c = s.p[i];
        if (c >= '0' && c <= '9')
            v = v << 4 | (uint64_t) (c - '0');
        else if (c >= 'a' && c <= 'f')
            v = v << 4 | (uint64_t) (c - 'a' + 10);
        else
            return false;
    }
    *out = v;
    return true;
}

bool
ses_msgid_parse(ses_str_t s, ses_msgid_t *id)
{
    static const struct {
        size_t at, n, byte;
    } parts[] = {{17, 8, 0}, {26, 4, 4}, {31, 4, 6}, {36, 4, 8}, {41, 12, 10}};
    uint64_t region, ms, v;
    uint8_t b[16];
    ses_msgid_t m;
    size_t i;

    if (s.n != SES_MSGID_LEN || !ses_str_ends(s, SES_STR("-000000")) ||
        s.p[16] != '-' || s.p[25] != '-' || s.p[30] != '-' || s.p[35] != '-' ||
        s.p[40] != '-')
        return false;
    if (!hex_field(s, 0, 4, &region) || !hex_field(s, 4, 12, &ms))
        return false;
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!hex_field(s, parts[i].at, parts[i].n, &v))
            return false;
        put_be(b + parts[i].byte, v, parts[i].n / 2);
    }
    m.ms = (int64_t) ms;
    if (!uuid_unpack(b, &m) ||
        get_be(b + 13, 3) != checksum((uint16_t) region, m))
        return false;
    *id = m;
    return true;
}

static bool
from_base(ses_str_t s, uint64_t base, uint64_t *out)
{
    uint64_t v = 0;
    const char *at;
    size_t i;

    for (i = 0; i < s.n; i++) {
        at = s.p[i] == '\0' ? NULL : strchr(base52, s.p[i]);
        if (at == NULL || (uint64_t) (at - base52) >= base ||
            v > (UINT64_MAX - (uint64_t) (at - base52)) / base)
            return false;
        v = v * base + (uint64_t) (at - base52);
    }
    *out = v;
    return s.n > 0;
}

bool
ses_queueid_parse(ses_str_t s, uint16_t node, ses_msgid_t *id)
{
    ptrdiff_t z = ses_str_rfind(s, 'z');
    uint64_t sec, us, inode;
    size_t n = (size_t) z;

    if (z < 10 || z > 14 || s.n - n - 1 > 12)
        return false;
    if (!from_base(ses_str_head(s, n - 4), 52, &sec) ||
        !from_base((ses_str_t){s.p + n - 4, 4}, 52, &us) ||
        !from_base(ses_str_from(s, n + 1), 51, &inode) || us > 999999 ||
        sec > 281474976710ULL) /* 48 bits of milliseconds */
        return false;
    id->ms = (int64_t) (sec * 1000 + us / 1000);
    id->us = (uint16_t) (us % 1000);
    id->node = node;
    id->inode = inode;
    return true;
}

static void
to_base(char *out, size_t width, uint64_t v, uint64_t base)
{
    while (width-- > 0) {
        out[width] = base52[v % base];
        v /= base;
    }
}

static size_t
width_of(uint64_t v, uint64_t base, size_t min)
{
    size_t n = 1;

    while (v >= base) {
        v /= base;
        n++;
    }
    return n < min ? min : n;
}

ses_str_t
ses_queueid_format(ses_arena_t *a, ses_msgid_t id)
{
    uint64_t sec = (uint64_t) id.ms / 1000;
    uint64_t us = (uint64_t) id.ms % 1000 * 1000 + id.us;
    size_t s = width_of(sec, 52, 6), i = width_of(id.inode, 51, 1);
    char *p = ses_alloc(a, s + 4 + 1 + i + 1);

    to_base(p, s, sec, 52);
    to_base(p + s, 4, us, 52);
    p[s + 4] = 'z';
    to_base(p + s + 5, i, id.inode, 51);
    p[s + 5 + i] = '\0';
    return (ses_str_t){p, s + 5 + i};
}
