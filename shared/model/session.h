/*
 * session - temporary credentials: an access key with a token and an end
 *
 * A row among the access keys (credential.h), whose id begins with ASIA.  It
 * signs requests only together with its token, until it expires, and while
 * the user it was made for is the one it was made for.  It is no login over
 * SMTP.  A policy may narrow what it may do, never widen it.
 */
#ifndef SES_MODEL_SESSION_H
#define SES_MODEL_SESSION_H

#include "model/credential.h"

#define SES_SESSION_MIN (15 * 60 * INT64_C(1000))   /* ms, how long it lives */
#define SES_SESSION_MAX (36 * 3600 * INT64_C(1000)) /* at least, at most */
#define SES_SESSION_POLICY_MAX 2048                 /* bytes */

/*
 * A new one of k's account, which lives for ms from cx->now on.  k says
 * account, user, iam, policy and, for an IAM user, since when that user is
 * there; the rest is filled in.  *secret (40 characters) and *token are
 * shown once.
 */
SES_CHECK ses_rc_t ses_session_new(ses_cx_t *cx, const ses_keyring_t *site,
                                   int64_t ms, ses_credential_t *k,
                                   ses_str_t *secret, ses_str_t *token);
/* Is this key one? */
bool ses_session_is(const ses_credential_t *k);
/* Is token (p == NULL: none was given) what belongs to k?  In constant time;
 * to a key that is none, none belongs. */
bool ses_session_token(const ses_credential_t *k, ses_str_t token);
/*
 * May k, be it a session's or not, still be used at now?  SES_EXPIRED;
 * SES_UNKNOWN_KEY when it is inactive or its user has gone, or has another
 * of the same name in his place.
 */
SES_CHECK ses_rc_t ses_session_live(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_credential_t *k, int64_t now);
/* Delete at most max of them (in the journal) that expired before that time;
 * *n = how many. */
SES_CHECK ses_rc_t ses_session_purge(ses_cx_t *cx, ses_txn_t *t, int64_t before,
                                     unsigned max, unsigned *n);

#endif
