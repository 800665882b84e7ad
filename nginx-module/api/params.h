/*
 * params - path, query and body become one object of members
 *
 * Whatever a member travels in, a handler finds it under its own name in
 * op->in; a body cannot stand in for a member of the path or the query.
 * Wrong types are left for ses_shape_check to name.
 */
#ifndef SES_API_PARAMS_H
#define SES_API_PARAMS_H

#include "api/form.h"
#include "api/request.h"
#include "api/route.h"

/* REST.  The caller frees *in by ses_json_free. */
SES_CHECK ses_rc_t params_rest(ses_cx_t *cx, const api_request_t *r,
                               const op_def_t *def, const api_labels_t *labels,
                               cJSON **in);
/* Query protocol: Name, Name.member.N, Name.entry.N.key (contract 2.1). */
SES_CHECK ses_rc_t params_form(ses_cx_t *cx, const form_t *f,
                               const op_def_t *def, cJSON **in);

#endif
