/*
 * envelope - sender, recipients and X-SES- fields of a send call
 *
 * What the gate must know beyond the message travels in X-SES- fields in
 * front of it, where they win over the message's own (contract 4.7, 4.8).
 */
#include "api/envelope.h"

#include "model/identity.h"
#include "policy/delegate.h"
#include "policy/headers.h"

const envelope_names_t envelope_v2 = {
    .from = "FromEmailAddress",
    .feedback = "FeedbackForwardingEmailAddress",
    .from_arn = "FromEmailAddressIdentityArn",
    .feedback_arn = "FeedbackForwardingEmailAddressIdentityArn",
    .tags = "EmailTags"};

const envelope_names_t envelope_v1 = {.from = "Source",
                                      .feedback = "ReturnPath",
                                      .from_arn = "SourceArn",
                                      .feedback_arn = "ReturnPathArn",
                                      .tags = "Tags"};

/* Source is the envelope's sender here, and no field of the message. */
const envelope_names_t envelope_v1_raw = {.feedback = "Source",
                                          .from_arn = "FromArn",
                                          .feedback_arn = "ReturnPathArn",
                                          .source_arn = "SourceArn",
                                          .tags = "Tags"};

/* --- addresses --------------------------------------------------------- */

static ses_rc_t
one_address(op_t *op, const char *name, ses_address_t *out, bool *has)
{
    ses_str_t s = name == NULL ? SES_STR("") : op_str(op, name);

    *has = s.n > 0;
    return *has ? ses_address_parse(op->cx, s, out) : SES_OK;
}

static ses_rc_t
addresses(op_t *op, const cJSON *list, ses_address_t **out, unsigned *n)
{
    int count = list == NULL ? 0 : cJSON_GetArraySize(list);
    ses_address_t *v = NULL;
    const cJSON *e;
    unsigned i = 0;
    ses_rc_t rc;

    if (count > 0)
        v = ses_calloc(op->cx->arena, (size_t) count * sizeof(*v));
    cJSON_ArrayForEach(e, list)
    {
        rc = ses_address_parse(op->cx, ses_str(e->valuestring), &v[i]);
        if (rc != SES_OK)
            return rc;
        i++;
    }
    *out = v;
    *n = i;
    return SES_OK;
}

static ses_rc_t
too_many(op_t *op)
{
    return ses_fail(op->cx, SES_INVALID, "Recipient count exceeds %llu.",
                    (unsigned long long) op->env->conf.max_recipients);
}

static ses_rc_t
check_count(op_t *op, const cJSON *to, const cJSON *cc, const cJSON *bcc)
{
    int n = (to == NULL ? 0 : cJSON_GetArraySize(to)) +
            (cc == NULL ? 0 : cJSON_GetArraySize(cc)) +
            (bcc == NULL ? 0 : cJSON_GetArraySize(bcc));

    return (uint64_t) n > op->env->conf.max_recipients ? too_many(op) : SES_OK;
}

#define REPLY_TO_MAX 100 /* a field has to hold them */

ses_rc_t
envelope_read(envelope_t *e, op_t *op, const envelope_names_t *names)
{
    const cJSON *d = ses_json_get(op->in, "Destination");
    const cJSON *to = ses_json_get(d, "ToAddresses");
    const cJSON *cc = ses_json_get(d, "CcAddresses");
    const cJSON *bcc = ses_json_get(d, "BccAddresses");
    const cJSON *reply = ses_json_get(op->in, "ReplyToAddresses");
    ses_rc_t rc;

    memset(e, 0, sizeof(*e));
    e->op = op;
    e->names = names;
    if ((rc = check_count(op, to, cc, bcc)) != SES_OK)
        return rc;
    if (reply != NULL && cJSON_GetArraySize(reply) > REPLY_TO_MAX)
        return ses_fail(op->cx, SES_INVALID,
                        "There cannot be more than %d reply-to addresses.",
                        REPLY_TO_MAX);
    if ((rc = one_address(op, names->from, &e->from, &e->has_from)) != SES_OK ||
        (rc = one_address(op, names->feedback, &e->feedback,
                          &e->has_feedback)) != SES_OK ||
        (rc = addresses(op, to, &e->to, &e->nto)) != SES_OK ||
        (rc = addresses(op, cc, &e->cc, &e->ncc)) != SES_OK ||
        (rc = addresses(op, bcc, &e->bcc, &e->nbcc)) != SES_OK)
        return rc;
    return addresses(op, reply, &e->reply_to, &e->nreply_to);
}

