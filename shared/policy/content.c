/*
 * content - may what a part of a message carries be sent?
 *
 * Not when it is the test file of EICAR, which scanners treat as a virus:
 * that is how users of the service try what their programs make of a Reject
 * event.  By its definition it is the file that begins with one string of 68
 * characters and has nothing behind it but white space, 128 characters in
 * all; so a text that only quotes the string is no such file.
 *
 * A part counts whatever its type and disposition are, because a scanner
 * takes every one as a file.
 */
#include "policy/content.h"

#include "base/encode.h"

#define FILE_MAX 128

/* The string, backwards: a scanner shall not take us for the file. */
static const char string[] = "*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)"
                             "^P(45XZP\\4[PA@%P!O5X";

#define LENGTH (sizeof(string) - 1)

static bool
is_blank(unsigned char ch)
{
    return memchr(" \t\r\n\x1a", ch, 5) != NULL;
}

/* The next character of the file. */
static void
take(ses_content_t *c, unsigned char ch)
{
    if (c->n < LENGTH)
        c->open = ch == (unsigned char) string[LENGTH - 1 - c->n];
    else
        c->open = c->n < FILE_MAX && is_blank(ch);
    c->n++;
}

/* --- the encodings of RFC 2045 section 6 ------------------------------- */

/* -1 for what is not of the alphabet; it is passed over (section 6.8). */
static int
sextet(char ch)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = memchr(alphabet, ch, 64);

    return at == NULL ? -1 : (int) (at - alphabet);
}

static void
line_base64(ses_content_t *c, ses_str_t line)
{
    size_t i;
    int v;

    for (i = 0; i < line.n && c->open; i++) {
        if ((v = sextet(line.p[i])) < 0)
            continue;
        c->bits = (c->bits << 6 | (unsigned) v) & 0xffff;
        c->nbits += 6;
        if (c->nbits >= 8) {
            c->nbits -= 8;
            take(c, (unsigned char) (c->bits >> c->nbits));
        }
    }
}

static void
line_quoted(ses_content_t *c, ses_str_t line)
{
    size_t i;
    int hi, lo;

    while (line.n > 0 && is_blank((unsigned char) line.p[line.n - 1]))
        line.n--;
    for (i = 0; i < line.n && c->open; i++) {
        if (line.p[i] == '=' && i + 1 == line.n) { /* a soft line break */
            c->line_end = false;
            return;
        }
        if (line.p[i] == '=' && i + 2 < line.n &&
            (hi = ses_hex_digit(line.p[i + 1])) >= 0 &&
            (lo = ses_hex_digit(line.p[i + 2])) >= 0) {
            take(c, (unsigned char) (hi << 4 | lo));
            i += 2;
        } else {
            take(c, (unsigned char) line.p[i]);
        }
    }
}

static void
line_plain(ses_content_t *c, ses_str_t line)
{
    size_t i;

    for (i = 0; i < line.n && c->open; i++)
        take(c, (unsigned char) line.p[i]);
}

ses_coding_t
ses_content_coding(ses_str_t value)
{
    size_t n;

    value = ses_str_trim(value);
    for (n = 0; n < value.n; n++)
        if (memchr(" \t\r\n;(", value.p[n], 6) != NULL)
            break;
    value = ses_str_head(value, n);
    if (ses_str_caseeqc(value, "base64"))
        return SES_CODING_BASE64;
    if (ses_str_caseeqc(value, "quoted-printable"))
        return SES_CODING_QUOTED;
    return SES_CODING_NONE;
}

/* --- parts ------------------------------------------------------------- */

void
ses_content_begin(ses_content_t *c, ses_coding_t coding)
{
    *c = (ses_content_t){.bad = c->bad, .open = true, .coding = coding};
}

/* A line's end is part of the file only if something follows: the last one
 * belongs to the delimiter (RFC 2046 section 5.1.1). */
void
ses_content_line(ses_content_t *c, ses_str_t line)
{
    if (c->open && c->line_end)
        take(c, '\n');
    if (!c->open)
        return;
    c->line_end = c->coding != SES_CODING_BASE64;
    switch (c->coding) {
    case SES_CODING_BASE64:
        line_base64(c, line);
        break;
    case SES_CODING_QUOTED:
        line_quoted(c, line);
        break;
    case SES_CODING_NONE:
        line_plain(c, line);
        break;
    }
}

void
ses_content_end(ses_content_t *c)
{
    if (c->open && c->n >= LENGTH)
        c->bad = true;
    c->open = false;
}
