/*
 * rewrite - the header as it leaves, and the edits that make it so
 */
#ifndef SESAME_GATE_REWRITE_H
#define SESAME_GATE_REWRITE_H

#include "policy/headers.h"

typedef enum { EDIT_DELETE, EDIT_CHANGE, EDIT_APPEND } edit_kind_t;

/* One edit, to be made in order.  Strings are NUL-terminated. */
typedef struct {
    edit_kind_t kind;
    char *name;
    int nth; /* 1 = the first field of this name */
    char *value;
} edit_t;

/* What is put into the message. */
typedef struct {
    ses_str_t message_id;
    ses_str_t date;
    ses_str_t feedback_id;
} stamp_t;

/* <id@region.service_domain> */
ses_str_t rewrite_message_id(ses_arena_t *a, ses_str_t id, ses_str_t region,
                             ses_str_t service_domain);
/* [a:b:]1.region.BASE64:Sesame */
ses_str_t rewrite_feedback_id(ses_arena_t *a, ses_str_t region,
                              ses_str_t account, const ses_tag_t *tags,
                              unsigned ntags);

/* The header as it will leave: stamps set, private fields gone. */
SES_CHECK ses_rc_t rewrite_leaving(ses_cx_t *cx, const ses_headers_t *came,
                                   const stamp_t *stamp, ses_headers_t *out);
/* The edits that turn came into that. */
void rewrite_edits(ses_arena_t *a, const ses_headers_t *came,
                   const stamp_t *stamp, edit_t **edits, unsigned *n);

#endif
