/*
 * fuzz_binding - one "bind" line of sesame.conf, and a session to match
 *
 * Input: the line, then after an LF a login, and after another one a client.
 * What parse reads, format writes so that it is read the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../shared/base/binding.c"

static void
need(bool x)
{
    if (!x)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ses_arena_t *a = ses_arena_new();
    ses_str_t rest = ses_str_n(data, size), line, text;
    ses_binding_peer_t peer = {.daemon = SES_STR("SUBMISSION")};
    ses_binding_t b, again;
    const char *wrong;

    (void) ses_str_cut(&rest, '\n', &line);
    (void) ses_str_cut(&rest, '\n', &peer.login);
    (void) ses_str_cut(&rest, '\n', &peer.client);
    if ((wrong = ses_binding_parse(a, line, &b)) == NULL) {
        text = ses_binding_format(a, &b);
        need(ses_binding_parse(a, text, &again) == NULL);
        need(ses_str_eq(ses_binding_format(a, &again), text));
        need(b.local || b.ndaemons + b.nlogins + b.nclients > 0);
        need(ses_binding_find(&b, 1, &peer) == NULL ||
             ses_binding_find(&again, 1, &peer) != NULL);
    } else {
        need(*wrong != '\0');
    }
    ses_arena_free(a);
    return 0;
}
