/*
 * identity - domains and addresses that an account may send as
 *
 * Stored in SES_DB_IDENTITY under account and canonical name.  The private
 * key of a slot is in SES_DB_DKIM under account, name and slot, sealed to
 * the gate.  The work index has a row for a domain without a key and one for
 * an identity whose check is due.
 *
 * What a check's result does to the state (contract 7.3) is all in
 * ses_identity_checked.
 */
#include "model/identity.h"

#include "base/domain.h"
#include "base/encode.h"
#include "model/index.h"
#include "model/object.h"
#include "store/record.h"

#define NAME_LEN_MAX 320
#define TOKEN_BYTES 20 /* 32 characters of base32 */
#define PATIENCE (72 * INT64_C(3600000))

/* --- states ------------------------------------------------------------ */

static const char *const names[] = {
    [SES_VERIFY_NOT_STARTED] = "NOT_STARTED",
    [SES_VERIFY_PENDING] = "PENDING",
    [SES_VERIFY_SUCCESS] = "SUCCESS",
    [SES_VERIFY_FAILED] = "FAILED",
    [SES_VERIFY_TEMPORARY_FAILURE] = "TEMPORARY_FAILURE",
};

#define NSTATES (sizeof(names) / sizeof(names[0]))

const char *
ses_verify_name(ses_verify_t v)
{
    return (size_t) v < NSTATES ? names[v] : names[SES_VERIFY_NOT_STARTED];
}

static bool
state_parse(ses_str_t s, ses_verify_t *out)
{
    size_t i;

    for (i = 0; i < NSTATES; i++)
        if (ses_str_eqc(s, names[i])) {
            *out = (ses_verify_t) i;
            return true;
        }
    return false;
}

bool
ses_identity_verified(const ses_identity_t *i)
{
    return i->status == SES_VERIFY_SUCCESS ||
           i->status == SES_VERIFY_TEMPORARY_FAILURE;
}

/* The records are not there. */
static ses_verify_t
missing(ses_identity_t *i, int64_t now)
{
    switch (i->status) {
    case SES_VERIFY_SUCCESS:
        i->pending_since = now;
        return SES_VERIFY_TEMPORARY_FAILURE;
    case SES_VERIFY_PENDING:
    case SES_VERIFY_TEMPORARY_FAILURE:
        return now - i->pending_since >= PATIENCE ? SES_VERIFY_FAILED
                                                  : i->status;
    default:
        return i->status;
    }
}

void
ses_identity_checked(ses_identity_t *i, int64_t now, bool found, bool our_fault)
{
    int64_t since =
        i->last_check > i->pending_since ? i->last_check : i->pending_since;

    i->last_check = now;
    if (found) {
        i->status = SES_VERIFY_SUCCESS;
        i->last_success = now;
        i->tries = 0;
        i->error = SES_STR("");
    } else {
        i->tries++;
        if (our_fault) /* time we could not look does not count */
            i->pending_since += now > since ? now - since : 0;
        else
            i->status = missing(i, now);
    }
    if (i->domain)
        i->dkim_status = i->status;
}

/* --- names ------------------------------------------------------------- */

/* A dot-atom (RFC 5322 3.2.3) in ASCII, the only local part SES takes. */
static bool
local_valid(ses_str_t s)
{
    size_t i;

    if (s.n == 0 || s.n > 64 || s.p[0] == '.' || s.p[s.n - 1] == '.')
        return false;
    for (i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' ||
            strchr("()<>[]:;@\\,\"", s.p[i]) != NULL ||
            (s.p[i] == '.' && s.p[i - 1] == '.'))
            return false;
    return true;
}

ses_rc_t
ses_identity_name(ses_cx_t *cx, ses_str_t given, ses_str_t *name, bool *domain)
{
    ptrdiff_t at = ses_str_rfind(given, '@');
    ses_str_t canon, local;
    ses_rc_t rc;
    ses_cx_t try;

    if (at < 0) {
        if ((rc = ses_domain_canon(cx, given, &canon)) != SES_OK)
            return rc;
        if (ses_str_find(canon, '.') < 0)
            return ses_fail(cx, SES_INVALID, "Domain %.*s is invalid.",
                            SES_FMT(given));
        *name = canon;
        *domain = true;
        return SES_OK;
    }

    try = *cx;
    local = ses_str_head(given, (size_t) at);
    if (!local_valid(local) ||
        ses_domain_canon(&try, ses_str_from(given, (size_t) at + 1), &canon) !=
            SES_OK)
        return ses_fail(cx, SES_INVALID, "Invalid email address<%.*s>.",
                        SES_FMT(ses_str_head(given, NAME_LEN_MAX)));
    *name =
        ses_str_printf(cx->arena, "%.*s@%.*s", SES_FMT(local), SES_FMT(canon));
    *domain = false;
    return SES_OK;
}

ses_str_t
ses_identity_arn(ses_arena_t *a, ses_str_t region, ses_str_t account,
                 ses_str_t name)
{
    return ses_str_printf(a, "arn:aws:ses:%.*s:%.*s:identity/%.*s",
                          SES_FMT(region), SES_FMT(account), SES_FMT(name));
}

ses_str_t
ses_identity_txt(ses_arena_t *a, const ses_identity_t *i)
{
    return ses_str_printf(a, "v=DKIM1; k=rsa; p=%.*s", SES_FMT(i->dkim_public));
}

