/*
 * verify_page - the page behind the link of a verification mail
 *
 * GET shows who asks for what, and a button; only its POST confirms.  Links
 * in mails are opened by virus scanners and previews, and such a visit must
 * not make an identity out of an address whose owner never agreed.
 */
#ifndef SES_API_VERIFY_PAGE_H
#define SES_API_VERIFY_PAGE_H

#include "api/op.h"
#include "api/request.h"

/* NULL = it is another path or method. */
const op_def_t *verify_page_find(const api_request_t *r);
/* The link's members, from the query or the posted form; what is no form
 * has none.  The caller frees *in by ses_json_free. */
SES_CHECK ses_rc_t verify_page_params(ses_cx_t *cx, const api_request_t *r,
                                      cJSON **in);
/* The page for a failure of ours. */
void verify_page_failed(ses_arena_t *a, int status, op_page_t *out);

#endif
