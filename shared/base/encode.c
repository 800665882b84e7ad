/*
 * encode - base64, hex, base32, percent, UTF-8; SHA-256 by OpenSSL
 */
#include "base/encode.h"

#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>

#include "base/assert.h"

static const char b64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char hexdigits[] = "0123456789abcdef";

ses_str_t
ses_base64(ses_arena_t *a, ses_str_t s)
{
    char *out = ses_alloc(a, (s.n + 2) / 3 * 4 + 1), *o = out;
    const uint8_t *p = (const uint8_t *) s.p;
    size_t i;
    uint32_t v;

    for (i = 0; i + 2 < s.n; i += 3) {
        v = (uint32_t) p[i] << 16 | (uint32_t) p[i + 1] << 8 | p[i + 2];
        *o++ = b64[v >> 18];
        *o++ = b64[v >> 12 & 63];
        *o++ = b64[v >> 6 & 63];
        *o++ = b64[v & 63];
    }
    if (i < s.n) {
        v = (uint32_t) p[i] << 16;
        if (i + 1 < s.n)
            v |= (uint32_t) p[i + 1] << 8;
        *o++ = b64[v >> 18];
        *o++ = b64[v >> 12 & 63];
        *o++ = i + 1 < s.n ? b64[v >> 6 & 63] : '=';
        *o++ = '=';
    }
    *o = '\0';
    return (ses_str_t){out, (size_t) (o - out)};
}

static const int8_t *
b64_values(void)
{
    static const int8_t values[256] = {
#define V(c, v) [c] = (v) + 1
        V('A', 0),  V('B', 1),  V('C', 2),  V('D', 3),  V('E', 4),  V('F', 5),
        V('G', 6),  V('H', 7),  V('I', 8),  V('J', 9),  V('K', 10), V('L', 11),
        V('M', 12), V('N', 13), V('O', 14), V('P', 15), V('Q', 16), V('R', 17),
        V('S', 18), V('T', 19), V('U', 20), V('V', 21), V('W', 22), V('X', 23),
        V('Y', 24), V('Z', 25), V('a', 26), V('b', 27), V('c', 28), V('d', 29),
        V('e', 30), V('f', 31), V('g', 32), V('h', 33), V('i', 34), V('j', 35),
        V('k', 36), V('l', 37), V('m', 38), V('n', 39), V('o', 40), V('p', 41),
        V('q', 42), V('r', 43), V('s', 44), V('t', 45), V('u', 46), V('v', 47),
        V('w', 48), V('x', 49), V('y', 50), V('z', 51), V('0', 52), V('1', 53),
        V('2', 54), V('3', 55), V('4', 56), V('5', 57), V('6', 58), V('7', 59),
        V('8', 60), V('9', 61), V('+', 62), V('/', 63),
#undef V
    };

    return values;
}

bool
ses_base64_parse(ses_arena_t *a, ses_str_t s, ses_str_t *out)
{
    const int8_t *values = b64_values();
    const uint8_t *p = (const uint8_t *) s.p;
    uint8_t *o, *start;
    size_t pad = 0, i;
    uint32_t v;
    int bad = 0;

    if (s.n % 4 != 0)
        return false;
    if (s.n == 0) {
        *out = SES_STR("");
        return true;
    }
    if (p[s.n - 1] == '=')
        pad = p[s.n - 2] == '=' ? 2 : 1;

    start = o = ses_alloc(a, s.n / 4 * 3 + 1);
    for (i = 0; i + 4 < s.n + (pad == 0 ? 1 : 0); i += 4) {
        int8_t w = values[p[i]], x = values[p[i + 1]], y = values[p[i + 2]],
               z = values[p[i + 3]];

        bad |= (w == 0) | (x == 0) | (y == 0) | (z == 0);
        v = (uint32_t) (w - 1) << 18 | (uint32_t) (x - 1) << 12 |
            (uint32_t) (y - 1) << 6 | (uint32_t) (z - 1);
        *o++ = (uint8_t) (v >> 16);
        *o++ = (uint8_t) (v >> 8);
        *o++ = (uint8_t) v;
    }
    if (bad)
        return false;
    if (pad > 0) {
        int8_t w = values[p[i]], x = values[p[i + 1]],
               y = pad == 1 ? values[p[i + 2]] : 1;

        if (w == 0 || x == 0 || y == 0)
            return false;
        v = (uint32_t) (w - 1) << 18 | (uint32_t) (x - 1) << 12 |
            (uint32_t) (y - 1) << 6;
        if (v & (pad == 2 ? 0xffffU : 0xffU)) /* spare bits */
            return false;
        *o++ = (uint8_t) (v >> 16);
        if (pad == 1)
            *o++ = (uint8_t) (v >> 8);
    }
    *o = '\0';
    *out = ses_str_n(start, (size_t) (o - start));
    return true;
}

