/*
 * render_cases - renders what it reads, for tests that compare
 *
 *     render_cases [strict] < cases > results
 *
 * A case is a line "T D", two lengths, then a template of T bytes and its
 * data of D bytes.  A result is a line "ok N" or "error N", then N bytes: what
 * was rendered, or why not.  A missing attribute prints nothing unless strict.
 */
#include <stdio.h>
#include <stdlib.h>

#include "template/template.h"

static char *
read_bytes(ses_arena_t *a, size_t n)
{
    char *p = ses_alloc(a, n + 1);

    if (fread(p, 1, n, stdin) != n)
        exit(1);
    return p;
}

static void
answer(const char *how, ses_str_t s)
{
    printf("%s %zu\n", how, s.n);
    fwrite(s.p, 1, s.n, stdout);
}

int
main(int argc, char **argv)
{
    ses_tpl_limits_t limits = {.steps = 20000000, .depth = 512};
    ses_arena_t *a = ses_arena_new();
    const ses_tpl_data_t *data;
    const ses_tpl_t *t;
    ses_str_t text, json;
    ses_buf_t out;
    ses_cx_t cx;

    limits.missing_ok = argc < 2 || strcmp(argv[1], "strict") != 0;
    while (scanf("%zu %zu", &text.n, &json.n) == 2 && getchar() == '\n') {
        text.p = read_bytes(a, text.n);
        json.p = read_bytes(a, json.n);
        cx = ses_cx(a, 0);
        ses_buf_init(&out, a, 64u << 20);
        if (ses_tpl_data(&cx, json, &data) == SES_OK &&
            ses_tpl_compile(&cx, a, text, &t, NULL) == SES_OK &&
            ses_tpl_render(&cx, t, data, &limits, &out) == SES_OK)
            answer("ok", ses_buf_get(&out));
        else
            answer("error", cx.why);
        ses_arena_reset(a);
    }
    ses_arena_free(a);
    return feof(stdin) ? 0 : 1;
}
