/*
 * position - how far a log file was read
 *
 * Stored in SES_DB_POSITION as  name -> struct record, tail.
 */

#include "model/position.h"

#include <string.h>

#define RECORD_VERSION 1

/* The stored form.  Host byte order: a store never leaves its machine. */
struct record {
    uint8_t version;
    uint8_t unused[7];
    uint64_t inode;
    uint64_t offset;
    int64_t when;
    int64_t gap;
};

_Static_assert(sizeof(struct record) == 40, "stored form must not change");

ses_rc_t
ses_position_get(ses_cx_t *cx, ses_txn_t *t, const char *name,
                 ses_position_t *out)
{
    struct record rec;
    ses_str_t val;
    ses_rc_t rc;

    rc = ses_store_get(cx, t, SES_DB_POSITION, ses_str(name), &val);
    if (rc != SES_OK)
        return rc;

    if (val.n < sizeof(rec) || val.n > sizeof(rec) + SES_POSITION_TAIL)
        return ses_fail(cx, SES_FAULT, "position: %zu-byte record", val.n);

    memcpy(&rec, val.p, sizeof(rec));
    if (rec.version != RECORD_VERSION)
        return ses_fail(cx, SES_FAULT, "position: record version %u",
                        rec.version);

    out->inode = rec.inode;
    out->offset = rec.offset;
    out->when = rec.when;
    out->gap = rec.gap;
    out->tail = ses_str_dup(cx->arena, ses_str_from(val, sizeof(rec)));
    return SES_OK;
}

ses_rc_t
ses_position_put(ses_cx_t *cx, ses_txn_t *t, const char *name,
                 const ses_position_t *p)
{
    struct record rec = {.version = RECORD_VERSION,
                         .inode = p->inode,
                         .offset = p->offset,
                         .when = p->when,
                         .gap = p->gap};
    ses_str_t tail = p->tail, head = ses_str_n(&rec, sizeof(rec));

    if (tail.n > SES_POSITION_TAIL)
        tail = ses_str_from(tail, tail.n - SES_POSITION_TAIL);

    return ses_store_put(cx, t, SES_DB_POSITION, ses_str(name),
                         ses_str_cat(cx->arena, head, tail));
}
