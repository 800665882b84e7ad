/*
 * fuzz_iam - policy documents, and what they say
 *
 * Whatever comes is refused with a text or evaluates within its steps; a
 * document says the same twice.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "policy/iam.h"

#define ARN "arn:aws:ses:us-east-1:111122223333:identity/shop.test"

static const ses_str_t from[] = {SES_STR_INIT("a@shop.test")};
static const ses_str_t rcpts[] = {SES_STR_INIT("b@in.test"),
                                  SES_STR_INIT("c@out.test")};
static const ses_str_t ip[] = {SES_STR_INIT("192.0.2.1")};
static const ses_iam_key_t keys[] = {
    {SES_STR_INIT("ses:FromAddress"), from, 1},
    {SES_STR_INIT("ses:Recipients"), rcpts, 2},
    {SES_STR_INIT("aws:SourceIp"), ip, 1},
    {SES_STR_INIT("aws:username"), from, 1},
};

static ses_iam_effect_t
ask_it(ses_cx_t *cx, const ses_policy_t *p)
{
    ses_iam_ask_t ask = {.cx = cx,
                         .action = SES_STR("ses:SendEmail"),
                         .resource = SES_STR(ARN),
                         .account = SES_STR("111122223333"),
                         .principal =
                             SES_STR("arn:aws:iam::111122223333:user/a"),
                         .keys = keys,
                         .nkeys = sizeof(keys) / sizeof(keys[0])};
    ses_iam_effect_t e = ses_policy_eval(p, &ask, SES_STR(""), NULL, NULL);

    if (ask.steps > SES_IAM_STEPS && e != SES_IAM_DENY)
        abort();
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ses_arena_t *arena = ses_arena_new();
    const ses_policy_t *p;
    ses_cx_t cx;
    int kind;

    for (kind = SES_POLICY_CALLER; kind <= SES_POLICY_IDENTITY; kind++) {
        cx = ses_cx(arena, 0);
        if (ses_policy_parse(&cx, (ses_policy_kind_t) kind, SES_STR(ARN),
                             ses_str_n(data, size), &p) != SES_OK) {
            if (cx.why_rc != SES_INVALID || cx.why.n == 0)
                abort();
            continue;
        }
        if (ask_it(&cx, p) != ask_it(&cx, p))
            abort();
    }
    ses_arena_free(arena);
    return 0;
}
