/*
 * test_template - the template language: what is printed, what is refused,
 * and what nothing may take too long for
 *
 * Its likeness to Handlebars.js is tested elsewhere, with many more cases;
 * here are those that a reader wants to see, and what is SES's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "template/template.h"

static ses_arena_t *arena;

static int
setup(void **state)
{
    (void) state;
    arena = ses_arena_new();
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    ses_arena_free(arena);
    return 0;
}

/* Data is written with ' for ". */
static ses_str_t
json(const char *text)
{
    char *p = ses_str_c(arena, ses_str(text)), *q;

    for (q = p; *q != '\0'; q++)
        *q = *q == '\'' ? '"' : *q;
    return ses_str(p);
}

static ses_rc_t
render_str(ses_cx_t *cx, ses_str_t text, ses_str_t data,
           const ses_tpl_limits_t *limits, size_t max, ses_str_t *out)
{
    const ses_tpl_data_t *d;
    const ses_tpl_t *t;
    ses_buf_t b;
    ses_rc_t rc;

    ses_buf_init(&b, cx->arena, max);
    if ((rc = ses_tpl_compile(cx, cx->arena, text, &t, NULL)) != SES_OK ||
        (rc = ses_tpl_data(cx, data, &d)) != SES_OK ||
        (rc = ses_tpl_render(cx, t, d, limits, &b)) != SES_OK)
        return rc;
    *out = ses_buf_get(&b);
    return SES_OK;
}

static ses_rc_t
render(ses_cx_t *cx, const char *text, const char *data, ses_str_t *out)
{
    return render_str(cx, ses_str(text), json(data), NULL, 1 << 20, out);
}

/* --- what is printed ---------------------------------------------------- */

