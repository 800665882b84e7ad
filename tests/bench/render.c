/*
 * render - how often a template is rendered in a second
 *
 *   render MILLISECONDS (TEMPLATE DATA)...
 *
 * Prints for each pair of files: renderings a second, and the bytes of one.
 * Template and data are read once; each rendering fills the same buffer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "template/template.h"

static void
must(ses_cx_t *cx, ses_rc_t rc)
{
    if (rc == SES_OK)
        return;
    fprintf(stderr, "render: %s: %.*s\n", ses_rc_name(rc), SES_FMT(cx->why));
    exit(1);
}

static ses_str_t
contents(ses_arena_t *a, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *p = ses_alloc(a, 4u << 20);
    size_t n;

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    n = fread(p, 1, 4u << 20, file);
    fclose(file);
    return ses_str_n(p, n);
}

static void
measure(const char *template, const char *json, int64_t ms)
{
    ses_arena_t *lasting = ses_arena_new(), *scratch = ses_arena_new();
    ses_cx_t cx = ses_cx(lasting, 0);
    int64_t began, now, count = 0;
    const ses_tpl_data_t *data;
    const ses_tpl_t *t;
    ses_buf_t out;
    int i;

    must(&cx, ses_tpl_compile(&cx, lasting, contents(lasting, template), &t,
                              NULL));
    must(&cx, ses_tpl_data(&cx, contents(lasting, json), &data));
    ses_buf_init(&out, lasting, 16u << 20);
    cx.arena = scratch;
    began = now = ses_clock_mono_us();
    while (now - began < ms * 1000) {
        for (i = 0; i < 16; i++) {
            out.n = 0;
            must(&cx, ses_tpl_render(&cx, t, data, NULL, &out));
            ses_arena_reset(scratch);
        }
        count += 16;
        now = ses_clock_mono_us();
    }
    printf("%.1f %zu\n", (double) count * 1e6 / (double) (now - began), out.n);
    ses_arena_free(scratch);
    ses_arena_free(lasting);
}

int
main(int argc, char **argv)
{
    int i;

    if (argc < 4 || argc % 2 != 0) {
        fprintf(stderr, "usage: render MILLISECONDS (TEMPLATE DATA)...\n");
        return 2;
    }
    for (i = 2; i + 1 < argc; i += 2)
        measure(argv[i], argv[i + 1], strtol(argv[1], NULL, 10));
    return 0;
}
