/*
 * identity - domains and addresses that an account may send as
 *
 * Stored in SES_DB_IDENTITY under account and canonical name.  The private
 * key of a slot is in SES_DB_DKIM under account, name and slot, sealed to
 * the gate.  The work index has a row for a domain without a key and one for
 * an identity whose check is due.
 */
#include "model/identity.h"

#include "model/index.h"
#include "model/object.h"
#include "model/policy.h"
#include "store/record.h"

#define NAME_LEN_MAX 320

/* --- rows -------------------------------------------------------------- */

ses_str_t
ses_identity_key(ses_arena_t *a, ses_str_t account, ses_str_t name)
{
    return ses_key2(a, account, name);
}

static ses_str_t
key_of(ses_cx_t *cx, const ses_identity_t *i)
{
    return ses_identity_key(cx->arena, i->account, i->name);
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_identity_t *i = out;

    if (!ses_verify_parse(ses_json_str(j, "status"), &i->status) ||
        !ses_verify_parse(ses_json_str(j, "dkim_status"), &i->dkim_status))
        return ses_fail(cx, SES_FAULT, "identity: no status in a row");
    i->account = ses_str_dup(cx->arena, ses_object_part(key, 0));
    i->name = ses_str_dup(cx->arena, ses_object_part(key, 1));
    i->domain = ses_json_bool(j, "domain", false);
    ses_dkim_decode(cx, j, &i->dkim);
    i->dkim_since = ses_json_int(j, "dkim_since", 0);
    i->proof = ses_object_str(cx, j, "proof");
    ses_mail_from_decode(cx, j, &i->mail_from);
    i->config_set = ses_object_str(cx, j, "config_set");
    i->feedback = ses_json_bool(j, "feedback", true);
    ses_notify_decode(cx, j, i->notify);
    ses_tags_read(cx->arena, j, "tags", &i->tags, &i->ntags);
    i->created = ses_json_int(j, "created", 0);
    i->pending_since = ses_json_int(j, "pending_since", 0);
    i->next_check = ses_json_int(j, "next_check", 0);
    i->tries = (unsigned) ses_json_int(j, "tries", 0);
    i->last_check = ses_json_int(j, "last_check", 0);
    i->last_success = ses_json_int(j, "last_success", 0);
    i->error = ses_object_str(cx, j, "error");
    i->soa_primary = ses_object_str(cx, j, "soa_primary");
    i->soa_admin = ses_object_str(cx, j, "soa_admin");
    i->soa_serial = ses_json_int(j, "soa_serial", 0);
    i->version = version;
    return SES_OK;
}

static ses_str_t
encode(ses_cx_t *cx, const ses_identity_t *i)
{
    ses_jsonw_t w;

    ses_object_open(&w, cx->arena);
    ses_jsonw_bool(&w, "domain", i->domain);
    ses_jsonw_c(&w, "status", ses_verify_name(i->status));
    ses_jsonw_c(&w, "dkim_status", ses_verify_name(i->dkim_status));
    ses_dkim_encode(&w, &i->dkim);
    ses_jsonw_int(&w, "dkim_since", i->dkim_since);
    ses_jsonw_str(&w, "proof", i->proof);
    ses_mail_from_encode(&w, &i->mail_from);
    ses_jsonw_str(&w, "config_set", i->config_set);
    ses_jsonw_bool(&w, "feedback", i->feedback);
    ses_notify_encode(&w, i->notify);
    ses_tags_write(&w, "tags", i->tags, i->ntags);
    ses_jsonw_int(&w, "created", i->created);
    ses_jsonw_int(&w, "pending_since", i->pending_since);
    ses_jsonw_int(&w, "next_check", i->next_check);
    ses_jsonw_int(&w, "tries", i->tries);
    ses_jsonw_int(&w, "last_check", i->last_check);
    ses_jsonw_int(&w, "last_success", i->last_success);
    ses_jsonw_str(&w, "error", i->error);
    ses_jsonw_str(&w, "soa_primary", i->soa_primary);
    ses_jsonw_str(&w, "soa_admin", i->soa_admin);
    ses_jsonw_int(&w, "soa_serial", i->soa_serial);
    return ses_object_close(&w);
}