static const struct {
    const char *text, *data, *want;
} printed[] = {
    {"", "{}", ""},
    {"Dear {{name}},", "{'name':'Ann'}", "Dear Ann,"},
    /* nothing is escaped */
    {"{{a}}{{{a}}}{{&a}}", "{'a':'<&>'}", "<&><&><&>"},
    /* paths */
    {"{{contact.name.first}}", "{'contact':{'name':{'first':'A'}}}", "A"},
    {"{{a/b}}{{this.a.b}}{{./a.b}}", "{'a':{'b':1}}", "111"},
    {"{{#with a}}{{../b}}{{@root.b}}{{/with}}", "{'a':{'c':1},'b':2}", "22"},
    {"{{a.[0]}}{{a.[1].x}}{{a.length}}", "{'a':[1,{'x':2}]}", "122"},
    {"{{[foo bar]}}{{a.[b.c]}}", "{'foo bar':1,'a':{'b.c':2}}", "12"},
    {"{{\"foo bar\"}}{{12}}{{true}}", "{'foo bar':1,'12':2,'true':3}", "123"},
    {"{{s.length}}{{s.[1]}}", "{'s':'\xc3\xa9\xe2\x82\xac'}", "2\xe2\x82\xac"},
    {"{{\xd0\xba-x}}{{$a_b:c}}", "{'\xd0\xba-x':1,'$a_b:c':2}", "12"},
    /* values as JavaScript prints them */
    {"{{a}}", "{'a':1.0}", "1"},
    {"{{a}}", "{'a':-0}", "0"},
    {"{{a}} {{b}}", "{'a':0.1,'b':1e21}", "0.1 1e+21"},
    {"{{a}} {{b}}", "{'a':1e-7,'b':123456789012345680000}",
     "1e-7 123456789012345680000"},
    {"{{a}} {{b}}", "{'a':5e-324,'b':0.000001}", "5e-324 0.000001"},
    /* a power of two whose nearest 16 digits name another number */
    {"{{a}} {{b}}", "{'a':6.256509672447191e-148,'b':1234.56}",
     "6.256509672447191e-148 1234.56"},
    {"{{a}}|{{b}}|{{c}}", "{'a':true,'b':false,'c':null}", "true|false|"},
    {"{{a}}", "{'a':[1,null,[2,'x'],{}]}", "1,,2,x,[object Object]"},
    /* each */
    {"{{#each l}}{{@index}}{{@key}}{{this}}{{#if @first}}f{{/if}}"
     "{{#if @last}}l{{/if}};{{/each}}",
     "{'l':['a','b']}", "00af;11bl;"},
    {"{{#each o}}{{@key}}={{this}},{{/each}}", "{'o':{'b':1,'2':2,'1':3}}",
     "1=3,2=2,b=1,"},
    {"{{#each l}}{{name}}{{else}}none{{/each}}", "{'l':[]}", "none"},
    {"{{#each l as |v k|}}{{k}}{{v.x}}{{/each}}", "{'l':[{'x':1},{'x':2}]}",
     "0112"},
    {"{{#each a}}{{#each this}}{{@../index}}{{@index}} {{/each}}{{/each}}",
     "{'a':[['x','y'],['z']]}", "00 01 10 "},
    /* if, unless, with */
    {"{{#if a}}1{{else if b}}2{{else}}3{{/if}}", "{'a':0,'b':[]}", "3"},
    {"{{#if a}}1{{else if b}}2{{else}}3{{/if}}", "{'a':'','b':{}}", "2"},
    {"{{#if a includeZero=true}}1{{/if}}", "{'a':0}", "1"},
    {"{{#unless a}}1{{else}}2{{/unless}}", "{'a':null}", "1"},
    {"{{#with a as |x|}}{{x.b}}{{b}}{{else}}no{{/with}}", "{'a':{'b':1}}",
     "11"},
    {"{{#with a}}1{{else}}no{{/with}}", "{'a':false}", "no"},
    /* sections */
    {"{{#a}}{{b}}{{/a}}{{^a}}no{{/a}}", "{'a':{'b':1}}", "1"},
    {"{{#a}}{{.}}{{/a}}{{^b}}no{{/b}}", "{'a':[1,2],'b':[]}", "12no"},
    {"{{#a}}yes{{^}}no{{/a}}{{#b}}yes{{else}}no{{/b}}", "{'a':true,'b':false}",
     "yesno"},
    /* lookup and sub-expressions */
    {"{{lookup l 1}}{{lookup o k}}", "{'l':[1,2],'o':{'x':3},'k':'x'}", "23"},
    {"{{#if (lookup o 'x')}}yes{{/if}}", "{'o':{'x':1}}", "yes"},
    {"{{lookup (lookup l 0) \"a\"}}", "{'l':[{'a':'deep'}]}", "deep"},
    /* comments, escapes, raw blocks */
    {"a{{! c }}b{{!-- }} --}}c", "{}", "abc"},
    {"\\{{a}} \\\\{{a}}", "{'a':1}", "{{a}} \\1"},
    {"{{{{raw}}}} {{a}} {{{{/raw}}}}", "{}", " {{a}} "},
    {"{{{{any-name}}}}{{#if}}{{{{/any-name}}}}", "{}", "{{#if}}"},
    /* blanks */
    {"a {{~b~}} c", "{'b':1}", "a1c"},
    {"{{#if a~}} x {{~else~}} y {{~/if}}", "{'a':1}", "x"},
    {"a\n{{#if a}}\nb\n{{else}}\nc\n{{/if}}\nd", "{'a':1}", "a\nb\nd"},
    {"a\n  {{! c }}  \nb", "{}", "a\nb"},
    {"a\r\n{{#a}}\r\nb\r\n{{/a}}\r\nc", "{'a':true}", "a\r\nb\r\nc"},
    {"  {{#a}}x{{/a}}\n", "{'a':true}", "  x\n"},
    /* partials */
    {"{{#*inline \"p\"}}[{{x}}{{y}}]{{/inline}}{{> p}}{{> p y=3}}{{> p o}}",
     "{'x':1,'y':2,'o':{'x':4,'y':5}}", "[12][13][45]"},
    {"{{#*inline \"l\"}}<{{> @partial-block}}>{{/inline}}"
     "{{#> l}}{{x}}{{/l}}",
     "{'x':1}", "<1>"},
    {"{{#> none}}instead{{/none}}", "{}", "instead"},
    {"{{#*inline \"a\"}}A{{/inline}}{{#*inline \"b\"}}B{{/inline}}"
     "{{#each l}}{{> (lookup . 'p')}}{{/each}}",
     "{'l':[{'p':'b'},{'p':'a'}]}", "BA"},
    {"{{#*inline \"p\"}}\na\nb\n{{/inline}}\n  {{> p}}\nc", "{}",
     "  a\n  b\nc"},
    /* SES's placeholders */
    {"{{ses:openTracker}} {{amazonSESUnsubscribeUrl}}", "{}",
     "{{ses:openTracker}} {{amazonSESUnsubscribeUrl}}"},
    {"x {{~{ amazonSESUnsubscribeUrl }~}} y", "{}",
     "x{{amazonSESUnsubscribeUrl}}y"},
    /* a missing attribute that is only asked for */
    {"{{#if a}}x{{/if}}{{#each a.b}}x{{/each}}{{#with a}}x{{/with}}"
     "{{#unless a}}y{{/unless}}{{#a}}x{{/a}}{{^a}}z{{/a}}{{lookup . 'a'}}",
     "{}", "yz"},
    {"{{#if a}}{{b}}{{/if}}", "{'a':false}", ""},
    /* JavaScript's own properties are none of an object's */
    {"{{#if toString}}x{{/if}}{{#if a.constructor}}x{{/if}}", "{'a':{}}", ""},
};