ses_str_t
ses_hex(ses_arena_t *a, ses_str_t s)
{
    char *out = ses_alloc(a, s.n * 2 + 1);
    size_t i;

    for (i = 0; i < s.n; i++) {
        out[2 * i] = hexdigits[(uint8_t) s.p[i] >> 4];
        out[2 * i + 1] = hexdigits[(uint8_t) s.p[i] & 15];
    }
    out[2 * s.n] = '\0';
    return (ses_str_t){out, s.n * 2};
}

int
ses_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool
ses_hex_parse(ses_arena_t *a, ses_str_t s, ses_str_t *out)
{
    uint8_t *p;
    size_t i;
    int hi, lo;

    if (s.n % 2 != 0)
        return false;
    p = ses_alloc(a, s.n / 2 + 1);
    for (i = 0; i < s.n; i += 2) {
        hi = ses_hex_digit(s.p[i]);
        lo = ses_hex_digit(s.p[i + 1]);
        if (hi < 0 || lo < 0)
            return false;
        p[i / 2] = (uint8_t) (hi << 4 | lo);
    }
    p[s.n / 2] = '\0';
    *out = ses_str_n(p, s.n / 2);
    return true;
}

ses_str_t
ses_base32(ses_arena_t *a, ses_str_t s)
{
    char *out = ses_alloc(a, (s.n * 8 + 4) / 5 + 1), *o = out;
    uint32_t acc = 0;
    int bits = 0;
    size_t i;

    for (i = 0; i < s.n; i++) {
        acc = acc << 8 | (uint8_t) s.p[i];
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            *o++ = b32[acc >> bits & 31];
        }
        acc &= (1U << bits) - 1;
    }
    if (bits > 0)
        *o++ = b32[acc << (5 - bits) & 31];
    *o = '\0';
    return (ses_str_t){out, (size_t) (o - out)};
}

bool
ses_base32_parse(ses_arena_t *a, ses_str_t s, ses_str_t *out)
{
    uint8_t *start = ses_alloc(a, s.n * 5 / 8 + 1), *o = start;
    uint32_t acc = 0;
    int bits = 0;
    size_t i;
    const char *at;
    char c;

    for (i = 0; i < s.n; i++) {
        c = s.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char) (c + ('a' - 'A'));
        at = c == '\0' ? NULL : strchr(b32, c);
        if (at == NULL)
            return false;
        acc = acc << 5 | (uint32_t) (at - b32);
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            *o++ = (uint8_t) (acc >> bits);
            acc &= (1U << bits) - 1;
        }
    }
    if (bits >= 5 || acc != 0)
        return false;
    *o = '\0';
    *out = ses_str_n(start, (size_t) (o - start));
    return true;
}

static bool
unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
           c == '~';
}

ses_str_t
ses_percent(ses_arena_t *a, ses_str_t s)
{
    char *out = ses_alloc(a, s.n * 3 + 1), *o = out;
    size_t i;

    for (i = 0; i < s.n; i++) {
        if (unreserved(s.p[i])) {
            *o++ = s.p[i];
            continue;
        }
        *o++ = '%';
        *o++ = "0123456789ABCDEF"[(uint8_t) s.p[i] >> 4];
        *o++ = "0123456789ABCDEF"[(uint8_t) s.p[i] & 15];
    }
    *o = '\0';
    return (ses_str_t){out, (size_t) (o - out)};
}

