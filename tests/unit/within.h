/*
 * within - a condition that holds in a while
 */
#ifndef TESTS_UNIT_WITHIN_H
#define TESTS_UNIT_WITHIN_H

#include <unistd.h>

#include "base/clock.h"

/* Wait at most so many milliseconds for it; else the test has failed. */
#define WITHIN(ms, condition)                                                  \
    do {                                                                       \
        int64_t until_ = ses_clock_ms() + (ms);                                \
        while (!(condition) && ses_clock_ms() < until_)                        \
            usleep(5000);                                                      \
        assert_true(condition);                                                \
    } while (0)

#endif