ses_rc_t
ses_identity_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account, ses_str_t name,
                  ses_identity_t *out)
{
    if (!ses_object_name(name, NAME_LEN_MAX))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_IDENTITY,
                           ses_key2(cx->arena, account, name), decode, out);
}

void
ses_identity_put(ses_cx_t *cx, ses_change_t *c, const ses_identity_t *i)
{
    ses_change_put(c, SES_DB_IDENTITY, key_of(cx, i), i->version,
                   encode(cx, i));
}

struct list {
    ses_txn_t *t;
    ses_identity_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct list *l = arg;
    ses_identity_t i;
    ses_rc_t rc = decode(cx, key, j, version, &i);

    return rc == SES_OK ? l->fn(cx, &i, l->arg) : rc;
}

ses_rc_t
ses_identity_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                  ses_str_t after, ses_identity_fn_t fn, void *arg)
{
    struct list l = {t, fn, arg};

    return ses_object_walk(cx, t, SES_DB_IDENTITY,
                           ses_key_prefix1(cx->arena, account), after, each,
                           &l);
}

ses_rc_t
ses_identity_each(ses_cx_t *cx, ses_txn_t *t, ses_str_t after,
                  ses_identity_fn_t fn, void *arg)
{
    struct list l = {t, fn, arg};

    return ses_object_walk(cx, t, SES_DB_IDENTITY, SES_STR(""), after, each,
                           &l);
}

/* --- the work index ---------------------------------------------------- */

ses_rc_t
ses_identity_index(ses_cx_t *cx, ses_str_t key, ses_str_t value,
                   ses_index_emit_t emit, void *ctx)
{
    ses_identity_t i;
    uint8_t bits;
    ses_rc_t rc;
    cJSON *j;
    int slot;

    if ((rc = ses_object_parse(cx, value, &j)) != SES_OK)
        return rc;
    rc = decode(cx, key, j, 0, &i);
    ses_json_free(j);
    if (rc != SES_OK)
        return rc;
    if ((bits = ses_notify_bits(i.notify)) != 0)
        rc = emit(ctx, SES_DB_NOTIFY, key, ses_str_n(&bits, 1));
    slot = ses_dkim_wanted(&i.dkim);
    if (rc == SES_OK && i.domain && slot >= 0)
        rc = emit(ctx, SES_DB_WORK,
                  ses_work_key(cx->arena, SES_WORK_KEYLESS,
                               i.dkim.keys[slot].since, key),
                  SES_STR(""));
    if (rc == SES_OK && i.mail_from.check != 0)
        rc = emit(
            ctx, SES_DB_WORK,
            ses_work_key(cx->arena, SES_WORK_MAIL_FROM, i.mail_from.check, key),
            SES_STR(""));
    if (rc == SES_OK && i.mail_from.check != 0 && i.mail_from.tries == 0)
        rc = emit(ctx, SES_DB_WORK,
                  ses_work_key(cx->arena, SES_WORK_MAIL_FROM_FIRST,
                               i.mail_from.check, key),
                  SES_STR(""));
    if (rc == SES_OK && i.domain && i.next_check != 0 && i.tries == 0)
        rc = emit(
            ctx, SES_DB_WORK,
            ses_work_key(cx->arena, SES_WORK_VERIFY_FIRST, i.next_check, key),
            SES_STR(""));
    if (rc == SES_OK && i.domain && i.dkim.check != 0)
        rc = emit(ctx, SES_DB_WORK,
                  ses_work_key(cx->arena, SES_WORK_KEYS, i.dkim.check, key),
                  SES_STR(""));
    if (rc == SES_OK && i.next_check != 0)
        rc = emit(ctx, SES_DB_WORK,
                  ses_work_key(cx->arena,
                               i.domain ? SES_WORK_VERIFY : SES_WORK_ADDRESS,
                               i.next_check, key),
                  SES_STR(""));
    return rc;
}

