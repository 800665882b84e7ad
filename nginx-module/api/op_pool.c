/*
 * op_pool - dedicated addresses and their pools
 *
 * The operator gives an account addresses (sesamectl address); the account
 * puts them into pools and names a pool in configuration sets.  A managed
 * pool's addresses are the operator's to choose (contract 13.4).
 */
#include "api/op.h"

#include "base/network.h"
#include "model/pool.h"
#include "policy/shapes_v2.h"

#define POOLS_MAX 50 /* contract 5.2 */
#define PAGE_MAX 1000

static bool
reserved(ses_str_t name)
{
    return ses_str_eqc(name, SES_POOL_DEFAULT) ||
           ses_str_eqc(name, SES_POOL_SHARED);
}

static ses_rc_t
find(op_t *op, ses_str_t name, ses_pool_t *p)
{
    ses_rc_t rc = ses_pool_find(op->cx, op->txn, op->cx->account, name, p);

    if (rc == SES_NOT_FOUND)
        return ses_fail(op->cx, rc, "The requested pool <%.*s> does not exist.",
                        SES_FMT(name));
    return rc;
}

static ses_rc_t
scaling(op_t *op, bool *managed)
{
    ses_str_t mode = op_str(op, "ScalingMode");

    if (op_has(op, "ScalingMode") && !ses_str_eqc(mode, "STANDARD") &&
        !ses_str_eqc(mode, "MANAGED"))
        return ses_fail(op->cx, SES_INVALID,
                        "The ScalingMode parameter is invalid.");
    *managed = ses_str_eqc(mode, "MANAGED");
    return SES_OK;
}

/* --- pools ------------------------------------------------------------- */

/* CreateDedicatedIpPool */
static ses_rc_t
create_pool(op_t *op)
{
    ses_pool_t p = {.account = op->cx->account,
                    .name = op_str(op, "PoolName"),
                    .created = op->cx->now},
               old;
    unsigned n = 0;
    ses_rc_t rc;

    if (!ses_pool_name_valid(p.name))
        return ses_fail(op->cx, SES_INVALID,
                        "The pool name <%.*s> is invalid: it can contain up "
                        "to 64 lower-case letters, digits, underscores (_) "
                        "and hyphens (-).",
                        SES_FMT(p.name));
    if ((rc = scaling(op, &p.managed)) != SES_OK)
        return rc;
    rc = reserved(p.name)
             ? SES_OK
             : ses_pool_find(op->cx, op->txn, op->cx->account, p.name, &old);
    if (rc == SES_OK)
        return ses_fail(op->cx, SES_EXISTS, "The pool <%.*s> already exists.",
                        SES_FMT(p.name));
    if (rc != SES_NOT_FOUND ||
        (rc = op_count(op, SES_DB_POOL, POOLS_MAX, &n)) != SES_OK)
        return rc;
    if (n >= POOLS_MAX)
        return ses_fail(op->cx, SES_LIMIT,
                        "An account cannot have more than %d dedicated IP "
                        "pools.",
                        POOLS_MAX);
    if ((rc = op_tags(op, &p.tags, &p.ntags)) != SES_OK)
        return rc;
    ses_pool_put(op->cx, op->change, &p);
    return SES_OK;
}

/* GetDedicatedIpPool */
static ses_rc_t
get_pool(op_t *op)
{
    ses_pool_t p;
    ses_rc_t rc = find(op, op_str(op, "PoolName"), &p);

    if (rc != SES_OK)
        return rc;
    out_open(op->out, "DedicatedIpPool");
    out_str(op->out, "PoolName", p.name);
    out_sym(op->out, "ScalingMode", p.managed ? "MANAGED" : "STANDARD");
    out_close(op->out);
    return SES_OK;
}

struct inside {
    op_t *op;
    ses_str_t pool;
};

/* An address goes back to the default pool. */
static ses_rc_t
move_out(ses_cx_t *cx, const ses_source_t *s, void *arg)
{
    struct inside *in = arg;
    ses_source_t moved = *s;

    if (!ses_str_eq(s->pool, in->pool))
        return SES_OK;
    if (in->op->change->n == SES_CHANGE_ROWS)
        return ses_fail(cx, SES_INVALID,
                        "The pool <%.*s> has too many addresses to be "
                        "deleted: move some of them first.",
                        SES_FMT(in->pool));
    moved.pool = SES_STR("");
    ses_source_put(cx, in->op->change, &moved);
    return SES_OK;
}

