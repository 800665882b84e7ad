/*
 * out - responses as JSON or XML
 *
 * XML form (contract 2.2): a list is <Name><member>..</member></Name>, a map
 * <Name><entry><key>k</key><value>v</value></entry></Name>.  What an element
 * without a name is called depends on what is open around it.
 */
#include "api/out.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/encode.h"

enum { ROOT, STRUCT, LIST, MAP };

void
out_init(out_t *o, ses_arena_t *a, out_format_t format, size_t max)
{
    memset(o, 0, sizeof(*o));
    o->format = format;
    if (format == OUT_JSON)
        ses_jsonw_init(&o->json, a, max);
    else
        ses_buf_init(&o->xml, a, max);
}

/* Length of the UTF-8 sequence of a character that XML 1.0 may hold, at the
 * head of s; 0 = none. */
static size_t
xml_char(ses_str_t s)
{
    unsigned char c = (unsigned char) s.p[0];
    size_t n;

    if (c < 0x80)
        return c >= ' ' || c == '\t' || c == '\n' || c == '\r';
    n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (n > s.n || !ses_utf8_valid(ses_str_head(s, n)))
        return 0;
    if (n == 3 && memcmp(s.p, "\xef\xbf", 2) == 0 &&
        (unsigned char) s.p[2] >= 0xbe)
        return 0; /* U+FFFE, U+FFFF */
    return n;
}

void
out_xml_text(ses_buf_t *b, ses_str_t s)
{
    const char *entity;
    size_t n;

    while (s.n > 0) {
        n = xml_char(s);
        entity = n == 0         ? "\xef\xbf\xbd"
                 : *s.p == '<'  ? "&lt;"
                 : *s.p == '>'  ? "&gt;"
                 : *s.p == '&'  ? "&amp;"
                 : *s.p == '"'  ? "&quot;"
                 : *s.p == '\r' ? "&#13;"
                                : NULL;
        if (n == 0)
            n = 1;
        if (entity != NULL)
            ses_buf_c(b, entity);
        else
            ses_buf_add(b, s.p, n);
        s = ses_str_from(s, n);
    }
}

/* What an element of the innermost open thing is called. */
static const char *
element(const out_t *o, const char *name)
{
    uint8_t around = o->depth == 0 ? ROOT : o->stack[o->depth - 1].kind;

    if (name != NULL)
        return name;
    return around == LIST ? "member" : around == MAP ? "value" : NULL;
}

static void
xml_tag(out_t *o, const char *before, const char *name)
{
    if (name == NULL)
        return;
    ses_buf_c(&o->xml, before);
    ses_buf_c(&o->xml, name);
    ses_buf_char(&o->xml, '>');
}

/* The end of an element; a map's value ends its entry too. */
static void
xml_end(out_t *o, const char *name)
{
    xml_tag(o, "</", name);
    if (o->depth > 0 && o->stack[o->depth - 1].kind == MAP)
        ses_buf_c(&o->xml, "</entry>");
}

static void
push(out_t *o, const char *name, uint8_t kind)
{
    ses_assert(o->depth < OUT_DEPTH);
    name = element(o, name);
    if (o->format == OUT_XML)
        xml_tag(o, "<", name);
    o->stack[o->depth].name = name;
    o->stack[o->depth].kind = kind;
    o->depth++;
}

static void
pop(out_t *o, uint8_t kind)
{
    ses_assert(o->depth > 0);
    o->depth--;
    ses_assert(o->stack[o->depth].kind == kind);
    if (o->format == OUT_XML)
        xml_end(o, o->stack[o->depth].name);
}

void
out_open(out_t *o, const char *name)
{
    if (o->format == OUT_JSON)
        ses_jsonw_open(&o->json, name);
    push(o, name, STRUCT);
}

void
out_close(out_t *o)
{
    pop(o, STRUCT);
    if (o->format == OUT_JSON)
        ses_jsonw_close(&o->json);
}

void
out_list(out_t *o, const char *name)
{
    if (o->format == OUT_JSON)
        ses_jsonw_list(&o->json, name);
    push(o, name, LIST);
}

void
out_end(out_t *o)
{
    pop(o, LIST);
    if (o->format == OUT_JSON)
        ses_jsonw_end(&o->json);
}

void
out_map(out_t *o, const char *name)
{
    if (o->format == OUT_JSON)
        ses_jsonw_open(&o->json, name);
    push(o, name, MAP);
}

void
out_key(out_t *o, ses_str_t key)
{
    ses_assert(o->depth > 0 && o->stack[o->depth - 1].kind == MAP);
    if (o->format == OUT_JSON) {
        ses_jsonw_name(&o->json, key);
        return;
    }
    ses_buf_c(&o->xml, "<entry><key>");
    out_xml_text(&o->xml, key);
    ses_buf_c(&o->xml, "</key>");
}

void
out_map_end(out_t *o)
{
    pop(o, MAP);
    if (o->format == OUT_JSON)
        ses_jsonw_close(&o->json);
}

static void
xml_value(out_t *o, const char *name, ses_str_t text)
{
    name = element(o, name);
    xml_tag(o, "<", name);
    out_xml_text(&o->xml, text);
    xml_end(o, name);
}

void
out_str(out_t *o, const char *name, ses_str_t s)
{
    if (o->format == OUT_JSON)
        ses_jsonw_str(&o->json, name, s);
    else
        xml_value(o, name, s);
}

void
out_sym(out_t *o, const char *name, const char *s)
{
    out_str(o, name, ses_str(s));
}

void
out_int(out_t *o, const char *name, int64_t v)
{
    if (o->format == OUT_JSON)
        ses_jsonw_int(&o->json, name, v);
    else
        xml_value(o, name, ses_str_printf(o->xml.arena, "%lld", (long long) v));
}

void
out_bool(out_t *o, const char *name, bool v)
{
    if (o->format == OUT_JSON)
        ses_jsonw_bool(&o->json, name, v);
    else
        xml_value(o, name, v ? SES_STR("true") : SES_STR("false"));
}

void
out_double(out_t *o, const char *name, double v)
{
    ses_jsonw_t w;

    if (o->format == OUT_JSON) {
        ses_jsonw_double(&o->json, name, v);
        return;
    }
    ses_jsonw_init(&w, o->xml.arena, 64);
    ses_jsonw_double(&w, NULL, v);
    xml_value(o, name, ses_jsonw_get(&w));
}

void
out_time(out_t *o, const char *name, int64_t ms)
{
    if (o->format == OUT_JSON)
        ses_jsonw_time(&o->json, name, ms);
    else
        xml_value(o, name, ses_clock_iso(o->xml.arena, ms));
}

ses_str_t
out_get(const out_t *o)
{
    return o->format == OUT_JSON ? ses_jsonw_get(&o->json)
                                 : ses_buf_get(&o->xml);
}

bool
out_overflow(const out_t *o)
{
    return o->format == OUT_JSON ? o->json.buf.overflow : o->xml.overflow;
}
