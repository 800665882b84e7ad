/*
 * form - decode, sort, search
 */
#include "api/form.h"

#include <stdlib.h>

#include "api/request.h"
#include "base/encode.h"

#define FIELDS_MAX 20000 /* far above any request of the service */

bool
form_decode(ses_arena_t *a, ses_str_t s, bool plus, ses_str_t *out)
{
    ses_str_t text;

    if (!ses_percent_parse(a, s, plus, &text) || !ses_utf8_valid(text) ||
        ses_str_find(text, '\0') >= 0)
        return false;
    *out = text;
    return true;
}

static int
by_name(const void *x, const void *y)
{
    const form_field_t *a = x, *b = y;

    return ses_str_cmp(a->name, b->name);
}

ses_rc_t
form_parse(ses_cx_t *cx, ses_str_t text, form_t *out)
{
    ses_str_t rest = text, name, value;
    size_t n = 0, max = 1, i;
    form_field_t *f;

    for (i = 0; i < text.n; i++)
        max += text.p[i] == '&';
    if (max > FIELDS_MAX)
        return ses_fail(cx, SES_INVALID, "Too many parameters.");
    f = ses_alloc(cx->arena, max * sizeof(*f));

    while (api_pair_cut(&rest, &name, &value)) {
        if (!form_decode(cx->arena, name, true, &f[n].name) ||
            !form_decode(cx->arena, value, true, &f[n].value))
            return ses_fail(cx, SES_INVALID,
                            "The parameters are not valid UTF-8 text, "
                            "percent-encoded.");
        n++;
    }
    qsort(f, n, sizeof(*f), by_name);
    for (i = 1; i < n; i++)
        if (ses_str_eq(f[i - 1].name, f[i].name))
            return ses_fail(cx, SES_INVALID, "Parameter %.*s is given twice.",
                            SES_FMT(ses_str_head(f[i].name, 64)));
    out->fields = f;
    out->n = n;
    return SES_OK;
}

/* Index of the first field whose name is not below name. */
static size_t
lower(const form_t *f, ses_str_t name)
{
    size_t low = 0, high = f->n, middle;

    while (low < high) {
        middle = low + (high - low) / 2;
        if (ses_str_cmp(f->fields[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const ses_str_t *
form_find(const form_t *f, ses_str_t name)
{
    size_t i = lower(f, name);

    if (i == f->n || !ses_str_eq(f->fields[i].name, name))
        return NULL;
    return &f->fields[i].value;
}

ses_str_t
form_get(const form_t *f, const char *name)
{
    const ses_str_t *value = form_find(f, ses_str(name));

    return value == NULL ? SES_STR("") : *value;
}

const form_field_t *
form_range(const form_t *f, ses_str_t prefix, size_t *n)
{
    size_t from = lower(f, prefix), i = from;

    while (i < f->n && ses_str_starts(f->fields[i].name, prefix))
        i++;
    *n = i - from;
    return f->fields + from;
}
