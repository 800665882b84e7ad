/*
 * rdata - SOA and MX, taken apart
 */
#include "policy/rdata.h"

#include "base/buf.h"

#define NAME_MAX_SHOWN 1024 /* 255 bytes, four characters each */

/* A byte of a label as zone files spell it (RFC 1035 section 5.1): whoever
 * runs the name server may put any there. */
static void
put_byte(ses_buf_t *b, unsigned char c)
{
    if (c <= ' ' || c > '~')
        ses_buf_printf(b, "\\%03u", c);
    else if (c == '.' || c == '\\' || c == '"' || c == ';')
        ses_buf_printf(b, "\\%c", c);
    else
        ses_buf_char(b, (char) c);
}

/* An uncompressed name, as libunbound gives it. */
static bool
take_name(ses_arena_t *a, ses_str_t *rest, ses_str_t *out)
{
    ses_buf_t b;
    size_t len, i;

    ses_buf_init(&b, a, NAME_MAX_SHOWN);
    for (;;) {
        if (rest->n == 0)
            return false;
        len = (unsigned char) rest->p[0];
        *rest = ses_str_from(*rest, 1);
        if (len == 0)
            break;
        if (len > 63 || len > rest->n)
            return false;
        if (b.n > 0)
            ses_buf_char(&b, '.');
        for (i = 0; i < len; i++)
            put_byte(&b, (unsigned char) rest->p[i]);
        *rest = ses_str_from(*rest, len);
    }
    *out = ses_buf_get(&b);
    return !b.overflow;
}

bool
ses_rdata_soa(ses_arena_t *a, ses_str_t rdata, ses_str_t *primary,
              ses_str_t *admin, int64_t *serial)
{
    ses_str_t first, second;
    const unsigned char *p;

    if (!take_name(a, &rdata, &first) || !take_name(a, &rdata, &second) ||
        rdata.n < 4)
        return false;
    p = (const unsigned char *) rdata.p;
    *primary = first;
    *admin = second;
    *serial = (int64_t) ((uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 |
                         (uint32_t) p[2] << 8 | p[3]);
    return true;
}

bool
ses_rdata_mx(ses_arena_t *a, ses_str_t rdata, ses_str_t *exchange)
{
    ses_str_t rest = rdata, name;

    if (rest.n < 3)
        return false;
    rest = ses_str_from(rest, 2);
    if (!take_name(a, &rest, &name))
        return false;
    *exchange = ses_str_lower(a, name);
    return true;
}