static ses_rc_t
refuse_used(ses_cx_t *cx, const ses_config_set_t *set, void *arg)
{
    const struct inside *in = arg;

    if (!ses_str_eq(set->pool, in->pool))
        return SES_OK;
    return ses_fail(cx, SES_INVALID,
                    "The pool <%.*s> is used by configuration set <%.*s>.",
                    SES_FMT(in->pool), SES_FMT(set->name));
}

/* DeleteDedicatedIpPool */
static ses_rc_t
delete_pool(op_t *op)
{
    struct inside in = {op, op_str(op, "PoolName")};
    ses_pool_t p;
    ses_rc_t rc;

    if ((rc = find(op, in.pool, &p)) != SES_OK ||
        (rc = ses_config_set_list(op->cx, op->txn, op->cx->account, SES_STR(""),
                                  refuse_used, &in)) != SES_OK)
        return rc;
    ses_pool_del(op->cx, op->change, &p);
    return ses_source_list(op->cx, op->txn, op->cx->account, SES_STR(""),
                           move_out, &in);
}

/* PutDedicatedIpPoolScalingAttributes: there is no way back from MANAGED */
static ses_rc_t
put_scaling(op_t *op)
{
    ses_pool_t p;
    bool managed;
    ses_rc_t rc;

    if ((rc = scaling(op, &managed)) != SES_OK ||
        (rc = find(op, op_str(op, "PoolName"), &p)) != SES_OK)
        return rc;
    if (p.managed && !managed)
        return ses_fail(op->cx, SES_INVALID,
                        "A managed pool cannot become a standard one.");
    p.managed = managed;
    ses_pool_put(op->cx, op->change, &p);
    return SES_OK;
}

/* --- lists ------------------------------------------------------------- */

static ses_rc_t
list_pool(ses_cx_t *cx, const ses_pool_t *p, void *arg)
{
    op_list_t *l = arg;

    (void) cx;
    if (!op_list_look(l, p->name))
        return SES_NOT_FOUND;
    l->n++;
    out_str(l->op->out, NULL, p->name);
    return SES_OK;
}

/* ListDedicatedIpPools */
static ses_rc_t
list_pools(op_t *op)
{
    op_list_t l;
    ses_rc_t rc;

    rc = op_list_open(&l, op, PAGE_MAX, 0, SES_STR(""));
    if (rc != SES_OK)
        return rc;
    out_list(op->out, "DedicatedIpPools");
    rc =
        ses_pool_list(op->cx, op->txn, op->cx->account, l.after, list_pool, &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l);
    return SES_OK;
}

/* --- addresses --------------------------------------------------------- */

static ses_rc_t
put_address(op_t *op, const char *name, const ses_source_t *s)
{
    ses_pool_t p = {.managed = false};
    ses_rc_t rc = SES_NOT_FOUND;

    if (s->pool.n > 0)
        rc = ses_pool_find(op->cx, op->txn, op->cx->account, s->pool, &p);
    if (rc != SES_OK && rc != SES_NOT_FOUND)
        return rc;
    out_open(op->out, name);
    out_str(op->out, "Ip", s->address);
    out_sym(op->out, "WarmupStatus", p.managed ? "NOT_APPLICABLE" : "DONE");
    out_int(op->out, "WarmupPercentage", p.managed ? -1 : 100);
    out_str(op->out, "PoolName",
            s->pool.n > 0 ? s->pool : SES_STR(SES_POOL_DEFAULT));
    out_close(op->out);
    return SES_OK;
}

static ses_rc_t
find_address(op_t *op, ses_source_t *s)
{
    ses_str_t given = op_str(op, "Ip"), address = given;
    ses_ip_t ip;
    ses_rc_t rc;

    if (ses_ip_parse(given, &ip))
        address = ses_ip_format(op->cx->arena, &ip);
    rc = ses_source_find(op->cx, op->txn, op->cx->account, address, s);
    if (rc == SES_NOT_FOUND || (rc == SES_OK && s->retired != 0))
        return ses_fail(op->cx, SES_NOT_FOUND,
                        "Could not find dedicated IP %.*s under this account.",
                        SES_FMT(given));
    return rc;
}

/* GetDedicatedIp */
static ses_rc_t
get_address(op_t *op)
{
    ses_source_t s;
    ses_rc_t rc = find_address(op, &s);

    return rc == SES_OK ? put_address(op, "DedicatedIp", &s) : rc;
}

