/*
 * pool - named groups of an account's source addresses
 *
 * An address belongs to one account and stands in one of its pools, or in
 * the default one, whose name is empty here.  Each has a number, which names
 * its Postfix transports and, with a mark that no other host has, its label
 * in envelope senders; it is used once the transports are there (live), and
 * they stay while mail may be queued for them (retired).
 */
#ifndef SES_MODEL_POOL_H
#define SES_MODEL_POOL_H

#include "model/tag.h"
#include "store/journal.h"

/* Reserved names of SES (contract 13.4). */
#define SES_POOL_DEFAULT "ses-default-dedicated-pool"
#define SES_POOL_SHARED "ses-shared-pool"
#define SES_POOL_NAME_MAX 64
#define SES_SOURCES_MAX 256 /* addresses of a host */
#define SES_MARK 6          /* letters of a source address's mark */

typedef struct {
    ses_str_t account;
    ses_str_t name;
    bool managed; /* else STANDARD: the account moves its addresses */
    ses_tag_t *tags;
    unsigned ntags;
    int64_t created;
    uint64_t version;
} ses_pool_t;

typedef struct {
    ses_str_t account;
    ses_str_t address; /* canonical */
    ses_str_t pool;    /* "" = the default one */
    ses_str_t helo;    /* "" = Postfix's own */
    unsigned number;
    ses_str_t mark; /* 6 letters that make its label this host's; "" in rows
                       that are older than marks */
    bool live;
    int64_t retired; /* ms, 0 = in use */
    int64_t created;
    uint64_t version;
} ses_source_t;

bool ses_pool_name_valid(ses_str_t name); /* 1-64 of a-z0-9_- */
SES_CHECK ses_rc_t ses_pool_find(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                                 ses_str_t name, ses_pool_t *out);
void ses_pool_put(ses_cx_t *cx, ses_change_t *c, const ses_pool_t *p);
void ses_pool_del(ses_cx_t *cx, ses_change_t *c, const ses_pool_t *p);
typedef ses_rc_t (*ses_pool_fn_t)(ses_cx_t *cx, const ses_pool_t *p, void *arg);
SES_CHECK ses_rc_t ses_pool_list(ses_cx_t *cx, ses_txn_t *t, ses_str_t account,
                                 ses_str_t after, ses_pool_fn_t fn, void *arg);

/* What envelope senders begin with: "ip", its number, its mark and, when TLS
 * is required, "t". */
ses_str_t ses_source_label(ses_arena_t *a, unsigned number, ses_str_t mark,
                           bool tls);
/* A new one, of chance. */
ses_str_t ses_source_mark(ses_arena_t *a);
SES_CHECK ses_rc_t ses_source_find(ses_cx_t *cx, ses_txn_t *t,
                                   ses_str_t account, ses_str_t address,
                                   ses_source_t *out);
void ses_source_put(ses_cx_t *cx, ses_change_t *c, const ses_source_t *s);
void ses_source_del(ses_cx_t *cx, ses_change_t *c, const ses_source_t *s);
typedef ses_rc_t (*ses_source_fn_t)(ses_cx_t *cx, const ses_source_t *s,
                                    void *arg);
/* account "" = of all accounts (after is then ""). */
SES_CHECK ses_rc_t ses_source_list(ses_cx_t *cx, ses_txn_t *t,
                                   ses_str_t account, ses_str_t after,
                                   ses_source_fn_t fn, void *arg);

#endif
