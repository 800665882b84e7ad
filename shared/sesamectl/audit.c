/*
 * audit - sesamectl audit: the journal, read back
 *
 * Who changed which control object, when, by what operation.  Values are
 * not shown: secrets are boxed in them, and show commands have the rest.
 */
#include "ctl.h"

#define LIMIT_DEFAULT 50

/* A key as text: its parts with '/' between them; of a hash its hex. */
static ses_str_t
key_text(ses_arena_t *a, const ses_row_t *r)
{
    char *p = ses_str_c(a, r->key);
    ses_str_t out = SES_STR("");
    size_t i;

    if (r->db == SES_DB_SUPPRESSION) {
        for (i = 0; i < r->key.n; i++)
            out = ses_str_printf(a, "%.*s%02x", SES_FMT(out),
                                 (uint8_t) r->key.p[i]);
        return out;
    }
    for (i = 0; i < r->key.n; i++)
        if (p[i] == '\0')
            p[i] = '/';
    return ses_str_n(p, r->key.n);
}

static void
rows(ctl_t *c, const ses_change_t *change)
{
    static const char *const kinds[] = {[SES_ROW_PUT] = "put",
                                        [SES_ROW_DEL] = "delete",
                                        [SES_ROW_CHECK] = "check"};
    emit_t *e = &c->out;
    unsigned i;

    emit_list(e, "rows");
    for (i = 0; i < change->n; i++) {
        if (change->rows[i].kind == SES_ROW_CHECK)
            continue;
        emit_str(e, NULL,
                 ses_str_printf(c->arena, "%s:%s:%.*s",
                                kinds[change->rows[i].kind],
                                ses_store_db_name(change->rows[i].db),
                                SES_FMT(key_text(c->arena, &change->rows[i]))));
    }
    emit_end(e);
}

static void
row(ctl_t *c, const ses_journal_rec_t *r)
{
    emit_t *e = &c->out;

    emit_open(e, NULL);
    emit_int(e, "sequence", (int64_t) r->seq);
    emit_time(e, "time", r->when);
    emit_str(e, "account", ses_str_dup(c->arena, r->account));
    emit_str(e, "caller", ses_str_dup(c->arena, r->caller));
    emit_str(e, "request_id", ses_str_dup(c->arena, r->request_id));
    emit_str(e, "operation", ses_str_dup(c->arena, r->op));
    rows(c, &r->change);
    emit_close(e);
}

static ses_rc_t
read_audit(ctl_t *c, ses_txn_t *t, void *arg)
{
    uint64_t limit = *(const uint64_t *) arg, seq, last;
    ses_journal_rec_t r;
    ses_rc_t rc;

    if ((rc = ses_journal_last(&c->cx, t, &last)) != SES_OK)
        return rc;
    seq = last >= limit ? last - limit + 1 : 0;
    emit_list(&c->out, NULL);
    while ((rc = ses_journal_read(&c->cx, t, seq, &r)) == SES_OK) {
        row(c, &r);
        seq = r.seq + 1;
    }
    emit_end(&c->out);
    return rc == SES_NOT_FOUND ? SES_OK : rc;
}

static int
audit(ctl_t *c)
{
    const char *text = ctl_option(c, "limit");
    uint64_t limit = LIMIT_DEFAULT;
    ses_rc_t rc;

    if (text != NULL &&
        (!ses_str_u64(ses_str(text), UINT32_MAX, &limit) || limit == 0)) {
        ctl_error(c, "--limit is a number that is not 0");
        return 2;
    }
    rc = ctl_read(c, read_audit, &limit);
    return rc == SES_OK ? 0 : ctl_failed(c, rc);
}

const ctl_command_t ctl_audit[] = {
    {"",
     "",
     0,
     0,
     "List the last changes, the newest last.",
     CTL_STORE,
     audit,
     {{"limit", "N", "how many (50)"}}},
    {0},
};
