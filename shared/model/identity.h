/*
 * identity - a domain or address that an account may send as
 *
 * Names are kept in canonical form: domains as lower-case A-labels without a
 * final dot, addresses with such a domain and the local part as given
 * (contract 4.5, 7).  DKIM private keys live in a table of their own, sealed
 * to the gate, written by the gate alone.
 */
#ifndef SES_MODEL_IDENTITY_H
#define SES_MODEL_IDENTITY_H

#include "base/conf.h"
#include "model/dkim.h"
#include "model/notify.h"
#include "model/tag.h"
#include "store/journal.h"

#define SES_IDENTITIES_MAX 10000 /* of an account; contract 5.2 */

typedef enum {
    SES_VERIFY_NOT_STARTED,
    SES_VERIFY_PENDING,
    SES_VERIFY_SUCCESS,
    SES_VERIFY_FAILED,
    SES_VERIFY_TEMPORARY_FAILURE
} ses_verify_t;
const char *ses_verify_name(ses_verify_t v); /* "PENDING" ... */
bool ses_verify_parse(ses_str_t s, ses_verify_t *out);

/* A domain of the owner's for envelope senders (contract 7.5). */
typedef struct {
    ses_str_t domain; /* canonical; "" = ours is used */
    bool reject;      /* BehaviorOnMxFailure: REJECT_MESSAGE */
    ses_verify_t status;
    int64_t since; /* the 72 hours run from here */
    int64_t check; /* when it is to be looked at; 0 = never */
    int64_t last_check;
    unsigned tries;
    ses_str_t error; /* what is wrong with its records, "" = nothing known */
} ses_mail_from_t;

typedef struct {
    ses_str_t account;
    ses_str_t name; /* canonical */
    bool domain;    /* else an address */
    ses_verify_t status;
    ses_verify_t dkim_status; /* of a domain */
    int64_t dkim_since;       /* its 72 hours; or pending_since when later */
    ses_str_t proof;          /* of a domain: the text of the TXT record that
                                 proves it as well (contract 7.2); "" = none */
    ses_mail_from_t mail_from;
    ses_dkim_t dkim;      /* of a domain; no selectors in an address */
    ses_str_t config_set; /* default set, "" = none */
    bool feedback;        /* FeedbackForwardingStatus */
    ses_notify_t notify[SES_NOTIFY_MAX];
    ses_tag_t *tags;
    unsigned ntags;
    int64_t created;
    /* verification */
    int64_t pending_since; /* the 72 hours run from here */
    int64_t next_check;    /* 0 = none due; of an address: it fails then */
    unsigned tries;
    int64_t last_check, last_success;
    ses_str_t error; /* VerificationError value, "" = none */
    ses_str_t soa_primary, soa_admin;
    int64_t soa_serial;
    uint64_t version;
} ses_identity_t;

/*
 * Canonical name of what a user wrote; *domain tells the kind.  SES_INVALID
 * "Domain X is invalid." / "Invalid email address<X>." style texts.
 */
SES_CHECK ses_rc_t ses_identity_name(ses_cx_t *cx, ses_str_t given,
                                     ses_str_t *name, bool *domain);
SES_CHECK ses_rc_t ses_identity_find(ses_cx_t *cx, ses_txn_t *t,
                                     ses_str_t account, ses_str_t name,
                                     ses_identity_t *out);
void ses_identity_put(ses_cx_t *cx, ses_change_t *c, const ses_identity_t *i);
/* The identity, its sealed keys and its policies. */
SES_CHECK ses_rc_t ses_identity_del(ses_cx_t *cx, ses_txn_t *t, ses_change_t *c,
                                    const ses_identity_t *i);
/* A new one: PENDING, tokens drawn, first check due now (domains). */
void ses_identity_init(ses_cx_t *cx, ses_identity_t *i, ses_str_t account,
                       ses_str_t name, bool domain);
/* Draw the text of a domain's TXT record; the caller has it looked for. */
void ses_identity_prove(ses_cx_t *cx, ses_identity_t *i);
/* Usable as a sender (verified itself; parents are the caller's business)? */
bool ses_identity_verified(const ses_identity_t *i);
/* What was seen of a record. */
typedef enum {
    SES_LOOK_MISSING, /* not there, or another */
    SES_LOOK_FOUND,
    SES_LOOK_FAILED, /* DNS gave no answer: proves nothing */
    SES_LOOK_BOGUS   /* one that DNSSEC refutes: proves nothing, and what was
                        seen before may be as false */
} ses_look_t;

/* Of two records of which either will do.  To miss both they must both have
 * been looked at. */
ses_look_t ses_look_either(ses_look_t a, ses_look_t b);

/* What the state machine of contract 7.3 makes of a look at DNS: either
 * record proves a domain, DKIM needs its own. */
void ses_identity_looked(ses_identity_t *i, int64_t now, ses_look_t dkim,
                         ses_look_t proof);
/* The same of a check that had one answer for all. */
void ses_identity_checked(ses_identity_t *i, int64_t now, bool found,
                          bool our_fault);

/* --- custom MAIL FROM (mail_from.c) ------------------------------------ */

/* Use domain (canonical; "" = none) from now on: PENDING, a check is due.
 * SES_INVALID when it is not below the identity's. */
SES_CHECK ses_rc_t ses_mail_from_set(ses_cx_t *cx, ses_identity_t *i,
                                     ses_str_t domain, bool reject);
