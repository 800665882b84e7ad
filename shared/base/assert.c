/*
 * assert - end the process on a broken invariant
 */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void
ses_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "sesame: panic: %s:%d: %s\n", file, line, what);
    abort();
}
