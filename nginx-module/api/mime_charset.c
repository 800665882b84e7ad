/*
 * mime_charset - charsets a client may name, and conversion from UTF-8
 *
 * Only charsets that mail programs read, in which ASCII is itself: glibc
 * knows many more, and some of its converters have a history.
 */
#include "api/mime.h"

#include <errno.h>
#include <iconv.h>

#include "base/encode.h"

struct mime_charset_s {
    const char *name; /* as we write it, and iconv's name for it */
    const char *alias;
};

static const mime_charset_t charsets[] = {
    {"US-ASCII", "ASCII"},
    {"UTF-8", "UTF8"},
    {"ISO-8859-1", "latin1"},
    {"ISO-8859-2", "latin2"},
    {"ISO-8859-3", NULL},
    {"ISO-8859-4", NULL},
    {"ISO-8859-5", NULL},
    {"ISO-8859-6", NULL},
    {"ISO-8859-7", NULL},
    {"ISO-8859-8", NULL},
    {"ISO-8859-9", "latin5"},
    {"ISO-8859-10", NULL},
    {"ISO-8859-11", "TIS-620"},
    {"ISO-8859-13", NULL},
    {"ISO-8859-14", NULL},
    {"ISO-8859-15", "latin9"},
    {"ISO-8859-16", NULL},
    {"windows-1250", "cp1250"},
    {"windows-1251", "cp1251"},
    {"windows-1252", "cp1252"},
    {"windows-1253", "cp1253"},
    {"windows-1254", "cp1254"},
    {"windows-1255", "cp1255"},
    {"windows-1256", "cp1256"},
    {"windows-1257", "cp1257"},
    {"windows-1258", "cp1258"},
    {"KOI8-R", NULL},
    {"KOI8-U", NULL},
    {"Shift_JIS", "SJIS"},
    {"windows-31j", "cp932"},
    {"ISO-2022-JP", NULL},
    {"EUC-JP", NULL},
    {"EUC-KR", "KS_C_5601-1987"},
    {"GB2312", NULL},
    {"GBK", NULL},
    {"GB18030", NULL},
    {"Big5", NULL},
};

#define ASCII (&charsets[0])
#define UTF8 (&charsets[1])

const mime_charset_t *
mime_charset(ses_str_t name)
{
    size_t i;

    if (name.n == 0)
        return ASCII;
    for (i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
        if (ses_str_caseeqc(name, charsets[i].name) ||
            (charsets[i].alias != NULL &&
             ses_str_caseeqc(name, charsets[i].alias)))
            return &charsets[i];
    return NULL;
}

const char *
mime_charset_name(const mime_charset_t *c)
{
    return c->name;
}

static bool
convert(iconv_t cd, ses_arena_t *a, ses_str_t utf8, ses_str_t *out)
{
    size_t cap = utf8.n * 2 + 64, left = cap, in_left = utf8.n, used;
    char *buf = ses_alloc(a, cap), *to = buf;
    char *in = (char *) (uintptr_t) utf8.p; /* iconv's type, it only reads */
    bool flushing = false;

    for (;;) {
        size_t rc = flushing ? iconv(cd, NULL, NULL, &to, &left)
                             : iconv(cd, &in, &in_left, &to, &left);

        if (rc == 0 && flushing)
            break;
        if (rc == 0) {
            flushing = true;
            continue;
        }
        if (rc != (size_t) -1 || errno != E2BIG)
            return false; /* not in the charset */
        used = (size_t) (to - buf);
        buf = ses_regrow(a, buf, cap, cap * 2);
        cap *= 2;
        to = buf + used;
        left = cap - used;
    }
    *out = ses_str_n(buf, (size_t) (to - buf));
    return true;
}

bool
mime_convert(ses_arena_t *a, const mime_charset_t *c, ses_str_t utf8,
             ses_str_t *out)
{
    iconv_t cd;
    bool ok;

    if (c == UTF8 || ses_ascii(utf8)) {
        *out = utf8;
        return true;
    }
    if (c == ASCII)
        return false;
    cd = iconv_open(c->name, "UTF-8");
    if (cd == (iconv_t) -1)
        return false;
    ok = convert(cd, a, utf8, out);
    iconv_close(cd);
    return ok;
}
