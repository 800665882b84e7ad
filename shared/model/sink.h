/*
 * sink - what publishes to a topic: an enabled event destination, or a kind
 * of notifications of an identity
 */
#ifndef SES_MODEL_SINK_H
#define SES_MODEL_SINK_H

#include "model/event.h"
#include "store/journal.h"

typedef struct {
    ses_str_t account, set, name; /* as in the keys of cursors */
    ses_str_t topic_arn, topic;   /* of the same account; its name */
    unsigned types;
    uint64_t start;
    bool notification; /* of an identity */
    bool headers;      /* with the original's header fields */
} ses_sink_t;

/* Strings live until fn returns. */
typedef ses_rc_t (*ses_sink_fn_t)(ses_cx_t *cx, const ses_sink_t *s, void *arg);
SES_CHECK ses_rc_t ses_sink_each(ses_cx_t *cx, ses_txn_t *t, ses_sink_fn_t fn,
                                 void *arg);
/* That of a cursor, enabled or not; SES_NOT_FOUND when it is no more. */
SES_CHECK ses_rc_t ses_sink_find(ses_cx_t *cx, ses_txn_t *t,
                                 const ses_cursor_key_t *k, ses_sink_t *out);
/* Add to c what disables it; an identity's mail is forwarded again. */
SES_CHECK ses_rc_t ses_sink_disable(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_cursor_key_t *k, ses_change_t *c);

#endif
