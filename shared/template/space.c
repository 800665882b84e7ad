/*
 * space - blanks forwards and backwards
 */
#include "template/space.h"

static bool
ascii(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Is the three-byte character at u a blank?  U+1680, U+2000-200A, U+2028,
 * U+2029, U+202F, U+205F, U+3000, U+FEFF. */
static bool
three(const unsigned char *u)
{
    switch (u[0]) {
    case 0xe1:
        return u[1] == 0x9a && u[2] == 0x80;
    case 0xe2:
        return (u[1] == 0x80 &&
                ((u[2] >= 0x80 && u[2] <= 0x8a) || u[2] == 0xa8 ||
                 u[2] == 0xa9 || u[2] == 0xaf)) ||
               (u[1] == 0x81 && u[2] == 0x9f);
    case 0xe3:
        return u[1] == 0x80 && u[2] == 0x80;
    case 0xef:
        return u[1] == 0xbb && u[2] == 0xbf;
    default:
        return false;
    }
}

size_t
tpl_space(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *) p;

    if (p >= end)
        return 0;
    if (u[0] < 0x80)
        return ascii(u[0]) ? 1 : 0;
    if (u[0] == 0xc2)
        return end - p >= 2 && u[1] == 0xa0 ? 2 : 0;
    return end - p >= 3 && three(u) ? 3 : 0;
}

size_t
tpl_space_before(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *) end;

    if (end <= p)
        return 0;
    if (u[-1] < 0x80)
        return ascii(u[-1]) ? 1 : 0;
    if (end - p >= 2 && u[-2] == 0xc2 && u[-1] == 0xa0)
        return 2;
    return end - p >= 3 && three(u - 3) ? 3 : 0;
}

const char *
tpl_space_skip(const char *p, const char *end)
{
    size_t n;

    while ((n = tpl_space(p, end)) > 0)
        p += n;
    return p;
}

const char *
tpl_space_back(const char *p, const char *end)
{
    size_t n;

    while ((n = tpl_space_before(p, end)) > 0)
        end -= n;
    return end;
}
