/*
 * idmap - which message a queue id of the log stands for
 *
 * A cache of SETS sets of WAYS entries; a queue id belongs to one set, by
 * its hash, and the oldest entry of a set makes room.  Queue ids are
 * Postfix's, not a stranger's, so nobody can aim at one set.
 */

#include "idmap.h"

#include "base/arena.h"
#include "hash.h"

#define SETS 8192
#define WAYS 8
#define NAME_MAX_BYTES 31

struct entry {
    uint64_t used; /* 0 = free */
    ses_msgid_t id;
    uint8_t kind;
    uint8_t n;
    char name[NAME_MAX_BYTES];
};

struct idmap_s {
    uint64_t clock;
    struct entry sets[SETS][WAYS];
};

idmap_t *
idmap_new(void)
{
    return ses_xcalloc(sizeof(idmap_t));
}

void
idmap_free(idmap_t *m)
{
    ses_xfree(m);
}

static struct entry *
set_of(idmap_t *m, ses_str_t queue_id)
{
    return m->sets[hash_str(HASH_START, queue_id) % SETS];
}

static struct entry *
find(idmap_t *m, ses_str_t queue_id)
{
    struct entry *set = set_of(m, queue_id);

    for (int i = 0; i < WAYS; i++)
        if (set[i].used != 0 &&
            ses_str_eq(ses_str_n(set[i].name, set[i].n), queue_id))
            return &set[i];
    return NULL;
}

idmap_kind_t
idmap_find(idmap_t *m, ses_str_t queue_id, ses_msgid_t *id)
{
    struct entry *e = find(m, queue_id);

    if (e == NULL)
        return IDMAP_UNKNOWN;
    e->used = ++m->clock;
    if (e->kind == IDMAP_OURS)
        *id = e->id;
    return (idmap_kind_t) e->kind;
}

void
idmap_put(idmap_t *m, ses_str_t queue_id, idmap_kind_t kind, ses_msgid_t id)
{
    struct entry *e = find(m, queue_id), *set;

    if (queue_id.n > NAME_MAX_BYTES)
        return;

    if (e == NULL) {
        set = set_of(m, queue_id);
        e = &set[0];
        for (int i = 1; i < WAYS; i++)
            if (set[i].used < e->used)
                e = &set[i];
    }
    *e = (struct entry){.used = ++m->clock,
                        .id = id,
                        .kind = (uint8_t) kind,
                        .n = (uint8_t) queue_id.n};
    memcpy(e->name, queue_id.p, queue_id.n);
}

void
idmap_del(idmap_t *m, ses_str_t queue_id)
{
    struct entry *e = find(m, queue_id);

    if (e != NULL)
        e->used = 0;
}
