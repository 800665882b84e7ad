/*
 * store - the LMDB environment that all programs share
 *
 * One environment per process, opened after fork.  Readers never block and
 * never outlive one call; writers go through commit.h, never beside it.
 * Values that a reader gets point into the map and end with the transaction:
 * decode them at once.  Hides LMDB's quirks: stale readers, a full reader
 * table, a grown map, a full map.
 *
 * Results: SES_NOT_FOUND is an answer; SES_BUSY means the map is full (the
 * operator is told); everything else LMDB says is a SES_FAULT, explained in
 * cx->why.
 */
#ifndef SES_STORE_STORE_H
#define SES_STORE_STORE_H

#include "base/rc.h"

typedef struct ses_store_s ses_store_t;
typedef struct ses_txn_s ses_txn_t;
typedef struct ses_cur_s ses_cur_t;

/* The tables.  Journalled ones change only through journal.h. */
typedef enum {
    SES_DB_META,    /* name -> bytes or counter */
    SES_DB_JOURNAL, /* sequence -> change */
    /* control objects: 8 bytes of version, then the value */
    SES_DB_ACCOUNT,         /* account -> JSON */
    SES_DB_CREDENTIAL,      /* access key id -> JSON */
    SES_DB_IDENTITY,        /* account, name -> JSON */
    SES_DB_DKIM,            /* account, identity, slot -> sealed private key */
    SES_DB_CONFIG_SET,      /* account, name -> JSON */
    SES_DB_DESTINATION,     /* account, set, name -> JSON */
    SES_DB_TOPIC,           /* account, name -> JSON */
    SES_DB_SUBSCRIPTION,    /* account, topic, id -> JSON */
    SES_DB_REVIEW,          /* account -> JSON */
    SES_DB_POOL,            /* account, name -> JSON */
    SES_DB_ADDRESS,         /* source address -> JSON */
    SES_DB_USER,            /* account, IAM user -> JSON */
    SES_DB_GROUP,           /* account, group of users -> JSON */
    SES_DB_POLICY,          /* account, managed policy -> JSON */
    SES_DB_IDENTITY_POLICY, /* account, identity -> JSON: its policies */
    SES_DB_VERIFY_TEMPLATE, /* account, name -> JSON */
    SES_DB_VERIFY_CONTENT,  /* account, name -> HTML */
    SES_DB_CONTACT_LIST,    /* account, name -> JSON */
    SES_DB_CONTACT,         /* account, list id, address -> JSON */
    SES_DB_CONTACT_GONE,    /* account, id of a deleted list -> JSON */
    SES_DB_SUPPRESSION,     /* hash of account, list, address -> struct */
    /* indexes that the journal derives from them (model_index.c) */
    SES_DB_SUPPRESSION_LIST, /* account, list, address -> hash */
    SES_DB_WORK,             /* kind, due, reference -> "" */
    /* of the host that took the message: not journalled */
    SES_DB_MESSAGE,   /* message id -> ledger entry */
    SES_DB_PREPARED,  /* message id of entries without proof -> "" */
    SES_DB_OPEN,      /* of queued ones that are not at an end -> removal */
    SES_DB_DEADLINE,  /* time, message id -> when Postfix was told */
    SES_DB_SEND_KEY,  /* send key -> message id, body hash, time */
    SES_DB_SEND_DUE,  /* expiry, send key -> "" */
    SES_DB_ALIAS,     /* message id of a requeued file -> the first one */
    SES_DB_QUOTA,     /* account -> totals; account, minute -> count */
    SES_DB_EVENT,     /* sequence -> event */
    SES_DB_EVENT_SET, /* account, set (or identity), sequence -> "" */
    SES_DB_FACT,      /* message id, kind, recipient -> sequence */
    SES_DB_CURSOR,    /* account, set, destination, subscription -> next */
    SES_DB_DEAD,      /* the same and sequence -> why */
    SES_DB_COUNTER,   /* name -> count */
    SES_DB_KEY_USED,  /* access key id -> when it was used last */
    SES_DB_POSITION,  /* name of a log -> inode, offset, last line */
    SES_DB_OUTBOX,    /* due, id -> own mail that is still to be sent */
    SES_DB_ASKED,     /* day, hash -> verification mails of that day */
    SES_DB_DNS,       /* zone, account, identity -> records put there */
    SES_DB_STATISTIC, /* account, quarter of an hour -> counts */
    /* an index that the journal derives */
    SES_DB_NOTIFY, /* account, identity -> kinds of notifications */
    SES_DB_MAX
} ses_db_t;

#define SES_STORE_CREATE 1 /* make it when it is not there */
#define SES_STORE_RDONLY 2

/*
 * Open the environment in directory path.  map_size in bytes, huge and
 * fixed.  Sets umask 007 in this process: LMDB's mode obeys it.  The caller
 * closes it; threads may share it.
 */
