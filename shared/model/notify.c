/*
 * notify - topics of an identity, and the index of who has any
 *
 * Stored in the identity's row, and in SES_DB_NOTIFY as
 *   account NUL identity -> one byte, 1 << kind for each kind with a topic
 */
#include "model/notify.h"

#include "model/object.h"
#include "store/record.h"

#define PREFIX "identity/"

static const struct {
    const char *name;
    ses_event_type_t type;
} kinds[SES_NOTIFY_MAX] = {
    [SES_NOTIFY_BOUNCE] = {"Bounce", SES_EVENT_BOUNCE},
    [SES_NOTIFY_COMPLAINT] = {"Complaint", SES_EVENT_COMPLAINT},
    [SES_NOTIFY_DELIVERY] = {"Delivery", SES_EVENT_DELIVERY},
};

const char *
ses_notify_name(ses_notify_kind_t k)
{
    return kinds[k].name;
}

bool
ses_notify_parse(ses_str_t s, ses_notify_kind_t *out)
{
    unsigned k;

    for (k = 0; k < SES_NOTIFY_MAX; k++)
        if (ses_str_eqc(s, kinds[k].name)) {
            *out = (ses_notify_kind_t) k;
            return true;
        }
    return false;
}

ses_event_type_t
ses_notify_event(ses_notify_kind_t k)
{
    return kinds[k].type;
}

bool
ses_notify_of(ses_event_type_t type, ses_notify_kind_t *out)
{
    unsigned k;

    for (k = 0; k < SES_NOTIFY_MAX; k++)
        if (kinds[k].type == type) {
            *out = (ses_notify_kind_t) k;
            return true;
        }
    return false;
}

/* --- rows -------------------------------------------------------------- */

void
ses_notify_decode(ses_cx_t *cx, const cJSON *row, ses_notify_t *out)
{
    const cJSON *all = ses_json_get(row, "notify"), *j;
    unsigned k;

    for (k = 0; k < SES_NOTIFY_MAX; k++) {
        j = ses_json_get(all, kinds[k].name);
        out[k] =
            (ses_notify_t){.topic_arn = ses_object_str(cx, j, "topic"),
                           .headers = ses_json_bool(j, "headers", false),
                           .start = (uint64_t) ses_json_int(j, "start", 0)};
    }
}

void
ses_notify_encode(ses_jsonw_t *w, const ses_notify_t *n)
{
    bool any = false;
    unsigned k;

    for (k = 0; k < SES_NOTIFY_MAX; k++)
        any = any || n[k].topic_arn.n > 0 || n[k].headers;
    if (!any)
        return;
    ses_jsonw_open(w, "notify");
    for (k = 0; k < SES_NOTIFY_MAX; k++) {
        if (n[k].topic_arn.n == 0 && !n[k].headers)
            continue;
        ses_jsonw_open(w, kinds[k].name);
        ses_jsonw_str(w, "topic", n[k].topic_arn);
        ses_jsonw_bool(w, "headers", n[k].headers);
        ses_jsonw_int(w, "start", (int64_t) n[k].start);
        ses_jsonw_close(w);
    }
    ses_jsonw_close(w);
}

uint8_t
ses_notify_bits(const ses_notify_t *n)
{
    unsigned bits = 0, k;

    for (k = 0; k < SES_NOTIFY_MAX; k++)
        if (n[k].topic_arn.n > 0)
            bits |= 1u << k;
    return (uint8_t) bits;
}

/* --- in the log -------------------------------------------------------- */

ses_str_t
ses_notify_set(ses_arena_t *a, ses_str_t identity)
{
    return ses_str_cat(a, SES_STR(PREFIX), identity);
}

bool
ses_notify_set_parse(ses_str_t set, ses_str_t *identity)
{
    if (!ses_str_starts(set, SES_STR(PREFIX)))
        return false;
    *identity = ses_str_from(set, sizeof(PREFIX) - 1);
    return true;
}

ses_rc_t
ses_notify_wanted(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                  ses_str_t identity, ses_notify_kind_t k, bool *out)
{
    ses_str_t val;
    ses_rc_t rc = ses_store_get(cx, t, SES_DB_NOTIFY,
                                ses_key2(cx->arena, account, identity), &val);

    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    *out = rc == SES_OK && val.n == 1 && ((uint8_t) val.p[0] >> k & 1) != 0;
    return SES_OK;
}

struct list {
    ses_notify_fn_t fn;
    void *arg;
};

static ses_rc_t
list_one(ses_cx_t *cx, ses_str_t key, ses_str_t val, void *arg)
{
    struct list *l = arg;

    (void) val;
    return l->fn(cx, ses_object_part(key, 0), ses_object_part(key, 1), l->arg);
}

ses_rc_t
ses_notify_list(ses_cx_t *cx, ses_txn_t *t, ses_notify_fn_t fn, void *arg)
{
    struct list l = {fn, arg};

    return ses_store_walk(cx, t, SES_DB_NOTIFY, SES_STR(""), SES_STR(""),
                          list_one, &l);
}
