/*
 * assert - "this is our bug"
 *
 * Stays on in release builds.  Input from outside never reaches one.
 */
#ifndef SES_BASE_ASSERT_H
#define SES_BASE_ASSERT_H

#define ses_assert(x) ((x) ? (void) 0 : ses_panic(__FILE__, __LINE__, #x))

void ses_panic(const char *file, int line, const char *what)
    __attribute__((noreturn));

#endif