ses_rc_t
envelope_destinations(envelope_t *e)
{
    const cJSON *list = ses_json_get(e->op->in, "Destinations");
    ses_rc_t rc = check_count(e->op, list, NULL, NULL);

    return rc == SES_OK ? addresses(e->op, list, &e->bcc, &e->nbcc) : rc;
}

/*
 * An identity named by ARN must cover the address it is for, and exist when
 * it is the caller's own.  Whether another account lets the caller use its
 * identity is the gate's to say.
 */
static ses_rc_t
check_arn(op_t *op, const char *member, const ses_address_t *address,
          ses_str_t *out)
{
    ses_str_t arn = member == NULL ? SES_STR("") : op_str(op, member);
    ses_identity_t identity;
    ses_delegate_t d;
    ses_rc_t rc;

    *out = arn;
    if (arn.n == 0)
        return SES_OK;
    rc = ses_delegate_parse(op->cx, op->env->conf.region, arn, &d);
    if (rc != SES_OK)
        return rc;
    if (ses_str_eq(d.owner, op->cx->account)) {
        rc = ses_identity_find(op->cx, op->txn, op->cx->account, d.name,
                               &identity);
        if (rc == SES_NOT_FOUND)
            return ses_fail(op->cx, SES_INVALID,
                            "Email identity %.*s does not exist.",
                            SES_FMT(d.name));
        if (rc != SES_OK)
            return rc;
    }
    if (address == NULL || !ses_delegate_covers(op->cx->arena, &d, address))
        return ses_fail(op->cx, SES_INVALID,
                        "%s does not cover the address it is for.", member);
    /* as it is known, in characters that a field may hold */
    *out =
        ses_identity_arn(op->cx->arena, op->env->conf.region, d.owner, d.name);
    return SES_OK;
}

/* Of v1's raw mail: SourceArn stands for what is not named. */
static ses_rc_t
check_source_arn(envelope_t *e, const ses_address_t *from)
{
    const ses_address_t *source = e->has_feedback ? &e->feedback : from;
    ses_delegate_t d;
    ses_rc_t rc;

    rc = check_arn(e->op, e->names->source_arn, source, &e->source_arn);
    if (rc == SES_OK)
        rc = check_arn(e->op, e->names->feedback_arn, source, &e->back_arn);
    if (rc != SES_OK || e->source_arn.n == 0)
        return rc;
    if (e->back_arn.n == 0)
        e->back_arn = e->source_arn;
    if (e->from_arn.n > 0 || from == NULL)
        return SES_OK;
    rc = ses_delegate_parse(e->op->cx, e->op->env->conf.region, e->source_arn,
                            &d);
    if (rc == SES_OK && ses_delegate_covers(e->op->cx->arena, &d, from))
        e->from_arn = e->source_arn;
    return rc;
}

ses_rc_t
envelope_check_arns(envelope_t *e, const ses_address_t *from)
{
    ses_rc_t rc = check_arn(e->op, e->names->from_arn, from, &e->from_arn);

    if (rc != SES_OK)
        return rc;
    if (e->names->source_arn != NULL)
        return check_source_arn(e, from);
    rc = check_arn(e->op, e->names->feedback_arn,
                   e->has_feedback ? &e->feedback : NULL, &e->back_arn);
    /* the envelope's sender is the feedback address when there is one */
    e->source_arn = e->has_feedback ? e->back_arn : e->from_arn;
    return rc;
}

