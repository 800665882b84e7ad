/*
 * request - look-ups in what came in
 */
#include "api/request.h"

void
api_request_target(api_request_t *r, ses_str_t target)
{
    ptrdiff_t at = ses_str_find(target, '?');

    r->path = at < 0 ? target : ses_str_head(target, (size_t) at);
    r->query = at < 0 ? SES_STR("") : ses_str_from(target, (size_t) at + 1);
}

ses_str_t
api_request_header(const api_request_t *r, const char *name)
{
    unsigned i;

    for (i = 0; i < r->nheaders; i++)
        if (ses_str_caseeqc(r->headers[i].name, name))
            return r->headers[i].value;
    return (ses_str_t){NULL, 0};
}

unsigned
api_request_headers(const api_request_t *r, const char *name)
{
    unsigned i, n = 0;

    for (i = 0; i < r->nheaders; i++)
        if (ses_str_caseeqc(r->headers[i].name, name))
            n++;
    return n;
}

bool
api_pair_cut(ses_str_t *rest, ses_str_t *name, ses_str_t *value)
{
    ses_str_t pair;
    ptrdiff_t at;

    do {
        if (rest->p == NULL || !ses_str_cut(rest, '&', &pair))
            return false;
    } while (pair.n == 0);

    at = ses_str_find(pair, '=');
    *name = at < 0 ? pair : ses_str_head(pair, (size_t) at);
    *value = at < 0 ? SES_STR("") : ses_str_from(pair, (size_t) at + 1);
    return true;
}
