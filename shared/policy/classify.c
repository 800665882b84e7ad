/*
 * classify - RFC 3463 codes to the service's bounce and delay types
 *
 * The first row that fits decides.  A row names a class (first digit), a
 * subject and a detail, -1 standing for any, and words of which one must be
 * in the remote's text.  Words refine codes that say little (x.0.0, x.7.x);
 * they never make a hard bounce out of a refusal by policy.
 */
#include "policy/classify.h"

#include <ctype.h>

/* Alternatives, separated by '|', in lower case. */
#define WORDS_UNKNOWN                                                          \
    "user unknown|unknown user|no such user|no such recipient|no such "        \
    "mailbox|does not exist|doesn't exist|mailbox not found|mailbox "          \
    "unavailable|recipient not found|unknown recipient|invalid recipient|"     \
    "unrouteable address|no mailbox here"
#define WORDS_FULL                                                             \
    "mailbox full|mailbox is full|over quota|overquota|quota exceeded|"        \
    "exceeded storage|out of storage|insufficient storage"
#define WORDS_LARGE                                                            \
    "too large|too big|size limit|exceeds maximum size|exceeds size|maximum "  \
    "message size"
#define WORDS_ATTACHMENT "attachment|virus|malware|banned file"
#define WORDS_SPAM "spam|unsolicited|bulk mail|junk|phishing|content rejected"
#define WORDS_ADDRESS                                                          \
    "blacklist|blocklist|block list|black list|blocked using|dnsbl|rbl|"       \
    "spamhaus|reputation|your ip|ip address"
#define WORDS_RELAY                                                            \
    "relay access denied|relaying denied|unable to relay|relay not permitted|" \
    "not permitted to relay|relay denied"

struct code {
    int class, subject, detail;
};

static const struct {
    struct code code; /* -1 = any */
    const char *words;
    ses_bounce_class_t is;
} bounces[] = {
    {{-1, 1, 1}, NULL, {"Permanent", "NoEmail", true}},
    {{-1, 1, 2}, NULL, {"Permanent", "NoEmail", true}},
    {{-1, 1, 10}, NULL, {"Permanent", "NoEmail", true}},
    {{-1, 2, 2}, NULL, {"Transient", "MailboxFull", false}},
    {{-1, 2, 3}, NULL, {"Transient", "MessageTooLarge", false}},
    {{-1, 3, 4}, NULL, {"Transient", "MessageTooLarge", false}},
    {{5, 6, -1}, WORDS_ATTACHMENT, {"Transient", "AttachmentRejected", false}},
    {{5, 6, -1}, NULL, {"Transient", "ContentRejected", false}},
    {{5, 7, -1}, WORDS_ATTACHMENT, {"Transient", "AttachmentRejected", false}},
    {{5, 7, -1}, WORDS_RELAY, {"Permanent", "General", true}},
    {{5, 7, -1}, WORDS_UNKNOWN, {"Permanent", "NoEmail", true}},
    {{5, 7, -1}, NULL, {"Transient", "ContentRejected", false}},
    {{5, 0, 0}, WORDS_FULL, {"Transient", "MailboxFull", false}},
    {{5, 0, 0}, WORDS_LARGE, {"Transient", "MessageTooLarge", false}},
    {{5, 0, 0}, WORDS_SPAM, {"Transient", "ContentRejected", false}},
    {{5, 0, 0}, WORDS_ADDRESS, {"Transient", "General", false}},
    {{5, 0, 0}, WORDS_UNKNOWN, {"Permanent", "NoEmail", true}},
    {{5, -1, -1}, NULL, {"Permanent", "General", true}},
    {{4, -1, -1}, NULL, {"Transient", "General", false}},
};

static const struct {
    struct code code;
    const char *words;
    const char *is;
} delays[] = {
    {{-1, 2, 2}, NULL, "MailboxFull"},
    {{-1, 3, 0}, "mail transport unavailable", "InternalFailure"},
    {{-1, 7, -1}, WORDS_ADDRESS, "IPFailure"},
    {{-1, 7, -1}, WORDS_SPAM, "SpamDetected"},
    {{-1, 4, -1}, NULL, "TransientCommunicationFailure"},
    {{-1, 3, -1}, NULL, "RecipientServerError"},
    {{-1, 0, 0}, WORDS_FULL, "MailboxFull"},
    {{-1, 0, 0}, WORDS_ADDRESS, "IPFailure"},
    {{-1, 0, 0}, WORDS_SPAM, "SpamDetected"},
    {{4, -1, -1}, NULL, "General"},
    {{5, -1, -1}, NULL, "General"}, /* soft_bounce */
};

/* "5.1.1": class 2, 4 or 5, subject and detail of 1-3 digits. */
static bool
parse(ses_str_t dsn, struct code *out)
{
    ses_str_t rest = dsn, part;
    uint64_t v[3];
    int i;

    for (i = 0; i < 3; i++)
        if (!ses_str_cut(&rest, '.', &part) || !ses_str_u64(part, 999, &v[i]))
            return false;
    if (rest.p != NULL || (v[0] != 2 && v[0] != 4 && v[0] != 5))
        return false;
    *out = (struct code){(int) v[0], (int) v[1], (int) v[2]};
    return true;
}

static bool
fits(struct code row, struct code c)
{
    return (row.class < 0 || row.class == c.class) &&
           (row.subject < 0 || row.subject == c.subject) &&
           (row.detail < 0 || row.detail == c.detail);
}

static bool
starts_nocase(ses_str_t text, ses_str_t word)
{
    return ses_str_casestarts(text, word) &&
           (text.n == word.n || !isalpha((unsigned char) text.p[word.n]));
}

/* One of the words in text, as whole words?  Texts are of bounded length
 * (a log line), words few. */
static bool
contains(ses_str_t text, const char *words)
{
    ses_str_t rest, word;
    size_t i;

    for (i = 0; i < text.n; i++) {
        if (i > 0 && isalpha((unsigned char) text.p[i - 1]))
            continue;
        for (rest = ses_str(words); ses_str_cut(&rest, '|', &word);)
            if (starts_nocase(ses_str_from(text, i), word))
                return true;
    }
    return false;
}

ses_bounce_class_t
ses_classify_bounce(ses_str_t dsn, ses_str_t text, bool expired)
{
    struct code c;
    size_t i;

    /* Log and report of it name different codes, and are one event. */
    if (expired)
        return (ses_bounce_class_t){"Transient", "General", false};

    text = ses_str_head(text, 2048);
    if (parse(dsn, &c) && c.class != 2)
        for (i = 0; i < sizeof(bounces) / sizeof(bounces[0]); i++) {
            /* what was only ever deferred does not prove a bad address */
            if (bounces[i].is.hard && c.class == 4)
                continue;
            if (fits(bounces[i].code, c) &&
                (bounces[i].words == NULL || contains(text, bounces[i].words)))
                return bounces[i].is;
        }
    return (ses_bounce_class_t){"Undetermined", "Undetermined", false};
}

const char *
ses_classify_delay(ses_str_t dsn, ses_str_t text)
{
    struct code c;
    size_t i;

    text = ses_str_head(text, 2048);
    if (parse(dsn, &c) && c.class != 2)
        for (i = 0; i < sizeof(delays) / sizeof(delays[0]); i++)
            if (fits(delays[i].code, c) &&
                (delays[i].words == NULL || contains(text, delays[i].words)))
                return delays[i].is;
    return "Undetermined";
}
