/*
 * message - the ledger: one entry per message the gate accepted
 *
 * An entry is born PREPARED in the gate's commit, together with its quota
 * charge and send key.  The agent moves it on (DESIGN section 3): QUEUED on
 * proof that Postfix has it, ABORTED on proof that it has not.  Entries are
 * read through accessors that compare the account; daemons pass "".
 */
#ifndef SES_MODEL_MESSAGE_H
#define SES_MODEL_MESSAGE_H

#include "base/id.h"
#include "store/journal.h"

typedef enum {
    SES_MESSAGE_PREPARED = 1,
    SES_MESSAGE_QUEUED,
    SES_MESSAGE_ABORTED
} ses_message_state_t;

/* Why a recipient was removed before queueing, and how it ended. */
typedef enum {
    SES_RCPT_KEPT,
    SES_RCPT_SUPPRESSED, /* on the account's list */
    SES_RCPT_SIMULATED,  /* of the mailbox simulator */
    SES_RCPT_SITE,       /* on the site's list */
    SES_RCPT_REJECTED    /* with all others: the message's content is bad */
} ses_rcpt_removed_t;
/* Mailboxes of the simulator (contract 4.13); stored. */
typedef enum {
    SES_SIM_NONE,
    SES_SIM_SUCCESS,
    SES_SIM_BOUNCE, /* any other name, too */
    SES_SIM_OOTO,
    SES_SIM_COMPLAINT,
    SES_SIM_SUPPRESSED
} ses_simulated_t;
typedef enum {
    SES_RCPT_OPEN,
    SES_RCPT_DELIVERED,
    SES_RCPT_BOUNCED
} ses_rcpt_end_t;

typedef struct {
    ses_str_t addr;  /* canonical: as Postfix logs it */
    uint8_t removed; /* ses_rcpt_removed_t */
    uint8_t reason;  /* SES_REASON_ bit of the entry that removed it, or
                      * ses_simulated_t */
    uint8_t end;     /* ses_rcpt_end_t */
} ses_rcpt_t;

#define SES_SEND_KEY 32
#define SES_BODY_HASH 16

typedef struct {
    ses_msgid_t id;
    ses_message_state_t state;
    ses_str_t account;
    ses_str_t config_set;  /* "" = none */
    int64_t committed;     /* ms */
    uint32_t charged;      /* recipients taken from the quota */
    uint32_t max_delivery; /* s until it is given up; 0 = as Postfix does */
    int64_t minute;        /* the bucket they were taken from */
    ses_str_t send_key;    /* 32 bytes or "" */
    ses_str_t identity;    /* name of the identity it was sent as */
    ses_str_t source;      /* envelope sender as the client gave it */
    ses_str_t subject;
    uint64_t size; /* bytes */
    /* the event's "mail" object in three pieces of JSON members, without
     * braces, none empty unless the piece is absent */
    ses_str_t mail_base;    /* "timestamp":...,"destination":[...] */
    ses_str_t mail_headers; /* "headersTruncated":...,"commonHeaders":{} */
    ses_str_t mail_tags;    /* "tags":{...} */
    ses_rcpt_t *rcpts;
    unsigned nrcpts;
} ses_message_t;

/* In the gate's commit: entry PREPARED, index, send key.  SES_EXISTS when the
 * ledger has the id, or another send holds the send key. */
SES_CHECK ses_rc_t ses_message_insert(ses_cx_t *cx, ses_txn_t *t,
                                      const ses_message_t *m,
                                      ses_str_t body_hash);
/* SES_NOT_FOUND also when it belongs to another account. */
SES_CHECK ses_rc_t ses_message_find(ses_cx_t *cx, ses_txn_t *t,
                                    ses_str_t account, ses_msgid_t id,
                                    ses_message_t *out);
/* Follow an alias (postsuper -r); id itself when there is none. */
SES_CHECK ses_rc_t ses_message_resolve(ses_cx_t *cx, ses_txn_t *t,
                                       ses_msgid_t id, ses_msgid_t *out);
SES_CHECK ses_rc_t ses_message_alias(ses_cx_t *cx, ses_txn_t *t,
                                     ses_msgid_t now, ses_msgid_t first);
/* PREPARED -> QUEUED; SES_OK and *changed = false when it was already. */
SES_CHECK ses_rc_t ses_message_queued(ses_cx_t *cx, ses_txn_t *t,
                                      ses_msgid_t id, bool *changed);
/* PREPARED -> ABORTED: send key deleted.  The quota is the caller's to give
 * back: ses_quota_abort (policy/quota.h) does both. */
SES_CHECK ses_rc_t ses_message_abort(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id,
                                     bool *changed);
/* Record how a recipient ended (index into rcpts). */
SES_CHECK ses_rc_t ses_message_ended(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id,
                                     unsigned rcpt, ses_rcpt_end_t end);
/* Index of a recipient by canonical address, -1 when it has none. */
int ses_message_rcpt(const ses_message_t *m, ses_str_t addr);

/* m lives until fn returns. */
typedef ses_rc_t (*ses_message_fn_t)(ses_cx_t *cx, const ses_message_t *m,
                                     void *arg);
/* Entries still PREPARED, oldest first. */
SES_CHECK ses_rc_t ses_message_prepared(ses_cx_t *cx, ses_txn_t *t,
                                        ses_message_fn_t fn, void *arg);
/* Every entry, oldest first (check, status). */
SES_CHECK ses_rc_t ses_message_list(ses_cx_t *cx, ses_txn_t *t,
                                    ses_message_fn_t fn, void *arg);
/* Drop at most max entries (with facts and aliases) older than when. */
SES_CHECK ses_rc_t ses_message_purge(ses_cx_t *cx, ses_txn_t *t, int64_t when,
                                     unsigned max, unsigned *n);

/* --- send keys --------------------------------------------------------- */

typedef struct {
    ses_msgid_t id;
    uint8_t body_hash[SES_BODY_HASH];
    int64_t when;
} ses_send_key_t;

/* 32 raw bytes: SHA-256 of access key, client's key, entry (DESIGN 3). */
SES_CHECK ses_rc_t ses_send_key_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t key,
                                     ses_send_key_t *out);
/* Of ses_message_insert and ses_message_abort: SES_EXISTS while another send
 * holds the key; deleting leaves a key that names another message. */
SES_CHECK ses_rc_t ses_send_key_put(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_message_t *m,
                                    ses_str_t body_hash);
SES_CHECK ses_rc_t ses_send_key_del(ses_cx_t *cx, ses_txn_t *t, ses_str_t key,
                                    ses_msgid_t id);
/* Send keys are kept 24 h. */
SES_CHECK ses_rc_t ses_send_key_purge(ses_cx_t *cx, ses_txn_t *t, int64_t now,
                                      unsigned max, unsigned *n);

#endif
