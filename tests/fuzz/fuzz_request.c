/*
 * fuzz_request - the head of a request: target, headers, signature, route
 *
 * Lines: method, target, then "Name: value" each, as a server would have cut
 * them.  Nobody without the key gets in, and a route's labels lie within the
 * target.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/params.h"
#include "api/route.h"
#include "api/sigv4.h"

#define HEADERS 200
#define NOW 1795489200000 /* 2026-11-24T03:00:00Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
signature(ses_cx_t *cx, const api_request_t *r)
{
    uint8_t body[SES_SHA256] = {0};
    sigv4_key_t *key;
    sigv4_t s;
    ses_rc_t rc;

    if (sigv4_parse(cx, r, &s) != SES_OK)
        return;
    if (sigv4_scope(cx, &s, SES_STR("us-east-1"), "ses") != SES_OK)
        return;
    key = sigv4_key_new(&s, SES_STR("a secret that no input knows"));
    rc = sigv4_check(cx, r, &s, key, body);
    sigv4_key_free(key);
    if (rc == SES_OK)
        abort();
}

static void
route(ses_cx_t *cx, const api_request_t *r)
{
    api_labels_t labels = {.n = 0};
    const op_def_t *def = route_rest(r->method, r->path, &labels);
    cJSON *in = NULL;
    unsigned i;

    if (def == NULL)
        return;
    for (i = 0; i < labels.n; i++)
        if (labels.label[i].value.p < r->path.p ||
            labels.label[i].value.p + labels.label[i].value.n >
                r->path.p + r->path.n ||
            ses_str_find(labels.label[i].value, '/') >= 0)
            abort();
    if (params_rest(cx, r, def, &labels, &in) != SES_OK)
        return;
    if (!cJSON_IsObject(in))
        abort();
    if (ses_shape_check(cx, def->input, in) != SES_OK && cx->why_rc == SES_OK)
        abort();
    ses_json_free(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ses_arena_t *arena = ses_arena_new();
    ses_str_t rest = ses_str_n(data, size), line, name;
    api_header_t headers[HEADERS];
    api_request_t r = {.headers = headers};
    ses_cx_t cx = ses_cx(arena, NOW);

    if (ses_str_cut(&rest, '\n', &r.method) &&
        ses_str_cut(&rest, '\n', &line)) {
        api_request_target(&r, line);
        while (r.nheaders < HEADERS && ses_str_cut(&rest, '\n', &line)) {
            if (line.n == 0) { /* what follows is the body */
                r.body = rest;
                break;
            }
            if (!ses_str_cut(&line, ':', &name))
                continue;
            headers[r.nheaders].name = name;
            headers[r.nheaders++].value =
                line.p == NULL ? SES_STR("") : ses_str_trim(line);
        }
        signature(&cx, &r);
        ses_cx_clear(&cx);
        route(&cx, &r);
    }
    ses_arena_free(arena);
    return 0;
}
