/*
 * topic - SNS topics and their subscriptions
 *
 * Topics are stored in SES_DB_TOPIC under account and name, subscriptions in
 * SES_DB_SUBSCRIPTION under account, topic and id.  A subscription that is
 * still to be asked for its confirmation has a row in the work index.
 */
#include "model/topic.h"

#include "base/encode.h"
#include "model/index.h"
#include "model/object.h"
#include "store/record.h"

#define TOPIC_NAME_MAX 256
#define SUBSCRIPTION_ID_MAX 64

/* --- ARNs -------------------------------------------------------------- */

ses_str_t
ses_topic_arn(ses_arena_t *a, ses_str_t region, ses_str_t account,
              ses_str_t name)
{
    return ses_str_printf(a, "arn:aws:sns:%.*s:%.*s:%.*s", SES_FMT(region),
                          SES_FMT(account), SES_FMT(name));
}

ses_str_t
ses_subscription_arn(ses_arena_t *a, ses_str_t region,
                     const ses_subscription_t *s)
{
    return ses_str_printf(a, "arn:aws:sns:%.*s:%.*s:%.*s:%.*s", SES_FMT(region),
                          SES_FMT(s->account), SES_FMT(s->topic),
                          SES_FMT(s->id));
}

bool
ses_topic_name_valid(ses_str_t name)
{
    return name.n > 0 && name.n <= TOPIC_NAME_MAX && ses_name_chars(name);
}

bool
ses_topic_arn_parse(ses_str_t arn, ses_str_t *region, ses_str_t *account,
                    ses_str_t *name, ses_str_t *id)
{
    ses_str_t part[7];
    unsigned n = 0;

    while (n < 7 && ses_str_cut(&arn, ':', &part[n]))
        n++;
    if (n < 6 || arn.p != NULL || !ses_str_eqc(part[0], "arn") ||
        !ses_str_eqc(part[1], "aws") || !ses_str_eqc(part[2], "sns") ||
        part[3].n == 0 || part[4].n == 0 || !ses_topic_name_valid(part[5]) ||
        (n == 7 && !ses_object_name(part[6], SUBSCRIPTION_ID_MAX)))
        return false;
    *region = part[3];
    *account = part[4];
    *name = part[5];
    *id = n == 7 ? part[6] : SES_STR("");
    return true;
}

/* --- topics ------------------------------------------------------------ */

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_topic_t *x = out;

    x->account = ses_str_dup(cx->arena, ses_object_part(key, 0));
    x->name = ses_str_dup(cx->arena, ses_object_part(key, 1));
    x->created = ses_json_int(j, "created", 0);
    x->version = version;
    return SES_OK;
}

ses_rc_t
ses_topic_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t name,
               ses_topic_t *out)
{
    if (!ses_object_name(name, TOPIC_NAME_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_TOPIC,
                           ses_key2(cx->arena, account, name), decode, out);
}

void
ses_topic_put(ses_cx_t *cx, ses_change_t *c, const ses_topic_t *x)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_int(&w, "created", x->created);
    ses_change_put(c, SES_DB_TOPIC, ses_key2(cx->arena, x->account, x->name),
                   x->version, ses_object_close(&w));
}

void
ses_topic_del(ses_cx_t *cx, ses_change_t *c, const ses_topic_t *x)
{
    ses_change_del(c, SES_DB_TOPIC, ses_key2(cx->arena, x->account, x->name),
                   x->version);
}

struct topics {
    ses_topic_fn_t fn;
    void *arg;
};

static ses_rc_t
each_topic(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version,
           void *arg)
{
    struct topics *l = arg;
    ses_topic_t x;
    ses_rc_t rc = decode(cx, key, j, version, &x);

    return rc == SES_OK ? l->fn(cx, &x, l->arg) : rc;
}

ses_rc_t
ses_topic_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t after,
               ses_topic_fn_t fn, void *arg)
{
    struct topics l = {fn, arg};

    return ses_object_walk(cx, t, SES_DB_TOPIC,
                           ses_key_prefix1(cx->arena, account), after,
                           each_topic, &l);
}

/* --- subscriptions ----------------------------------------------------- */

static ses_rc_t
decode_subscription(ses_cx_t *cx, ses_str_t key, const cJSON *j,
                    uint64_t version, void *out)
{
    ses_subscription_t *s = out;

    s->account = ses_str_dup(cx->arena, ses_object_part(key, 0));
    s->topic = ses_str_dup(cx->arena, ses_object_part(key, 1));
    s->id = ses_str_dup(cx->arena, ses_object_part(key, 2));
    s->protocol = ses_object_str(cx, j, "protocol");
    s->endpoint = ses_object_str(cx, j, "endpoint");
    s->raw = ses_json_bool(j, "raw", false);
    s->confirmed = ses_json_bool(j, "confirmed", false);
    s->token = ses_object_str(cx, j, "token");
    s->token_expires = ses_json_int(j, "token_expires", 0);
    s->asked = ses_json_bool(j, "asked", false);
    s->ask_at = ses_json_int(j, "ask_at", 0);
    s->ask_tries = (unsigned) ses_json_int(j, "ask_tries", 0);
    s->start = (uint64_t) ses_json_int(j, "start", 0);
    s->created = ses_json_int(j, "created", 0);
    s->version = version;
    return SES_OK;
}

