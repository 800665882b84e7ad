/*
 * postfix_gate - where the gate stands in a list of milters, and where it
 * should
 *
 * A list stands in main.cf or with -o at a service.  Its items are unix:PATH,
 * or { unix:PATH, default_action=... }; a path is relative to queue_directory,
 * which holds with and without chroot.
 */
#include "base/buf.h"
#include "postfix.h"

#define LIST_MAX (1 << 16)

/* --- sockets ----------------------------------------------------------- */

/* The path of a socket of sesame.conf. */
static ses_str_t
path_of(const postfix_t *p, ses_str_t socket, const char *fallback)
{
    if (ses_str_starts(socket, SES_STR("unix:")))
        return ses_str_from(socket, 5);
    return ses_str_printf(p->a, "%.*s/%s", SES_FMT(p->queue), fallback);
}

ses_str_t
postfix_socket(const postfix_t *p, ses_str_t socket, const char *fallback)
{
    ses_str_t path = path_of(p, socket, fallback);

    if (ses_str_starts(path, p->queue) && path.n > p->queue.n + 1 &&
        path.p[p->queue.n] == '/')
        path = ses_str_from(path, p->queue.n + 1);
    return path;
}

ses_str_t
postfix_below(const postfix_t *p, ses_str_t path)
{
    return ses_str_printf(p->a, "%.*s%s%.*s", SES_FMT(p->queue),
                          path.n > 0 && path.p[0] == '/' ? "" : "/",
                          SES_FMT(path));
}

bool
postfix_same_socket(const postfix_t *p, ses_str_t spelled, ses_str_t socket,
                    const char *fallback)
{
    ses_str_t path = path_of(p, socket, fallback);

    return ses_str_eq(spelled, path) ||
           ses_str_eq(postfix_below(p, spelled), path);
}

bool
postfix_reaches(const postfix_t *p, const postfix_service_t *s,
                ses_str_t spelled, ses_str_t socket, const char *fallback)
{
    if (spelled.n == 0 || spelled.p[0] != '/')
        return true;
    return ses_str_eq(s->chroot ? postfix_below(p, spelled) : spelled,
                      path_of(p, socket, fallback));
}

/* --- lists ------------------------------------------------------------- */

/* What is in an item's braces, or the item. */
static ses_str_t
inside(ses_str_t item)
{
    if (item.n >= 2 && item.p[0] == '{' && item.p[item.n - 1] == '}')
        return ses_str_trim(ses_str_n(item.p + 1, item.n - 2));
    return item;
}

ses_str_t
postfix_milter_path(ses_str_t item)
{
    ses_str_t rest = inside(item), where;

    if (!postfix_item(&rest, &where) ||
        !ses_str_starts(where, SES_STR("unix:")))
        return SES_STR("");
    return ses_str_from(where, 5);
}

static bool
is_gate(const postfix_t *p, ses_str_t item)
{
    ses_str_t path = postfix_milter_path(item);

    return path.n > 0 && postfix_same_socket(p, path, p->conf->milter_socket,
                                             "sesame/milter");
}

ses_str_t
postfix_milter_option(ses_str_t item, const char *name)
{
    ses_str_t rest = inside(item), part, key;

    while (ses_str_cut(&rest, ',', &part)) {
        if (ses_str_find(part, '=') < 0)
            continue;
        (void) ses_str_cut(&part, '=', &key);
        if (ses_str_eqc(ses_str_trim(key), name))
            return ses_str_trim(part);
    }
    return SES_STR("");
}

postfix_place_t
postfix_place(const postfix_t *p, ses_str_t list)
{
    postfix_place_t at = {0};
    ses_str_t item;

    while (postfix_item(&list, &item)) {
        at.items++;
        if (!is_gate(p, item))
            continue;
        at.gates++;
        at.last = at.items;
        at.gate = item;
    }
    return at;
}

bool
postfix_has_gate(const postfix_t *p, ses_str_t list)
{
    return postfix_place(p, list).gates > 0;
}

ses_str_t
postfix_milter_action(const postfix_t *p, const postfix_service_t *s,
                      ses_str_t item)
{
    ses_str_t own = postfix_milter_option(item, "default_action");

    return own.n > 0 ? own : postfix_value(p, s, "milter_default_action");
}

/* Mail waits for it, in a chroot and without? */
static bool
is_good(const postfix_t *p, const postfix_service_t *s, ses_str_t item)
{
    return ses_str_caseeqc(postfix_milter_action(p, s, item), "tempfail") &&
           ses_str_eq(
               postfix_milter_path(item),
               postfix_socket(p, p->conf->milter_socket, "sesame/milter"));
}

ses_str_t
postfix_gate_item(const postfix_t *p, const postfix_service_t *s)
{
    ses_str_t where = ses_str_printf(
        p->a, "unix:%.*s",
        SES_FMT(postfix_socket(p, p->conf->milter_socket, "sesame/milter")));

    if (ses_str_caseeqc(postfix_value(p, s, "milter_default_action"),
                        "tempfail"))
        return where;
    return ses_str_printf(p->a, "{%.*s, default_action=tempfail}",
                          SES_FMT(where));
}

ses_str_t
postfix_with_gate(const postfix_t *p, const postfix_service_t *s,
                  const char *param)
{
    ses_str_t gate = postfix_gate_item(p, s);
    ses_str_t list = postfix_raw(p, s, param), item;
    postfix_place_t raw = postfix_place(p, list),
                    whole = postfix_place(p, postfix_value(p, s, param));
    ses_buf_t b;

    if (raw.gates == 0 && whole.gates > 0)
        list = postfix_value(p, s, param); /* it came in by a $name */
    if (whole.gates > 0 && is_good(p, s, whole.gate))
        gate = whole.gate; /* with what else it says */
    ses_buf_init(&b, p->a, LIST_MAX);
    while (postfix_item(&list, &item)) {
        if (is_gate(p, item))
            continue;
        ses_buf_str(&b, item);
        ses_buf_c(&b, ", ");
    }
    ses_buf_str(&b, gate);
    return ses_buf_get(&b);
}
