/*
 * mime_encode - content transfer encodings (RFC 2045 section 6)
 *
 * Quoted-printable keeps CRLF as line ends and encodes every other CR and
 * LF, so that the bytes come back exactly.
 */
#include "api/mime.h"

#define LINE 76

const char *
mime_cte_name(mime_cte_t e)
{
    return e == MIME_7BIT ? "7bit"
           : e == MIME_QP ? "quoted-printable"
                          : "base64";
}

ses_str_t
mime_crlf(ses_arena_t *a, ses_str_t s)
{
    size_t i, n = 0, breaks = 0;
    char *p;

    for (i = 0; i < s.n; i++)
        if (s.p[i] == '\n' || s.p[i] == '\r')
            breaks++;
    if (breaks == 0)
        return s;
    p = ses_alloc(a, s.n + breaks + 1);
    for (i = 0; i < s.n; i++) {
        if (s.p[i] != '\n' && s.p[i] != '\r') {
            p[n++] = s.p[i];
            continue;
        }
        if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
            i++;
        p[n++] = '\r';
        p[n++] = '\n';
    }
    return ses_str_n(p, n);
}

static bool
line_end(ses_str_t s, size_t i)
{
    return s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n';
}

/* Printable, or a blank: may stand in a line as it is. */
static bool
plain(char c)
{
    return (c >= ' ' && c <= '~') || c == '\t';
}

bool
mime_clean(ses_str_t s, size_t max)
{
    size_t i, col = 0;

    for (i = 0; i < s.n; i++) {
        if (line_end(s, i)) {
            col = 0;
            i++;
            continue;
        }
        if (!plain(s.p[i]) || ++col > max)
            return false;
        if (col == 5 && memcmp(s.p + i - 4, "From ", 5) == 0)
            return false; /* mailbox files would change it */
    }
    return true;
}

mime_cte_t
mime_cte_text(ses_str_t s)
{
    size_t i, special = 0;

    if (mime_clean(s, LINE))
        return MIME_7BIT;
    for (i = 0; i < s.n; i++) {
        if (line_end(s, i))
            i++;
        else if (!plain(s.p[i]) || s.p[i] == '=')
            special++;
    }
    return s.n + 2 * special <= s.n / 3 * 4 ? MIME_QP : MIME_BASE64;
}

static void
base64(ses_buf_t *b, ses_str_t s)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = (const uint8_t *) s.p;
    size_t i, n;
    char line[LINE + 2], *o;
    uint32_t v;

    while (s.n > 0) {
        n = s.n < LINE / 4 * 3 ? s.n : LINE / 4 * 3;
        o = line;
        for (i = 0; i < n; i += 3) {
            v = (uint32_t) p[i] << 16;
            if (i + 1 < n)
                v |= (uint32_t) p[i + 1] << 8;
            if (i + 2 < n)
                v |= p[i + 2];
            *o++ = digits[v >> 18];
            *o++ = digits[v >> 12 & 63];
            *o++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
            *o++ = i + 2 < n ? digits[v & 63] : '=';
        }
        *o++ = '\r';
        *o++ = '\n';
        ses_buf_add(b, line, (size_t) (o - line));
        p += n;
        s.n -= n;
    }
}

/* Must the byte at i be written =XX? */
static bool
escaped(ses_str_t s, size_t i, size_t col)
{
    char c = s.p[i];

    if (!plain(c) || c == '=')
        return true;
    if (c == ' ' || c == '\t')
        return i + 1 == s.n || line_end(s, i + 1);
    return c == 'F' && col == 0 && s.n - i >= 5 &&
           memcmp(s.p + i, "From ", 5) == 0;
}

static void
quoted_printable(ses_buf_t *b, ses_str_t s)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t i, col = 0, width;
    char out[3];

    for (i = 0; i < s.n; i++) {
        if (line_end(s, i)) {
            ses_buf_add(b, "\r\n", 2);
            col = 0;
            i++;
            continue;
        }
        out[0] = s.p[i];
        width = 1;
        if (escaped(s, i, col)) {
            out[0] = '=';
            out[1] = hex[(uint8_t) s.p[i] >> 4];
            out[2] = hex[(uint8_t) s.p[i] & 15];
            width = 3;
        }
        if (col + width > LINE - 1) {
            ses_buf_add(b, "=\r\n", 3);
            col = 0;
        }
        ses_buf_add(b, out, width);
        col += width;
    }
}

void
mime_encode(ses_buf_t *b, mime_cte_t e, ses_str_t s)
{
    if (e == MIME_BASE64)
        base64(b, s);
    else if (e == MIME_QP)
        quoted_printable(b, s);
    else
        ses_buf_str(b, s);
}
