/*
 * object - members, in JavaScript's order and by name
 *
 * Few members are searched one by one, many by a list that is sorted by
 * length and bytes: no choice of keys makes a look-up slow.
 */
#include "template/value.h"

#include <stdio.h>
#include <stdlib.h>

#define MANY 12

const tpl_object_t tpl_nothing;

static int
by_key(const void *a, const void *b)
{
    const tpl_member_t *x = *(const tpl_member_t *const *) a;
    const tpl_member_t *y = *(const tpl_member_t *const *) b;

    if (x->nkey != y->nkey)
        return x->nkey < y->nkey ? -1 : 1;
    return memcmp(x->key, y->key, x->nkey);
}

/* The index that key spells, below 2^32 - 1; -1 when it is none. */
static int64_t
index_of(const tpl_member_t *m)
{
    uint64_t v;

    if (m->nkey == 0 || m->nkey > 10 || (m->key[0] == '0' && m->nkey > 1) ||
        !ses_str_u64(ses_str_n(m->key, m->nkey), UINT32_MAX - 1u, &v))
        return -1;
    return (int64_t) v;
}

static int
by_index(const void *a, const void *b)
{
    int64_t x = index_of(a), y = index_of(b);

    return x < y ? -1 : x > y;
}

/* Indexes first. */
static void
bring_in_order(ses_arena_t *a, tpl_member_t *m, uint32_t n)
{
    tpl_member_t *names;
    uint32_t i, nindexes = 0, nnames = 0;

    for (i = 0; i < n; i++)
        nindexes += index_of(&m[i]) >= 0;
    if (nindexes == 0)
        return;
    names = ses_alloc(a, n * sizeof(*names));
    nindexes = 0;
    for (i = 0; i < n; i++) {
        if (index_of(&m[i]) >= 0)
            m[nindexes++] = m[i];
        else
            names[nnames++] = m[i];
    }
    qsort(m, nindexes, sizeof(*m), by_index);
    memcpy(m + nindexes, names, nnames * sizeof(*m));
}

const tpl_object_t *
tpl_object_new(ses_arena_t *a, tpl_member_t *members, uint32_t n)
{
    tpl_object_t *o = ses_calloc(a, sizeof(*o));
    const tpl_member_t **sorted;
    uint32_t i;

    bring_in_order(a, members, n);
    o->n = n;
    o->members = members;
    if (n > MANY) {
        sorted = ses_alloc(a, n * sizeof(const tpl_member_t *));
        for (i = 0; i < n; i++)
            sorted[i] = &members[i];
        qsort(sorted, n, sizeof(*sorted), by_key);
        o->sorted = sorted;
    }
    return o;
}

static const tpl_member_t *
find(const tpl_object_t *o, ses_str_t name)
{
    tpl_member_t key = {.key = name.p, .nkey = name.n};
    const tpl_member_t *wanted = &key, *const * found;
    uint32_t i;

    if (o->sorted != NULL) {
        found = bsearch(&wanted, o->sorted, o->n, sizeof(*o->sorted), by_key);
        return found == NULL ? NULL : *found;
    }
    for (i = 0; i < o->n; i++)
        if (o->members[i].nkey == name.n &&
            memcmp(o->members[i].key, name.p, name.n) == 0)
            return &o->members[i];
    return NULL;
}

static tpl_value_t
member(const tpl_object_t *o, ses_str_t name, int64_t *steps)
{
    const tpl_member_t *m;

    for (; o != NULL; o = o->base) {
        *steps -= (int64_t) (name.n / 16);
        if ((m = find(o, name)) != NULL)
            return m->value;
        *steps -= 1;
    }
    return tpl_undefined();
}

/* --- what strings and arrays have -------------------------------------- */

/* How many UTF-16 units s has: one a character, two beyond U+FFFF. */
static uint32_t
units(ses_str_t s)
{
    uint32_t count = 0;
    size_t i;

    for (i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char) s.p[i];

        count += (uint32_t) ((c & 0xc0) != 0x80) + (uint32_t) (c >= 0xf0);
    }
    return count;
}

