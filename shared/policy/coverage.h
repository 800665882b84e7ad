/*
 * coverage - every operation of the service, and which are there
 *
 * 116 operations of SES v2, 71 of v1, and the part of SNS that a webhook
 * needs.  sesamectl coverage prints it; a test compares it with the tables
 * of operations, both ways.
 */
#ifndef SES_POLICY_COVERAGE_H
#define SES_POLICY_COVERAGE_H

#include "policy/shape.h"

typedef struct {
    const char *api; /* "v2", "v1", "sns" */
    const char *name;
    bool done;
    const ses_member_t *input; /* of a done one; its members that are refused
                                  for now: ses_shape_laters */
} ses_coverage_t;

/* Sorted by api and name; ends with {0}. */
extern const ses_coverage_t ses_coverage[];

#endif