/* --- recipients -------------------------------------------------------- */

struct rcpts {
    ses_str_t *v;
    unsigned n;
};

static void
add_rcpts(struct rcpts *e, const ses_address_t *v, unsigned n)
{
    unsigned i, j;

    for (i = 0; i < n; i++) {
        for (j = 0; j < e->n; j++)
            if (ses_str_eq(e->v[j], v[i].addr))
                break;
        if (j == e->n)
            e->v[e->n++] = v[i].addr;
    }
}

/* Each recipient once. */
ses_rc_t
envelope_recipients(envelope_t *e)
{
    op_t *op = e->op;
    unsigned total = e->nto + e->ncc + e->nbcc;
    struct rcpts r = {.n = 0};

    if (total == 0)
        return ses_fail(op->cx, SES_INVALID,
                        "Destination must have at least one recipient.");
    if (total > op->env->conf.max_recipients)
        return too_many(op);
    r.v = ses_calloc(op->cx->arena, total * sizeof(*r.v));
    add_rcpts(&r, e->to, e->nto);
    add_rcpts(&r, e->cc, e->ncc);
    add_rcpts(&r, e->bcc, e->nbcc);
    op->send->rcpts = r.v;
    op->send->nrcpts = r.n;
    return SES_OK;
}

/* --- X-SES- fields ----------------------------------------------------- */

/* Nothing but a set's name may stand in its field. */
static ses_rc_t
put_set(op_t *op, ses_buf_t *b)
{
    ses_str_t name = op_str(op, "ConfigurationSetName");

    if (name.n == 0)
        return SES_OK;
    if (op_name(op, "configuration set", name) != SES_OK) {
        ses_cx_clear(op->cx);
        return ses_fail(op->cx, SES_SET_UNKNOWN,
                        "Configuration set <%.*s> does not exist.",
                        SES_FMT(name));
    }
    ses_buf_printf(b, "X-SES-CONFIGURATION-SET: %.*s\r\n", SES_FMT(name));
    return SES_OK;
}

static ses_rc_t
put_tags(op_t *op, const char *member, ses_buf_t *b)
{
    const cJSON *list = ses_json_get(op->in, member), *e;
    ses_str_t name, value;
    bool first = true;
    ses_rc_t rc;

    if (list == NULL || list->child == NULL)
        return SES_OK;
    if (cJSON_GetArraySize(list) > SES_TAGS_MAX)
        return ses_fail(op->cx, SES_INVALID,
                        "A message cannot have more than %d tags.",
                        SES_TAGS_MAX);
    ses_buf_c(b, "X-SES-MESSAGE-TAGS:");
    cJSON_ArrayForEach(e, list)
    {
        name = ses_json_str(e, "Name");
        value = ses_json_str(e, "Value");
        if ((rc = ses_tag_check(op->cx, name, value)) != SES_OK)
            return rc;
        ses_buf_printf(b, "%s %.*s=%.*s", first ? "" : ",\r\n", SES_FMT(name),
                       SES_FMT(value));
        first = false;
    }
    ses_buf_c(b, "\r\n");
    return SES_OK;
}

static void
put_arn(ses_buf_t *b, const char *field, ses_str_t arn)
{
    if (arn.n > 0)
        ses_buf_printf(b, "%s: %.*s\r\n", field, SES_FMT(arn));
}

static void
put_arns(const envelope_t *e, ses_buf_t *b)
{
    put_arn(b, "X-SES-SOURCE-ARN", e->source_arn);
    put_arn(b, "X-SES-FROM-ARN", e->from_arn);
    put_arn(b, "X-SES-RETURN-PATH-ARN", e->back_arn);
}

/* What goes in front of the message. */
ses_rc_t
envelope_fields(envelope_t *e, ses_buf_t *b)
{
    ses_rc_t rc = put_set(e->op, b);

    if (rc != SES_OK)
        return rc;
    put_arns(e, b);
    return put_tags(e->op, e->names->tags, b);
}
