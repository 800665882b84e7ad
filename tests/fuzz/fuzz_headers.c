/*
 * fuzz_headers - header fields, and what the gate makes of them
 *
 * Input: fields, each ended by NUL; name and value are parted by the first
 * colon.  What may leave holds no private field, and one of each stamp.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../milter/gate/rewrite.c"

static void
need(bool x)
{
    if (!x)
        abort();
}

static unsigned
count(const ses_headers_t *h, const char *name)
{
    unsigned i, n = 0;

    for (i = 0; i < h->n; i++)
        if (ses_str_caseeqc(h->v[i].name, name))
            n++;
    return n;
}

static void
leave(ses_cx_t *cx, const ses_headers_t *came)
{
    static const char *const stamps[] = {"Message-ID", "Date", "Feedback-ID"};
    stamp_t stamp = {SES_STR("<m>"), SES_STR("now"), SES_STR("fb")};
    ses_headers_t leaving;
    edit_t *edits;
    unsigned n, i, deleted = 0, appended = 0;

    if (rewrite_leaving(cx, came, &stamp, &leaving) != SES_OK)
        return;
    for (i = 0; i < leaving.n; i++)
        need(!ses_header_private(leaving.v[i].name));
    for (i = 0; i < 3; i++)
        need(count(&leaving, stamps[i]) == 1);
    rewrite_edits(cx->arena, came, &stamp, &edits, &n);
    for (i = 0; i < n; i++) {
        deleted += edits[i].kind == EDIT_DELETE;
        appended += edits[i].kind == EDIT_APPEND;
    }
    need(leaving.n == came->n - deleted + appended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 0);
    ses_str_t rest = ses_str_n(data, size), field, name;
    ses_headers_t h;
    ses_tag_t *tags;
    unsigned n, i;
    ses_rc_t rc = SES_OK;

    ses_headers_init(&h, a);
    while (rc == SES_OK && ses_str_cut(&rest, '\0', &field)) {
        if (!ses_str_cut(&field, ':', &name))
            break;
        rc = ses_headers_add(&cx, &h, name,
                             field.p == NULL ? SES_STR("") : field);
    }
    if (ses_headers_check(&cx, &h) == SES_OK)
        for (i = 0; i < h.n; i++)
            need(ses_ascii(h.v[i].value) && h.v[i].name.n > 0);
    ses_cx_clear(&cx);
    if (ses_headers_tags(&cx, &h, &tags, &n) == SES_OK)
        for (i = 0; i < n; i++)
            need(tags[i].key.n > 0 && tags[i].key.n <= 255 &&
                 tags[i].value.n > 0 && tags[i].value.n <= 255);
    ses_cx_clear(&cx);
    (void) !ses_headers_later(&cx, &h);
    for (i = 0; i < h.n; i++)
        need(ses_header_unfold(a, h.v[i].value).n <= h.v[i].value.n);
    leave(&cx, &h);
    ses_arena_free(a);
    return 0;
}
