/*
 * test_dkim - slots, and the way from one key to the next
 *
 * A story is a row of steps: what was asked or seen, and the five slots
 * after it.  A slot is written as kind (r RSA, e Ed25519) and state (w
 * wanted, n next, c current, p previous), "--" is an empty one.  What was
 * seen of each slot: + everywhere, - not, ? unsure.
 */
#include "model_store.h"

#include "../../shared/model/dkim.c"
#include "../../shared/model/dkim_change.c"

#define MINUTE INT64_C(60000)
#define DAYS INT64_C(86400000)

static const ses_dkim_rules_t rules = {
    .ed25519 = true,
    .settle = 10 * MINUTE,
    .keep = 7 * DAYS,
    .retry_min = MINUTE,
    .retry_max = 15 * MINUTE,
};

typedef struct {
    int64_t minutes;  /* since the step before */
    const char *what; /* "+-??+" seen; or a word of asking() */
    const char *want; /* slots afterwards */
} story_t;

static char *
slots(const ses_dkim_t *d, char out[24])
{
    static const char letters[] = "-wncp";
    unsigned n;

    for (n = 0; n < SES_DKIM_SLOTS; n++) {
        out[n * 3] = d->keys[n].state == SES_DKIM_EMPTY    ? '-'
                     : d->keys[n].kind == SES_DKIM_ED25519 ? 'e'
                                                           : 'r';
        out[n * 3 + 1] = letters[d->keys[n].state];
        out[n * 3 + 2] = n + 1 < SES_DKIM_SLOTS ? ' ' : '\0';
    }
    return out;
}

/* Words that are no looks; false = it is one. */
static bool
asking(ses_dkim_t *d, const char *what, int64_t now)
{
    unsigned n;

    if (strcmp(what, "fill") == 0) {
        for (n = 0; n < SES_DKIM_SLOTS; n++)
            if (d->keys[n].state == SES_DKIM_WANTED)
                ses_dkim_fill(d, n, SES_STR("KEY"), now);
    } else if (strcmp(what, "rotate") == 0) {
        ses_dkim_rotate(d, 3, now);
    } else if (strcmp(what, "rotate rsa") == 0) {
        ses_dkim_rotate(d, 1u << SES_DKIM_RSA, now);
    } else if (strcmp(what, "1024") == 0) {
        d->bits = 1024;
        ses_dkim_rotate(d, 1u << SES_DKIM_RSA, now);
    } else if (strcmp(what, "bring") == 0) {
        ses_dkim_bring(d, SES_STR("own"), 2048, SES_STR("OWN"), true, now);
    } else if (strcmp(what, "bring new") == 0) {
        ses_dkim_bring(d, SES_STR("own"), 2048, SES_STR("OWN"), false, now);
    } else if (strcmp(what, "return") == 0) {
        ses_dkim_return(d, true, now);
    } else if (strcmp(what, "no ed25519") == 0) {
        d->ed25519 = false;
    } else {
        return false;
    }
    return true;
}

static void
tell(fixture_t *f, const char *name, const story_t *s)
{
    ses_dkim_seen_t seen[SES_DKIM_SLOTS];
    int64_t now = NOW;
    ses_dkim_t d;
    char have[24];
    unsigned k, n;

    ses_dkim_init(&f->cx, &d);
    for (k = 0; s[k].what != NULL; k++) {
        now += s[k].minutes * MINUTE;
        if (!asking(&d, s[k].what, now)) {
            for (n = 0; n < SES_DKIM_SLOTS; n++)
                seen[n] = s[k].what[n] == '+'   ? SES_DKIM_SEEN
                          : s[k].what[n] == '-' ? SES_DKIM_UNSEEN
                                                : SES_DKIM_UNSURE;
            ses_dkim_step(&d, seen, &rules, true, now);
            assert_true(d.check > now && d.check <= now + DAYS);
        }
        if (strcmp(slots(&d, have), s[k].want) != 0)
            fail_msg("%s, step %u (%s): %s, not %s", name, k, s[k].what, have,
                     s[k].want);
    }
}

/* What every story begins with: RSA signs, Ed25519 after its settling. */
#define BEGIN                                                                  \
    {0, "fill", "rc en -- -- --"}, {0, "?+???", "rc en -- -- --"},             \
    {                                                                          \
        10, "?+???", "rc ec -- -- --"                                          \
    }

