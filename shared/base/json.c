/*
 * json - scan strictly, then let cJSON build the tree
 */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

struct scan {
    const char *p;
    const char *end;
};

static void
skip_blanks(struct scan *s)
{
    while (s->p < s->end &&
           (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

static bool
hex4(struct scan *s, unsigned *out)
{
    unsigned v = 0, d;
    int i;
    char c;

    if (s->end - s->p < 4)
        return false;
    for (i = 0; i < 4; i++) {
        c = *s->p++;
        if (c >= '0' && c <= '9')
            d = (unsigned) (c - '0');
        else if (c >= 'a' && c <= 'f')
            d = (unsigned) (c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            d = (unsigned) (c - 'A' + 10);
        else
            return false;
        v = v << 4 | d;
    }
    *out = v;
    return true;
}

/* After the backslash. */
static bool
scan_escape(struct scan *s)
{
    unsigned hi, lo;

    if (s->p >= s->end)
        return false;
    if (strchr("\"\\/bfnrt", *s->p) != NULL && *s->p != '\0') {
        s->p++;
        return true;
    }
    if (*s->p++ != 'u' || !hex4(s, &hi) || hi == 0)
        return false;
    if (hi < 0xd800 || hi > 0xdfff)
        return true;
    if (hi > 0xdbff || s->end - s->p < 6 || s->p[0] != '\\' || s->p[1] != 'u')
        return false;
    s->p += 2;
    return hex4(s, &lo) && lo >= 0xdc00 && lo <= 0xdfff;
}

static bool
scan_string(struct scan *s)
{
    const char *from;

    if (s->p >= s->end || *s->p != '"')
        return false;
    from = ++s->p;
    while (s->p < s->end && *s->p != '"') {
        if ((unsigned char) *s->p < ' ')
            return false;
        if (*s->p++ == '\\' && !scan_escape(s))
            return false;
    }
    if (s->p >= s->end)
        return false;
    if (!ses_utf8_valid(ses_str_n(from, (size_t) (s->p - from))))
        return false;
    s->p++;
    return true;
}

static size_t
scan_digits(struct scan *s)
{
    const char *from = s->p;

    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return (size_t) (s->p - from);
}

static bool
scan_number(struct scan *s)
{
    const char *from = s->p;
    bool zero;

    if (s->p < s->end && *s->p == '-')
        s->p++;
    zero = s->p < s->end && *s->p == '0';
    switch (scan_digits(s)) {
    case 0:
        return false;
    case 1:
        break;
    default:
        if (zero)
            return false;
    }
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        if (scan_digits(s) == 0)
            return false;
    }
    if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
            s->p++;
        if (scan_digits(s) == 0)
            return false;
    }
    return s->p - from < 64; /* cJSON reads at most 63 characters */
}

static bool
scan_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);

    if ((size_t) (s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

static bool scan_value(struct scan *s, int depth);

static bool
scan_members(struct scan *s, char close, int depth)
{
    s->p++;
    skip_blanks(s);
    if (s->p < s->end && *s->p == close) {
        s->p++;
        return true;
    }
    for (;;) {
        if (close == '}') {
            skip_blanks(s);
            if (!scan_string(s))
                return false;
            skip_blanks(s);
            if (s->p >= s->end || *s->p++ != ':')
                return false;
        }
        if (!scan_value(s, depth))
            return false;
        skip_blanks(s);
        if (s->p >= s->end)
            return false;
        if (*s->p == close) {
            s->p++;
            return true;
        }
        if (*s->p++ != ',')
            return false;
    }
}

static bool
scan_value(struct scan *s, int depth)
{
    skip_blanks(s);
    if (s->p >= s->end || depth >= SES_JSON_DEPTH)
        return false;
    switch (*s->p) {
    case '{':
        return scan_members(s, '}', depth + 1);
    case '[':
        return scan_members(s, ']', depth + 1);
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        return scan_number(s);
    }
}

bool
ses_json_scan(ses_str_t str)
{
    struct scan s = {str.p, str.p + str.n};

    if (str.n == 0 || !scan_value(&s, 0))
        return false;
    skip_blanks(&s);
    return s.p == s.end;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Two members of one name in any object of the tree? */
static bool
has_duplicates(ses_arena_t *arena, const cJSON *j)
{
    const cJSON *m;
    const char **names;
    size_t n = 0, i = 0;

    for (m = j->child; m != NULL; m = m->next) {
        if (m->child != NULL && has_duplicates(arena, m))
            return true;
        n++;
    }
    if (!cJSON_IsObject(j) || n < 2)
        return false;
    names = ses_alloc(arena, n * sizeof(*names));
    for (m = j->child; m != NULL; m = m->next)
        names[i++] = m->string;
    qsort(names, n, sizeof(*names), by_name);
    for (i = 1; i < n; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return true;
    return false;
}

ses_rc_t
ses_json_parse(ses_cx_t *cx, ses_str_t s, cJSON **out)
{
    cJSON *j;

    if (!ses_json_scan(s))
        return ses_fail_null(cx, SES_SERIALIZATION);
    j = cJSON_ParseWithLength(s.p, s.n);
    if (j == NULL)
        return ses_fail_null(cx, SES_SERIALIZATION);
    if (has_duplicates(cx->arena, j)) {
        cJSON_Delete(j);
        return ses_fail_null(cx, SES_SERIALIZATION);
    }
    *out = j;
    return SES_OK;
}

void
ses_json_free(cJSON *j)
{
    cJSON_Delete(j);
}

const cJSON *
ses_json_get(const cJSON *o, const char *name)
{
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(o, name);

    return m == NULL || cJSON_IsNull(m) ? NULL : m;
}

ses_str_t
ses_json_str(const cJSON *o, const char *name)
{
    const cJSON *m = ses_json_get(o, name);

    return ses_str(cJSON_IsString(m) ? m->valuestring : "");
}

bool
ses_json_bool(const cJSON *o, const char *name, bool otherwise)
{
    const cJSON *m = ses_json_get(o, name);

    return cJSON_IsBool(m) ? cJSON_IsTrue(m) : otherwise;
}

int64_t
ses_json_int(const cJSON *o, const char *name, int64_t otherwise)
{
    const cJSON *m = ses_json_get(o, name);

    if (!cJSON_IsNumber(m) || m->valuedouble != floor(m->valuedouble) ||
        fabs(m->valuedouble) > 9007199254740992.0)
        return otherwise;
    return (int64_t) m->valuedouble;
}
