/*
 * store - the LMDB environment: open, usage, backup
 *
 * LMDB's quirks stay in store.c, txn.c and table.c: stale reader slots are
 * freed when the table is full; a map grown by another process is adopted
 * when no transaction is open here; a full map is SES_BUSY for the caller and
 * an error line for the operator.
 */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/lmdb_env.h"

#define READERS 1024
#define MODE 0660

static const char *const db_names[SES_DB_MAX] = {
    [SES_DB_META] = "meta",
    [SES_DB_JOURNAL] = "journal",
    [SES_DB_ACCOUNT] = "account",
    [SES_DB_CREDENTIAL] = "credential",
    [SES_DB_IDENTITY] = "identity",
    [SES_DB_DKIM] = "dkim",
    [SES_DB_CONFIG_SET] = "config-set",
    [SES_DB_DESTINATION] = "destination",
    [SES_DB_TOPIC] = "topic",
    [SES_DB_SUBSCRIPTION] = "subscription",
    [SES_DB_REVIEW] = "review",
    [SES_DB_POOL] = "pool",
    [SES_DB_ADDRESS] = "address",
    [SES_DB_USER] = "user",
    [SES_DB_GROUP] = "group",
    [SES_DB_POLICY] = "policy",
    [SES_DB_IDENTITY_POLICY] = "identity-policy",
    [SES_DB_VERIFY_TEMPLATE] = "verify-template",
    [SES_DB_VERIFY_CONTENT] = "verify-content",
    [SES_DB_CONTACT_LIST] = "contact-list",
    [SES_DB_CONTACT] = "contact",
    [SES_DB_CONTACT_GONE] = "contact-gone",
    [SES_DB_SUPPRESSION] = "suppression",
    [SES_DB_SUPPRESSION_LIST] = "suppression-list",
    [SES_DB_WORK] = "work",
    [SES_DB_MESSAGE] = "message",
    [SES_DB_PREPARED] = "prepared",
    [SES_DB_OPEN] = "open",
    [SES_DB_DEADLINE] = "deadline",
    [SES_DB_SEND_KEY] = "send-key",
    [SES_DB_SEND_DUE] = "send-due",
    [SES_DB_ALIAS] = "alias",
    [SES_DB_QUOTA] = "quota",
    [SES_DB_EVENT] = "event",
    [SES_DB_EVENT_SET] = "event-set",
    [SES_DB_FACT] = "fact",
    [SES_DB_CURSOR] = "cursor",
    [SES_DB_DEAD] = "dead",
    [SES_DB_COUNTER] = "counter",
    [SES_DB_KEY_USED] = "key-used",
    [SES_DB_POSITION] = "position",
    [SES_DB_OUTBOX] = "outbox",
    [SES_DB_ASKED] = "asked",
    [SES_DB_DNS] = "dns",
    [SES_DB_STATISTIC] = "statistic",
    [SES_DB_NOTIFY] = "notify",
};

const char *
ses_store_db_name(ses_db_t db)
{
    return db_names[db];
}

ses_rc_t
ses_store_failed(ses_cx_t *cx, const char *what, int err)
{
    if (err == MDB_NOTFOUND)
        return SES_NOT_FOUND;
    if (err == MDB_MAP_FULL || err == ENOSPC) {
        ses_log(SES_LOG_ERROR,
                "store is full (%s): raise map_size in sesame.conf, or free "
                "disk space, and restart",
                what);
        return ses_fail(cx, SES_BUSY, "Service is out of space.");
    }
    return ses_fail(cx, SES_FAULT, "store: %s: %s", what, mdb_strerror(err));
}

/* Open every table; create says whether missing ones are made. */
static int
open_tables(ses_store_t *s, bool create)
{
    MDB_txn *txn;
    int err, i;

    err = mdb_txn_begin(s->env, NULL, create ? 0 : MDB_RDONLY, &txn);
    if (err != 0)
        return err;
    for (i = 0; i < SES_DB_MAX; i++) {
        err =
            mdb_dbi_open(txn, db_names[i], create ? MDB_CREATE : 0, &s->dbi[i]);
        if (err != 0) {
            mdb_txn_abort(txn);
            return err;
        }
    }
    return mdb_txn_commit(txn);
}

