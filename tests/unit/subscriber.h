/*
 * subscriber - a little HTTP server for tests: records what it is sent and
 * answers as its path says
 *
 *   /ok      200                     /gone    410
 *   /error   500 while `broken`      /hang    nothing while `broken`
 *   /cut     a broken-off answer while `broken`
 */
#ifndef TESTS_UNIT_SUBSCRIBER_H
#define TESTS_UNIT_SUBSCRIBER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SUBSCRIBER_MAX 65536

/* One request that was answered with 2xx, or arrived at all. */
typedef struct {
    char path[16];
    int status;
    char *head, *body;
} received_t;

static struct {
    int fd;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock;
    bool broken;
    received_t got[SUBSCRIBER_MAX];
    unsigned n;
} subscriber = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int
subscriber_status(const char *path)
{
    bool broken;

    pthread_mutex_lock(&subscriber.lock);
    broken = subscriber.broken;
    pthread_mutex_unlock(&subscriber.lock);
    if (strcmp(path, "/gone") == 0)
        return 410;
    if (!broken || strcmp(path, "/ok") == 0)
        return 200;
    if (strcmp(path, "/error") == 0)
        return 500;
    return strcmp(path, "/hang") == 0 ? 0 : -1;
}

/* Answer one request; false = close. */
static bool
subscriber_answer(int fd, const char *head, const char *body)
{
    char path[16] = "", out[128];
    int status, n;

    sscanf(head, "POST %15s", path);
    status = subscriber_status(path);
    pthread_mutex_lock(&subscriber.lock);
    if (subscriber.n < SUBSCRIBER_MAX) {
        received_t *r = &subscriber.got[subscriber.n++];

        strcpy(r->path, path);
        r->status = status;
        r->head = strdup(head);
        r->body = strdup(body);
    }
    pthread_mutex_unlock(&subscriber.lock);
    if (status == 0) {
        while (subscriber_status(path) == 0)
            usleep(10000);
        return false;
    }
    if (status == -1)
        n = sprintf(out, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal");
    else
        n = sprintf(out, "HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\nok",
                    status);
    if (write(fd, out, (size_t) n) != n)
        return false;
    return status != -1;
}

static void *
subscriber_connection(void *arg)
{
    static const char end[] = "\r\n\r\n";
    int fd = (int) (intptr_t) arg;
    char *buf = malloc(1 << 20), *p, *length;
    size_t n = 0, head, body;
    ssize_t got;

    while ((got = read(fd, buf + n, (1 << 20) - 1 - n)) > 0) {
        n += (size_t) got;
        buf[n] = '\0';
        while ((p = strstr(buf, end)) != NULL) {
            head = (size_t) (p - buf) + 4;
            length = strcasestr(buf, "content-length:");
            body = length != NULL && length < p ? strtoul(length + 15, NULL, 10)
                                                : 0;
            if (n < head + body)
                break;
            *p = '\0';
            char after = buf[head + body];
            buf[head + body] = '\0';
            if (!subscriber_answer(fd, buf, buf + head))
                goto out;
            buf[head + body] = after;
            n -= head + body;
            memmove(buf, buf + head + body, n);
            buf[n] = '\0';
        }
    }
out:
    close(fd);
    free(buf);
    return NULL;
}

static void *
subscriber_run(void *arg)
{
    pthread_t t;
    int fd;

    (void) arg;
    while ((fd = accept(subscriber.fd, NULL, NULL)) >= 0) {
        pthread_create(&t, NULL, subscriber_connection, (void *) (intptr_t) fd);
        pthread_detach(t);
    }
    return NULL;
}

static void
subscriber_start(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(in);

    subscriber.n = 0;
    subscriber.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(subscriber.fd, (struct sockaddr *) &in, n) != 0 ||
        listen(subscriber.fd, 256) != 0 ||
        getsockname(subscriber.fd, (struct sockaddr *) &in, &n) != 0)
        abort();
    subscriber.port = ntohs(in.sin_port);
    pthread_create(&subscriber.thread, NULL, subscriber_run, NULL);
}

static void
subscriber_break(bool broken)
{
    pthread_mutex_lock(&subscriber.lock);
    subscriber.broken = broken;
    pthread_mutex_unlock(&subscriber.lock);
}

static void
subscriber_stop(void)
{
    shutdown(subscriber.fd, SHUT_RDWR);
    pthread_join(subscriber.thread, NULL);
    close(subscriber.fd);
}

/* How many arrived on a path and were answered with this status. */
static unsigned
subscriber_count(const char *path, int status)
{
    unsigned i, n = 0;

    pthread_mutex_lock(&subscriber.lock);
    for (i = 0; i < subscriber.n; i++)
        n += strcmp(subscriber.got[i].path, path) == 0 &&
             subscriber.got[i].status == status;
    pthread_mutex_unlock(&subscriber.lock);
    return n;
}

#endif
