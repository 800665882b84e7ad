/*
 * op_send - SendEmail: a message out of its parts, or as it is
 *
 * This makes envelope and message; whether the account may send it is the
 * gate's to say, by the same code as for SMTP.  What the gate must know
 * beyond the message travels in X-SES- fields in front of it, where they win
 * over the message's own (contract 4.7, 4.8).
 */
#include "api/op.h"

#include "api/compose.h"
#include "api/raw.h"
#include "base/encode.h"
#include "model/identity.h"
#include "policy/shapes_v2.h"

#define FIELDS_MAX 65536 /* bytes of fields of ours in front */

/* What the call says beside the content. */
struct send {
    op_t *op;
    ses_address_t from; /* FromEmailAddress */
    bool has_from;
    ses_address_t feedback;
    bool has_feedback;
    ses_address_t *to, *cc, *bcc, *reply_to;
    unsigned nto, ncc, nbcc, nreply_to;
};

/* --- the call's addresses ---------------------------------------------- */

static ses_rc_t
one_address(op_t *op, const char *name, ses_address_t *out, bool *has)
{
    ses_str_t s = op_str(op, name);

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

static ses_rc_t
read_addresses(struct send *s)
{
    op_t *op = s->op;
    const cJSON *d = ses_json_get(op->in, "Destination");
    const cJSON *to = ses_json_get(d, "ToAddresses");
    const cJSON *cc = ses_json_get(d, "CcAddresses");
    const cJSON *bcc = ses_json_get(d, "BccAddresses");
    const cJSON *reply = ses_json_get(op->in, "ReplyToAddresses");
    ses_rc_t rc;

    if ((rc = check_count(op, to, cc, bcc)) != SES_OK)
        return rc;
    if (reply != NULL && cJSON_GetArraySize(reply) > REPLY_TO_MAX)
        return ses_fail(op->cx, SES_INVALID,
                        "There cannot be more than %d reply-to addresses.",
                        REPLY_TO_MAX);
    if ((rc = one_address(op, "FromEmailAddress", &s->from, &s->has_from)) !=
            SES_OK ||
        (rc = one_address(op, "FeedbackForwardingEmailAddress", &s->feedback,
                          &s->has_feedback)) != SES_OK ||
        (rc = addresses(op, to, &s->to, &s->nto)) != SES_OK ||
        (rc = addresses(op, cc, &s->cc, &s->ncc)) != SES_OK ||
        (rc = addresses(op, bcc, &s->bcc, &s->nbcc)) != SES_OK)
        return rc;
    return addresses(op, reply, &s->reply_to, &s->nreply_to);
}

/*
 * An identity named by ARN: the caller's own, which must cover the address
 * it is for.  Sending as another account's identity comes later.
 */
static ses_rc_t
check_arn(op_t *op, const char *member, bool has, const ses_address_t *address)
{
    ses_str_t arn = op_str(op, member), name, prefix, canon;
    ses_identity_t identity;
    bool domain, covers;
    ses_rc_t rc;

    if (arn.n == 0)
        return SES_OK;
    prefix = ses_identity_arn(op->cx->arena, op->env->conf.region,
                              op->cx->account, SES_STR(""));
    if (!ses_str_starts(arn, prefix))
        return ses_fail(op->cx, SES_INVALID,
                        "%s of another account or region is not supported "
                        "yet.",
                        member);
    name = ses_str_from(arn, prefix.n);
    rc = ses_identity_name(op->cx, name, &canon, &domain);
    if (rc == SES_OK)
        rc = ses_identity_find(op->cx, op->txn, op->cx->account, canon,
                               &identity);
    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, SES_INVALID,
                        "Email identity %.*s does not exist.", SES_FMT(name));
    if (rc != SES_OK)
        return rc;
    covers =
        has &&
        (domain ? ses_domain_within(address->domain, canon)
                : ses_str_eq(address->addr, canon) ||
                      ses_str_eq(ses_address_unlabelled(op->cx->arena, address),
                                 canon));
    return covers
               ? SES_OK
               : ses_fail(op->cx, SES_INVALID,
                          "%s does not cover the address it is for.", member);
}

