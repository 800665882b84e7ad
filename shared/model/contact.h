/*
 * contact - a person on a contact list, and what they chose
 *
 * The address is kept as given; two that differ in the case of the domain
 * are one contact.
 */
#ifndef SES_MODEL_CONTACT_H
#define SES_MODEL_CONTACT_H

#include "model/contact_list.h"

typedef struct {
    ses_str_t topic;
    bool opt_in;
} ses_preference_t;

typedef struct {
    ses_str_t account;
    ses_str_t list;    /* its id */
    ses_str_t key;     /* the address with its domain in lower case */
    ses_str_t address; /* as given */
    ses_preference_t *preferences; /* explicit ones, at most 20 */
    unsigned npreferences;
    bool unsubscribe_all;
    ses_str_t attributes; /* JSON text of the owner's; p == NULL: none */
    int64_t created, updated;
    uint64_t version;
} ses_contact_t;

/* What the contact said about a topic itself; NULL = nothing. */
const ses_preference_t *ses_contact_preference(const ses_contact_t *c,
                                               ses_str_t topic);
/* Does mail about this topic (NULL: of the list) go to the contact?
 * UnsubscribeAll, then the explicit preference, then the topic's default
 * (contract 11). */
bool ses_contact_opted_in(const ses_contact_t *c, const ses_list_topic_t *t);

/* key as in the struct. */
SES_CHECK ses_rc_t ses_contact_find(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_contact_list_t *l, ses_str_t key,
                                    ses_contact_t *out);
void ses_contact_put(ses_cx_t *cx, ses_change_t *c, const ses_contact_t *x);
void ses_contact_del(ses_cx_t *cx, ses_change_t *c, const ses_contact_t *x);
typedef ses_rc_t (*ses_contact_fn_t)(ses_cx_t *cx, const ses_contact_t *x,
                                     void *arg);
/* In order of keys, those after the key `after`. */
SES_CHECK ses_rc_t ses_contact_walk(ses_cx_t *cx, ses_txn_t *t,
                                    const ses_contact_list_t *l,
                                    ses_str_t after, ses_contact_fn_t fn,
                                    void *arg);

#endif
