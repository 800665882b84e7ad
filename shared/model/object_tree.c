/*
 * object_tree - a table of places, one tree at most in each
 *
 * A tree has one reference of its place and one of each reader; who drops
 * the last frees it.  Trees are made and freed outside the lock.
 */
#include "model/object_tree.h"

#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "model/object.h"

#define PLACES 256u   /* a power of two */
#define LEN_MAX 4096u /* of a value that is remembered */

struct ses_object_tree_s {
    cJSON *root;
    unsigned refs;
    size_t n;
    char value[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ses_object_tree_t *places[PLACES];

/* FNV-1a.  Who finds a collision gets a slow row, not a wrong one. */
static unsigned
place_of(ses_str_t value)
{
    uint32_t h = 2166136261u;
    size_t i;

    for (i = 0; i < value.n; i++)
        h = (h ^ (unsigned char) value.p[i]) * 16777619u;
    return (h ^ h >> 16) & (PLACES - 1);
}

static ses_object_tree_t *
recall(unsigned place, ses_str_t value)
{
    ses_object_tree_t *tree;

    pthread_mutex_lock(&lock);
    tree = places[place];
    if (tree != NULL &&
        (tree->n != value.n || memcmp(tree->value, value.p, value.n) != 0))
        tree = NULL;
    if (tree != NULL)
        tree->refs++;
    pthread_mutex_unlock(&lock);
    return tree;
}

static void
remember(unsigned place, ses_object_tree_t *tree)
{
    ses_object_tree_t *old;

    pthread_mutex_lock(&lock);
    old = places[place];
    places[place] = tree;
    tree->refs++;
    pthread_mutex_unlock(&lock);
    if (old != NULL)
        ses_object_let_go(old);
}

ses_rc_t
ses_object_tree(ses_cx_t *cx, ses_str_t value, ses_object_tree_t **out)
{
    bool keep = value.n <= LEN_MAX;
    unsigned place = keep ? place_of(value) : 0;
    ses_object_tree_t *tree;
    ses_rc_t rc;
    cJSON *root;

    if (keep && (tree = recall(place, value)) != NULL) {
        *out = tree;
        return SES_OK;
    }
    if ((rc = ses_object_parse(cx, value, &root)) != SES_OK)
        return rc;
    tree = ses_xmalloc(sizeof(*tree) + (keep ? value.n : 0));
    tree->root = root;
    tree->refs = 1;
    if (keep) {
        tree->n = value.n;
        memcpy(tree->value, value.p, value.n);
        remember(place, tree);
    }
    *out = tree;
    return SES_OK;
}

const cJSON *
ses_object_root(const ses_object_tree_t *tree)
{
    return tree->root;
}

void
ses_object_let_go(ses_object_tree_t *tree)
{
    unsigned left;

    pthread_mutex_lock(&lock);
    left = --tree->refs;
    pthread_mutex_unlock(&lock);
    if (left > 0)
        return;
    ses_json_free(tree->root);
    ses_xfree(tree);
}