static void
prints(void **state)
{
    ses_str_t out;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(printed) / sizeof(printed[0]); i++) {
        ses_cx_t cx = ses_cx(arena, 0);

        if (render(&cx, printed[i].text, printed[i].data, &out) != SES_OK)
            fail_msg("%s: %.*s", printed[i].text, SES_FMT(cx.why));
        if (!ses_str_eqc(out, printed[i].want))
            fail_msg("%s: \"%.*s\", not \"%s\"", printed[i].text, SES_FMT(out),
                     printed[i].want);
    }
}

/* --- what cannot be rendered -------------------------------------------- */

#define MISSING(name)                                                          \
    "Attribute '" name "' is not present in the rendering data."

static const struct {
    const char *text, *data;
    ses_rc_t rc;
    const char *why;
} unrendered[] = {
    {"{{x}}", "{}", SES_NOT_FOUND, MISSING("x")},
    {"{{a.b.c}}", "{'a':{'b':{}}}", SES_NOT_FOUND, MISSING("a.b.c")},
    {"{{a.b}}", "{'a':null}", SES_NOT_FOUND, MISSING("a.b")},
    {"{{#each l}}{{this.x}}{{/each}}", "{'l':[{}]}", SES_NOT_FOUND,
     MISSING("x")},
    {"{{#if a}}{{../x}}{{/if}}", "{'a':1}", SES_NOT_FOUND, MISSING("x")},
    {"{{@root.x.y}}", "{}", SES_NOT_FOUND, MISSING("x.y")},
    {"{{#if x}}{{else}}{{{y}}}{{/if}}", "{}", SES_NOT_FOUND, MISSING("y")},
    {"{{toString}}", "{}", SES_NOT_FOUND, MISSING("toString")},
    {"{{upper x}}", "{'x':1}", SES_INVALID, "Missing helper: \"upper\""},
    {"{{> p}}", "{}", SES_INVALID, "The partial p could not be found"},
    {"{{#if}}{{/if}}", "{}", SES_INVALID, "#if requires exactly one argument"},
    {"{{if x}}", "{}", SES_INVALID, "if stands without a block"},
    {"{{#*inline \"p\"}}{{> p}}{{/inline}}{{> p}}", "{}", SES_LIMIT,
     "The template's blocks and partials are nested too deep."},
};

