/*
 * debt - what each subscriber of each sink is still owed
 */
#ifndef SESAMECTL_DEBT_H
#define SESAMECTL_DEBT_H

#include "ctl.h"
#include "model/event.h"

typedef struct {
    ses_cursor_key_t key;
    ses_str_t endpoint;
    uint64_t cursor; /* everything up to it is done */
    uint64_t lag;    /* events owed beyond it */
    int64_t oldest;  /* time of the first of them, 0 = none */
    uint64_t dead;   /* events that were given up */
} debt_t;

typedef ses_rc_t (*debt_fn_t)(ses_cx_t *cx, const debt_t *d, void *arg);
/* Of every sink (model/sink.h), each confirmed subscription of its topic. */
SES_CHECK ses_rc_t debt_list(ses_cx_t *cx, ses_txn_t *t, debt_fn_t fn,
                             void *arg);

#endif
