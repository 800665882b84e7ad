/*
 * tag - keys and values on a resource, as a JSON list
 */
#include "model/tag.h"

void
ses_tags_write(ses_jsonw_t *w, const char *name, const ses_tag_t *tags,
               unsigned n)
{
    unsigned i;

    ses_jsonw_list(w, name);
    for (i = 0; i < n; i++) {
        ses_jsonw_open(w, NULL);
        ses_jsonw_str(w, "Key", tags[i].key);
        ses_jsonw_str(w, "Value", tags[i].value);
        ses_jsonw_close(w);
    }
    ses_jsonw_end(w);
}

void
ses_tags_read(ses_arena_t *a, const cJSON *o, const char *name,
              ses_tag_t **tags, unsigned *n)
{
    const cJSON *list = ses_json_get(o, name), *e;
    unsigned i = 0;

    *tags = NULL;
    *n = 0;
    if (!cJSON_IsArray(list) || list->child == NULL)
        return;
    *tags = ses_alloc(a, (size_t) cJSON_GetArraySize(list) * sizeof(**tags));
    for (e = list->child; e != NULL; e = e->next) {
        (*tags)[i].key = ses_str_dup(a, ses_json_str(e, "Key"));
        (*tags)[i].value = ses_str_dup(a, ses_json_str(e, "Value"));
        i++;
    }
    *n = i;
}
