/*
 * quota - recipients in a rolling 24 hours, and a second
 *
 * Counted in minute buckets with a running total, in the gate's commit.  A
 * bucket leaves only when all of it is older than 24 hours, so the limit is
 * never exceeded.  The rate is a bucket of one second's worth that refills
 * continuously; a message larger than it needs it full, and goes into debt.
 *
 * Both are measured on a clock that cannot be set, so that a step of the
 * machine's clock takes nothing from anybody and gives nothing away.
 */
#ifndef SES_POLICY_QUOTA_H
#define SES_POLICY_QUOTA_H

#include "model/account.h"
#include "model/message.h"

/*
 * Take recipients: n of the rate first, then counted of the 24 hours (fewer
 * when some are the simulator's).  SES_THROTTLED or SES_QUOTA with the
 * contract's text, nothing taken; else *minute is the bucket.
 */
SES_CHECK ses_rc_t ses_quota_take(ses_cx_t *cx, ses_txn_t *t,
                                  const ses_account_t *a, uint32_t n,
                                  uint32_t counted, int64_t *minute);
/* Give n back to the bucket it was taken from (aborted message). */
SES_CHECK ses_rc_t ses_quota_return(ses_cx_t *cx, ses_txn_t *t,
                                    ses_str_t account, int64_t minute,
                                    uint32_t n);
/* PREPARED -> ABORTED (ses_message_abort) and its charge given back. */
SES_CHECK ses_rc_t ses_quota_abort(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id,
                                   bool *changed);
/* SentLast24Hours at cx->now. */
SES_CHECK ses_rc_t ses_quota_used(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                                  uint64_t *used);
/* What time it is for this account (ms), as minutes are counted. */
SES_CHECK ses_rc_t ses_quota_time(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                                  int64_t *now);

#endif
