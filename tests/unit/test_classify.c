/*
 * test_classify - contract 8.4
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../shared/policy/classify.c"

static const struct {
    const char *dsn;
    const char *text;
    bool expired;
    const char *type, *subtype;
    bool hard;
} bounce_cases[] = {
    {"5.1.1", "no such user", false, "Permanent", "NoEmail", true},
    {"5.1.2", "", false, "Permanent", "NoEmail", true},
    {"5.1.10", "", false, "Permanent", "NoEmail", true},
    {"5.1.0", "", false, "Permanent", "General", true},
    {"5.2.1", "disabled", false, "Permanent", "General", true},
    {"5.4.4", "Host not found", false, "Permanent", "General", true},
    {"5.0.0", "", false, "Permanent", "General", true},
    {"5.0.0", "550 User unknown", false, "Permanent", "NoEmail", true},
    {"5.0.0", "552 Mailbox full", false, "Transient", "MailboxFull", false},
    {"5.0.0", "spam detected", false, "Transient", "ContentRejected", false},
    {"5.0.0", "herbal", false, "Permanent", "General", true},
    {"5.2.2", "", false, "Transient", "MailboxFull", false},
    {"4.2.2", "", true, "Transient", "General", false},
    {"5.2.3", "", false, "Transient", "MessageTooLarge", false},
    {"5.3.4", "", false, "Transient", "MessageTooLarge", false},
    {"5.6.0", "", false, "Transient", "ContentRejected", false},
    {"5.6.1", "bad attachment", false, "Transient", "AttachmentRejected",
     false},
    {"5.7.1", "message looks like spam", false, "Transient", "ContentRejected",
     false},
    {"5.7.1", "Relay access denied", false, "Permanent", "General", true},
    {"5.7.26", "unauthenticated", false, "Transient", "ContentRejected", false},
    {"5.7.1", "virus found", false, "Transient", "AttachmentRejected", false},
    {"4.1.1", "unverified", true, "Transient", "General", false},
    {"4.4.1", "Connection refused", true, "Transient", "General", false},
    {"4.4.1", "Connection refused", false, "Transient", "General", false},
    {"5.1.1", "", true, "Transient", "General", false},
    {"", "", true, "Transient", "General", false},
    {"", "", false, "Undetermined", "Undetermined", false},
    {"2.0.0", "", false, "Undetermined", "Undetermined", false},
    {"5.1", "", false, "Undetermined", "Undetermined", false},
    {"5.1.1.1", "", false, "Undetermined", "Undetermined", false},
    {"5.1.x", "", false, "Undetermined", "Undetermined", false},
    {"9.1.1", "", false, "Undetermined", "Undetermined", false},
};

static const struct {
    const char *dsn, *text, *want;
} delay_cases[] = {
    {"4.2.2", "452 4.2.2 mailbox full", "MailboxFull"},
    {"4.0.0", "452 Mailbox is full", "MailboxFull"},
    {"4.4.1", "Connection timed out", "TransientCommunicationFailure"},
    {"4.4.3", "Host name lookup", "TransientCommunicationFailure"},
    {"4.3.0", "mail transport unavailable", "InternalFailure"},
    {"4.3.2", "system not accepting", "RecipientServerError"},
    {"4.7.1", "blocked using a blocklist", "IPFailure"},
    {"4.7.0", "looks like spam", "SpamDetected"},
    {"4.7.0", "greylisted", "General"},
    {"4.2.1", "busy", "General"},
    {"4.0.0", "", "General"},
    {"5.1.1", "", "General"},
    {"", "", "Undetermined"},
    {"2.0.0", "", "Undetermined"},
};

static void
test_bounces(void **state)
{
    ses_bounce_class_t got;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(bounce_cases) / sizeof(bounce_cases[0]); i++) {
        got = ses_classify_bounce(ses_str(bounce_cases[i].dsn),
                                  ses_str(bounce_cases[i].text),
                                  bounce_cases[i].expired);
        if (strcmp(got.type, bounce_cases[i].type) != 0 ||
            strcmp(got.subtype, bounce_cases[i].subtype) != 0 ||
            got.hard != bounce_cases[i].hard)
            fail_msg("%s \"%s\": %s %s %d", bounce_cases[i].dsn,
                     bounce_cases[i].text, got.type, got.subtype, got.hard);
        assert_int_equal(got.hard, strcmp(got.type, "Permanent") == 0);
    }
}

static void
test_delays(void **state)
{
    const char *got;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(delay_cases) / sizeof(delay_cases[0]); i++) {
        got = ses_classify_delay(ses_str(delay_cases[i].dsn),
                                 ses_str(delay_cases[i].text));
        if (strcmp(got, delay_cases[i].want) != 0)
            fail_msg("%s \"%s\": %s", delay_cases[i].dsn, delay_cases[i].text,
                     got);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounces),
        cmocka_unit_test(test_delays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
