/*
 * counter - how often something happened
 *
 * Two kinds.  In a transaction (events by account, type and day).  In
 * memory, for what hostile input can cause at will (forged tickets, ignored
 * reports): added up in the process and flushed by its owner every second.
 */
#ifndef SES_MODEL_COUNTER_H
#define SES_MODEL_COUNTER_H

#include "store/store.h"

SES_CHECK ses_rc_t ses_counter_add(ses_cx_t *cx, ses_txn_t *t, ses_str_t name,
                                   uint64_t n);
SES_CHECK ses_rc_t ses_counter_get(ses_cx_t *cx, ses_txn_t *t, ses_str_t name,
                                   uint64_t *n);
typedef ses_rc_t (*ses_counter_fn_t)(ses_cx_t *cx, ses_str_t name, uint64_t n,
                                     void *arg);
SES_CHECK ses_rc_t ses_counter_list(ses_cx_t *cx, ses_txn_t *t,
                                    ses_str_t prefix, ses_counter_fn_t fn,
                                    void *arg);

typedef enum {
    SES_TICKET_FORGED, /* wrong HMAC, key id or envelope */
    SES_TICKET_STALE,
    SES_TICKET_MISSING, /* on the injection service without one */
    SES_TOKEN_FORGED,   /* a report to an address we never made */
    SES_REPORT_IGNORED, /* no report, or about nobody of that message */
    SES_UNBOUND_PASSED,
    SES_UNBOUND_REFUSED,
    SES_LOGIN_REFUSED,
    SES_SIGN_FAILED,
    SES_SESSION_CUT, /* of Postfix, by a gate that left */
    SES_TALLY_MAX
} ses_tally_t;

const char *ses_tally_name(ses_tally_t t); /* "ticket.forged" ... */
/* Count in memory; any thread. */
void ses_tally(ses_tally_t t);
/* Anything to flush? Then run ses_tally_flush as a commit operation. */
bool ses_tally_dirty(void);
SES_CHECK ses_rc_t ses_tally_flush(ses_cx_t *cx, ses_txn_t *t, void *unused);

#endif