static void
fails(void **state)
{
    ses_str_t out;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(unrendered) / sizeof(unrendered[0]); i++) {
        ses_cx_t cx = ses_cx(arena, 0);
        ses_rc_t rc = render(&cx, unrendered[i].text, unrendered[i].data, &out);

        if (rc != unrendered[i].rc || !ses_str_eqc(cx.why, unrendered[i].why))
            fail_msg("%s: %s, %.*s", unrendered[i].text, ses_rc_name(rc),
                     SES_FMT(cx.why));
    }
}

/* --- what is no template ------------------------------------------------ */

static const struct {
    const char *text;
    unsigned line, column;
    const char *why;
} broken[] = {
    {"a\nb {{x", 2, 5, "the tag has no end"},
    {"{{x ;}}", 1, 5, "a character that no tag may contain here"},
    {"{{x [y}}", 1, 5, "a ']' is missing"},
    {"{{#if a}}\n", 2, 1, "'{{/' is expected, not the end"},
    {"\xc3\xa9{{/if}}", 1, 2, "the end is expected, not '{{/'"},
    {"{{#if a}}{{/each}}", 1, 10, "if doesn't match each"},
    {"{{}}", 1, 3, "a name or a value is expected, not '}}'"},
    {"{{x}}}", 1, 4, "'}}' is expected, not '}}}'"},
    {"{{a.0}}", 1, 5, "a name is expected, not a number"},
    {"{{a/../b}}", 1, 3, "Invalid path: a/../b"},
    {"{{#if a}}{{else}}{{else}}{{/if}}", 1, 18,
     "'{{/' is expected, not '{{else}}'"},
    {"{{!-- x }}", 1, 1, "the comment has no end"},
    {"{{{{raw}}}} x", 1, 12, "the raw block has no end"},
    {"{{#*other}}{{/other}}", 1, 5, "there is no decorator but inline"},
    {"{{> p a b}}", 1, 1, "Unsupported number of partial arguments: 2"},
    {"{{x \"y}}", 1, 5, "the string has no end"},
};

static void
refuses(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        ses_cx_t cx = ses_cx(arena, 0);
        ses_tpl_error_t e;
        const ses_tpl_t *t;

        assert_int_equal(
            ses_tpl_compile(&cx, arena, ses_str(broken[i].text), &t, &e),
            SES_INVALID);
        if (e.line != broken[i].line || e.column != broken[i].column ||
            !ses_str_eqc(e.text, broken[i].why))
            fail_msg("%s: %.*s", broken[i].text, SES_FMT(cx.why));
    }
}

static void
says_where(void **state)
{
    ses_cx_t cx = ses_cx(arena, 0);
    const ses_tpl_t *t;

    (void) state;
    assert_int_equal(ses_tpl_compile(&cx, arena, SES_STR("{{#a}}"), &t, NULL),
                     SES_INVALID);
    assert_true(ses_str_eqc(
        cx.why, "line 1, column 7: '{{/' is expected, not the end"));
}

static void
data_is_an_object(void **state)
{
    static const char *const bad[] = {
        "", "{", "[]", "'x'", "null", "{'a':1,'a':2}", "{'a':'\xff'}"};
    const ses_tpl_data_t *d;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ses_cx_t cx = ses_cx(arena, 0);

        assert_int_equal(ses_tpl_data(&cx, json(bad[i]), &d), SES_INVALID);
        assert_true(cx.why.n > 0);
    }
}

static void
data_over_data(void **state)
{
    ses_cx_t cx = ses_cx(arena, 0);
    const ses_tpl_data_t *base, *over, *third;
    const ses_tpl_t *t;
    ses_buf_t b;

    (void) state;
    assert_int_equal(ses_tpl_data(&cx, json("{'a':1,'b':2,'c':3}"), &base), 0);
    assert_int_equal(ses_tpl_data(&cx, json("{'b':4,'d':5}"), &over), 0);
    assert_int_equal(ses_tpl_data(&cx, json("{'c':6}"), &third), 0);
    over = ses_tpl_data_over(arena, base, over);
    assert_int_equal(ses_tpl_compile(&cx, arena,
                                     SES_STR("{{a}}{{b}}{{c}}{{d}} "
                                             "{{#each this}}{{@key}}{{/each}}"),
                                     &t, NULL),
                     SES_OK);
    ses_buf_init(&b, arena, 100);
    assert_int_equal(ses_tpl_render(&cx, t, over, NULL, &b), SES_OK);
    assert_true(ses_str_eqc(ses_buf_get(&b), "1435 abcd"));
    ses_buf_init(&b, arena, 100);
    assert_int_equal(
        ses_tpl_render(&cx, t, ses_tpl_data_over(arena, over, third), NULL, &b),
        SES_OK);
    assert_true(ses_str_eqc(ses_buf_get(&b), "1465 abcd"));
}

