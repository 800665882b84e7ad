/*
 * confirm - an address is asked whether it wants to be an identity
 *
 * The mail holds a link under public_url.  Its signature covers account,
 * address, date and template, so the link is all there is: nothing of it is
 * stored, and no other address, account or redirection can be put into it.
 * It is good for verify_link_lifetime from its date, and only for the
 * identity it was made for: one that was deleted and created again is
 * younger than the link.
 *
 *   PUBLIC_URL/verify-email?Context=ACCOUNT&Identity=ADDRESS&Date=MS
 *       &Template=NAME&Signature=HEX64
 */
#ifndef SES_POLICY_CONFIRM_H
#define SES_POLICY_CONFIRM_H

#include "base/conf.h"
#include "model/identity.h"
#include "store/keyring.h"

#define SES_CONFIRM_PATH "/verify-email"

typedef struct {
    ses_str_t account;
    ses_str_t address;  /* canonical */
    int64_t date;       /* ms */
    ses_str_t template; /* of the custom mail, "" = ours */
} ses_confirm_t;

/* The whole URL, signed with the key in use. */
ses_str_t ses_confirm_url(ses_arena_t *a, const ses_conf_t *conf,
                          const ses_keyring_t *site, const ses_confirm_t *c);
/* The value of Signature. */
ses_str_t ses_confirm_sign(ses_arena_t *a, const ses_key_t *key,
                           const ses_confirm_t *c);
/* Is it signature of c, by any key of the ring?  In constant time. */
bool ses_confirm_check(ses_arena_t *a, const ses_keyring_t *site,
                       const ses_confirm_t *c, ses_str_t signature);

/*
 * Count a verification mail to i->name for the account; SES_LIMIT when
 * there were too many today.  Marks i as asked now (a verified one stays
 * verified); the caller puts it.
 */
SES_CHECK ses_rc_t ses_confirm_begin(ses_cx_t *cx, ses_txn_t *t,
                                     const ses_conf_t *conf, ses_identity_t *i);
/* The same, and our own mail goes out. */
SES_CHECK ses_rc_t ses_confirm_ask(ses_cx_t *cx, ses_txn_t *t,
                                   const ses_conf_t *conf, ses_identity_t *i);
/* May this link confirm i now? */
bool ses_confirm_good(const ses_conf_t *conf, const ses_confirm_t *c,
                      const ses_identity_t *i, int64_t now);
/* Its owner has confirmed i / has not in time; the caller puts it. */
void ses_confirm_done(ses_identity_t *i, int64_t now);
void ses_confirm_failed(ses_identity_t *i, int64_t now);

#endif