static ses_str_t
key_of(ses_cx_t *cx, const ses_subscription_t *s)
{
    return ses_key3(cx->arena, s->account, s->topic, s->id);
}

ses_rc_t
ses_subscription_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                      ses_str_t topic, ses_str_t id, ses_subscription_t *out)
{
    if (!ses_object_name(topic, TOPIC_NAME_MAX) ||
        !ses_object_name(id, SUBSCRIPTION_ID_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_SUBSCRIPTION,
                           ses_key3(cx->arena, account, topic, id),
                           decode_subscription, out);
}

void
ses_subscription_put(ses_cx_t *cx, ses_change_t *c, const ses_subscription_t *s)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_str(&w, "protocol", s->protocol);
    ses_jsonw_str(&w, "endpoint", s->endpoint);
    ses_jsonw_bool(&w, "raw", s->raw);
    ses_jsonw_bool(&w, "confirmed", s->confirmed);
    ses_jsonw_str(&w, "token", s->token);
    ses_jsonw_int(&w, "token_expires", s->token_expires);
    ses_jsonw_bool(&w, "asked", s->asked);
    ses_jsonw_int(&w, "ask_at", s->ask_at);
    ses_jsonw_int(&w, "ask_tries", s->ask_tries);
    ses_jsonw_int(&w, "start", (int64_t) s->start);
    ses_jsonw_int(&w, "created", s->created);
    ses_change_put(c, SES_DB_SUBSCRIPTION, key_of(cx, s), s->version,
                   ses_object_close(&w));
}

void
ses_subscription_del(ses_cx_t *cx, ses_change_t *c, const ses_subscription_t *s)
{
    ses_change_del(c, SES_DB_SUBSCRIPTION, key_of(cx, s), s->version);
}

struct subscriptions {
    ses_subscription_fn_t fn;
    void *arg;
};

static ses_rc_t
each_subscription(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version,
                  void *arg)
{
    struct subscriptions *l = arg;
    ses_subscription_t s;
    ses_rc_t rc = decode_subscription(cx, key, j, version, &s);

    return rc == SES_OK ? l->fn(cx, &s, l->arg) : rc;
}

ses_rc_t
ses_subscription_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                      ses_str_t topic, ses_str_t after,
                      ses_subscription_fn_t fn, void *arg)
{
    struct subscriptions l = {fn, arg};
    ses_str_t prefix = SES_STR("");

    if (account.n > 0)
        prefix = topic.n > 0 ? ses_key_prefix2(cx->arena, account, topic)
                             : ses_key_prefix1(cx->arena, account);
    return ses_object_walk(cx, t, SES_DB_SUBSCRIPTION, prefix, after,
                           each_subscription, &l);
}

/* --- the work index ---------------------------------------------------- */

ses_rc_t
ses_subscription_index(ses_cx_t *cx, ses_str_t key, ses_str_t value,
                       ses_index_emit_t emit, void *ctx)
{
    ses_subscription_t s;
    ses_rc_t rc;
    cJSON *j;

    if ((rc = ses_object_parse(cx, value, &j)) != SES_OK)
        return rc;
    rc = decode_subscription(cx, key, j, 0, &s);
    ses_json_free(j);
    if (rc != SES_OK || s.confirmed || s.asked)
        return rc;
    return emit(ctx, SES_DB_WORK,
                ses_work_key(cx->arena, SES_WORK_CONFIRM, s.ask_at, key),
                SES_STR(""));
}

struct due {
    ses_txn_t *t;
    ses_subscription_fn_t fn;
    void *arg;
};

static ses_rc_t
each_due(ses_cx_t *cx, ses_str_t ref, void *arg)
{
    struct due *d = arg;
    ses_subscription_t s;
    ses_rc_t rc;

    rc = ses_object_find(cx, d->t, SES_DB_SUBSCRIPTION, ref,
                         decode_subscription, &s);
    if (rc == SES_NOT_FOUND)
        return SES_OK;
    return rc == SES_OK ? d->fn(cx, &s, d->arg) : rc;
}

ses_rc_t
ses_subscription_due(ses_cx_t *cx, ses_txn_t *t, int64_t now,
                     ses_subscription_fn_t fn, void *arg)
{
    struct due d = {t, fn, arg};

    return ses_work_walk(cx, t, SES_WORK_CONFIRM, now, each_due, &d);
}
