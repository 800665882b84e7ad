/*
 * stream - many items, written as they come
 */
#include "stream.h"

void
stream_begin(stream_t *s, const ctl_t *c, bool lines)
{
    *s = (stream_t){.json = c->json, .lines = lines};
    if (s->json && !lines)
        fputs("[", stdout);
}

emit_t
stream_item(ses_arena_t *a)
{
    emit_t e;

    emit_init(&e, a, stdout, true);
    return e;
}

void
stream_put(stream_t *s, const emit_t *item)
{
    ses_str_t json = ses_jsonw_get(&item->w);

    if (s->n++ > 0 && !s->lines)
        fputs(",\n", stdout);
    fprintf(stdout, "%.*s%s", SES_FMT(json), s->lines ? "\n" : "");
    if (s->lines)
        fflush(stdout);
}

void
stream_end(const stream_t *s)
{
    if (s->json && !s->lines)
        fputs("]\n", stdout);
}
