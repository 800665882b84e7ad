/*
 * fuzz_milter - what might come where Postfix should speak
 *
 * The input is what follows a good negotiation.  Whatever it is, the filter
 * sees only whole strings, and the connection ends.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../milter/gate/milter.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int it;

static void
whole(ses_str_t s)
{
    if (s.p[s.n] != '\0' || strlen(s.p) != s.n)
        abort();
}

static void *
on_begin(void)
{
    return &it;
}

static void
on_connect(milter_t *m, void *arg, ses_str_t host, ses_str_t address)
{
    (void) arg;
    whole(host);
    whole(address);
    (void) milter_macro(m, "{daemon_name}");
}

static milter_answer_t
on_mail(milter_t *m, void *arg, ses_str_t path)
{
    (void) arg;
    whole(path);
    whole(milter_macro(m, "i"));
    if (path.n % 2 == 0)
        return MILTER_CONTINUE;
    milter_refuse(m, "451", "4.7.1", path.p);
    return MILTER_REFUSED;
}

static void
on_rcpt(milter_t *m, void *arg, ses_str_t path)
{
    (void) m;
    (void) arg;
    whole(path);
}

static void
on_header(milter_t *m, void *arg, ses_str_t name, ses_str_t value)
{
    (void) m;
    (void) arg;
    whole(name);
    whole(value);
}

static void
on_step(milter_t *m, void *arg)
{
    (void) m;
    (void) arg;
}

static void
on_body(milter_t *m, void *arg, const void *p, size_t n)
{
    volatile char last = ((const char *) p)[n - 1];

    (void) m;
    (void) arg;
    (void) last;
}

static milter_answer_t
on_eom(milter_t *m, void *arg)
{
    (void) arg;
    return milter_add_header(m, "A", " b") ? MILTER_CONTINUE : MILTER_REFUSED;
}

static void
on_end(void *arg)
{
    (void) arg;
}

static const milter_calls_t calls = {
    .begin = on_begin,
    .connect = on_connect,
    .mail = on_mail,
    .rcpt = on_rcpt,
    .header = on_header,
    .eoh = on_step,
    .body = on_body,
    .eom = on_eom,
    .abort = on_step,
    .end = on_end,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    milter_t m = {.fd = -1, .calls = &calls, .arena = ses_arena_new()};

    out_reset(&m);
    m.it = on_begin();
    while (size > 0) {
        size_t n;

        make_room(&m);
        n = m.size - m.have < size ? m.size - m.have : size;
        memcpy(m.in + m.have, data, n);
        m.have += n;
        data += n;
        size -= n;
        if (!obey_all(&m) || m.over)
            break;
        out_reset(&m);
    }
    for (unsigned i = 0; i < MILTER_STAGES; i++)
        ses_xfree(m.macros[i].p);
    ses_arena_free(m.arena);
    ses_xfree(m.in);
    return 0;
}
