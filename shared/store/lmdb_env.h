/*
 * lmdb_env - what the files that speak LMDB share (private to store/)
 *
 * store.c is the environment, txn.c its transactions, table.c rows, cursors
 * and sequences.  rest_until: LMDB's writer lock is unfair, who asks again at
 * once gets it again; so a process that yields stays off it until this time,
 * in microseconds of the monotonic clock.
 */
#ifndef SES_STORE_LMDB_ENV_H
#define SES_STORE_LMDB_ENV_H

#include <lmdb.h>
#include <pthread.h>

#include "store/store.h"

struct ses_store_s {
    MDB_env *env;
    MDB_dbi dbi[SES_DB_MAX];
    char *path;
    pthread_mutex_t mutex; /* guards active and a change of the map's size */
    unsigned active;       /* transactions begun and not ended or reset */
    _Atomic int64_t rest_until;
};

struct ses_txn_s {
    ses_store_t *store;
    ses_txn_t *parent;
    MDB_txn *mdb;
    bool write;
    bool active;
};

/* What LMDB said, as a result: SES_NOT_FOUND, SES_BUSY when the map is full
 * (the operator is told), else SES_FAULT. */
ses_rc_t ses_store_failed(ses_cx_t *cx, const char *what, int err);

#endif
