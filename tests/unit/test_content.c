/*
 * test_content - the test file is known in every encoding, and nothing else is
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../shared/policy/content.c"

/* Two halves, so that no scanner takes this program for the file. */
#define HEAD "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-"
#define TAIL "ANTIVIRUS-TEST-FILE!$H+H*"
#define BLANKS15 "               "
#define BLANKS60 BLANKS15 BLANKS15 BLANKS15 BLANKS15
#define BASE64_HEAD                                                            \
    "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1U"

/* "%" stands for the string where TAIL would show it. */
static const struct {
    const char *name, *coding;
    const char *lines; /* separated by LF, as the last one may be ended */
    bool bad;
} cases[] = {
    {"the file", "", HEAD "%", true},
    {"8bit", "8bit", HEAD "%", true},
    {"one that nobody knows", "x-own", HEAD "%", true},
    {"a line end behind", "7bit", HEAD "%\n\n", true},
    {"white space behind", "", HEAD "% \t\x1a\r\n \n\n", true},
    {"128 characters", "", HEAD "%" BLANKS60, true},
    {"129 characters", "", HEAD "%" BLANKS60 " ", false},
    {"129 with a line end", "", HEAD "%" BLANKS60 "\n\n", false},
    {"something before", "", " " HEAD "%", false},
    {"an empty line before", "", "\n" HEAD "%", false},
    {"something behind", "", HEAD "% x", false},
    {"a line behind", "", HEAD "%\n--\nme\n", false},
    {"cut short", "", HEAD, false},
    {"in two lines", "", HEAD "\n%", false},
    {"nothing", "", "", false},
    {"nothing, in base64", "base64", "", false},
    {"base64", "base64", BASE64_HEAD "\nRVNULUZJTEUhJEgrSCo=\n", true},
    {"base64, odd lines, junk between", " BASE64 ; x=y",
     "WD\n\nVPIVAl QEFQWz-RcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNU\n"
     "QU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo",
     true},
    {"base64, with a line end", "base64",
     BASE64_HEAD "RVNULUZJTEUhJEgrSCoNCg==", true},
    {"base64, more behind", "base64", BASE64_HEAD "RVNULUZJTEUhJEgrSCp4",
     false},
    {"base64 that was not declared", "7bit",
     BASE64_HEAD "RVNULUZJTEUhJEgrSCo=", false},
    {"quoted", "quoted-printable", HEAD "%", true},
    {"quoted, soft line breaks", "Quoted-Printable (x)",
     "X5O!P%@AP[4=5CPZX54(P^)7CC)7}$E=\nICAR-STANDARD-=  \n%=0D=0A=20\n", true},
    {"quoted, an escape that is none", "quoted-printable", HEAD "%=2G", false},
    {"quoted, its last character an escape", "quoted-printable",
     HEAD "ANTIVIRUS-TEST-FILE!$H+H=2a", true},
    {"quoted, not declared", "", HEAD "ANTIVIRUS-TEST-FILE!$H+H=2a", false},
};

static void
feed(ses_content_t *c, const char *lines)
{
    ses_str_t rest = ses_str(lines), line;

    while (ses_str_cut(&rest, '\n', &line))
        if (rest.p != NULL || line.n > 0) /* else the last one was ended */
            ses_content_line(c, line);
}

/* A copy with TAIL in its place; escapes and the string have a '%', too, but
 * not followed by what follows this one. */
static const char *
spell(const char *lines, char *out, size_t n)
{
    const char *at = strstr(lines, "STANDARD-");

    at = at == NULL ? NULL : strchr(at, '%');
    if (at == NULL)
        snprintf(out, n, "%s", lines);
    else
        snprintf(out, n, "%.*s" TAIL "%s", (int) (at - lines), lines, at + 1);
    return out;
}

static void
test_cases(void **state)
{
    char text[1000];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ses_content_t c = {.bad = false};

        ses_content_begin(&c, ses_content_coding(ses_str(cases[i].coding)));
        feed(&c, spell(cases[i].lines, text, sizeof(text)));
        ses_content_end(&c);
        if (c.bad != cases[i].bad)
            fail_msg("%s: %d", cases[i].name, c.bad);
        assert_false(c.open);
    }
}

/* One bad part is enough; a harmless one is closed by its first character. */
static void
test_parts(void **state)
{
    ses_content_t c = {.bad = false};

    (void) state;
    ses_content_end(&c);
    assert_false(c.bad);
    ses_content_begin(&c, SES_CODING_NONE);
    ses_content_line(&c, SES_STR("Hello"));
    assert_false(c.open);
    assert_int_equal(c.n, 1);
    ses_content_end(&c);
    ses_content_begin(&c, SES_CODING_NONE);
    ses_content_line(&c, SES_STR(HEAD TAIL));
    assert_false(c.bad); /* more may follow */
    ses_content_end(&c);
    assert_true(c.bad);
    ses_content_begin(&c, SES_CODING_BASE64);
    ses_content_line(&c, SES_STR("aGFybWxlc3M="));
    ses_content_end(&c);
    assert_true(c.bad);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_parts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
