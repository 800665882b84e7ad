/*
 * v1_error - the error codes of SES v1 that name a resource
 *
 * The table of results (rc.c) has one code for each; where v1 tells more
 * (contract 2.3), the row here does.
 */
#ifndef SES_API_V1_ERROR_H
#define SES_API_V1_ERROR_H

#include "api/op.h"

typedef struct {
    op_about_t about;
    ses_rc_t rc;
    const char *code;       /* all of them are HTTP 400 */
    const char *members[2]; /* of <Error>, for the failure's names; or NULL */
} v1_error_t;

/* NULL = the code that the result has. */
const v1_error_t *v1_error_find(op_about_t about, ses_rc_t rc);

#endif
