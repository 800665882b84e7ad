/*
 * v1_send - SendEmail and SendRawEmail of v1
 *
 * The same messages as v2's, through the same gate; only the members have
 * other names.  Source of a raw message is the envelope's sender, not From.
 */
#include "api/op_send.h"

#include "policy/shapes_v1.h"

/* What the gate says of a configuration set is said of this one. */
static void
about_set(op_t *op)
{
    op_about(op, OP_ABOUT_SEND, op_str(op, "ConfigurationSetName"),
             SES_STR(""));
}

/* SendEmail */
static ses_rc_t
send_email(op_t *op)
{
    envelope_t e;
    ses_rc_t rc;

    about_set(op);
    if ((rc = envelope_read(&e, op, &envelope_v1)) != SES_OK ||
        (rc = op_send_simple(&e, ses_json_get(op->in, "Message"), "Message")) !=
            SES_OK)
        return rc;
    return envelope_recipients(&e);
}

/* SendRawEmail */
static ses_rc_t
send_raw_email(op_t *op)
{
    envelope_t e;
    ses_rc_t rc;

    about_set(op);
    if ((rc = envelope_read(&e, op, &envelope_v1_raw)) != SES_OK ||
        (rc = envelope_destinations(&e)) != SES_OK ||
        (rc = op_send_raw(&e, ses_json_get(op->in, "RawMessage"))) != SES_OK)
        return rc;
    return envelope_recipients(&e);
}

const op_def_t ops_v1_send[] = {
    {"SendEmail", OP_QUERY, "POST", NULL, "ses:SendEmail", OP_SEND, send_email,
     ses_v1_send, 0},
    {"SendRawEmail", OP_QUERY, "POST", NULL, "ses:SendRawEmail", OP_SEND,
     send_raw_email, ses_v1_send_raw, 0},
    {0},
};
