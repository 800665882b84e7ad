/*
 * statistic - what an account sent and what came back, by quarter of an hour
 *
 * For two weeks (contract 13.2).  Counted in recipients, like the quota;
 * those of the simulator and suppressed ones are left out.
 */
#ifndef SES_MODEL_STATISTIC_H
#define SES_MODEL_STATISTIC_H

#include "store/store.h"

typedef enum { /* order is stored */
               SES_STAT_ATTEMPTS,
               SES_STAT_BOUNCES,
               SES_STAT_COMPLAINTS,
               SES_STAT_REJECTS,
               SES_STAT_MAX
} ses_stat_t;

typedef struct {
    int64_t when; /* beginning of the quarter, ms */
    uint64_t n[SES_STAT_MAX];
} ses_statistic_t;

/* Count n of what happened at when. */
SES_CHECK ses_rc_t ses_statistic_add(ses_cx_t *cx, ses_txn_t *t,
                                     ses_str_t account, ses_stat_t what,
                                     int64_t when, uint64_t n);
typedef ses_rc_t (*ses_statistic_fn_t)(ses_cx_t *cx, const ses_statistic_t *s,
                                       void *arg);
/* The two weeks before cx->now, oldest first. */
SES_CHECK ses_rc_t ses_statistic_list(ses_cx_t *cx, ses_txn_t *t,
                                      ses_str_t account, ses_statistic_fn_t fn,
                                      void *arg);

#endif
