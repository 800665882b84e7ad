/*
 * published - what was put into a zone for an identity, or for the site
 *
 * A row for each, in the store, so that what nobody wants any more is taken
 * out even when the identity was deleted while nobody looked.  Its text is a
 * line for each record:
 *
 *     K name type digest      the name is ours alone
 *     R name type value       others may have records there, too
 */
#ifndef SES_AGENT_PUBLISHED_H
#define SES_AGENT_PUBLISHED_H

#include "policy/zone.h"
#include "update.h"

/* One thing that has records in a zone. */
typedef struct {
    ses_str_t key;        /* ses_identity_key; "" = the site */
    ses_str_t old;        /* the row's text, "" = none */
    ses_str_t text;       /* the row's text when all is done */
    ses_str_t names;      /* the row's text while it is not known */
    ses_zone_record_t *v; /* that are wanted */
    unsigned n;
} published_t;

#define PUBLISHED_MAX 300 /* records of one thing */

/* One more that is wanted.  Strings are copied. */
void published_want(ses_arena_t *a, published_t *p, const ses_zone_record_t *r);
/* Fill text and names from old and what is wanted. */
void published_plan(ses_arena_t *a, published_t *p);
/* Add to u what changes old into text: all of it when `again`, whatever old
 * says.  Returns how many records. */
unsigned published_steps(ses_arena_t *a, const published_t *p, bool again,
                         update_t *u);

SES_CHECK ses_rc_t published_get(ses_cx_t *cx, ses_txn_t *t, ses_str_t zone,
                                 ses_str_t key, ses_str_t *text);
/* "" deletes the row. */
SES_CHECK ses_rc_t published_put(ses_cx_t *cx, ses_txn_t *t, ses_str_t zone,
                                 ses_str_t key, ses_str_t text);
/* fn hears the key of every row of zone behind `after` ("" = all); its
 * SES_NOT_FOUND means "enough". */
typedef ses_rc_t (*published_fn_t)(ses_cx_t *cx, ses_str_t key, void *arg);
SES_CHECK ses_rc_t published_walk(ses_cx_t *cx, ses_txn_t *t, ses_str_t zone,
                                  ses_str_t after, published_fn_t fn,
                                  void *arg);

#endif
