/*
 * pool - named groups of an account's source addresses
 *
 * Stored in SES_DB_POOL under account and name, in SES_DB_ADDRESS under
 * account and address.
 */
#include "model/pool.h"

#include "base/encode.h"
#include "model/account.h"
#include "model/object.h"
#include "store/record.h"

bool
ses_pool_name_valid(ses_str_t name)
{
    size_t i;

    for (i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
              c == '-'))
            return false;
    }
    return name.n > 0 && name.n <= SES_POOL_NAME_MAX;
}

/* --- pools ------------------------------------------------------------- */

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_pool_t *p = out;

    *p =
        (ses_pool_t){.account = ses_str_dup(cx->arena, ses_object_part(key, 0)),
                     .name = ses_str_dup(cx->arena, ses_object_part(key, 1)),
                     .managed = ses_json_bool(j, "managed", false),
                     .created = ses_json_int(j, "created", 0),
                     .version = version};
    ses_tags_read(cx->arena, j, "tags", &p->tags, &p->ntags);
    return SES_OK;
}

ses_rc_t
ses_pool_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t name,
              ses_pool_t *out)
{
    if (!ses_pool_name_valid(name))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_POOL,
                           ses_key2(cx->arena, account, name), decode, out);
}

void
ses_pool_put(ses_cx_t *cx, ses_change_t *c, const ses_pool_t *p)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_bool(&w, "managed", p->managed);
    ses_tags_write(&w, "tags", p->tags, p->ntags);
    ses_jsonw_int(&w, "created", p->created);
    ses_change_put(c, SES_DB_POOL, ses_key2(cx->arena, p->account, p->name),
                   p->version, ses_object_close(&w));
}

void
ses_pool_del(ses_cx_t *cx, ses_change_t *c, const ses_pool_t *p)
{
    ses_change_del(c, SES_DB_POOL, ses_key2(cx->arena, p->account, p->name),
                   p->version);
}

struct pools {
    ses_pool_fn_t fn;
    void *arg;
};

static ses_rc_t
each_pool(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version,
          void *arg)
{
    struct pools *l = arg;
    ses_pool_t p;
    ses_rc_t rc = decode(cx, key, j, version, &p);

    return rc == SES_OK ? l->fn(cx, &p, l->arg) : rc;
}

ses_rc_t
ses_pool_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t after,
              ses_pool_fn_t fn, void *arg)
{
    struct pools l = {fn, arg};

    return ses_object_walk(cx, t, SES_DB_POOL,
                           ses_key_prefix1(cx->arena, account), after,
                           each_pool, &l);
}

/* --- addresses --------------------------------------------------------- */

ses_str_t
ses_source_label(ses_arena_t *a, unsigned number, ses_str_t mark, bool tls)
{
    return ses_str_printf(a, "ip%u%.*s%s", number, SES_FMT(mark),
                          tls ? "t" : "");
}

ses_str_t
ses_source_mark(ses_arena_t *a)
{
    char mark[SES_MARK];
    uint32_t n;
    size_t i;

    for (i = 0; i < sizeof(mark); i++) {
        ses_random(&n, sizeof(n));
        mark[i] = (char) ('a' + n % 26);
    }
    return ses_str_dup(a, ses_str_n(mark, sizeof(mark)));
}

static ses_rc_t
decode_source(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version,
              void *out)
{
    *(ses_source_t *) out = (ses_source_t){
        .account = ses_str_dup(cx->arena, ses_object_part(key, 0)),
        .address = ses_str_dup(cx->arena, ses_object_part(key, 1)),
        .pool = ses_object_str(cx, j, "pool"),
        .helo = ses_object_str(cx, j, "helo"),
        .number = (unsigned) ses_json_int(j, "number", 0),
        .mark = ses_object_str(cx, j, "mark"),
        .live = ses_json_bool(j, "live", false),
        .retired = ses_json_int(j, "retired", 0),
        .created = ses_json_int(j, "created", 0),
        .version = version};
    return SES_OK;
}

ses_rc_t
ses_source_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                ses_str_t address, ses_source_t *out)
{
    if (!ses_object_name(address, 64))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_ADDRESS,
                           ses_key2(cx->arena, account, address), decode_source,
                           out);
}

void
ses_source_put(ses_cx_t *cx, ses_change_t *c, const ses_source_t *s)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_str(&w, "pool", s->pool);
    ses_jsonw_str(&w, "helo", s->helo);
    ses_jsonw_int(&w, "number", s->number);
    ses_jsonw_str(&w, "mark", s->mark);
    ses_jsonw_bool(&w, "live", s->live);
    ses_jsonw_int(&w, "retired", s->retired);
    ses_jsonw_int(&w, "created", s->created);
    ses_change_put(c, SES_DB_ADDRESS,
                   ses_key2(cx->arena, s->account, s->address), s->version,
                   ses_object_close(&w));
}

void
ses_source_del(ses_cx_t *cx, ses_change_t *c, const ses_source_t *s)
{
    ses_change_del(c, SES_DB_ADDRESS,
                   ses_key2(cx->arena, s->account, s->address), s->version);
}

struct sources {
    ses_source_fn_t fn;
    void *arg;
};

static ses_rc_t
each_source(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version,
            void *arg)
{
    struct sources *l = arg;
    ses_source_t s;
    ses_rc_t rc = decode_source(cx, key, j, version, &s);

    return rc == SES_OK ? l->fn(cx, &s, l->arg) : rc;
}

ses_rc_t
ses_source_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t after,
                ses_source_fn_t fn, void *arg)
{
    struct sources l = {fn, arg};
    ses_str_t prefix = SES_STR("");

    if (account.n > 0)
        prefix = ses_key_prefix1(cx->arena, account);
    return ses_object_walk(cx, t, SES_DB_ADDRESS, prefix, after, each_source,
                           &l);
}
