/*
 * contact_list - an account's list of people, and the topics they choose
 *
 * A list has an id of its own: its contacts are kept under that, so that a
 * list which is deleted takes them all with it at once, however many there
 * are, and one of the same name begins empty.  The janitor removes the rows.
 */
#ifndef SES_MODEL_CONTACT_LIST_H
#define SES_MODEL_CONTACT_LIST_H

#include "model/tag.h"
#include "store/journal.h"

#define SES_LIST_TOPICS_MAX 20 /* contract 11 */
#define SES_LIST_NAME_MAX 64

typedef struct {
    ses_str_t name;
    ses_str_t display; /* DisplayName */
    ses_str_t description;
    bool opt_in; /* DefaultSubscriptionStatus */
} ses_list_topic_t;

typedef struct {
    ses_str_t account;
    ses_str_t name;
    ses_str_t id; /* 16 hex digits; ses_contact_list_id */
    ses_str_t description;
    ses_list_topic_t *topics;
    unsigned ntopics;
    ses_tag_t *tags;
    unsigned ntags;
    int64_t created, updated;
    uint64_t version;
} ses_contact_list_t;

/* A new list's id, drawn. */
ses_str_t ses_contact_list_id(ses_arena_t *a);
/* Of the list's topics, NULL when it is not among them. */
const ses_list_topic_t *ses_contact_list_topic(const ses_contact_list_t *l,
                                               ses_str_t name);

SES_CHECK ses_rc_t ses_contact_list_find(ses_cx_t *cx, ses_txn_t *t,
                                         ses_str_t account, ses_str_t name,
                                         ses_contact_list_t *out);
void ses_contact_list_put(ses_cx_t *cx, ses_change_t *c,
                          const ses_contact_list_t *l);
/* The list and, in the janitor's time, its contacts. */
void ses_contact_list_del(ses_cx_t *cx, ses_change_t *c,
                          const ses_contact_list_t *l);
typedef ses_rc_t (*ses_contact_list_fn_t)(ses_cx_t *cx,
                                          const ses_contact_list_t *l,
                                          void *arg);
SES_CHECK ses_rc_t ses_contact_list_list(ses_cx_t *cx, ses_txn_t *t,
                                         ses_str_t account, ses_str_t after,
                                         ses_contact_list_fn_t fn, void *arg);

/* Remove contacts of deleted lists until max rows went or a few more, or there
 * are none; *n = how many.  The changes are journalled. */
SES_CHECK ses_rc_t ses_contact_list_purge(ses_cx_t *cx, ses_txn_t *t,
                                          unsigned max, unsigned *n);

#endif
