/*
 * dest_sns - an event as SNS would POST it to a subscriber (contract 8.6)
 */
#ifndef SES_AGENT_DEST_SNS_H
#define SES_AGENT_DEST_SNS_H

#include "courier.h"
#include "model/event.h"
#include "model/topic.h"
#include "outlet.h"

typedef struct {
    const ses_conf_t *conf;
    void *key; /* EVP_PKEY of sns.key, PEM */
} dest_sns_t;

/* Load the signing key; sns_close forgets it. */
SES_CHECK ses_rc_t sns_open(ses_cx_t *cx, const ses_conf_t *conf,
                            dest_sns_t *out);
/* Load it again, and go by conf from now on; without a key (logged) the old
 * one stays. */
void sns_renew(ses_cx_t *cx, const ses_conf_t *conf, dest_sns_t *d);
void sns_close(dest_sns_t *d);

/* One id for one event at one destination: for every subscriber of the
 * topic, and at every try. */
ses_str_t sns_message_id(ses_arena_t *a, const ses_cursor_key_t *k,
                         const ses_event_t *e);

/* The POST that tells a subscriber of an event.  when = of the first try;
 * everything lives in cx->arena. */
SES_CHECK ses_rc_t sns_notification(ses_cx_t *cx, const dest_sns_t *d,
                                    const outlet_info_t *to,
                                    const ses_event_t *e, int64_t when,
                                    courier_post_t *out);
/* The POST that asks an endpoint whether it wants the topic. */
SES_CHECK ses_rc_t sns_confirmation(ses_cx_t *cx, const dest_sns_t *d,
                                    const ses_subscription_t *s,
                                    courier_post_t *out);

#endif
