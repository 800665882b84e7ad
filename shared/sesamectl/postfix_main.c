/*
 * postfix_main - settings of main.cf that hold for all services
 */
#include "postfix.h"

/* k->param must be k->want. */
static void
must(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t value = postfix_value(p, NULL, k->param);

    if (!ses_str_caseeqc(value, k->want))
        postfix_found(p, k, postfix_fix_main(p, k->param, ses_str(k->want)),
                      "%s = %.*s: %s", k->param, SES_FMT(value), k->why);
}

/* A milter is shown a field up to its first NUL. */
static void
nul(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t value = postfix_value(p, NULL, "message_reject_characters");

    if (ses_str_search(value, SES_STR("\\0")) < 0)
        postfix_found(
            p, k,
            postfix_fix_main(p, "message_reject_characters",
                             ses_str_printf(p->a, "%.*s\\0", SES_FMT(value))),
            "message_reject_characters lacks \\0: what stands behind a NUL in "
            "a header is hidden from the gate");
}

static void
size(postfix_t *p, const postfix_check_t *k)
{
    ses_str_t value = postfix_value(p, NULL, "message_size_limit");
    uint64_t limit, most = p->conf->max_message_size;

    if (ses_str_u64(value, UINT64_MAX, &limit) && limit != 0 && limit < most)
        postfix_found(
            p, k,
            postfix_fix_main(
                p, "message_size_limit",
                ses_str_printf(p->a, "%llu",
                               (unsigned long long) (most + most / 20))),
            "message_size_limit = %llu is below max_message_size = "
            "%llu of sesame.conf",
            (unsigned long long) limit, (unsigned long long) most);
}

/* local(8) and virtual(8) refuse to start with a smaller one. */
static void
mailbox(postfix_t *p, const postfix_check_t *k)
{
    uint64_t limit, box;

    if (ses_str_u64(postfix_value(p, NULL, "message_size_limit"), UINT64_MAX,
                    &limit) &&
        ses_str_u64(postfix_value(p, NULL, k->param), UINT64_MAX, &box) &&
        box != 0 && (limit == 0 || box < limit))
        postfix_found(p, k, postfix_fix_main(p, k->param, SES_STR("0")),
                      "%s = %llu is below message_size_limit = %llu: mail for "
                      "mailboxes here stays in the queue",
                      k->param, (unsigned long long) box,
                      (unsigned long long) limit);
}

const postfix_check_t postfix_checks_main[] = {
    {.name = "long-queue-ids",
     POSTFIX_ERROR,
     must,
     "enable_long_queue_ids",
     "yes",
     "short ids are used again, and message ids are made of them"},
    {.name = "soft-bounce",
     POSTFIX_ERROR,
     must,
     "soft_bounce",
     "no",
     "what is refused for good is tried for days, and no Bounce is told"},
    {.name = "nul-bytes", POSTFIX_ERROR, nul},
    {.name = "recipient-rewrite",
     POSTFIX_ERROR,
     must,
     "allow_percent_hack",
     "no",
     "user%other@domain goes to another recipient than the gate judged"},
    {.name = "recipient-rewrite",
     POSTFIX_ERROR,
     must,
     "swap_bangpath",
     "no",
     "other!user goes to another recipient than the gate judged"},
    {.name = "recipient-rewrite",
     POSTFIX_ERROR,
     must,
     "append_dot_mydomain",
     "no",
     "user@host goes to another recipient than the gate judged"},
    {.name = "milter-header-checks",
     POSTFIX_ERROR,
     must,
     "milter_header_checks",
     "",
     "header fields that the gate adds, its signature too, can be dropped or "
     "changed"},
    {.name = "message-size", POSTFIX_ERROR, size},
    {.name = "mailbox-size", POSTFIX_ERROR, mailbox, "mailbox_size_limit"},
    {.name = "mailbox-size", POSTFIX_ERROR, mailbox, "virtual_mailbox_limit"},
    {0},
};
