/*
 * review - what an account says it sends, and its request for production
 *
 * Stored in SES_DB_REVIEW under the account's 12 digits: apart from the
 * account, which is read for every message.
 */
#include "model/review.h"

#include "model/account.h"
#include "model/object.h"

static const char *const names[SES_REVIEW_MAX] = {
    [SES_REVIEW_NONE] = "",
    [SES_REVIEW_PENDING] = "PENDING",
    [SES_REVIEW_GRANTED] = "GRANTED",
    [SES_REVIEW_DENIED] = "DENIED",
};

const char *
ses_review_name(ses_review_status_t s)
{
    return names[s];
}

static ses_review_status_t
status_of(ses_str_t name)
{
    int i;

    for (i = SES_REVIEW_MAX - 1; i > SES_REVIEW_NONE; i--)
        if (ses_str_eqc(name, names[i]))
            break;
    return (ses_review_status_t) i;
}

static ses_rc_t
decode(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *out)
{
    ses_review_t *r = out;
    const cJSON *e;

    *r = (ses_review_t){
        .account = ses_str_dup(cx->arena, key),
        .mail_type = ses_object_str(cx, j, "mail_type"),
        .website = ses_object_str(cx, j, "website"),
        .language = ses_object_str(cx, j, "language"),
        .use_case = ses_object_str(cx, j, "use_case"),
        .status = status_of(ses_json_str(j, "status")),
        .case_id = ses_object_str(cx, j, "case"),
        .asked = ses_json_int(j, "asked", 0),
        .version = version,
    };
    cJSON_ArrayForEach(e, ses_json_get(j, "contacts"))
    {
        if (r->ncontacts < SES_REVIEW_CONTACTS && cJSON_IsString(e))
            r->contacts[r->ncontacts++] =
                ses_str_dup(cx->arena, ses_str(e->valuestring));
    }
    return SES_OK;
}

ses_rc_t
ses_review_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                ses_review_t *out)
{
    if (!ses_account_valid(account))
        return SES_NOT_FOUND;
    return ses_object_find(cx, t, SES_DB_REVIEW, account, decode, out);
}

void
ses_review_put(ses_cx_t *cx, ses_change_t *c, const ses_review_t *r)
{
    ses_jsonw_t w;
    unsigned i;

    ses_object_open(&w, cx->arena);
    ses_jsonw_str(&w, "mail_type", r->mail_type);
    ses_jsonw_str(&w, "website", r->website);
    ses_jsonw_str(&w, "language", r->language);
    ses_jsonw_str(&w, "use_case", r->use_case);
    ses_jsonw_list(&w, "contacts");
    for (i = 0; i < r->ncontacts; i++)
        ses_jsonw_str(&w, NULL, r->contacts[i]);
    ses_jsonw_end(&w);
    ses_jsonw_c(&w, "status", names[r->status]);
    ses_jsonw_str(&w, "case", r->case_id);
    ses_jsonw_int(&w, "asked", r->asked);
    ses_change_put(c, SES_DB_REVIEW, r->account, r->version,
                   ses_object_close(&w));
}

struct list {
    ses_review_fn_t fn;
    void *arg;
};

static ses_rc_t
each(ses_cx_t *cx, ses_str_t key, const cJSON *j, uint64_t version, void *arg)
{
    struct list *l = arg;
    ses_review_t r;
    ses_rc_t rc = decode(cx, key, j, version, &r);

    return rc == SES_OK ? l->fn(cx, &r, l->arg) : rc;
}

ses_rc_t
ses_review_list(ses_cx_t *cx, ses_txn_t *t, ses_review_fn_t fn, void *arg)
{
    struct list l = {fn, arg};

    return ses_object_walk(cx, t, SES_DB_REVIEW, SES_STR(""), SES_STR(""), each,
                           &l);
}
