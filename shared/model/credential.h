/*
 * credential - access keys: who signs requests and logs in over SMTP
 *
 * Found by access key id alone, before any account is known.  The secret is
 * boxed under the site key, bound to id and account.
 */
#ifndef SES_MODEL_CREDENTIAL_H
#define SES_MODEL_CREDENTIAL_H

#include "store/journal.h"
#include "store/keyring.h"

typedef struct {
    ses_str_t id; /* access key id, 16-128 of A-Z0-9 */
    ses_str_t account;
    ses_str_t user; /* IAM user name */
    bool iam;       /* the user's, with its policies; else the account's own,
                       which may do everything of the account */
    bool active;
    ses_str_t boxed; /* the secret, closed */
    int64_t created;
    /* of a session (session.h) */
    int64_t expires;    /* ms; 0 = it is none */
    ses_str_t token;    /* SHA-256 of its token */
    ses_str_t policy;   /* what it may do at most; "" = what its user may */
    int64_t user_since; /* created of its IAM user */
    uint64_t version;
} ses_credential_t;

SES_CHECK ses_rc_t ses_credential_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t id,
                                       ses_credential_t *out);
void ses_credential_put(ses_cx_t *cx, ses_change_t *c,
                        const ses_credential_t *k);
void ses_credential_del(ses_change_t *c, const ses_credential_t *k);
/* Note that the key was used at cx->now, to the minute; not journalled. */
SES_CHECK ses_rc_t ses_credential_used(ses_cx_t *cx, ses_txn_t *t,
                                       ses_str_t id);
/* When it was used last, ms; 0 = never. */
SES_CHECK ses_rc_t ses_credential_last_used(ses_cx_t *cx, ses_txn_t *t,
                                            ses_str_t id, int64_t *when);
typedef ses_rc_t (*ses_credential_fn_t)(ses_cx_t *cx, const ses_credential_t *k,
                                        void *arg);
/* account "" = all */
SES_CHECK ses_rc_t ses_credential_list(ses_cx_t *cx, ses_txn_t *t,
                                       ses_str_t account,
                                       ses_credential_fn_t fn, void *arg);

/* A new active key with a random id and secret; *secret (40 characters) is
 * shown once by the caller, who then forgets it. */
SES_CHECK ses_rc_t ses_credential_new(ses_cx_t *cx, const ses_keyring_t *site,
                                      ses_str_t account, ses_str_t user,
                                      ses_credential_t *out, ses_str_t *secret);
/* The same of a kind that the first four letters of the id tell; the other
 * members of k are the caller's. */
SES_CHECK ses_rc_t ses_credential_draw(ses_cx_t *cx, const ses_keyring_t *site,
                                       const char *kind, ses_credential_t *k,
                                       ses_str_t *secret);
SES_CHECK ses_rc_t ses_credential_secret(ses_cx_t *cx,
                                         const ses_keyring_t *site,
                                         const ses_credential_t *k,
                                         ses_str_t *secret);
/* SMTP password of a secret in a region (contract section 6), 44 chars. */
ses_str_t ses_credential_smtp(ses_arena_t *a, ses_str_t secret,
                              ses_str_t region);
/* arn:aws:iam::ACCOUNT:user/NAME */
ses_str_t ses_credential_arn(ses_arena_t *a, const ses_credential_t *k);

#endif
