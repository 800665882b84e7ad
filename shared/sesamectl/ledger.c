/*
 * ledger - walking entries and events without keeping all of them
 */
#include "ledger.h"

#include <stdlib.h>

#include "store/record.h"

/* --- entries ----------------------------------------------------------- */

typedef struct {
    ses_txn_t *t;
    ses_message_fn_t fn;
    void *arg;
    ses_cx_t scratch; /* emptied after each entry */
} walk_t;

static ses_rc_t
entry(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    walk_t *w = arg;
    ses_message_t m;
    ses_msgid_t id;
    ses_rc_t rc;

    (void) val;
    if (!ses_msgid_from_key(key, &id))
        return ses_fail(cx, SES_FAULT, "ledger: a damaged key");
    rc = ses_message_find(&w->scratch, w->t, SES_STR(""), id, &m);
    if (rc == SES_OK)
        rc = w->fn(&w->scratch, &m, w->arg);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return ses_fail(cx, rc, "%.*s", SES_FMT(w->scratch.why));
    ses_arena_reset(w->scratch.arena);
    return rc;
}

ses_rc_t
ledger_walk(ses_cx_t *cx, ses_txn_t *t, int64_t from, ses_message_fn_t fn,
            void *arg)
{
    walk_t w = {t, fn, arg, ses_cx(ses_arena_new(), cx->now)};
    ses_msgid_t first = {.ms = from > 0 ? from : 0};
    uint8_t key[SES_MSGID_KEY];
    ses_rc_t rc;

    ses_msgid_key(first, key);
    rc = ses_store_walk(cx, t, SES_DB_MESSAGE, SES_STR(""),
                        ses_str_n(key, sizeof(key)), entry, &w);
    ses_arena_free(w.scratch.arena);
    return rc;
}

/* --- events of a message ----------------------------------------------- */

typedef struct {
    uint64_t *seqs;
    size_t n, cap;
} seqs_t;

static ses_rc_t
collect(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    seqs_t *s = arg;

    (void) key;
    if (val.n != 8)
        return ses_fail(cx, SES_FAULT, "fact: a damaged row");
    if (s->n == s->cap) {
        s->seqs = ses_regrow(cx->arena, s->seqs, s->cap * sizeof(*s->seqs),
                             (s->cap + 16) * 2 * sizeof(*s->seqs));
        s->cap = (s->cap + 16) * 2;
    }
    s->seqs[s->n++] = ses_key_u64(val);
    return SES_OK;
}

static int
by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

    return x < y ? -1 : x > y;
}

typedef struct {
    uint64_t seq;
    ses_event_fn_t fn;
    void *arg;
    ses_rc_t rc;
} one_t;

static ses_rc_t
only(ses_cx_t *cx, const ses_event_t *e, void *arg)
{
    one_t *o = arg;

    if (e->seq == o->seq) /* else it was purged */
        o->rc = o->fn(cx, e, o->arg);
    return o->rc == SES_OK ? SES_NOT_FOUND : o->rc;
}

ses_rc_t
ledger_events(ses_cx_t *cx, ses_txn_t *t, ses_msgid_t id, ses_event_fn_t fn,
              void *arg)
{
    uint8_t key[SES_MSGID_KEY];
    seqs_t s = {NULL, 0, 0};
    one_t o = {.fn = fn, .arg = arg, .rc = SES_OK};
    ses_rc_t rc;
    size_t i;

    ses_msgid_key(id, key);
    rc = ses_store_walk(cx, t, SES_DB_FACT, ses_str_n(key, sizeof(key)),
                        SES_STR(""), collect, &s);
    if (s.n > 0)
        qsort(s.seqs, s.n, sizeof(*s.seqs), by_number);
    for (i = 0; i < s.n && rc == SES_OK; i++) {
        o.seq = s.seqs[i];
        rc = ses_event_walk(cx, t, SES_STR(""), o.seq - 1, only, &o);
    }
    return rc;
}

/* --- recipients of an event -------------------------------------------- */

/* Where each type's object names whom it tells of (contract 8.3). */
static const struct {
    ses_event_type_t type;
    const char *object, *list;
} places[] = {
    {SES_EVENT_BOUNCE, "bounce", "bouncedRecipients"},
    {SES_EVENT_COMPLAINT, "complaint", "complainedRecipients"},
    {SES_EVENT_DELIVERY, "delivery", "recipients"},
    {SES_EVENT_DELIVERY_DELAY, "deliveryDelay", "delayedRecipients"},
};

static const cJSON *
list_of(const cJSON *body, ses_event_type_t type)
{
    const char *object = "mail", *list = "destination";
    const cJSON *o;
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (places[i].type == type) {
            object = places[i].object;
            list = places[i].list;
        }
    o = ses_json_get(body, object);
    o = o == NULL ? NULL : ses_json_get(o, list);
    return cJSON_IsArray(o) ? o : NULL;
}

void
ledger_recipients(ses_cx_t *cx, const ses_event_t *e, ses_str_t **out,
                  unsigned *n)
{
    ses_cx_t try = *cx; /* a body that is no JSON names nobody */
    const cJSON *list, *r;
    ses_str_t addr;
    cJSON *body;

    *out = NULL;
    *n = 0;
    if (e->type == SES_EVENT_NOTICE ||
        ses_json_parse(&try, e->body, &body) != SES_OK)
        return;
    list = list_of(body, e->type);
    if (list != NULL && list->child != NULL) {
        *out = ses_alloc(cx->arena,
                         (size_t) cJSON_GetArraySize(list) * sizeof(**out));
        for (r = list->child; r != NULL; r = r->next) {
            addr = cJSON_IsString(r) ? ses_str(r->valuestring)
                                     : ses_json_str(r, "emailAddress");
            (*out)[(*n)++] = ses_str_dup(cx->arena, addr);
        }
    }
    ses_json_free(body);
}