void ses_mail_from_looked(ses_identity_t *i, int64_t now, ses_look_t look);
const char *ses_mail_from_behavior(const ses_mail_from_t *m);
/* Where the MX of a MAIL FROM domain points: feedback_host of sesame.conf. */
ses_str_t ses_mail_from_host(ses_arena_t *a, const ses_conf_t *conf);
void ses_mail_from_decode(ses_cx_t *cx, const cJSON *row, ses_mail_from_t *out);
void ses_mail_from_encode(ses_jsonw_t *w, const ses_mail_from_t *m);

typedef ses_rc_t (*ses_identity_fn_t)(ses_cx_t *cx, const ses_identity_t *i,
                                      void *arg);
/* From the name after `after` on ("" = the start), in order of names. */
SES_CHECK ses_rc_t ses_identity_list(ses_cx_t *cx, ses_txn_t *t,
                                     ses_str_t account, ses_str_t after,
                                     ses_identity_fn_t fn, void *arg);

/* Those of all accounts, in order of their keys (ses_identity_key), behind
 * the key `after` ("" = the start). */
SES_CHECK ses_rc_t ses_identity_each(ses_cx_t *cx, ses_txn_t *t,
                                     ses_str_t after, ses_identity_fn_t fn,
                                     void *arg);
ses_str_t ses_identity_key(ses_arena_t *a, ses_str_t account, ses_str_t name);

/* arn:aws:ses:REGION:ACCOUNT:identity/NAME */
ses_str_t ses_identity_arn(ses_arena_t *a, ses_str_t region, ses_str_t account,
                           ses_str_t name);

/* Due work, from the index: identities that want a key (oldest first), those
 * whose check is due at or before now, and those whose keys are to be looked
 * at by then. */
SES_CHECK ses_rc_t ses_identity_keyless(ses_cx_t *cx, ses_txn_t *t,
                                        ses_identity_fn_t fn, void *arg);
SES_CHECK ses_rc_t ses_identity_due(ses_cx_t *cx, ses_txn_t *t, int64_t now,
                                    ses_identity_fn_t fn, void *arg);
SES_CHECK ses_rc_t ses_identity_keys_due(ses_cx_t *cx, ses_txn_t *t,
                                         int64_t now, ses_identity_fn_t fn,
                                         void *arg);
/* Those whose MAIL FROM domain is to be looked at by then. */
SES_CHECK ses_rc_t ses_identity_mail_from_due(ses_cx_t *cx, ses_txn_t *t,
                                              int64_t now, ses_identity_fn_t fn,
                                              void *arg);
/* Those of the two that did not fail at their last check, and became due at
 * `from` or later: ten thousand whose DNS is dead must not keep them
 * waiting. */
SES_CHECK ses_rc_t ses_identity_first_due(ses_cx_t *cx, ses_txn_t *t,
                                          int64_t from, int64_t now,
                                          ses_identity_fn_t fn, void *arg);
SES_CHECK ses_rc_t ses_identity_mail_from_first_due(ses_cx_t *cx, ses_txn_t *t,
                                                    int64_t from, int64_t now,
                                                    ses_identity_fn_t fn,
                                                    void *arg);
/* Is its mail signed (unless SigningEnabled says no)? */
bool ses_identity_dkim_live(const ses_identity_t *i);
/* Addresses whose owner has not confirmed them until now. */
SES_CHECK ses_rc_t ses_identity_unconfirmed(ses_cx_t *cx, ses_txn_t *t,
                                            int64_t now, ses_identity_fn_t fn,
                                            void *arg);

/* --- the sealed private key of a slot ---------------------------------- */

/* Associated data of the seal: account, domain, selector. */
ses_str_t ses_dkim_aad(ses_arena_t *a, const ses_identity_t *i, unsigned slot);
ses_str_t ses_dkim_aad_of(ses_arena_t *a, ses_str_t account, ses_str_t name,
                          ses_str_t selector);
SES_CHECK ses_rc_t ses_dkim_find(ses_cx_t *cx, ses_txn_t *t,
                                 const ses_identity_t *i, unsigned slot,
                                 ses_str_t *sealed, uint64_t *version);
void ses_dkim_put(ses_cx_t *cx, ses_change_t *c, const ses_identity_t *i,
                  unsigned slot, uint64_t expect, ses_str_t sealed);
/* Every sealed key of the store behind the row `after` ("" = the first).
 * What a row points to ends with the transaction. */
typedef struct {
    ses_txn_t *t;
    ses_str_t key; /* of the row */
    ses_str_t sealed;
    uint64_t version;
} ses_sealed_t;
typedef ses_rc_t (*ses_sealed_fn_t)(ses_cx_t *cx, const ses_sealed_t *row,
                                    void *arg);
SES_CHECK ses_rc_t ses_dkim_each(ses_cx_t *cx, ses_txn_t *t, ses_str_t after,
                                 ses_sealed_fn_t fn, void *arg);
/* What the row is sealed to; SES_NOT_FOUND when it belongs to nobody. */
SES_CHECK ses_rc_t ses_dkim_row_aad(ses_cx_t *cx, const ses_sealed_t *row,
                                    ses_str_t *aad);
/* Delete the private keys of the slots that hold none any more. */
SES_CHECK ses_rc_t ses_dkim_drop(ses_cx_t *cx, ses_txn_t *t, ses_change_t *c,
                                 const ses_identity_t *i);

#endif
