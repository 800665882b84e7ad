/*
 * journal - changes to control objects: check, apply, append
 *
 * A handler reads, decides and fills a change: rows of table, key, expected
 * version and new value.  ses_journal_apply compares the versions, writes
 * the rows and the indexes derived from them, and appends the change with
 * caller, request id and time, all in the caller's transaction.  It knows no
 * operations.  Replaying a journal into an empty store gives the same
 * control tables, byte for byte.
 */
#ifndef SES_STORE_JOURNAL_H
#define SES_STORE_JOURNAL_H

#include "store/store.h"

#define SES_CHANGE_ROWS 16

/* Expected versions beside the one that was read. */
#define SES_VERSION_NONE 0         /* the row must not exist */
#define SES_VERSION_ANY UINT64_MAX /* whatever is there */

typedef enum { SES_ROW_PUT, SES_ROW_DEL, SES_ROW_CHECK } ses_row_kind_t;

typedef struct {
    ses_row_kind_t kind;
    ses_db_t db;
    ses_str_t key;
    uint64_t expect;
    ses_str_t value;
} ses_row_t;

typedef struct {
    unsigned n;
    ses_row_t rows[SES_CHANGE_ROWS];
} ses_change_t;

/* Add a row.  Key and value must live until the change is applied. */
void ses_change_put(ses_change_t *c, ses_db_t db, ses_str_t key,
                    uint64_t expect, ses_str_t value);
void ses_change_del(ses_change_t *c, ses_db_t db, ses_str_t key,
                    uint64_t expect);
/* A precondition: the row must (still) have this version. */
void ses_change_check(ses_change_t *c, ses_db_t db, ses_str_t key,
                      uint64_t expect);

/* A control object's value (in the map) and version. */
SES_CHECK ses_rc_t ses_control_get(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                   ses_str_t key, ses_str_t *value,
                                   uint64_t *version);
/* Split a control row met while walking a table; false = damaged. */
bool ses_control_split(ses_str_t row, ses_str_t *value, uint64_t *version);

/*
 * Apply c; an empty change is SES_OK and leaves no record.  SES_MODIFIED
 * when a version differs (nothing written).  op names what was done, for
 * the audit ("CreateEmailIdentity", "identity verify").
 */
SES_CHECK ses_rc_t ses_journal_apply(ses_cx_t *cx, ses_txn_t *t,
                                     const ses_change_t *c, const char *op);

/* Index rows derived from a control row; emit may be called many times. */
typedef ses_rc_t (*ses_index_emit_t)(void *ctx, ses_db_t db, ses_str_t key,
                                     ses_str_t val);
typedef ses_rc_t (*ses_indexer_t)(ses_cx_t *cx, ses_str_t key, ses_str_t value,
                                  ses_index_emit_t emit, void *ctx);
/* Called once at process start, by the model, before any thread. */
void ses_journal_indexer(ses_db_t db, ses_indexer_t fn);

/* One record, read back. */
typedef struct {
    uint64_t seq;
    int64_t when;
    ses_str_t account; /* "" = a daemon or the operator */
    ses_str_t caller;
    ses_str_t request_id;
    ses_str_t op;
    ses_change_t change; /* pointing into the map */
} ses_journal_rec_t;

/* The first record with a sequence >= seq; SES_NOT_FOUND past the end. */
SES_CHECK ses_rc_t ses_journal_read(ses_cx_t *cx, ses_txn_t *t, uint64_t seq,
                                    ses_journal_rec_t *out);
/* Apply a record of another store to an empty or older one. */
SES_CHECK ses_rc_t ses_journal_replay(ses_cx_t *cx, ses_txn_t *t,
                                      const ses_journal_rec_t *rec);
/* The last sequence: changes when any control object changes. */
SES_CHECK ses_rc_t ses_journal_last(ses_cx_t *cx, ses_txn_t *t, uint64_t *seq);
/* Drop at most max records older than when; *n = how many. */
SES_CHECK ses_rc_t ses_journal_purge(ses_cx_t *cx, ses_txn_t *t, int64_t when,
                                     unsigned max, unsigned *n);

#endif