/* --- bounds -------------------------------------------------------------- */

static ses_str_t
repeated(const char *before, const char *s, size_t n, const char *after)
{
    ses_buf_t b;

    ses_buf_init(&b, arena, 4 << 20);
    ses_buf_c(&b, before);
    while (n-- > 0)
        ses_buf_c(&b, s);
    ses_buf_c(&b, after);
    assert_false(b.overflow);
    return ses_buf_get(&b);
}

/* It ends, in processor time that a busy machine does not lengthen. */
static void
ends(const char *what, ses_str_t text, ses_str_t data, ses_rc_t want)
{
    ses_arena_t *a = ses_arena_new();
    ses_cx_t cx = ses_cx(a, 0);
    struct timespec from, to;
    ses_str_t out;
    ses_rc_t rc;
    double ms;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    rc = render_str(&cx, text, data, NULL, 10 << 20, &out);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    ms = (double) (to.tv_sec - from.tv_sec) * 1e3 +
         (double) (to.tv_nsec - from.tv_nsec) / 1e6;
    print_message("  %-24s %8.1f ms  %s %.*s\n", what, ms, ses_rc_name(rc),
                  SES_FMT(ses_str_head(cx.why, 60)));
    if (rc != want)
        fail_msg("%s: %s, not %s: %.*s", what, ses_rc_name(rc),
                 ses_rc_name(want), SES_FMT(cx.why));
    if (ms > 2000) /* a bound for any machine and sanitizer */
        fail_msg("%s: %.1f ms", what, ms);
    ses_arena_free(a);
}

/* A list whose one element is long, an object, and a list of 2,000. */
static ses_str_t
large_list(char c)
{
    char some[2] = {c, '\0'};
    ses_str_t many = repeated("\"n\":[1", ",1", 2000, "]");

    return ses_str_cat(
        arena, repeated("{\"a\":[\"", some, 200000, "\"],\"o\":{\"x\":1},"),
        ses_str_cat(arena, many, SES_STR("}")));
}

#define P1 "{{#*inline \"p\"}}"