static ses_rc_t
each_due(ses_cx_t *cx, ses_str_t ref, void *arg)
{
    struct list *l = arg;
    ses_identity_t i;
    ses_rc_t rc;

    rc = ses_object_find(cx, l->t, SES_DB_IDENTITY, ref, decode, &i);
    if (rc == SES_NOT_FOUND)
        return SES_OK;
    return rc == SES_OK ? l->fn(cx, &i, l->arg) : rc;
}

ses_rc_t
ses_identity_keyless(ses_cx_t *cx, ses_txn_t *t, ses_identity_fn_t fn,
                     void *arg)
{
    struct list l = {t, fn, arg};

    return ses_work_walk(cx, t, SES_WORK_KEYLESS, INT64_MAX, each_due, &l);
}

ses_rc_t
ses_identity_due(ses_cx_t *cx, ses_txn_t *t, int64_t now, ses_identity_fn_t fn,
                 void *arg)
{
    struct list l = {t, fn, arg};

    return ses_work_walk(cx, t, SES_WORK_VERIFY, now, each_due, &l);
}

ses_rc_t
ses_identity_keys_due(ses_cx_t *cx, ses_txn_t *t, int64_t now,
                      ses_identity_fn_t fn, void *arg)
{
    struct list l = {t, fn, arg};

    return ses_work_walk(cx, t, SES_WORK_KEYS, now, each_due, &l);
}

ses_rc_t
ses_identity_mail_from_due(ses_cx_t *cx, ses_txn_t *t, int64_t now,
                           ses_identity_fn_t fn, void *arg)
{
    struct list l = {t, fn, arg};

    return ses_work_walk(cx, t, SES_WORK_MAIL_FROM, now, each_due, &l);
}

ses_rc_t
ses_identity_first_due(ses_cx_t *cx, ses_txn_t *t, int64_t from, int64_t now,
                       ses_identity_fn_t fn, void *arg)
{
    struct list l = {t, fn, arg};

    return ses_work_between(cx, t, SES_WORK_VERIFY_FIRST, from, now, each_due,
                            &l);
}

ses_rc_t
ses_identity_mail_from_first_due(ses_cx_t *cx, ses_txn_t *t, int64_t from,
                                 int64_t now, ses_identity_fn_t fn, void *arg)
{
    struct list l = {t, fn, arg};

    return ses_work_between(cx, t, SES_WORK_MAIL_FROM_FIRST, from, now,
                            each_due, &l);
}

ses_rc_t
ses_identity_unconfirmed(ses_cx_t *cx, ses_txn_t *t, int64_t now,
                         ses_identity_fn_t fn, void *arg)
{
    struct list l = {t, fn, arg};

    return ses_work_walk(cx, t, SES_WORK_ADDRESS, now, each_due, &l);
}

/* --- sealed keys ------------------------------------------------------- */

static ses_str_t
dkim_key(ses_cx_t *cx, const ses_identity_t *i, unsigned slot)
{
    char digit = (char) ('0' + slot % SES_DKIM_SLOTS);

    return ses_key3(cx->arena, i->account, i->name, ses_str_n(&digit, 1));
}

ses_str_t
ses_dkim_aad_of(ses_arena_t *a, ses_str_t account, ses_str_t name,
                ses_str_t selector)
{
    return ses_key3(a, account, name, selector);
}

ses_str_t
ses_dkim_aad(ses_arena_t *a, const ses_identity_t *i, unsigned slot)
{
    return ses_dkim_aad_of(a, i->account, i->name,
                           i->dkim.keys[slot % SES_DKIM_SLOTS].selector);
}

