/*
 * test_quota_model - a random schedule against a model: never above the limit
 *
 * Accepts, refusals, aborts, transactions that a crash cuts off, processes
 * that are killed in the middle, and a clock that is set forward and back and
 * takes leap seconds.  SESAME_SEED repeats a run, SESAME_LONG=1 makes it long.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "quota_clock.h"

#include "store/commit.h"

static bool
is_long(void)
{
    return getenv("SESAME_LONG") != NULL;
}

/* --- one schedule, one model ------------------------------------------- */

typedef struct {
    int64_t at; /* true time: what has passed, whatever the clock says */
    uint32_t n;
    int64_t minute;
    bool back;
} charge_t;

/* How many of the window before at: exactly, and with two minutes' slack. */
static void
window(const charge_t *c, unsigned n, int64_t at, uint64_t *sum,
       uint64_t *loose)
{
    *sum = *loose = 0;
    while (n-- > 0 && c[n].at > at - DAY - 2 * MINUTE) {
        if (c[n].back)
            continue;
        *loose += c[n].n;
        if (c[n].at > at - DAY)
            *sum += c[n].n;
    }
}

/* What somebody may set a clock by. */
static int64_t
clock_step(seeded_t *s)
{
    static const int64_t steps[] = {-1000,        1000,     -90000,
                                    3600000,      -3600000, DAY + 61000,
                                    -DAY - 61000, 30 * DAY};

    return steps[seeded_below(s, sizeof(steps) / sizeof(steps[0]))];
}

/* A take whose transaction never commits: the process is killed. */
static void
crash(fixture_t *f, const ses_account_t *a, uint32_t n, int64_t wall,
      int64_t at)
{
    int64_t minute;
    ses_txn_t *t;

    ses_cx_clear(&f->cx);
    f->cx.now = wall;
    steady.ms = at;
    assert_int_equal(ses_txn_nested(&f->cx, f->t, &t), SES_OK);
    (void) !ses_quota_take(&f->cx, t, a, n, n, &minute);
    ses_txn_end(t);
}

static void
run_schedule(fixture_t *f, seeded_t *s, unsigned steps)
{
    charge_t *c = calloc(steps, sizeof(*c));
    const unsigned limit = 20 + seeded_below(s, 200);
    ses_account_t a = {.id = ACCOUNT, .max24 = limit, .rate = -1};
    int64_t at = NOW, skew = 0, minute;
    unsigned n = 0, i, k, accepted = 0, refused = 0;
    uint64_t sum, loose, used;
    uint32_t want;
    ses_rc_t rc;

    for (i = 0; i < steps; i++) {
        at += seeded_below(s, 4) == 0 ? seeded_below(s, 40 * MINUTE)
                                      : seeded_below(s, 3000);
        if (seeded_below(s, 20) == 0)
            skew += clock_step(s);
        want = 1 + seeded_below(s, limit / 4);
        if (seeded_below(s, 50) == 0)
            crash(f, &a, want, at + skew, at);
        rc = take_at(f, &a, want, at + skew, at, &minute);
        window(c, n, at, &sum, &loose);
        if (rc == SES_OK) {
            accepted++;
            if (sum + want > limit)
                SEEDED_FAIL(s, "step %u: %llu + %u > %u", i,
                            (unsigned long long) sum, want, limit);
            c[n++] = (charge_t){at, want, minute, false};
        } else {
            refused++;
            if (rc != SES_QUOTA || loose + want <= limit)
                SEEDED_FAIL(s, "step %u: %s: %llu + %u <= %u", i,
                            ses_rc_name(rc), (unsigned long long) loose, want,
                            limit);
        }
        if (n > 0 && seeded_below(s, 10) == 0) { /* one is aborted */
            k = n - 1 - seeded_below(s, n < 30 ? n : 30);
            if (!c[k].back && c[k].at > at - DAY + 2 * MINUTE) {
                assert_int_equal(ses_quota_return(&f->cx, f->t, ACCOUNT,
                                                  c[k].minute, c[k].n),
                                 SES_OK);
                c[k].back = true;
            }
        }
        window(c, n, at, &sum, &loose);
        assert_int_equal(ses_quota_used(&f->cx, f->t, ACCOUNT, &used), SES_OK);
        if (used < sum || used > loose)
            SEEDED_FAIL(s, "step %u: used %llu", i, (unsigned long long) used);
        ses_arena_reset(f->arena);
    }
    if (accepted < steps / 50 || refused < steps / 50)
        SEEDED_FAIL(s, "%u accepted, %u refused", accepted, refused);
    free(c);
}