static void
bounds(void **state)
{
    ses_str_t none = SES_STR("{}");
    ses_str_t list = repeated("{\"l\":[0", ",1", 100000, "]}");
    ses_str_t deep = repeated("{\"l\":[0", ",1", 3000, "]}");

    (void) state;
    ends("10,000 blocks", repeated("", "{{#if a}}", 10000, ""), none,
         SES_INVALID);
    ends("10,000 sub-expressions", repeated("{{a ", "(a ", 10000, ""), none,
         SES_INVALID);
    ends("10,000 else if",
         repeated("{{#if a}}", "{{else if b}}", 10000, "{{/if}}"), none,
         SES_INVALID);
    ends("a partial in itself", SES_STR(P1 "{{> p}}{{> p}}{{/inline}}{{> p}}"),
         none, SES_LIMIT);
    ends("loops in loops",
         SES_STR("{{#each l}}{{#each ../l}}{{#each ../../l}}{{/each}}"
                 "{{/each}}{{/each}}"),
         list, SES_LIMIT);
    ends("much output",
         SES_STR("{{#each l}}{{#each ../l}}{{@root.l}}{{/each}}{{/each}}"),
         deep, SES_LIMIT);
    ends("its own output grows",
         SES_STR(P1 "{{#if @partial-block}}{{/if}}{{a}}{{a}}"
                    "{{> p a=(lookup . 'a')}}{{/inline}}{{> p a='x'}}"),
         none, SES_LIMIT);
    ends("262,144 of data", SES_STR("{{a}}{{a.length}}"),
         repeated("{\"a\":\"", "x", 262130, "\"}"), SES_OK);
    ends("lengths of it", repeated("", "{{#if a.length}}{{/if}}", 40000, ""),
         repeated("{\"a\":\"", "x", 262130, "\"}"), SES_LIMIT);
    ends("100,000 elements", SES_STR("{{#each l}}{{this}}{{/each}}"), list,
         SES_OK);
    ends("names worked out",
         SES_STR("{{#each n}}{{lookup ../o ../a}}{{/each}}"), large_list('x'),
         SES_LIMIT);
    ends("texts as numbers",
         SES_STR("{{#with a}}{{#each ../n}}x{{/each}}{{/with}}"),
         large_list(' '), SES_LIMIT);
    ends(
        "long names",
        repeated("{{#each n}}{{#if ../o.[", "x", 200000, "]}}{{/if}}{{/each}}"),
        large_list('x'), SES_LIMIT);
    ends("an indent of indents",
         SES_STR(P1 "\n{{#each @root.l}}\nx\n{{/each}}\n  {{> p}}\n"
                    "{{/inline}}\n  {{> p}}\n"),
         deep, SES_LIMIT);
    ends("50,000 tags", repeated("", "{{a}}", 50000, ""), SES_STR("{\"a\":1}"),
         SES_OK);
    ends("open brackets", repeated("{{x ", "[\\] ", 100000, ""), none,
         SES_INVALID);
    ends("open strings", repeated("{{x ", "\"\\\" ", 100000, ""), none,
         SES_INVALID);
    ends("open raw blocks", repeated("{{{{a}}}}", "{{{{/", 100000, ""), none,
         SES_INVALID);
    ends("open comments", repeated("", "{{!-- ", 100000, ""), none,
         SES_INVALID);
    ends("blanks", repeated("a", " \n", 400000, "{{! c }}"), none, SES_OK);
    ends("more than a text", repeated("", "12345678", 140000, ""), none,
         SES_INVALID);
}

/* As many members as data can have, and names that are all of one length. */
static void
many_members(void **state)
{
    ses_buf_t b;
    unsigned i;

    (void) state;
    ses_buf_init(&b, arena, 1 << 20);
    ses_buf_c(&b, "{");
    for (i = 0; i < 20000; i++)
        ses_buf_printf(&b, "\"k%05u\":%u,", i, i);
    ses_buf_c(&b, "\"last\":1}");
    ends("20,000 members",
         repeated("", "{{k19999}}{{#if k}}{{/if}}", 20000, ""), ses_buf_get(&b),
         SES_OK);
    ends("each of them", SES_STR("{{#each this}}{{@key}}{{/each}}"),
         ses_buf_get(&b), SES_OK);
}

static void
limits(void **state)
{
    ses_tpl_limits_t l = {.steps = 10, .depth = 2, .missing_ok = true};
    ses_cx_t cx = ses_cx(arena, 0);
    ses_str_t out;

    (void) state;
    assert_int_equal(
        render_str(&cx, SES_STR("{{x}}"), SES_STR("{}"), &l, 100, &out),
        SES_OK);
    assert_int_equal(out.n, 0);
    assert_int_equal(render_str(&cx, SES_STR("{{#each l}}x{{/each}}"),
                                json("{'l':[1,2,3,4,5,6,7]}"), &l, 100, &out),
                     SES_LIMIT);
    cx = ses_cx(arena, 0);
    assert_int_equal(
        render_str(&cx,
                   SES_STR("{{#if a}}{{#if a}}{{#if a}}x{{/if}}{{/if}}"
                           "{{/if}}"),
                   json("{'a':1}"), &l, 100, &out),
        SES_LIMIT);
    cx = ses_cx(arena, 0);
    l.steps = 1000;
    assert_int_equal(
        render_str(&cx, SES_STR("12345"), SES_STR("{}"), &l, 5, &out), SES_OK);
    assert_int_equal(
        render_str(&cx, SES_STR("123456"), SES_STR("{}"), &l, 5, &out),
        SES_LIMIT);
}

