/*
 * stock - RSA key pairs made in advance
 */
#include "stock.h"

#include <openssl/rsa.h>
#include <pthread.h>
#include <sched.h>

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    EVP_PKEY **pairs;
    unsigned n, size;
    bool running, stop;
} stock = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* Wait until a pair is wanted; false = stop. */
static bool
wanted(void)
{
    bool go;

    pthread_mutex_lock(&stock.lock);
    while (!stock.stop && stock.n == stock.size)
        pthread_cond_wait(&stock.wake, &stock.lock);
    go = !stock.stop;
    pthread_mutex_unlock(&stock.lock);
    return go;
}

static void *
run(void *unused)
{
    const struct sched_param none = {0};
    EVP_PKEY *pair;

    (void) unused;
    pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);
    while (wanted() && (pair = EVP_RSA_gen(SES_DKIM_BITS)) != NULL) {
        pthread_mutex_lock(&stock.lock);
        stock.pairs[stock.n++] = pair; /* nobody else adds */
        pthread_mutex_unlock(&stock.lock);
    }
    return NULL;
}

ses_rc_t
stock_start(ses_cx_t *cx, unsigned size)
{
    if (size == 0)
        return SES_OK;
    stock.pairs = ses_xcalloc(size * sizeof(*stock.pairs));
    stock.size = size;
    if (pthread_create(&stock.thread, NULL, run, NULL) != 0)
        return ses_fail(cx, SES_FAULT, "the thread of keys does not start");
    stock.running = true;
    return SES_OK;
}

void
stock_stop(void)
{
    if (!stock.running)
        return;
    pthread_mutex_lock(&stock.lock);
    stock.stop = true;
    pthread_cond_signal(&stock.wake);
    pthread_mutex_unlock(&stock.lock);
    pthread_join(stock.thread, NULL);
    while (stock.n > 0)
        EVP_PKEY_free(stock.pairs[--stock.n]);
    ses_xfree(stock.pairs);
    stock.running = false;
}

EVP_PKEY *
stock_take(ses_dkim_kind_t kind, unsigned bits)
{
    EVP_PKEY *pair = NULL;

    if (kind == SES_DKIM_ED25519)
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    pthread_mutex_lock(&stock.lock);
    if (bits == SES_DKIM_BITS && stock.n > 0) {
        pair = stock.pairs[--stock.n];
        pthread_cond_signal(&stock.wake);
    }
    pthread_mutex_unlock(&stock.lock);
    return pair != NULL ? pair : EVP_RSA_gen(bits);
}
