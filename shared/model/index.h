/*
 * index - rows that the journal derives from control objects
 *
 * SES_DB_WORK: a kind, 8 bytes of big-endian time, the key of the object it
 * is about.  SES_DB_SUPPRESSION_LIST: account, list and address, with the
 * hash the entry is found by.  Each noun's indexer stands in its own file.
 */
#ifndef SES_MODEL_INDEX_H
#define SES_MODEL_INDEX_H

#include "store/journal.h"

#define SES_WORK_KEYLESS 'K'   /* identity without a DKIM key; since when */
#define SES_WORK_KEYS 'R'      /* identity whose keys to be looked at; when */
#define SES_WORK_MAIL_FROM 'M' /* its MAIL FROM domain; when */
#define SES_WORK_VERIFY 'V'    /* identity to be looked at; when */
#define SES_WORK_VERIFY_FIRST 'F'    /* and has not failed before: goes ahead */
#define SES_WORK_MAIL_FROM_FIRST 'G' /* the same of a MAIL FROM domain */
#define SES_WORK_CONFIRM 'C'         /* subscription to be asked; when */
#define SES_WORK_SESSION 'S'         /* access key that expires; when */
#define SES_WORK_ADDRESS 'A' /* address that its owner must confirm until */

ses_str_t ses_work_key(ses_arena_t *a, char kind, int64_t when, ses_str_t ref);

typedef ses_rc_t (*ses_work_fn_t)(ses_cx_t *cx, ses_str_t ref, void *arg);
/* Work of a kind whose time is not later than now, in order of time.
 * SES_NOT_FOUND of fn means "enough". */
SES_CHECK ses_rc_t ses_work_walk(ses_cx_t *cx, ses_txn_t *t, char kind,
                                 int64_t now, ses_work_fn_t fn, void *arg);
/* The same from a time on. */
SES_CHECK ses_rc_t ses_work_between(ses_cx_t *cx, ses_txn_t *t, char kind,
                                    int64_t from, int64_t now, ses_work_fn_t fn,
                                    void *arg);

ses_rc_t ses_credential_index(ses_cx_t *cx, ses_str_t key, ses_str_t value,
                              ses_index_emit_t emit, void *ctx);
ses_rc_t ses_identity_index(ses_cx_t *cx, ses_str_t key, ses_str_t value,
                            ses_index_emit_t emit, void *ctx);
ses_rc_t ses_subscription_index(ses_cx_t *cx, ses_str_t key, ses_str_t value,
                                ses_index_emit_t emit, void *ctx);
ses_rc_t ses_suppression_index(ses_cx_t *cx, ses_str_t key, ses_str_t value,
                               ses_index_emit_t emit, void *ctx);

#endif