ses_rc_t
ses_dkim_find(ses_cx_t *cx, ses_txn_t *t, const ses_identity_t *i,
              unsigned slot, ses_str_t *sealed, uint64_t *version)
{
    ses_str_t value;
    ses_rc_t rc;

    rc = ses_control_get(cx, t, SES_DB_DKIM, dkim_key(cx, i, slot), &value,
                         version);
    if (rc == SES_OK)
        *sealed = ses_str_dup(cx->arena, value);
    return rc;
}

void
ses_dkim_put(ses_cx_t *cx, ses_change_t *c, const ses_identity_t *i,
             unsigned slot, uint64_t expect, ses_str_t sealed)
{
    ses_change_put(c, SES_DB_DKIM, dkim_key(cx, i, slot), expect, sealed);
}

struct sealed {
    ses_txn_t *t;
    ses_sealed_fn_t fn;
    void *arg;
};

static ses_rc_t
each_sealed(ses_cx_t *cx, ses_str_t key, ses_str_t row, void *arg)
{
    struct sealed *s = arg;
    ses_sealed_t out = {.t = s->t, .key = key};

    if (!ses_control_split(row, &out.sealed, &out.version))
        return ses_fail(cx, SES_FAULT, "dkim: a damaged row");
    return s->fn(cx, &out, s->arg);
}

ses_rc_t
ses_dkim_row_aad(ses_cx_t *cx, const ses_sealed_t *row, ses_str_t *aad)
{
    ses_str_t slot = ses_object_part(row->key, 2);
    ses_identity_t i;
    ses_rc_t rc;

    if (slot.n != 1 || slot.p[0] < '0' || slot.p[0] >= '0' + SES_DKIM_SLOTS)
        return ses_fail(cx, SES_FAULT, "dkim: a damaged row");
    rc = ses_identity_find(cx, row->t, ses_object_part(row->key, 0),
                           ses_object_part(row->key, 1), &i);
    if (rc == SES_OK) /* the selector is in the identity */
        *aad = ses_dkim_aad(cx->arena, &i, (unsigned) (slot.p[0] - '0'));
    return rc;
}

ses_rc_t
ses_dkim_each(ses_cx_t *cx, ses_txn_t *t, ses_str_t after, ses_sealed_fn_t fn,
              void *arg)
{
    struct sealed s = {t, fn, arg};
    ses_str_t all = SES_STR("");

    return ses_store_walk(cx, t, SES_DB_DKIM, all,
                          ses_key_after(cx->arena, all, after), each_sealed,
                          &s);
}

static ses_rc_t
drop(ses_cx_t *cx, ses_txn_t *t, ses_change_t *c, const ses_identity_t *i,
     bool all)
{
    uint64_t version;
    ses_str_t sealed;
    unsigned slot;
    ses_rc_t rc;

    for (slot = 0; slot < SES_DKIM_SLOTS; slot++) {
        if (!all && i->dkim.keys[slot].public_key.n > 0)
            continue;
        rc = ses_dkim_find(cx, t, i, slot, &sealed, &version);
        if (rc == SES_OK)
            ses_change_del(c, SES_DB_DKIM, dkim_key(cx, i, slot), version);
        else if (rc != SES_NOT_FOUND)
            return rc;
    }
    return SES_OK;
}

ses_rc_t
ses_dkim_drop(ses_cx_t *cx, ses_txn_t *t, ses_change_t *c,
              const ses_identity_t *i)
{
    return drop(cx, t, c, i, false);
}

ses_rc_t
ses_identity_del(ses_cx_t *cx, ses_txn_t *t, ses_change_t *c,
                 const ses_identity_t *i)
{
    ses_identity_policies_t policies;
    ses_rc_t rc;

    rc = ses_identity_policies_find(cx, t, i->account, i->name, &policies);
    if (rc != SES_OK)
        return rc;
    policies.n = 0;
    ses_identity_policies_put(cx, c, &policies);
    ses_change_del(c, SES_DB_IDENTITY, key_of(cx, i), i->version);
    return drop(cx, t, c, i, true);
}