/* --- the cache ----------------------------------------------------------- */

static const ses_tpl_t *
cached(ses_tpl_cache_t *cache, const char *key, uint64_t version,
       const char *text)
{
    ses_cx_t cx = ses_cx(arena, 0);
    const ses_tpl_t *t;

    assert_int_equal(ses_tpl_cache_get(&cx, cache, ses_str(key), version,
                                       ses_str(text), &t, NULL),
                     SES_OK);
    return t;
}

static void
assert_prints(const ses_tpl_t *t, const char *want)
{
    ses_cx_t cx = ses_cx(arena, 0);
    const ses_tpl_data_t *d;
    ses_buf_t b;

    ses_buf_init(&b, arena, 100);
    assert_int_equal(ses_tpl_data(&cx, SES_STR("{}"), &d), SES_OK);
    assert_int_equal(ses_tpl_render(&cx, t, d, NULL, &b), SES_OK);
    assert_true(ses_str_eqc(ses_buf_get(&b), want));
}

static void
cache_versions(void **state)
{
    ses_tpl_cache_t *cache = ses_tpl_cache_new(1 << 20);
    const ses_tpl_t *one, *two, *old;
    ses_tpl_error_t e;
    ses_cx_t cx = ses_cx(arena, 0);

    (void) state;
    one = cached(cache, "a", 1, "one");
    assert_ptr_equal(cached(cache, "a", 1, "not read"), one);
    ses_tpl_cache_done(cache, one);
    two = cached(cache, "a", 2, "two");
    assert_prints(one, "one"); /* still in use */
    assert_prints(two, "two");
    ses_tpl_cache_done(cache, one);
    old = cached(cache, "a", 1, "one"); /* for who still has its row */
    assert_prints(old, "one");
    ses_tpl_cache_done(cache, old);
    assert_ptr_equal(cached(cache, "a", 2, "not read"), two);
    ses_tpl_cache_done(cache, two);
    ses_tpl_cache_done(cache, two);
    assert_int_equal(
        ses_tpl_cache_get(&cx, cache, SES_STR("b"), 1, SES_STR("{{"), &one, &e),
        SES_INVALID);
    assert_int_equal(e.line, 1);
    assert_int_equal(ses_tpl_cache_stats(cache).entries, 1);
    assert_int_equal(ses_tpl_cache_stats(cache).compiled, 3);
    assert_int_equal(ses_tpl_cache_stats(cache).hits, 2);
    ses_tpl_cache_free(cache);
}

static void
cache_bound(void **state)
{
    ses_tpl_cache_t *cache = ses_tpl_cache_new(200000);
    const ses_tpl_t *held, *t;
    ses_tpl_cache_stats_t s;
    char key[16];
    unsigned i;

    (void) state;
    held = cached(cache, "held", 1, "held");
    for (i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "k%u", i);
        t = cached(cache, key, 1, key);
        assert_prints(t, key);
        ses_tpl_cache_done(cache, t);
        t = cached(cache, "often", 1, "often");
        ses_tpl_cache_done(cache, t);
    }
    assert_prints(held, "held");
    ses_tpl_cache_done(cache, held);
    s = ses_tpl_cache_stats(cache);
    assert_true(s.bytes <= 200000 && s.entries > 5);
    assert_int_equal(s.compiled, 5002);
    ses_tpl_cache_free(cache);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints),
        cmocka_unit_test(fails),
        cmocka_unit_test(refuses),
        cmocka_unit_test(says_where),
        cmocka_unit_test(data_is_an_object),
        cmocka_unit_test(data_over_data),
        cmocka_unit_test(bounds),
        cmocka_unit_test(many_members),
        cmocka_unit_test(limits),
        cmocka_unit_test(cache_versions),
        cmocka_unit_test(cache_bound),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
