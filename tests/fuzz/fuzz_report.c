// LIBS: -lgmime-3.0 -lgobject-2.0 -lglib-2.0
/*
 * fuzz_report - bounces and complaints
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../milter/agent/report.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ses_arena_t *arena;
    report_t r;

    if (arena == NULL) {
        report_init();
        arena = ses_arena_new();
    }
    report_parse(arena, ses_str_n(data, size), &r);
    if (r.nrcpts > REPORT_RCPTS || (r.kind == REPORT_NONE && r.nrcpts > 0))
        abort();
    ses_arena_reset(arena);
    return 0;
}
