/*
 * route - which operation a request means
 *
 * REST paths are matched on their undecoded segments, so that a label may
 * hold an encoded '/'.  A template that ends with a slash also matches
 * without it (contract 1.2: SDK generations differ there).
 */
#ifndef SES_API_ROUTE_H
#define SES_API_ROUTE_H

#include "api/op.h"

#define API_LABELS 4

typedef struct {
    ses_str_t name;  /* as in the template */
    ses_str_t value; /* undecoded */
} api_label_t;

typedef struct {
    api_label_t label[API_LABELS];
    unsigned n;
} api_labels_t;

/* NULL = no such operation. */
const op_def_t *route_rest(ses_str_t method, ses_str_t path,
                           api_labels_t *labels);
/* By Action and Version ("" = whichever protocol has it). */
const op_def_t *route_action(ses_str_t action, ses_str_t version);
/* Which protocol a Version asks for; v1 when unknown. */
op_protocol_t route_protocol(ses_str_t version);

/* Every table, for who walks all operations; ends with NULL. */
extern const op_def_t *const api_tables[];

#endif