static int
open_env(ses_store_t *s, uint64_t map_size, int flags)
{
    int err;

    if ((err = mdb_env_create(&s->env)) != 0)
        return err;
    if ((err = mdb_env_set_maxreaders(s->env, READERS)) != 0 ||
        (err = mdb_env_set_maxdbs(s->env, 64)) != 0 ||
        (err = mdb_env_set_mapsize(s->env, map_size)) != 0)
        return err;
    err = mdb_env_open(s->env, s->path,
                       MDB_NOTLS | (flags & SES_STORE_RDONLY ? MDB_RDONLY : 0),
                       MODE);
    if (err != 0)
        return err;
    mdb_reader_check(s->env, NULL);

    /* Tables are there in all but the first open (and after an upgrade):
     * then no writer lock and no fsync is needed. */
    err = open_tables(s, false);
    if (err == MDB_NOTFOUND && (flags & SES_STORE_RDONLY) == 0)
        err = open_tables(s, true);
    return err;
}

ses_rc_t
ses_store_open(ses_cx_t *cx, const char *path, uint64_t map_size, int flags,
               ses_store_t **out)
{
    struct stat st;
    ses_store_t *s;
    ses_rc_t rc;
    int err;

    umask(007);
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return ses_fail(cx, SES_FAULT, "store %s: %s; run sesamectl init", path,
                        errno == 0 ? "not a directory" : strerror(errno));
    if ((flags & SES_STORE_CREATE) == 0) {
        char data[4096];

        snprintf(data, sizeof(data), "%s/data.mdb", path);
        if (access(data, F_OK) != 0)
            return ses_fail(cx, SES_FAULT,
                            "store %s: there is none; run sesamectl init",
                            path);
    }

    s = ses_xcalloc(sizeof(*s));
    s->path = ses_xmalloc(strlen(path) + 1);
    memcpy(s->path, path, strlen(path) + 1);
    pthread_mutex_init(&s->mutex, NULL);

    err = open_env(s, map_size, flags);
    if (err != 0) {
        rc = ses_fail(cx, SES_FAULT, "store %s: %s", path, mdb_strerror(err));
        ses_store_close(s);
        return rc;
    }
    *out = s;
    return SES_OK;
}

void
ses_store_close(ses_store_t *s)
{
    if (s == NULL)
        return;
    if (s->env != NULL)
        mdb_env_close(s->env);
    pthread_mutex_destroy(&s->mutex);
    ses_xfree(s->path);
    ses_xfree(s);
}

const char *
ses_store_path(const ses_store_t *s)
{
    return s->path;
}

ses_rc_t
ses_store_usage(ses_cx_t *cx, ses_store_t *s, uint64_t *used, uint64_t *size)
{
    MDB_envinfo info;
    MDB_stat st;
    int err;

    if ((err = mdb_env_info(s->env, &info)) != 0 ||
        (err = mdb_env_stat(s->env, &st)) != 0)
        return ses_store_failed(cx, "usage", err);
    *used = (uint64_t) (info.me_last_pgno + 1) * st.ms_psize;
    *size = info.me_mapsize;
    return SES_OK;
}

int
ses_store_reader_check(ses_store_t *s)
{
    int dead = 0;

    return mdb_reader_check(s->env, &dead) == 0 ? dead : 0;
}

ses_rc_t
ses_store_backup(ses_cx_t *cx, ses_store_t *s, const char *dir)
{
    int err = mdb_env_copy2(s->env, dir, MDB_CP_COMPACT);

    if (err != 0)
        return ses_fail(cx, SES_FAULT, "backup to %s: %s", dir,
                        mdb_strerror(err));
    return SES_OK;
}
