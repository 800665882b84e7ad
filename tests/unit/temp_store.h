/*
 * temp_store - a store in a directory that goes away with the test
 */
#ifndef SES_TEST_TEMP_STORE_H
#define SES_TEST_TEMP_STORE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"

static inline int
temp_remove_one(const char *path, const struct stat *st, int flag,
                struct FTW *ftw)
{
    (void) st;
    (void) flag;
    (void) ftw;
    return remove(path);
}

static inline void
temp_remove(const char *dir)
{
    nftw(dir, temp_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A new directory; the caller removes it with temp_remove and frees it. */
static inline char *
temp_dir(void)
{
    char *dir = strdup("/tmp/sesame-test-XXXXXX");

    if (mkdtemp(dir) == NULL)
        abort();
    return dir;
}

static inline ses_store_t *
temp_store(ses_cx_t *cx, const char *dir)
{
    ses_store_t *s = NULL;

    if (ses_store_open(cx, dir, 1ULL << 30, SES_STORE_CREATE, &s) != SES_OK) {
        fprintf(stderr, "%.*s\n", SES_FMT(cx->why));
        abort();
    }
    return s;
}

#endif
