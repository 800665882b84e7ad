/*
 * tag - key and value on a resource; at most 50, kept in order
 */
#ifndef SES_MODEL_TAG_H
#define SES_MODEL_TAG_H

#include "base/json.h"

#define SES_TAGS_MAX 50

typedef struct {
    ses_str_t key;   /* 1-128 */
    ses_str_t value; /* 0-256 */
} ses_tag_t;

/* Write as "name":[{"Key":..,"Value":..},...] */
void ses_tags_write(ses_jsonw_t *w, const char *name, const ses_tag_t *tags,
                    unsigned n);
/* Read back; strings copied into the arena. */
void ses_tags_read(ses_arena_t *a, const cJSON *o, const char *name,
                   ses_tag_t **tags, unsigned *n);

#endif
