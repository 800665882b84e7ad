/*
 * keyrecord - a DKIM key record in DNS (RFC 6376 section 3.6.1)
 *
 * A tag list (section 3.2): "name=value" with ';' between, blanks around
 * names and values meaningless, unknown tags ignored, a repeated tag makes
 * the record invalid.
 */
#include "policy/keyrecord.h"

enum { TAG_V, TAG_K, TAG_P, TAG_H, TAG_S, TAG_MAX };

static const char *const tag_names[TAG_MAX] = {"v", "k", "p", "h", "s"};

bool
ses_keyrecord_txt(ses_arena_t *a, ses_str_t rdata, ses_str_t *out)
{
    char *text = ses_alloc(a, rdata.n + 1);
    size_t i = 0, n = 0, len;

    while (i < rdata.n) {
        len = (unsigned char) rdata.p[i++];
        if (len > rdata.n - i)
            return false;
        memcpy(text + n, rdata.p + i, len);
        n += len;
        i += len;
    }
    text[n] = '\0';
    *out = ses_str_n(text, n);
    return true;
}

static bool
split(ses_str_t txt, ses_str_t tags[TAG_MAX])
{
    ses_str_t rest = txt, spec, name;
    bool first = true;
    ptrdiff_t eq;
    int i;

    while (ses_str_cut(&rest, ';', &spec)) {
        spec = ses_str_trim(spec);
        if (spec.n == 0)
            continue;
        if ((eq = ses_str_find(spec, '=')) <= 0)
            return false;
        name = ses_str_trim(ses_str_head(spec, (size_t) eq));
        for (i = 0; i < TAG_MAX && !ses_str_eqc(name, tag_names[i]); i++)
            ;
        if (i < TAG_MAX) {
            if (tags[i].p != NULL || (i == TAG_V && !first))
                return false;
            tags[i] = ses_str_trim(ses_str_from(spec, (size_t) eq + 1));
        }
        first = false;
    }
    return true;
}

/* Is one of the words of a colon-separated list `a` or `b`? */
static bool
lists(ses_str_t list, const char *a, const char *b)
{
    ses_str_t word;

    while (ses_str_cut(&list, ':', &word)) {
        word = ses_str_trim(word);
        if (ses_str_eqc(word, a) || (b != NULL && ses_str_eqc(word, b)))
            return true;
    }
    return false;
}

/* Base64 may be folded anywhere. */
static ses_str_t
without_blanks(ses_arena_t *a, ses_str_t s)
{
    char *out = ses_alloc(a, s.n + 1);
    size_t i, n = 0;

    for (i = 0; i < s.n; i++)
        if (s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\r' && s.p[i] != '\n')
            out[n++] = s.p[i];
    return ses_str_n(out, n);
}

bool
ses_keyrecord_has(ses_arena_t *a, ses_str_t txt, const char *kind,
                  ses_str_t want)
{
    ses_str_t tags[TAG_MAX] = {{0}};

    if (!split(txt, tags) || want.n == 0 || tags[TAG_P].p == NULL)
        return false;
    if (tags[TAG_V].p != NULL && !ses_str_eqc(tags[TAG_V], "DKIM1"))
        return false;
    if (!ses_str_eqc(tags[TAG_K].p != NULL ? tags[TAG_K] : SES_STR("rsa"),
                     kind))
        return false;
    if (tags[TAG_H].p != NULL && !lists(tags[TAG_H], "sha256", NULL))
        return false;
    if (tags[TAG_S].p != NULL && !lists(tags[TAG_S], "email", "*"))
        return false;
    return ses_str_eq(without_blanks(a, tags[TAG_P]), want);
}