bool
ses_percent_parse(ses_arena_t *a, ses_str_t s, bool plus, ses_str_t *out)
{
    char *start = ses_alloc(a, s.n + 1), *o = start;
    size_t i;
    int hi, lo;

    for (i = 0; i < s.n; i++) {
        if (s.p[i] == '+' && plus) {
            *o++ = ' ';
        } else if (s.p[i] != '%') {
            *o++ = s.p[i];
        } else {
            if (s.n - i < 3)
                return false;
            hi = ses_hex_digit(s.p[i + 1]);
            lo = ses_hex_digit(s.p[i + 2]);
            if (hi < 0 || lo < 0)
                return false;
            *o++ = (char) (hi << 4 | lo);
            i += 2;
        }
    }
    *o = '\0';
    *out = ses_str_n(start, (size_t) (o - start));
    return true;
}

/* Length of the UTF-8 sequence at p (1-4), or 0 when invalid. */
static size_t
utf8_step(const uint8_t *p, size_t n)
{
    size_t len, i;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (n < len)
        return 0;
    for (i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return len;
}

bool
ses_utf8_valid(ses_str_t s)
{
    size_t i = 0, step;

    while (i < s.n) {
        step = utf8_step((const uint8_t *) s.p + i, s.n - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

size_t
ses_utf8_length(ses_str_t s)
{
    size_t i, n = 0;

    for (i = 0; i < s.n; i++) {
        if (((uint8_t) s.p[i] & 0xc0) != 0x80)
            n++;
        if ((uint8_t) s.p[i] >= 0xf0)
            n++; /* beyond the BMP: two units */
    }
    return n;
}

bool
ses_ascii(ses_str_t s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if ((uint8_t) s.p[i] >= 0x80)
            return false;
    return true;
}

/*
 * What OpenSSL finds by name, found once: a look-up costs more than the
 * digest of a short text.  The MAC is a pattern that each use copies.
 */
static struct {
    pthread_once_t once;
    EVP_MD *sha256;
    EVP_MAC_CTX *hmac;
} found = {.once = PTHREAD_ONCE_INIT};

static void
find(void)
{
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string("digest", "SHA256", 6),
                           OSSL_PARAM_END};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    found.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    found.hmac = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    ses_assert(found.sha256 != NULL && found.hmac != NULL &&
               EVP_MAC_init(found.hmac, (const uint8_t *) "", 0, params) == 1);
}

static const uint8_t *
bytes(ses_str_t s)
{
    return (const uint8_t *) (s.p == NULL ? "" : s.p);
}

bool
ses_name_chars(ses_str_t s)
{
    size_t i;
    char c;

    for (i = 0; i < s.n; i++) {
        c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return true;
}

void
ses_sha256(ses_str_t s, uint8_t out[SES_SHA256])
{
    pthread_once(&found.once, find);
    ses_assert(EVP_Digest(bytes(s), s.n, out, NULL, found.sha256, NULL) == 1);
}

void
ses_hmac_sha256(ses_str_t key, ses_str_t s, uint8_t out[SES_SHA256])
{
    EVP_MAC_CTX *mac;
    size_t n = 0;

    pthread_once(&found.once, find);
    mac = EVP_MAC_CTX_dup(found.hmac);
    ses_assert(mac != NULL && EVP_MAC_init(mac, bytes(key), key.n, NULL) == 1 &&
               EVP_MAC_update(mac, bytes(s), s.n) == 1 &&
               EVP_MAC_final(mac, out, &n, SES_SHA256) == 1 && n == SES_SHA256);
    EVP_MAC_CTX_free(mac);
}

void
ses_random(void *p, size_t n)
{
    ses_assert(n <= 1 << 20 && RAND_bytes(p, (int) n) == 1);
}