SES_CHECK ses_rc_t ses_store_open(ses_cx_t *cx, const char *path,
                                  uint64_t map_size, int flags,
                                  ses_store_t **out);
void ses_store_close(ses_store_t *s);
const char *ses_store_path(const ses_store_t *s);

/* Bytes used by live pages and the size of the map. */
SES_CHECK ses_rc_t ses_store_usage(ses_cx_t *cx, ses_store_t *s, uint64_t *used,
                                   uint64_t *size);
/* Free the slots of readers that died.  Takes a shared mutex: not in an
 * event loop.  Returns how many there were. */
int ses_store_reader_check(ses_store_t *s);
/* A consistent hot copy into an existing empty directory. */
SES_CHECK ses_rc_t ses_store_backup(ses_cx_t *cx, ses_store_t *s,
                                    const char *dir);

/* --- transactions ------------------------------------------------------ */

/* A snapshot.  End it with ses_txn_end before the caller returns, or keep
 * it between calls reset (an nginx worker's). */
SES_CHECK ses_rc_t ses_txn_read(ses_cx_t *cx, ses_store_t *s, ses_txn_t **out);
void ses_txn_reset(ses_txn_t *t);
SES_CHECK ses_rc_t ses_txn_renew(ses_cx_t *cx, ses_txn_t *t);

/* The one writer's transaction; commit.c is its caller.  Tests too. */
SES_CHECK ses_rc_t ses_txn_write(ses_cx_t *cx, ses_store_t *s, ses_txn_t **out);
/* A transaction inside a transaction: fails or succeeds on its own. */
SES_CHECK ses_rc_t ses_txn_nested(ses_cx_t *cx, ses_txn_t *parent,
                                  ses_txn_t **out);
/* Ends t whatever the result; durable when it was not nested. */
SES_CHECK ses_rc_t ses_txn_commit(ses_cx_t *cx, ses_txn_t *t);
/* Ends t and forgets what it wrote; also ends a reader. NULL is fine. */
void ses_txn_end(ses_txn_t *t);
ses_store_t *ses_txn_store(const ses_txn_t *t);

/* --- rows -------------------------------------------------------------- */

#define SES_KEY_MAX 511 /* LMDB's; hash what a client can make longer */

SES_CHECK ses_rc_t ses_store_get(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                 ses_str_t key, ses_str_t *val);
SES_CHECK ses_rc_t ses_store_put(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                 ses_str_t key, ses_str_t val);
/* SES_NOT_FOUND when it was not there. */
SES_CHECK ses_rc_t ses_store_del(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                 ses_str_t key);
SES_CHECK ses_rc_t ses_store_count(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                   uint64_t *out);
const char *ses_store_db_name(ses_db_t db);

/*
 * Walk a table.  A cursor ends before its transaction.  seek goes to the
 * first key >= key; all return SES_NOT_FOUND past the end.
 */
SES_CHECK ses_rc_t ses_cur_open(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                ses_cur_t **out);
void ses_cur_close(ses_cur_t *c);
SES_CHECK ses_rc_t ses_cur_seek(ses_cx_t *cx, ses_cur_t *c, ses_str_t at,
                                ses_str_t *key, ses_str_t *val);
SES_CHECK ses_rc_t ses_cur_next(ses_cx_t *cx, ses_cur_t *c, ses_str_t *key,
                                ses_str_t *val);
SES_CHECK ses_rc_t ses_cur_last(ses_cx_t *cx, ses_cur_t *c, ses_str_t *key,
                                ses_str_t *val);
SES_CHECK ses_rc_t ses_cur_prev(ses_cx_t *cx, ses_cur_t *c, ses_str_t *key,
                                ses_str_t *val);

/*
 * Walk every row whose key starts with prefix, from key `from` on (the
 * prefix itself when from.n == 0), until fn says something else than SES_OK.
 * fn's SES_NOT_FOUND means "enough" and is returned as SES_OK.  fn must not
 * write to db.
 */
typedef ses_rc_t (*ses_walk_fn_t)(ses_cx_t *cx, ses_str_t key, ses_str_t val,
                                  void *arg);
SES_CHECK ses_rc_t ses_store_walk(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                  ses_str_t prefix, ses_str_t from,
                                  ses_walk_fn_t fn, void *arg);

/* Sequence numbers kept in SES_DB_META: the value after adding one. */
SES_CHECK ses_rc_t ses_store_next(ses_cx_t *cx, ses_txn_t *t, const char *name,
                                  uint64_t *out);
/* The last one given out, 0 when none. */
SES_CHECK ses_rc_t ses_store_last(ses_cx_t *cx, ses_txn_t *t, const char *name,
                                  uint64_t *out);

#endif
