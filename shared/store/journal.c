/*
 * journal - compare, write, index, append
 *
 * A control row is 8 bytes of version, then the value; the version is the
 * sequence of the change that wrote it.  A journal record is, in host byte
 * order (a store never leaves its machine as bytes):
 *
 *   version 1 | when | account caller request-id op | rows
 *
 * every string with its 32-bit length before it, every row as kind, expected
 * version, table name, key, value.
 */
#include "store/journal.h"

#include "base/assert.h"
#include "base/buf.h"
#include "store/record.h"

#define RECORD_VERSION 1
#define RECORD_MAX (16u << 20)

static ses_indexer_t indexers[SES_DB_MAX];

void
ses_journal_indexer(ses_db_t db, ses_indexer_t fn)
{
    indexers[db] = fn;
}

/* --- filling a change -------------------------------------------------- */

static void
add(ses_change_t *c, ses_row_t row)
{
    ses_assert(c->n < SES_CHANGE_ROWS);
    ses_assert(row.db >= SES_DB_ACCOUNT && row.db <= SES_DB_SUPPRESSION);
    c->rows[c->n++] = row;
}

void
ses_change_put(ses_change_t *c, ses_db_t db, ses_str_t key, uint64_t expect,
               ses_str_t value)
{
    add(c, (ses_row_t){SES_ROW_PUT, db, key, expect, value});
}

void
ses_change_del(ses_change_t *c, ses_db_t db, ses_str_t key, uint64_t expect)
{
    add(c, (ses_row_t){SES_ROW_DEL, db, key, expect, SES_STR("")});
}

void
ses_change_check(ses_change_t *c, ses_db_t db, ses_str_t key, uint64_t expect)
{
    add(c, (ses_row_t){SES_ROW_CHECK, db, key, expect, SES_STR("")});
}

/* --- control rows ------------------------------------------------------ */

bool
ses_control_split(ses_str_t row, ses_str_t *value, uint64_t *version)
{
    if (row.n < 8)
        return false;
    *version = ses_key_u64(row);
    *value = ses_str_from(row, 8);
    return true;
}

ses_rc_t
ses_control_get(ses_cx_t *cx, ses_txn_t *t, ses_db_t db, ses_str_t key,
                ses_str_t *value, uint64_t *version)
{
    ses_str_t row;
    ses_rc_t rc = ses_store_get(cx, t, db, key, &row);

    if (rc != SES_OK)
        return rc;
    if (!ses_control_split(row, value, version))
        return ses_fail(cx, SES_FAULT, "store: %s: damaged row",
                        ses_store_db_name(db));
    return SES_OK;
}

/* --- applying ---------------------------------------------------------- */

struct emit {
    ses_cx_t *cx;
    ses_txn_t *t;
    bool put;
};