static const struct {
    const char *name;
    story_t steps[20];
} stories[] = {
    {"from the first key on",
     {{0, "?????", "rw ew -- -- --"},
      {0, "fill", "rc en -- -- --"},
      {0, "?-???", "rc en -- -- --"},
      {1, "?+???", "rc en -- -- --"},
      {9, "?+???", "rc en -- -- --"},
      {1, "?+???", "rc ec -- -- --"}}},
    {"a rotation: seen by all, for long enough, kept seven days",
     {BEGIN,
      {1, "rotate rsa", "rc ec rw -- --"},
      {0, "fill", "rc ec rn -- --"},
      {1, "++-??", "rc ec rn -- --"},
      {1, "++???", "rc ec rn -- --"},
      {1, "+++??", "rc ec rn -- --"},
      {1, "++-??", "rc ec rn -- --"}, /* it was a lie */
      {1, "+++??", "rc ec rn -- --"},
      {9, "+++??", "rc ec rn -- --"},
      {1, "++???", "rc ec rn -- --"}, /* no answer of one server */
      {1, "+++??", "rp ec rc -- --"},
      {7 * 1440 - 1, "+++??", "rp ec rc -- --"},
      {1, "++???", "rp ec rc -- --"}, /* nobody knows of the new one */
      {1, "+++??", "-- ec rc -- --"}}},
    {"both kinds, one after the other",
     {BEGIN,
      {0, "rotate", "rc ec rw -- --"},
      {0, "fill", "rc ec rn -- --"},
      {0, "+++??", "rc ec rn -- --"},
      {10, "+++??", "rp ec rc -- --"},
      {1, "+++??", "rp ec rc -- --"},
      {7 * 1440, "+++??", "ew ec rc -- --"},
      {0, "fill", "en ec rc -- --"},
      {0, "+++??", "en ec rc -- --"},
      {10, "+++??", "ec ep rc -- --"},
      {7 * 1440, "+++??", "ec -- rc -- --"}}},
    {"DNS takes it back, and gives it again",
     {BEGIN,
      {0, "rotate rsa", "rc ec rw -- --"},
      {0, "fill", "rc ec rn -- --"},
      {0, "+++??", "rc ec rn -- --"},
      {10, "+++??", "rp ec rc -- --"},
      {5, "++???", "rp ec rc -- --"}, /* not for want of an answer */
      {5, "-+-??", "rp ec rc -- --"}, /* nor when the old one is gone too */
      {5, "++-??", "rc ec rn -- --"},
      {5, "+++??", "rc ec rn -- --"},
      {10, "+++??", "rp ec rc -- --"}}},
    {"the old one is gone before its time",
     {BEGIN,
      {0, "rotate rsa", "rc ec rw -- --"},
      {0, "fill", "rc ec rn -- --"},
      {0, "-++??", "rp ec rc -- --"}}},
    {"Ed25519 vanishes: no second signature until it is back",
     {BEGIN,
      {60, "?-???", "rc en -- -- --"},
      {60, "?+???", "rc en -- -- --"},
      {10, "?+???", "rc ec -- -- --"}}},
    {"Ed25519 is switched off",
     {BEGIN,
      {0, "no ed25519", "rc ec -- -- --"},
      {0, "?+???", "rc ep -- -- --"},
      {7 * 1440, "?????", "rc -- -- -- --"}}},
    {"asked twice, it is one rotation; another length is another",
     {BEGIN,
      {0, "rotate rsa", "rc ec rw -- --"},
      {0, "rotate rsa", "rc ec rw -- --"},
      {0, "fill", "rc ec rn -- --"},
      {0, "rotate rsa", "rc ec rn -- --"},
      {0, "1024", "rc ec rw -- --"}}},
    {"a key of the customer's: seen, then used",
     {BEGIN,
      {0, "bring", "rc ec -- rn --"},
      {0, "++?-?", "rc ep -- rn --"},
      {5, "++?+?", "rc ep -- rn --"},
      {10, "++?+?", "rp ep -- rc --"},
      {7 * 1440, "++?+?", "-- -- -- rc --"},
      {0, "bring", "-- -- -- rc rn"}, /* the next of his */
      {0, "???++", "-- -- -- rc rn"},
      {0, "?.?-+", "-- -- -- rp rc"}, /* the same selector has the new key */
      {0, "bring", "-- -- -- rn rc"},
      {0, "return", "rw -- -- -- rc"},
      {0, "fill", "rn -- -- -- rc"},
      {0, "+???+", "rn ew -- -- rc"},
      {10, "+???+", "rc ew -- -- rp"}}},
    {"a key of the customer's, before anything was verified",
     {{0, "bring new", "-- -- -- rc --"}}},
};

static void
test_stories(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
        tell(*state, stories[i].name, stories[i].steps);
}

static void
test_by_age(void **state)
{
    ses_dkim_seen_t seen[SES_DKIM_SLOTS] = {SES_DKIM_UNSURE};
    ses_dkim_rules_t r = rules;
    fixture_t *f = *state;
    ses_dkim_t d;
    char have[24];

    r.rotate_after = 30 * DAYS;
    r.ed25519 = false;
    ses_dkim_init(&f->cx, &d);
    ses_dkim_fill(&d, 0, SES_STR("KEY"), NOW);
    ses_dkim_step(&d, seen, &r, true, NOW + 29 * DAYS + DAYS / 2);
    assert_string_equal(slots(&d, have), "rc -- -- -- --");
    assert_int_equal(d.check, NOW + 30 * DAYS);
    ses_dkim_step(&d, seen, &r, true, NOW + 30 * DAYS);
    assert_string_equal(slots(&d, have), "rc rw -- -- --");
}

static void
test_records(void **state)
{
    fixture_t *f = *state;
    ses_dkim_t d;

    ses_dkim_init(&f->cx, &d);
    assert_int_equal(ses_dkim_txt(f->arena, &d, 0).n, 0);
    assert_int_equal(ses_dkim_txt(f->arena, &d, 2).n, 0);
    ses_dkim_fill(&d, 0, SES_STR("AAAA"), NOW);
    ses_dkim_fill(&d, 1, SES_STR("BBBB"), NOW);
    assert_true(same(ses_dkim_txt(f->arena, &d, 0), "v=DKIM1; k=rsa; p=AAAA"));
    assert_true(
        same(ses_dkim_txt(f->arena, &d, 1), "v=DKIM1; k=ed25519; p=BBBB"));
    assert_true(same(ses_dkim_txt(f->arena, &d, 2), "v=DKIM1; p="));
    assert_int_equal(ses_dkim_txt(f->arena, &d, 3).n, 0);
    assert_false(ses_dkim_look(&d, 0));
    assert_true(ses_dkim_look(&d, 1));
    assert_false(ses_dkim_look(&d, 2));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_stories),
        TEST(test_by_age),
        TEST(test_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