struct addresses {
    op_list_t list;
    ses_str_t pool; /* only of this one; p == NULL: of any */
};

static ses_rc_t
list_address(ses_cx_t *cx, const ses_source_t *s, void *arg)
{
    struct addresses *l = arg;

    (void) cx;
    if (s->retired != 0 || (l->pool.p != NULL && !ses_str_eq(s->pool, l->pool)))
        return SES_OK;
    if (!op_list_look(&l->list, s->address))
        return SES_NOT_FOUND;
    l->list.n++;
    return put_address(l->list.op, NULL, s);
}

/* GetDedicatedIps */
static ses_rc_t
get_addresses(op_t *op)
{
    ses_str_t name = op_str(op, "PoolName");
    struct addresses l = {.pool = {NULL, 0}};
    ses_pool_t p;
    ses_rc_t rc;

    rc = op_list_open(&l.list, op, PAGE_MAX, 0, name);
    if (rc == SES_OK && name.n > 0) {
        l.pool = SES_STR("");
        if (!ses_str_eqc(name, SES_POOL_DEFAULT)) {
            l.pool = name;
            rc = find(op, name, &p);
        }
    }
    if (rc != SES_OK)
        return rc;
    out_list(op->out, "DedicatedIps");
    rc = ses_source_list(op->cx, op->txn, op->cx->account, l.list.after,
                         list_address, &l);
    if (rc != SES_OK)
        return rc;
    op_list_close(&l.list);
    return SES_OK;
}

static ses_rc_t
refuse_managed(op_t *op, ses_str_t pool)
{
    ses_pool_t p;
    ses_rc_t rc;

    if (pool.n == 0)
        return SES_OK;
    if ((rc = find(op, pool, &p)) != SES_OK || !p.managed)
        return rc;
    return ses_fail(op->cx, SES_INVALID,
                    "The addresses of the managed pool <%.*s> are not yours "
                    "to move.",
                    SES_FMT(pool));
}

/* PutDedicatedIpInPool */
static ses_rc_t
put_in_pool(op_t *op)
{
    ses_str_t to = op_str(op, "DestinationPoolName");
    ses_source_t s;
    ses_rc_t rc;

    if (ses_str_eqc(to, SES_POOL_DEFAULT))
        to = SES_STR("");
    if ((rc = find_address(op, &s)) != SES_OK ||
        (rc = refuse_managed(op, s.pool)) != SES_OK ||
        (rc = refuse_managed(op, to)) != SES_OK)
        return rc;
    s.pool = to;
    ses_source_put(op->cx, op->change, &s);
    return SES_OK;
}

#define POOLS "/v2/email/dedicated-ip-pools"
#define POOL POOLS "/{PoolName}"
#define IPS "/v2/email/dedicated-ips"
#define IP IPS "/{Ip}"

const op_def_t ops_pool[] = {
    {"CreateDedicatedIpPool", OP_REST, "POST", POOLS,
     "ses:CreateDedicatedIpPool", OP_WRITE, create_pool, ses_v2_create_pool, 0},
    {"GetDedicatedIpPool", OP_REST, "GET", POOL, "ses:GetDedicatedIpPool",
     OP_READ, get_pool, ses_v2_pool, 0},
    {"DeleteDedicatedIpPool", OP_REST, "DELETE", POOL,
     "ses:DeleteDedicatedIpPool", OP_WRITE, delete_pool, ses_v2_pool, 0},
    {"ListDedicatedIpPools", OP_REST, "GET", POOLS, "ses:ListDedicatedIpPools",
     OP_READ, list_pools, ses_v2_list_pools, 0},
    {"PutDedicatedIpPoolScalingAttributes", OP_REST, "PUT", POOL "/scaling",
     "ses:PutDedicatedIpPoolScalingAttributes", OP_WRITE, put_scaling,
     ses_v2_put_pool_scaling, 0},
    {"GetDedicatedIp", OP_REST, "GET", IP, "ses:GetDedicatedIp", OP_READ,
     get_address, ses_v2_address, 0},
    {"GetDedicatedIps", OP_REST, "GET", IPS, "ses:GetDedicatedIps", OP_READ,
     get_addresses, ses_v2_list_addresses, 0},
    {"PutDedicatedIpInPool", OP_REST, "PUT", IP "/pool",
     "ses:PutDedicatedIpInPool", OP_WRITE, put_in_pool,
     ses_v2_put_address_in_pool, 0},
    {0},
};
