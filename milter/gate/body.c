/*
 * body - what is wrong with a body, found while it streams by
 *
 * Refused: NUL, a CR or LF that is no line end, lines above 998 bytes.  Each
 * would be changed on its way, after it was signed.  8-bit text passes,
 * declared or not: our transports keep it as it is.
 */
#include "body.h"

#include "policy/headers.h"

/* One piece without LF; the end of line may follow. */
static void
scan_piece(body_t *b, const char *p, size_t n, bool ended)
{
    const char *cr;

    if (n == 0)
        return;
    if (b->last == '\r')
        b->stray = true;
    cr = memchr(p, '\r', n);
    if (cr != NULL && cr != p + n - 1)
        b->stray = true;
    b->line += n;
    b->last = p[n - 1];
    if (ended && b->last != '\r')
        b->stray = true;
}

static void
end_line(body_t *b)
{
    if (b->last != '\r')
        b->stray = true;
    if (b->line > SES_LINE_MAX + 1) /* the CR is counted */
        b->too_long = true;
    b->line = 0;
    b->last = '\n';
}

void
body_scan(body_t *b, const char *p, size_t n)
{
    const char *lf;
    size_t k;

    b->bytes += n;
    if (memchr(p, '\0', n) != NULL)
        b->nul = true;
    while (n > 0) {
        lf = memchr(p, '\n', n);
        k = lf == NULL ? n : (size_t) (lf - p);
        scan_piece(b, p, k, lf != NULL);
        if (lf == NULL)
            break;
        end_line(b);
        p += k + 1;
        n -= k + 1;
    }
    if (b->line > SES_LINE_MAX + 1)
        b->too_long = true;
}

bool
body_closed(const body_t *b)
{
    return b->bytes == 0 || b->last == '\n';
}

ses_rc_t
body_check(ses_cx_t *cx, const body_t *b)
{
    if (b->nul || b->stray || b->last == '\r')
        return ses_fail(cx, SES_INVALID, "Illegal content.");
    if (b->too_long)
        return ses_fail(cx, SES_INVALID,
                        "A line of the body is longer than %d characters.",
                        SES_LINE_MAX);
    return SES_OK;
}
