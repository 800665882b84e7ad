/*
 * test_server - when a connection cannot be taken, or no thread be made
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* What accept4 says, one after the other: a descriptor, or minus errno. */
static int script[16];
static unsigned asked;

static int
fake_accept(int fd, struct sockaddr *sa, socklen_t *n, int flags)
{
    int said = script[asked++];

    (void) fd;
    (void) sa;
    (void) n;
    assert_int_equal(flags, SOCK_CLOEXEC);
    errno = said < 0 ? -said : 0;
    return said < 0 ? -1 : said;
}

static int no_thread;      /* errno of pthread_create, 0 = it works */
static unsigned waited_ms; /* in poll without descriptors */

static int
fake_create(pthread_t *thread, const pthread_attr_t *attr,
            void *(*start)(void *), void *arg)
{
    (void) attr;
    *thread = 0;
    if (no_thread == 0)
        start(arg);
    return no_thread;
}

static int
fake_poll(struct pollfd *on, nfds_t n, int ms)
{
    if (n == 0) {
        waited_ms += (unsigned) ms;
        return 0;
    }
    on->revents = POLLIN;
    return 1;
}

#define accept4 fake_accept
#define pthread_create fake_create
#define poll fake_poll
#define milter_serve fake_serve
#include "../../milter/gate/server.c"
#undef accept4
#undef pthread_create
#undef poll

static int served;

void
fake_serve(int fd, const milter_calls_t *calls)
{
    assert_non_null(calls);
    served = fd;
    close(fd);
}

static char logged[4][200];
static unsigned nlogged;

static void
log_line(ses_log_level_t level, const char *text)
{
    (void) level;
    if (nlogged < 4)
        snprintf(logged[nlogged++], sizeof(logged[0]), "%s", text);
}

/* Run the script, whose last word ends it. */
static ses_rc_t
run(ses_arena_t *a, const int *said, size_t n)
{
    static const milter_calls_t calls = {.actions = 0};
    ses_cx_t cx = ses_cx(a, 0);

    memcpy(script, said, n * sizeof(*said));
    asked = nlogged = waited_ms = 0;
    served = -1;
    ses_log_open("test", log_line);
    return server_run(&cx, -1, &calls);
}

#define RUN(a, ...)                                                            \
    run(a, (const int[]){__VA_ARGS__},                                         \
        sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

/* The guest's end of a connection: is ours closed? */
static bool
is_closed(int fd)
{
    char c;

    return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

static void
test_passing_errors(void **state)
{
    ses_arena_t *a = *state;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(RUN(a, -EINTR, -ENOTSOCK, -EAGAIN, -ECONNABORTED, -EPROTO,
                         -EPERM, pair[0], -EBADF),
                     SES_FAULT);
    assert_int_equal(served, pair[0]);
    assert_int_equal(waited_ms, 0);
    assert_int_equal(asked, 8);
    close(pair[1]);
}

/* Out of descriptors: it says so, waits, and takes whoever still waits. */
static void
test_out_of_descriptors(void **state)
{
    ses_arena_t *a = *state;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(RUN(a, -EMFILE, -ENFILE, pair[0], -EBADF), SES_FAULT);
    assert_int_equal(served, pair[0]);
    assert_int_equal(waited_ms, 2 * OUT_OF_FDS_MS);
    assert_string_equal(logged[0], "milter: accept: Too many open files");
    close(pair[1]);
}

/* Without a thread the guest is sent away, which Postfix tells as 451, and
 * nothing of him is left; the next one is served. */
static void
test_out_of_threads(void **state)
{
    ses_arena_t *a = *state;
    int first[2], second[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, first), 0);
    no_thread = EAGAIN;
    assert_int_equal(RUN(a, first[0], -EBADF), SES_FAULT);
    no_thread = 0;
    assert_int_equal(served, -1);
    assert_true(is_closed(first[1]));
    assert_int_equal(fcntl(first[0], F_GETFD), -1);
    assert_string_equal(logged[0], "milter: no thread for a connection: "
                                   "Resource temporarily unavailable");

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, second), 0);
    assert_int_equal(RUN(a, second[0], -EBADF), SES_FAULT);
    assert_int_equal(served, second[0]);
    close(first[1]);
    close(second[1]);
}

static int
setup(void **state)
{
    *state = ses_arena_new();
    return 0;
}

static int
teardown(void **state)
{
    ses_log_open("test", NULL);
    ses_arena_free(*state);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_passing_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_of_descriptors, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_out_of_threads, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
