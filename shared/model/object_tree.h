/*
 * object_tree - the trees of rows that were read lately
 *
 * Every message reads its account's and its identity's row, and they are the
 * same rows for hours.  A tree is found by the bytes of its row, all of
 * them: so a row that was changed is another row, and nobody has to be told.
 */
#ifndef SES_MODEL_OBJECT_TREE_H
#define SES_MODEL_OBJECT_TREE_H

#include "base/json.h"

typedef struct ses_object_tree_s ses_object_tree_t;

/* The tree of a value, parsed or remembered; to be read only, by any thread,
 * until it is let go.  Errors as ses_object_parse. */
SES_CHECK ses_rc_t ses_object_tree(ses_cx_t *cx, ses_str_t value,
                                   ses_object_tree_t **out);
const cJSON *ses_object_root(const ses_object_tree_t *tree);
void ses_object_let_go(ses_object_tree_t *tree);

#endif
