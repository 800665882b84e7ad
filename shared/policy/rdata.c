/*
 * rdata - SOA and MX, taken apart
 */
#include "policy/rdata.h"

#include "base/buf.h"

/* An uncompressed name, as libunbound gives it. */
static bool
take_name(ses_arena_t *a, ses_str_t *rest, ses_str_t *out)
{
    ses_buf_t b;
    size_t len;

    ses_buf_init(&b, a, 1024);
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
        ses_buf_str(&b, ses_str_head(*rest, len));
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
