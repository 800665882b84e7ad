/*
 * iam_set - the compiled policies of a user, an identity, a session
 *
 * Compiled once and kept, as long as no row that they came from has another
 * version: then a question costs a look-up of each row, no parsing.  The
 * kept ones belong to the process and may be used by all its threads.
 */
#ifndef SES_POLICY_IAM_SET_H
#define SES_POLICY_IAM_SET_H

#include "policy/iam.h"
#include "store/store.h"

typedef struct ses_iam_set_s ses_iam_set_t;

/* Of an IAM user: its own, its groups', inline and attached.  SES_NOT_FOUND
 * when there is no such user.  Released by the caller. */
SES_CHECK ses_rc_t ses_iam_set_user(ses_cx_t *cx, ses_txn_t *t,
                                    ses_str_t account, ses_str_t user,
                                    ses_iam_set_t **out);
/* Of an identity, by its ARN's parts; maybe none. */
SES_CHECK ses_rc_t ses_iam_set_identity(ses_cx_t *cx, ses_txn_t *t,
                                        ses_str_t region, ses_str_t account,
                                        ses_str_t identity,
                                        ses_iam_set_t **out);
/* Of a session: the one policy that narrows it.  SES_NOT_FOUND when there is
 * no such access key. */
SES_CHECK ses_rc_t ses_iam_set_session(ses_cx_t *cx, ses_txn_t *t, ses_str_t id,
                                       ses_iam_set_t **out);
void ses_iam_set_release(ses_iam_set_t *s); /* NULL is fine */

ses_iam_effect_t ses_iam_set_eval(const ses_iam_set_t *s, ses_iam_ask_t *ask,
                                  ses_iam_trace_t trace, void *arg);
/* How often policies were compiled in this process, for tests. */
uint64_t ses_iam_set_compiled(void);

#endif