static void
test_schedule(void **state)
{
    seeded_t s = seeded();

    run_schedule(*state, &s, is_long() ? 300000 : 6000);
}

/* --- several processes, killed in the middle --------------------------- */

#define PROCESSES 3
#define LIMIT 2000

typedef struct {
    ses_account_t account;
    uint32_t n;
    int64_t minute;
} job_t;

static ses_rc_t
take_one(ses_cx_t *cx, ses_txn_t *t, void *arg)
{
    job_t *j = arg;

    return ses_quota_take(cx, t, &j->account, j->n, j->n, &j->minute);
}

/* In a child: take until nothing fits, and say what was accepted. */
static void __attribute__((noreturn))
taker(const char *dir, unsigned seed, _Atomic uint64_t *accepted)
{
    ses_arena_t *arena = ses_arena_new();
    ses_cx_t cx = ses_cx(arena, NOW);
    seeded_t s = {seed, seed};
    ses_committer_t *committer;
    ses_store_t *store;
    job_t j = {.account = {.id = ACCOUNT, .max24 = LIMIT, .rate = -1}};
    ses_rc_t rc;

    if (ses_store_open(&cx, dir, 64 << 20, 0, &store) != SES_OK)
        _exit(3);
    committer = ses_committer_new(store, false);
    for (;;) {
        j.n = 1 + seeded_below(&s, 7);
        ses_cx_clear(&cx);
        rc = ses_commit(committer, &cx, take_one, &j);
        if (rc == SES_OK)
            *accepted += j.n;
        else if (j.n == 1)
            _exit(rc == SES_QUOTA ? 0 : 4);
        ses_arena_reset(arena);
    }
}

static void
test_processes(void **state)
{
    fixture_t *f = *state;
    seeded_t s = seeded();
    _Atomic uint64_t *accepted = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[PROCESSES];
    unsigned i, kills = is_long() ? 200 : 15;
    uint64_t used, most = 0;
    int status;

    assert_int_equal(ses_txn_commit(&f->cx, f->t), SES_OK);
    ses_store_close(f->store); /* not to be had across fork */
    for (i = 0; i < PROCESSES; i++)
        if ((pids[i] = fork()) == 0)
            taker(f->dir, (unsigned) seeded_next(&s), accepted);
    while (kills-- > 0) {
        usleep(2000 + seeded_below(&s, 20000));
        i = seeded_below(&s, PROCESSES);
        kill(pids[i], SIGKILL);
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        most += WIFSIGNALED(status) ? 7 : 0;
        if ((pids[i] = fork()) == 0)
            taker(f->dir, (unsigned) seeded_next(&s), accepted);
    }
    for (i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(ses_store_open(&f->cx, f->dir, 64 << 20, 0, &f->store),
                     SES_OK);
    assert_int_equal(ses_txn_write(&f->cx, f->store, &f->t), SES_OK);
    assert_int_equal(ses_quota_used(&f->cx, f->t, ACCOUNT, &used), SES_OK);
    /* what was committed but not told of, at most one take for each kill */
    if (used > LIMIT || *accepted > used || used > *accepted + most)
        SEEDED_FAIL(&s, "%llu used, %llu accepted", (unsigned long long) used,
                    (unsigned long long) *accepted);
    assert_int_equal(used, LIMIT);
    munmap((void *) (uintptr_t) accepted, 4096);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_schedule),
        TEST(test_processes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