/* --- envelope ---------------------------------------------------------- */

struct envelope {
    ses_str_t *v;
    unsigned n;
};

static void
envelope_add(struct envelope *e, const ses_address_t *v, unsigned n)
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
static ses_rc_t
envelope(struct send *s)
{
    op_t *op = s->op;
    unsigned total = s->nto + s->ncc + s->nbcc;
    struct envelope e = {.n = 0};

    if (total == 0)
        return ses_fail(op->cx, SES_INVALID,
                        "Destination must have at least one recipient.");
    if (total > op->env->conf.max_recipients)
        return too_many(op);
    e.v = ses_calloc(op->cx->arena, total * sizeof(*e.v));
    envelope_add(&e, s->to, s->nto);
    envelope_add(&e, s->cc, s->ncc);
    envelope_add(&e, s->bcc, s->nbcc);
    op->send->rcpts = e.v;
    op->send->nrcpts = e.n;
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
        return ses_fail(op->cx, SES_INVALID,
                        "Configuration set <%.*s> does not exist.",
                        SES_FMT(name));
    }
    ses_buf_printf(b, "X-SES-CONFIGURATION-SET: %.*s\r\n", SES_FMT(name));
    return SES_OK;
}

static ses_rc_t
put_tags(op_t *op, ses_buf_t *b)
{
    const cJSON *list = ses_json_get(op->in, "EmailTags"), *e;
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

static ses_rc_t
check_size(op_t *op, size_t n)
{
    uint64_t max = op->env->conf.max_message_size;

    if (n > max)
        return ses_fail(op->cx, SES_TOO_LARGE,
                        "Message length is more than %llu bytes long: '%zu'.",
                        (unsigned long long) max, n);
    return SES_OK;
}

/* What goes in front of the message. */
static ses_rc_t
put_fields(op_t *op, ses_buf_t *b)
{
    ses_rc_t rc = put_set(op, b);

    return rc == SES_OK ? put_tags(op, b) : rc;
}

/* --- Simple ------------------------------------------------------------ */

static ses_rc_t
send_simple(struct send *s, const cJSON *simple)
{
    op_t *op = s->op;
    mime_message_t m = {.from = &s->from,
                        .to = s->to,
                        .nto = s->nto,
                        .cc = s->cc,
                        .ncc = s->ncc,
                        .reply_to = s->reply_to,
                        .nreply_to = s->nreply_to};
    size_t max = (size_t) op->env->conf.max_message_size, fields;
    ses_buf_t b;
    ses_rc_t rc;

    if (!s->has_from)
        return op_has(op, "FromEmailAddress")
                   ? ses_fail(op->cx, SES_INVALID, "Source cannot be empty")
                   : ses_fail_null(op->cx, SES_INVALID);
    if ((rc = compose_read(op->cx, simple, max, &m)) != SES_OK)
        return rc;
    ses_buf_init(&b, op->cx->arena, max + FIELDS_MAX);
    if ((rc = put_fields(op, &b)) != SES_OK)
        return rc;
    fields = b.n;
    mime_compose(op->cx, &b, &m);
    if ((rc = check_size(op, b.overflow ? max + 1 : b.n - fields)) != SES_OK)
        return rc;

    op->send->operation = "SendEmail";
    op->send->mail = s->has_feedback ? s->feedback.addr : s->from.addr;
    op->send->data = ses_buf_get(&b);
    return SES_OK;
}

/* --- Raw --------------------------------------------------------------- */

/* Recipients are the call's, or else those of the message's own fields. */
static ses_rc_t
raw_recipients(struct send *s, const raw_t *raw)
{
    ses_cx_t *cx = s->op->cx;
    unsigned max = (unsigned) s->op->env->conf.max_recipients;
    ses_rc_t rc;

    if (s->nto + s->ncc + s->nbcc > 0)
        return SES_OK;
    if ((rc = raw_mailboxes(cx, raw, "To", max, &s->to, &s->nto)) != SES_OK ||
        (rc = raw_mailboxes(cx, raw, "Cc", max, &s->cc, &s->ncc)) != SES_OK)
        return rc;
    return raw_mailboxes(cx, raw, "Bcc", max, &s->bcc, &s->nbcc);
}

/* Who the bounces are for: contract 4.6. */
static ses_rc_t
raw_source(struct send *s, const raw_t *raw, const ses_address_t *from,
           ses_str_t *out)
{
    ses_str_t path;
    ses_address_t a;
    ses_rc_t rc;

    if (s->has_feedback) {
        *out = s->feedback.addr;
        return SES_OK;
    }
    *out = from->addr;
    if (s->has_from)
        return SES_OK;
    path = ses_headers_value(s->op->cx->arena, &raw->headers, "Return-Path");
    if (path.n == 0)
        return SES_OK;
    rc = ses_address_path(s->op->cx, path, &a);
    if (rc == SES_OK && a.addr.n > 0)
        *out = a.addr;
    return rc;
}

static ses_rc_t
send_raw(struct send *s, const cJSON *in)
{
    op_t *op = s->op;
    ses_address_t *from = NULL;
    unsigned nfrom = 0;
    ses_str_t bytes;
    ses_buf_t b;
    raw_t raw;
    ses_rc_t rc;

    if (!ses_base64_parse(op->cx->arena, ses_json_str(in, "Data"), &bytes))
        return ses_fail_null(op->cx, SES_SERIALIZATION);
    if ((rc = check_size(op, bytes.n)) != SES_OK ||
        (rc = raw_parse(op->cx, bytes, &raw)) != SES_OK ||
        (rc = check_size(op, raw.data.n)) != SES_OK ||
        (rc = raw_mailboxes(op->cx, &raw, "From", 100, &from, &nfrom)) !=
            SES_OK)
        return rc;
    if (nfrom == 0 && !s->has_from)
        return ses_fail(op->cx, SES_INVALID, "Missing required header 'From'.");
    if ((rc = raw_recipients(s, &raw)) != SES_OK)
        return rc;

    ses_buf_init(&b, op->cx->arena, raw.data.n + FIELDS_MAX);
    if ((rc = put_fields(op, &b)) != SES_OK)
        return rc;
    if (nfrom == 0)
        mime_addresses(&b, "From", &s->from, 1);
    if (b.n > 0)
        ses_buf_str(&b, raw.data);
    op->send->data = b.n > 0 ? ses_buf_get(&b) : raw.data;
    op->send->operation = "SendRawEmail";
    return raw_source(s, &raw, s->has_from ? &s->from : from, &op->send->mail);
}

/* --- SendEmail --------------------------------------------------------- */

static ses_rc_t
send_email(op_t *op)
{
    const cJSON *content = ses_json_get(op->in, "Content");
    const cJSON *simple = ses_json_get(content, "Simple");
    const cJSON *raw = ses_json_get(content, "Raw");
    const cJSON *template = ses_json_get(content, "Template");
    struct send s = {.op = op};
    ses_rc_t rc;

    if ((simple != NULL) + (raw != NULL) + (template != NULL) != 1)
        return ses_fail(op->cx, SES_INVALID,
                        "Content must have exactly one of Simple, Raw and "
                        "Template.");
    if (template != NULL)
        return ses_shape_later(op->cx, "Content.Template");
    if ((rc = read_addresses(&s)) != SES_OK ||
        (rc = check_arn(op, "FromEmailAddressIdentityArn", s.has_from,
                        &s.from)) != SES_OK ||
        (rc = check_arn(op, "FeedbackForwardingEmailAddressIdentityArn",
                        s.has_feedback, &s.feedback)) != SES_OK)
        return rc;
    rc = simple != NULL ? send_simple(&s, simple) : send_raw(&s, raw);
    return rc == SES_OK ? envelope(&s) : rc;
}

const op_def_t ops_send[] = {
    {"SendEmail", OP_REST, "POST", "/v2/email/outbound-emails", "ses:SendEmail",
     OP_SEND, send_email, ses_v2_send, 0},
    {0},
};