void
ses_identity_init(ses_cx_t *cx, ses_identity_t *i, ses_str_t account,
                  ses_str_t name, bool domain)
{
    uint8_t bytes[TOKEN_BYTES];
    unsigned n;

    *i = (ses_identity_t){
        .account = account,
        .name = name,
        .domain = domain,
        .status = SES_VERIFY_PENDING,
        .dkim_signing = domain,
        .dkim_status = domain ? SES_VERIFY_PENDING : SES_VERIFY_NOT_STARTED,
        .dkim_public = SES_STR(""),
        .config_set = SES_STR(""),
        .feedback = true,
        .created = cx->now,
        .pending_since = cx->now,
        .next_check = domain ? cx->now : 0,
        .error = SES_STR(""),
        .soa_primary = SES_STR(""),
        .soa_admin = SES_STR(""),
        .version = SES_VERSION_NONE,
    };
    for (n = 0; n < SES_DKIM_SLOTS; n++) {
        i->tokens[n] = SES_STR("");
        if (!domain)
            continue;
        ses_random(bytes, sizeof(bytes));
        i->tokens[n] = ses_base32(cx->arena, ses_str_n(bytes, sizeof(bytes)));
    }
}

/* --- rows -------------------------------------------------------------- */

static ses_str_t
key_of(ses_cx_t *cx, const ses_identity_t *i)
{
    return ses_key2(cx->arena, i->account, i->name);
}

static void
decode_tokens(ses_cx_t *cx, const cJSON *j, ses_identity_t *i)
{
    const cJSON *list = ses_json_get(j, "tokens");
    const cJSON *e = list == NULL ? NULL : list->child;
    unsigned n;

    for (n = 0; n < SES_DKIM_SLOTS; n++) {
        i->tokens[n] = SES_STR("");
        if (!cJSON_IsString(e))
            continue;
        i->tokens[n] = ses_str_dup(cx->arena, ses_str(e->valuestring));
        e = e->next;
    }
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_identity_t *i = out;

    if (!state_parse(ses_json_str(j, "status"), &i->status) ||
        !state_parse(ses_json_str(j, "dkim_status"), &i->dkim_status))
        return ses_fail(cx, SES_FAULT, "identity: no status in a row");
    i->account = ses_str_dup(cx->arena, ses_object_part(key, 0));
    i->name = ses_str_dup(cx->arena, ses_object_part(key, 1));
    i->domain = ses_json_bool(j, "domain", false);
    i->dkim_signing = ses_json_bool(j, "dkim_signing", false);
    decode_tokens(cx, j, i);
    i->slot = (unsigned) ses_json_int(j, "slot", 0) % SES_DKIM_SLOTS;
    i->dkim_public = ses_object_str(cx, j, "dkim_public");
    i->dkim_generated = ses_json_int(j, "dkim_generated", 0);
    i->config_set = ses_object_str(cx, j, "config_set");
    i->feedback = ses_json_bool(j, "feedback", true);
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
    unsigned n;

    ses_object_open(&w, cx->arena);
    ses_jsonw_bool(&w, "domain", i->domain);
    ses_jsonw_c(&w, "status", ses_verify_name(i->status));
    ses_jsonw_bool(&w, "dkim_signing", i->dkim_signing);
    ses_jsonw_c(&w, "dkim_status", ses_verify_name(i->dkim_status));
    ses_jsonw_list(&w, "tokens");
    for (n = 0; n < SES_DKIM_SLOTS && i->domain; n++)
        ses_jsonw_str(&w, NULL, i->tokens[n]);
    ses_jsonw_end(&w);
    ses_jsonw_int(&w, "slot", i->slot);
    ses_jsonw_str(&w, "dkim_public", i->dkim_public);
    ses_jsonw_int(&w, "dkim_generated", i->dkim_generated);
    ses_jsonw_str(&w, "config_set", i->config_set);
    ses_jsonw_bool(&w, "feedback", i->feedback);
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

/* --- the work index ---------------------------------------------------- */

ses_rc_t
ses_identity_index(ses_cx_t *cx, ses_str_t key, ses_str_t value,
                   ses_index_emit_t emit, void *ctx)
{
    ses_identity_t i;
    ses_rc_t rc;
    cJSON *j;

    if ((rc = ses_object_parse(cx, value, &j)) != SES_OK)
        return rc;
    rc = decode(cx, key, j, 0, &i);
    ses_json_free(j);
    if (rc == SES_OK && i.domain && i.dkim_public.n == 0)
        rc = emit(ctx, SES_DB_WORK,
                  ses_work_key(cx->arena, SES_WORK_KEYLESS, i.created, key),
                  SES_STR(""));
    if (rc == SES_OK && i.next_check != 0)
        rc = emit(ctx, SES_DB_WORK,
                  ses_work_key(cx->arena, SES_WORK_VERIFY, i.next_check, key),
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

/* --- sealed keys ------------------------------------------------------- */

static ses_str_t
dkim_key(ses_cx_t *cx, const ses_identity_t *i, unsigned slot)
{
    char digit = (char) ('0' + slot % SES_DKIM_SLOTS);

    return ses_key3(cx->arena, i->account, i->name, ses_str_n(&digit, 1));
}

ses_str_t
ses_dkim_aad(ses_arena_t *a, const ses_identity_t *i, unsigned slot)
{
    return ses_key3(a, i->account, i->name, i->tokens[slot % SES_DKIM_SLOTS]);
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

ses_rc_t
ses_identity_del(ses_cx_t *cx, ses_txn_t *t, ses_change_t *c,
                 const ses_identity_t *i)
{
    uint64_t version;
    ses_str_t sealed;
    unsigned slot;
    ses_rc_t rc;

    ses_change_del(c, SES_DB_IDENTITY, key_of(cx, i), i->version);
    for (slot = 0; slot < SES_DKIM_SLOTS; slot++) {
        rc = ses_dkim_find(cx, t, i, slot, &sealed, &version);
        if (rc == SES_OK)
            ses_change_del(c, SES_DB_DKIM, dkim_key(cx, i, slot), version);
        else if (rc != SES_NOT_FOUND)
            return rc;
    }
    return SES_OK;
}
