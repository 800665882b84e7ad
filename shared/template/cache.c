/*
 * cache - compiled templates, by name and version
 *
 * A hash table whose entries also stand in a list, the last used first.  What
 * is in use is counted and stays; beyond the bound the last of the list that
 * is not in use goes.  Compiling happens outside the lock: two threads may
 * compile the same text, then one of the results is dropped.
 */
#include "template/ast.h"

#include <pthread.h>

#define SLOTS 1024u

typedef struct entry_s {
    struct entry_s *next; /* in its slot */
    struct entry_s *newer;
    struct entry_s *older;
    ses_arena_t *arena;
    ses_tpl_t *template;
    ses_str_t key;
    uint64_t version;
    uint64_t hash;
    size_t bytes;
    unsigned users;
    bool dropped; /* out of the table; freed by its last user */
} entry_t;

struct ses_tpl_cache_s {
    pthread_mutex_t lock;
    entry_t *slots[SLOTS];
    entry_t *newest;
    entry_t *oldest;
    size_t max;
    ses_tpl_cache_stats_t stats;
};

ses_tpl_cache_t *
ses_tpl_cache_new(size_t max)
{
    ses_tpl_cache_t *c = ses_xcalloc(sizeof(*c));

    pthread_mutex_init(&c->lock, NULL);
    c->max = max;
    return c;
}

static uint64_t
hash_of(ses_str_t key)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    size_t i;

    for (i = 0; i < key.n; i++)
        h = (h ^ (unsigned char) key.p[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 32;
}

/* --- the list and the table -------------------------------------------- */

static void
unlist(ses_tpl_cache_t *c, entry_t *e)
{
    *(e->newer != NULL ? &e->newer->older : &c->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &c->oldest) = e->newer;
}

static void
list_first(ses_tpl_cache_t *c, entry_t *e)
{
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest != NULL ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

static entry_t **
find(ses_tpl_cache_t *c, ses_str_t key, uint64_t hash)
{
    entry_t **at = &c->slots[hash % SLOTS];

    while (*at != NULL && ((*at)->hash != hash || !ses_str_eq((*at)->key, key)))
        at = &(*at)->next;
    return at;
}

/* The entry lies in its own arena. */
static void
drop(ses_tpl_cache_t *c, entry_t *e)
{
    entry_t **at = find(c, e->key, e->hash);

    *at = e->next;
    unlist(c, e);
    c->stats.bytes -= e->bytes;
    c->stats.entries--;
    e->dropped = true;
    if (e->users == 0)
        ses_arena_free(e->arena);
}

static void
shrink(ses_tpl_cache_t *c)
{
    entry_t *e, *newer;

    for (e = c->oldest; e != NULL && c->stats.bytes > c->max; e = newer) {
        newer = e->newer;
        if (e->users == 0)
            drop(c, e);
    }
}

void
ses_tpl_cache_free(ses_tpl_cache_t *cache)
{
    if (cache == NULL)
        return;
    while (cache->oldest != NULL)
        drop(cache, cache->oldest);
    pthread_mutex_destroy(&cache->lock);
    ses_xfree(cache);
}

/* --- use --------------------------------------------------------------- */

static const ses_tpl_t *
use(ses_tpl_cache_t *c, entry_t *e)
{
    e->users++;
    unlist(c, e);
    list_first(c, e);
    return e->template;
}

/* What is there of that version; an older one goes. */
static const ses_tpl_t *
known(ses_tpl_cache_t *c, ses_str_t key, uint64_t hash, uint64_t version)
{
    entry_t *e = *find(c, key, hash);

    if (e == NULL)
        return NULL;
    if (e->version == version)
        return use(c, e);
    if (e->version < version)
        drop(c, e);
    return NULL;
}

/* Roughly: the arena's blocks hold more than was asked for. */
static size_t
size_of(const ses_arena_t *arena)
{
    return ses_arena_used(arena) + 16384;
}

static const ses_tpl_t *
add(ses_tpl_cache_t *c, entry_t *e)
{
    entry_t **at = find(c, e->key, e->hash);

    c->stats.compiled++;
    e->users = 1;
    if (*at != NULL) { /* a newer version: this one is for its caller alone */
        e->dropped = true;
        return e->template;
    }
    *at = e;
    list_first(c, e);
    c->stats.bytes += e->bytes;
    c->stats.entries++;
    shrink(c);
    return e->template;
}

ses_rc_t
ses_tpl_cache_get(ses_cx_t *cx, ses_tpl_cache_t *cache, ses_str_t key,
                  uint64_t version, ses_str_t text, const ses_tpl_t **out,
                  ses_tpl_error_t *error)
{
    uint64_t hash = hash_of(key);
    const ses_tpl_t *t;
    ses_arena_t *arena;
    ses_rc_t rc;
    entry_t *e;

    pthread_mutex_lock(&cache->lock);
    t = known(cache, key, hash, version);
    cache->stats.hits += t != NULL;
    pthread_mutex_unlock(&cache->lock);
    if (t != NULL) {
        *out = t;
        return SES_OK;
    }
    arena = ses_arena_new();
    e = ses_calloc(arena, sizeof(*e));
    rc = tpl_compile(cx, arena, text, &e->template, error);
    if (rc != SES_OK) {
        ses_arena_free(arena);
        return rc;
    }
    e->template->kept = e;
    e->arena = arena;
    e->key = ses_str_dup(arena, key);
    e->version = version;
    e->hash = hash;
    e->bytes = size_of(arena);
    pthread_mutex_lock(&cache->lock);
    t = known(cache, key, hash, version);
    *out = t != NULL ? t : add(cache, e);
    pthread_mutex_unlock(&cache->lock);
    if (t != NULL)
        ses_arena_free(arena);
    return SES_OK;
}

void
ses_tpl_cache_done(ses_tpl_cache_t *cache, const ses_tpl_t *t)
{
    entry_t *e = t->kept;

    pthread_mutex_lock(&cache->lock);
    if (--e->users == 0) {
        if (e->dropped)
            ses_arena_free(e->arena);
        else
            shrink(cache);
    }
    pthread_mutex_unlock(&cache->lock);
}

ses_tpl_cache_stats_t
ses_tpl_cache_stats(ses_tpl_cache_t *cache)
{
    ses_tpl_cache_stats_t stats;

    pthread_mutex_lock(&cache->lock);
    stats = cache->stats;
    pthread_mutex_unlock(&cache->lock);
    return stats;
}