static ses_rc_t
emit_row(void *ctx, ses_db_t db, ses_str_t key, ses_str_t val)
{
    struct emit *e = ctx;
    ses_rc_t rc;

    if (e->put)
        return ses_store_put(e->cx, e->t, db, key, val);
    rc = ses_store_del(e->cx, e->t, db, key);
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

static ses_rc_t
reindex(ses_cx_t *cx, ses_txn_t *t, const ses_row_t *r, ses_str_t value,
        bool put)
{
    struct emit e = {cx, t, put};

    if (indexers[r->db] == NULL)
        return SES_OK;
    return indexers[r->db](cx, r->key, value, emit_row, &e);
}

static ses_rc_t
compare(ses_cx_t *cx, ses_txn_t *t, const ses_row_t *r)
{
    uint64_t version = SES_VERSION_NONE;
    ses_str_t value;
    ses_rc_t rc = ses_control_get(cx, t, r->db, r->key, &value, &version);

    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    if (r->expect == SES_VERSION_ANY || r->expect == version)
        return SES_OK;
    return ses_fail(cx, SES_MODIFIED,
                    "The resource was changed by another request.");
}

static ses_rc_t
write_row(ses_cx_t *cx, ses_txn_t *t, const ses_row_t *r, uint64_t seq)
{
    ses_str_t old, row;
    uint64_t version;
    uint8_t be[8];
    ses_rc_t rc;

    if (r->kind == SES_ROW_CHECK)
        return SES_OK;

    rc = ses_control_get(cx, t, r->db, r->key, &old, &version);
    if (rc == SES_OK) {
        old = ses_str_dup(cx->arena, old); /* the map moves under writes */
        rc = reindex(cx, t, r, old, false);
    }
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;

    if (r->kind == SES_ROW_DEL) {
        rc = ses_store_del(cx, t, r->db, r->key);
        return rc == SES_NOT_FOUND ? SES_OK : rc;
    }
    ses_put_u64(be, seq);
    row = ses_str_cat(cx->arena, ses_str_n(be, 8), r->value);
    rc = ses_store_put(cx, t, r->db, r->key, row);
    return rc == SES_OK ? reindex(cx, t, r, r->value, true) : rc;
}

/* --- records ----------------------------------------------------------- */

static void
put_str(ses_buf_t *b, ses_str_t s)
{
    uint32_t n = (uint32_t) s.n;

    ses_buf_add(b, &n, sizeof(n));
    ses_buf_str(b, s);
}

static ses_str_t
encode(ses_cx_t *cx, const ses_change_t *c, const char *op, bool *overflow)
{
    ses_buf_t b;
    unsigned i;

    ses_buf_init(&b, cx->arena, RECORD_MAX);
    ses_buf_char(&b, RECORD_VERSION);
    ses_buf_add(&b, &cx->now, sizeof(cx->now));
    put_str(&b, cx->account);
    put_str(&b, cx->caller);
    put_str(&b, cx->request_id);
    put_str(&b, ses_str(op));
    for (i = 0; i < c->n; i++) {
        const ses_row_t *r = &c->rows[i];

        ses_buf_char(&b, (char) r->kind);
        ses_buf_add(&b, &r->expect, sizeof(r->expect));
        put_str(&b, ses_str(ses_store_db_name(r->db)));
        put_str(&b, r->key);
        put_str(&b, r->value);
    }
    *overflow = b.overflow;
    return ses_buf_get(&b);
}

static bool
get_bytes(ses_str_t *s, void *out, size_t n)
{
    if (s->n < n)
        return false;
    memcpy(out, s->p, n);
    *s = ses_str_from(*s, n);
    return true;
}

static bool
get_str(ses_str_t *s, ses_str_t *out)
{
    uint32_t n;

    if (!get_bytes(s, &n, sizeof(n)) || s->n < n)
        return false;
    *out = ses_str_head(*s, n);
    *s = ses_str_from(*s, n);
    return true;
}

static bool
db_by_name(ses_str_t name, ses_db_t *db)
{
    int i;

    for (i = SES_DB_ACCOUNT; i <= SES_DB_SUPPRESSION; i++)
        if (ses_str_eqc(name, ses_store_db_name((ses_db_t) i))) {
            *db = (ses_db_t) i;
            return true;
        }
    return false;
}

static bool
decode_row(ses_str_t *s, ses_row_t *r)
{
    ses_str_t name;
    uint8_t kind;

    if (!get_bytes(s, &kind, 1) || kind > SES_ROW_CHECK ||
        !get_bytes(s, &r->expect, sizeof(r->expect)) || !get_str(s, &name) ||
        !db_by_name(name, &r->db) || !get_str(s, &r->key) ||
        !get_str(s, &r->value))
        return false;
    r->kind = (ses_row_kind_t) kind;
    return true;
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t s, uint64_t seq, ses_journal_rec_t *out)
{
    ses_journal_rec_t rec = {.seq = seq};
    uint8_t version;

    if (!get_bytes(&s, &version, 1) || version != RECORD_VERSION ||
        !get_bytes(&s, &rec.when, sizeof(rec.when)) ||
        !get_str(&s, &rec.account) || !get_str(&s, &rec.caller) ||
        !get_str(&s, &rec.request_id) || !get_str(&s, &rec.op))
        goto damaged;
    while (s.n > 0) {
        if (rec.change.n == SES_CHANGE_ROWS ||
            !decode_row(&s, &rec.change.rows[rec.change.n]))
            goto damaged;
        rec.change.n++;
    }
    *out = rec;
    return SES_OK;

damaged:
    return ses_fail(cx, SES_FAULT, "journal: record %llu is damaged",
                    (unsigned long long) seq);
}

/* --- the interface ----------------------------------------------------- */

static bool
writes(const ses_change_t *c)
{
    unsigned i;

    for (i = 0; i < c->n; i++)
        if (c->rows[i].kind != SES_ROW_CHECK)
            return true;
    return false;
}

static ses_rc_t
write_rows(ses_cx_t *cx, ses_txn_t *t, const ses_change_t *c, uint64_t seq)
{
    ses_rc_t rc = SES_OK;
    unsigned i;

    for (i = 0; i < c->n && rc == SES_OK; i++)
        rc = write_row(cx, t, &c->rows[i], seq);
    return rc;
}

ses_rc_t
ses_journal_apply(ses_cx_t *cx, ses_txn_t *t, const ses_change_t *c,
                  const char *op)
{
    bool overflow;
    ses_str_t rec;
    uint64_t seq;
    uint8_t key[8];
    ses_rc_t rc;
    unsigned i;

    for (i = 0; i < c->n; i++)
        if ((rc = compare(cx, t, &c->rows[i])) != SES_OK)
            return rc;
    if (!writes(c))
        return SES_OK;

    rec = encode(cx, c, op, &overflow);
    if (overflow)
        return ses_fail(cx, SES_INVALID, "The change is too large.");
    if ((rc = ses_store_next(cx, t, "journal", &seq)) != SES_OK)
        return rc;
    ses_put_u64(key, seq);
    rc = ses_store_put(cx, t, SES_DB_JOURNAL, ses_str_n(key, 8), rec);
    return rc == SES_OK ? write_rows(cx, t, c, seq) : rc;
}

ses_rc_t
ses_journal_replay(ses_cx_t *cx, ses_txn_t *t, const ses_journal_rec_t *rec)
{
    ses_cx_t as = *cx;
    uint8_t key[8];
    ses_str_t bytes;
    bool overflow;
    ses_rc_t rc;

    as.now = rec->when;
    as.account = rec->account;
    as.caller = rec->caller;
    as.request_id = rec->request_id;
    bytes = encode(&as, &rec->change, ses_str_c(cx->arena, rec->op), &overflow);
    ses_put_u64(key, rec->seq);
    rc = ses_store_put(cx, t, SES_DB_META, SES_STR("journal"),
                       ses_str_n(key, 8));
    if (rc == SES_OK)
        rc = ses_store_put(cx, t, SES_DB_JOURNAL, ses_str_n(key, 8), bytes);
    return rc == SES_OK ? write_rows(cx, t, &rec->change, rec->seq) : rc;
}

ses_rc_t
ses_journal_read(ses_cx_t *cx, ses_txn_t *t, uint64_t seq,
                 ses_journal_rec_t *out)
{
    ses_str_t key, val;
    ses_cur_t *c;
    uint8_t at[8];
    ses_rc_t rc;

    ses_put_u64(at, seq);
    if ((rc = ses_cur_open(cx, t, SES_DB_JOURNAL, &c)) != SES_OK)
        return rc;
    rc = ses_cur_seek(cx, c, ses_str_n(at, 8), &key, &val);
    ses_cur_close(c);
    if (rc != SES_OK)
        return rc;
    return decode(cx, val, ses_key_u64(key), out);
}

ses_rc_t
ses_journal_last(ses_cx_t *cx, ses_txn_t *t, uint64_t *seq)
{
    return ses_store_last(cx, t, "journal", seq);
}

ses_rc_t
ses_journal_purge(ses_cx_t *cx, ses_txn_t *t, int64_t when, unsigned max,
                  unsigned *n)
{
    ses_journal_rec_t rec;
    uint8_t key[8];
    unsigned done = 0;
    ses_rc_t rc = SES_OK;

    while (done < max) {
        rc = ses_journal_read(cx, t, 0, &rec);
        if (rc != SES_OK || rec.when >= when)
            break;
        ses_put_u64(key, rec.seq);
        rc = ses_store_del(cx, t, SES_DB_JOURNAL, ses_str_n(key, 8));
        if (rc != SES_OK)
            break;
        done++;
    }
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    *n = done;
    return SES_OK;
}
