/*
 * outbox - Sesame's own mail that is still to be sent
 *
 * Written in the transaction of whatever caused the mail, taken by the
 * agent, removed when Postfix has it.  An entry says what the mail is about;
 * its text is made when it is sent, so nothing secret waits here.  The id
 * names the send: it is sent under one send key, however often it is tried.
 * Not journalled: the host that caused a mail sends it.
 */
#ifndef SES_MODEL_OUTBOX_H
#define SES_MODEL_OUTBOX_H

#include "store/store.h"

#define SES_OUTBOX_ID 16

typedef enum {                        /* stored: append only */
               SES_OUTBOX_VERIFY = 1, /* is this address yours? */
               SES_OUTBOX_FORWARD,    /* a bounce or complaint, passed on */
               SES_OUTBOX_REPLY       /* of the mailbox simulator's ooto */
} ses_outbox_kind_t;

typedef struct {
    uint8_t id[SES_OUTBOX_ID];
    ses_outbox_kind_t kind;
    uint32_t tries;
    int64_t due;     /* ms */
    int64_t created; /* of a VERIFY: the date in its link, too */
    uint64_t event;  /* of a FORWARD or REPLY: sequence of the event */
    ses_str_t account;
    ses_str_t to;
} ses_outbox_t;

/* A new entry, due now, under a random id. */
SES_CHECK ses_rc_t ses_outbox_add(ses_cx_t *cx, ses_txn_t *t,
                                  ses_outbox_kind_t kind, ses_str_t account,
                                  ses_str_t to, uint64_t event);
/* Remove m, as it was read. */
SES_CHECK ses_rc_t ses_outbox_del(ses_cx_t *cx, ses_txn_t *t,
                                  const ses_outbox_t *m);
/* Try m again at due; counts a try. */
SES_CHECK ses_rc_t ses_outbox_retry(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_outbox_t *m, int64_t due);

typedef ses_rc_t (*ses_outbox_fn_t)(ses_cx_t *cx, const ses_outbox_t *m,
                                    void *arg);
/* Entries due at or before now, in order of time; strings in cx->arena.
 * SES_NOT_FOUND of fn means "enough". */
SES_CHECK ses_rc_t ses_outbox_due(ses_cx_t *cx, ses_txn_t *t, int64_t now,
                                  ses_outbox_fn_t fn, void *arg);

/* --- how many verification mails there were ---------------------------- */

/* Count one more about what (an account, an address) on the day of cx->now
 * and say how many that makes. */
SES_CHECK ses_rc_t ses_asked_add(ses_cx_t *cx, ses_txn_t *t, ses_str_t what,
                                 uint32_t *n);
/* Drop at most max counts of the days before yesterday; *n = how many. */
SES_CHECK ses_rc_t ses_asked_purge(ses_cx_t *cx, ses_txn_t *t, int64_t now,
                                   unsigned max, unsigned *n);

#endif
