/*
 * published - what was put into a zone for an identity, or for the site
 *
 * Stored in SES_DB_DNS under zone, account and identity ("" and "" for the
 * site), after a byte of version.
 */
#include "published.h"

#include "base/encode.h"
#include "store/record.h"

#define VERSION '1'
#define UNKNOWN "-" /* for a digest: no record has it */

/* A line, split; false at the end. */
typedef struct {
    ses_str_t whole, kind, name, type, value;
} line_t;

static bool
next(ses_str_t *rest, line_t *l)
{
    ses_str_t s;

    while (ses_str_cut(rest, '\n', &l->whole)) {
        s = l->whole;
        if (ses_str_cut(&s, ' ', &l->kind) && ses_str_cut(&s, ' ', &l->name) &&
            ses_str_cut(&s, ' ', &l->type)) {
            l->value = s;
            return true;
        }
    }
    return false;
}

/* Of the same record, perhaps with another value? */
static bool
same_place(const line_t *a, const line_t *b)
{
    return ses_str_eq(a->kind, b->kind) && ses_str_eq(a->name, b->name) &&
           ses_str_eq(a->type, b->type) &&
           (ses_str_eqc(a->kind, "K") || ses_str_eq(a->value, b->value));
}

static bool
has_place(ses_str_t text, const line_t *want)
{
    line_t l;

    while (next(&text, &l))
        if (same_place(&l, want))
            return true;
    return false;
}

static bool
has_line(ses_str_t text, ses_str_t want)
{
    line_t l;

    while (next(&text, &l))
        if (ses_str_eq(l.whole, want))
            return true;
    return false;
}

static ses_str_t
line_of(ses_arena_t *a, const ses_zone_record_t *r, bool known)
{
    ses_str_t value = ses_zone_value(a, r);

    if (r->whole)
        value =
            known ? ses_hex(a, ses_key_hash(a, value, SES_STR(""), SES_STR("")))
                  : SES_STR(UNKNOWN);
    return ses_str_printf(a, "%s %.*s %s %.*s", r->whole ? "K" : "R",
                          SES_FMT(r->name), r->type, SES_FMT(value));
}

static void
add_line(ses_arena_t *a, ses_str_t *text, ses_str_t line)
{
    *text = ses_str_printf(a, "%.*s%.*s\n", SES_FMT(*text), SES_FMT(line));
}

void
published_want(ses_arena_t *a, published_t *p, const ses_zone_record_t *r)
{
    if (p->n == PUBLISHED_MAX)
        return;
    if (p->v == NULL)
        p->v = ses_alloc(a, PUBLISHED_MAX * sizeof(*p->v));
    p->v[p->n] = *r;
    p->v[p->n].name = ses_str_dup(a, r->name);
    p->v[p->n].value = ses_str_dup(a, r->value);
    p->n++;
}

void
published_plan(ses_arena_t *a, published_t *p)
{
    ses_str_t line, rest;
    unsigned i;
    line_t l;

    p->text = SES_STR("");
    p->names = p->old;
    for (i = 0; i < p->n; i++) {
        add_line(a, &p->text, line_of(a, &p->v[i], true));
        line = line_of(a, &p->v[i], false);
        rest = line;
        if (next(&rest, &l) && !has_place(p->old, &l))
            add_line(a, &p->names, line);
    }
}

unsigned
published_steps(ses_arena_t *a, const published_t *p, bool again, update_t *u)
{
    ses_str_t rest = p->old;
    unsigned i, n = 0;
    line_t l;

    while (next(&rest, &l)) {
        if (has_place(p->text, &l))
            continue;
        if (ses_str_eqc(l.kind, "K"))
            update_clear(u, l.name, ses_str_c(a, l.type));
        else
            update_remove(u, l.name, ses_str_c(a, l.type), l.value);
        n++;
    }
    for (i = 0; i < p->n; i++) {
        if (!again && has_line(p->old, line_of(a, &p->v[i], true)))
            continue;
        if (p->v[i].whole)
            update_clear(u, p->v[i].name, p->v[i].type);
        update_add(u, p->v[i].name, p->v[i].type, ses_zone_value(a, &p->v[i]));
        n++;
    }
    return n;
}

/* --- rows -------------------------------------------------------------- */

ses_rc_t
published_get(ses_cx_t *cx, ses_txn_t *t, ses_str_t zone, ses_str_t key,
              ses_str_t *text)
{
    ses_str_t row;
    ses_rc_t rc =
        ses_store_get(cx, t, SES_DB_DNS, ses_key2(cx->arena, zone, key), &row);

    if (rc == SES_NOT_FOUND) {
        *text = SES_STR("");
        return SES_OK;
    }
    if (rc != SES_OK)
        return rc;
    if (row.n == 0 || row.p[0] != VERSION)
        return ses_fail(cx, SES_FAULT, "dns: a row of another version");
    *text = ses_str_dup(cx->arena, ses_str_from(row, 1));
    return SES_OK;
}

ses_rc_t
published_put(ses_cx_t *cx, ses_txn_t *t, ses_str_t zone, ses_str_t key,
              ses_str_t text)
{
    const char version = VERSION;
    ses_rc_t rc;

    if (text.n > 0)
        return ses_store_put(
            cx, t, SES_DB_DNS, ses_key2(cx->arena, zone, key),
            ses_str_cat(cx->arena, ses_str_n(&version, 1), text));
    rc = ses_store_del(cx, t, SES_DB_DNS, ses_key2(cx->arena, zone, key));
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

struct walk {
    size_t prefix;
    published_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    const struct walk *w = arg;

    (void) val;
    key = ses_str_from(key, w->prefix);
    return w->fn(cx, ses_str_dup(cx->arena, key), w->arg);
}

ses_rc_t
published_walk(ses_cx_t *cx, ses_txn_t *t, ses_str_t zone, ses_str_t after,
               published_fn_t fn, void *arg)
{
    ses_str_t prefix = ses_key_prefix1(cx->arena, zone);
    struct walk w = {prefix.n, fn, arg};

    return ses_store_walk(cx, t, SES_DB_DNS, prefix,
                          ses_key_after(cx->arena, prefix, after), each, &w);
}
