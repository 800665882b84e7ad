/*
 * shape_path - where in an input a check is, for texts
 */
#ifndef SES_POLICY_SHAPE_PATH_H
#define SES_POLICY_SHAPE_PATH_H

#include "base/buf.h"
#include "policy/shape.h"

/* A member's name, a list's index, or a map's key. */
struct path {
    const struct path *up;
    const char *name;
    const char *key;
    unsigned index;
};

/* As the API spells it, without list positions: "Content.Simple.Headers". */
const char *ses_shape_path(ses_arena_t *a, const struct path *p);

/* Constraints and later members of a decoded input: shape_check.c. */
SES_CHECK ses_rc_t ses_shape_constraints(ses_cx_t *cx,
                                         const ses_member_t *shape,
                                         const cJSON *in);

#endif
