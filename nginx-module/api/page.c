/*
 * page - PageSize and NextToken
 *
 * A token is bound to account, operation and filter; it is made with the
 * site key in use and read with the retired ones too.
 */
#include "api/op.h"

#include "store/record.h"

static ses_str_t
list_name(op_t *op, ses_str_t filter)
{
    return ses_str_printf(op->cx->arena, "%s|%.*s", op->def->name,
                          SES_FMT(filter));
}

/* What the size of a page is called: in v2, in v1's lists and in one of its
 * newer ones. */
static const struct {
    const char *member, *path;
} sizes[] = {{"PageSize", "pageSize"},
             {"MaxItems", "maxItems"},
             {"MaxResults", "maxResults"}};

/* It, 0 when absent; negative is told. */
static ses_rc_t
asked(op_t *op, int64_t *out)
{
    const cJSON *v;
    int64_t n = 0;
    unsigned i;

    *out = 0;
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        v = ses_json_get(op->in, sizes[i].member);
        if (cJSON_IsNumber(v))
            n = ses_json_int(op->in, sizes[i].member, 0);
        else if (!cJSON_IsString(v) ||
                 !ses_str_i64(ses_str(v->valuestring), &n))
            continue;
        if (n < 0) {
            op_about(op, OP_ABOUT_INPUT, SES_STR(""), SES_STR(""));
            return ses_fail(op->cx, SES_INVALID,
                            "1 validation error detected: Value at '%s' "
                            "failed to satisfy constraint: Member must have "
                            "value greater than or equal to 0",
                            sizes[i].path);
        }
        *out = n;
        return SES_OK;
    }
    return SES_OK;
}

ses_rc_t
op_list_open(op_list_t *l, op_t *op, unsigned max, unsigned scan,
             ses_str_t filter)
{
    const ses_keyring_t *site = &op->env->site;
    ses_str_t token = op_str(op, "NextToken");
    unsigned i;
    int64_t n;
    ses_rc_t rc;

    if ((rc = asked(op, &n)) != SES_OK)
        return rc;
    *l = (op_list_t){.op = op,
                     .filter = filter,
                     .after = SES_STR(""),
                     .size = n == 0 || n > max ? max : (unsigned) n,
                     .scan = scan};
    if (token.n == 0)
        return SES_OK;
    for (i = 0; i < site->n; i++) {
        if (i > 0)
            ses_cx_clear(op->cx);
        rc = ses_page_parse(op->cx, ses_key_str(&site->keys[i]),
                            list_name(op, filter), token, &l->after);
        if (rc != SES_BAD_TOKEN)
            break;
    }
    return rc;
}

bool
op_list_look(op_list_t *l, ses_str_t key)
{
    if (l->full || l->n == l->size || (l->scan > 0 && l->scanned == l->scan)) {
        l->more = true;
        return false;
    }
    l->scanned++;
    l->last = key;
    return true;
}

void
op_list_close(op_list_t *l)
{
    op_t *op = l->op;

    out_end(op->out);
    if (l->more)
        out_str(op->out, "NextToken",
                ses_page_token(op->cx, ses_key_str(&op->env->site.keys[0]),
                               list_name(op, l->filter), l->last));
}