/* The unit number at; undefined beyond the last. */
static tpl_value_t
unit(ses_str_t s, int64_t at)
{
    size_t i, n;

    for (i = 0; i < s.n; i += n) {
        unsigned char c = (unsigned char) s.p[i];

        n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (at == 0 || (at == 1 && n == 4))
            return tpl_string(n == 4 ? SES_STR("\xef\xbf\xbd")
                                     : ses_str_n(s.p + i, n));
        at -= n == 4 ? 2 : 1;
    }
    return tpl_undefined();
}

static tpl_value_t
of_string(tpl_value_t v, ses_str_t name, int64_t *steps)
{
    tpl_member_t key = {.key = name.p, .nkey = name.n};
    ses_str_t s = ses_str_n(v.u.string, v.n);
    int64_t at = index_of(&key);

    if (at >= 0) {
        *steps -= (at < v.n ? at : v.n) / 8;
        return unit(s, at);
    }
    if (!ses_str_eqc(name, "length"))
        return tpl_undefined();
    *steps -= v.n / 8;
    return tpl_number(units(s));
}

static tpl_value_t
of_array(tpl_value_t v, ses_str_t name)
{
    tpl_member_t key = {.key = name.p, .nkey = name.n};
    int64_t at;

    if (ses_str_eqc(name, "length"))
        return tpl_number(v.n);
    at = index_of(&key);
    return at >= 0 && at < v.n ? v.u.array[at] : tpl_undefined();
}

tpl_value_t
tpl_get(tpl_value_t v, ses_str_t name, int64_t *steps)
{
    *steps -= 1;
    switch (v.type) {
    case TPL_V_OBJECT:
        return member(v.u.object, name, steps);
    case TPL_V_ARRAY:
        return of_array(v, name);
    case TPL_V_STRING:
        return of_string(v, name, steps);
    default:
        return tpl_undefined();
    }
}

/* --- objects over others ----------------------------------------------- */

/* The elements of an array, the characters of a string, as members. */
static const tpl_object_t *
from_list(ses_arena_t *a, tpl_value_t v, int64_t *steps)
{
    tpl_member_t *m;
    uint32_t i, n = v.n;
    ses_str_t name;

    if (v.type == TPL_V_STRING)
        n = units(ses_str_n(v.u.string, v.n));
    *steps -= 4 * (int64_t) n;
    if (*steps < 0)
        n = 0; /* the rendering ends here */
    m = ses_alloc(a, n * sizeof(*m));
    for (i = 0; i < n; i++) {
        name = ses_str_printf(a, "%u", i);
        m[i] = (tpl_member_t){.key = name.p, .nkey = name.n};
        if (v.type == TPL_V_STRING) {
            *steps -= i / 8;
            if (*steps < 0)
                return &tpl_nothing;
            m[i].value = unit(ses_str_n(v.u.string, v.n), i);
        } else {
            m[i].value = v.u.array[i];
        }
    }
    return tpl_object_new(a, m, n);
}

const tpl_object_t *
tpl_object_over(ses_arena_t *a, tpl_value_t v, tpl_member_t *members,
                uint32_t n, int64_t *steps)
{
    tpl_object_t *o;

    *steps -= n;
    o = ses_alloc(a, sizeof(*o));
    *o = *tpl_object_new(a, members, n);
    if (v.type == TPL_V_OBJECT)
        o->base = v.u.object;
    else if (v.type == TPL_V_STRING || v.type == TPL_V_ARRAY)
        o->base = from_list(a, v, steps);
    return o;
}

const tpl_object_t *
tpl_object_flat(ses_arena_t *a, const tpl_object_t *o, int64_t *steps)
{
    const tpl_object_t *base;
    const tpl_member_t *own;
    tpl_member_t *m;
    uint32_t i, n;

    if (o->base == NULL)
        return o;
    base = tpl_object_flat(a, o->base, steps);
    *steps -= 8 * ((int64_t) base->n + o->n);
    if (*steps < 0)
        return &tpl_nothing; /* the rendering ends here */
    m = ses_alloc(a, (base->n + o->n) * sizeof(*m));
    for (n = 0; n < base->n; n++) {
        m[n] = base->members[n];
        own = find(o, ses_str_n(m[n].key, m[n].nkey));
        if (own != NULL)
            m[n].value = own->value;
    }
    for (i = 0; i < o->n; i++) {
        own = &o->members[i];
        if (find(base, ses_str_n(own->key, own->nkey)) == NULL)
            m[n++] = *own;
    }
    return tpl_object_new(a, m, n);
}
