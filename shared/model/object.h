/*
 * object - a control object as a row: versioned JSON under a key of parts
 *
 * What the nouns of the model share: {"v":1,...} found by key, decoded into
 * the noun's struct, walked in order, written into a change.  A row that
 * does not decode is a SES_FAULT, never "not found".
 */
#ifndef SES_MODEL_OBJECT_H
#define SES_MODEL_OBJECT_H

#include "base/json.h"
#include "store/journal.h"

/* Fill out (the noun's struct) from a row; copies what it keeps. */
typedef ses_rc_t (*ses_object_decode_t)(ses_cx_t *cx, ses_str_t key,
                                        const cJSON *j, uint64_t version,
                                        void *out);
/* *out is written only on SES_OK. */
SES_CHECK ses_rc_t ses_object_find(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                   ses_str_t key, ses_object_decode_t decode,
                                   void *out);

/* Called with a row's key and tree; SES_NOT_FOUND means "enough". */
typedef ses_rc_t (*ses_object_fn_t)(ses_cx_t *cx, ses_str_t key, const cJSON *j,
                                    uint64_t version, void *arg);
/* Rows below prefix whose key is greater than prefix + after. */
SES_CHECK ses_rc_t ses_object_walk(ses_cx_t *cx, ses_txn_t *t, ses_db_t db,
                                   ses_str_t prefix, ses_str_t after,
                                   ses_object_fn_t fn, void *arg);

/* Open a tree: the value of a row without its version (freed by the caller
 * with ses_json_free). */
SES_CHECK ses_rc_t ses_object_parse(ses_cx_t *cx, ses_str_t value, cJSON **out);

/* Start and end of a new value. */
void ses_object_open(ses_jsonw_t *w, ses_arena_t *a);
ses_str_t ses_object_close(ses_jsonw_t *w);

/* A member's string, copied into the arena. */
ses_str_t ses_object_str(ses_cx_t *cx, const cJSON *j, const char *name);
/* The n-th part of a key (from 0), in the key; "" past the end. */
ses_str_t ses_object_part(ses_str_t key, unsigned n);
/* May s be a part of a key? No NUL, and not longer than max. */
bool ses_object_name(ses_str_t s, size_t max);

#endif
