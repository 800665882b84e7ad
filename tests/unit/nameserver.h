/*
 * nameserver - a little DNS server for tests: answers from a table
 */
#ifndef TESTS_UNIT_NAMESERVER_H
#define TESTS_UNIT_NAMESERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAMES_MAX 32

typedef struct {
    const char *name;
    int type;         /* 5 CNAME, 6 SOA, 15 MX, 16 TXT; 0 = any */
    const char *text; /* of a TXT (strings of 100 bytes), target of others */
    int rcode;        /* 0 answers; 2 SERVFAIL; -1 says nothing */
} dns_row_t;

static struct {
    int fd;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock;
    dns_row_t rows[NAMES_MAX];
    unsigned n, asked;
    int other; /* rcode for other names; -1 says nothing */
} nameserver = {.lock = PTHREAD_MUTEX_INITIALIZER, .other = 3};

static uint8_t *
dns_name(uint8_t *p, const char *name)
{
    size_t n;

    while (*name != '\0') {
        n = strcspn(name, ".");
        *p++ = (uint8_t) n;
        memcpy(p, name, n);
        p += n;
        name += n + (name[n] == '.');
    }
    *p++ = 0;
    return p;
}

static uint8_t *
dns_record(uint8_t *p, const char *owner, const dns_row_t *row)
{
    const char *t = row->text;
    uint8_t *length;
    size_t n;

    p = dns_name(p, owner);
    memcpy(p, (uint8_t[]){0, (uint8_t) row->type, 0, 1, 0, 0, 1, 44}, 8);
    length = p + 8;
    p += 10;
    if (row->type == 16) {
        do {
            n = strlen(t) > 100 ? 100 : strlen(t);
            *p++ = (uint8_t) n;
            memcpy(p, t, n);
            p += n;
            t += n;
        } while (*t != '\0');
    } else {
        if (row->type == 15) { /* its preference */
            *p++ = 0;
            *p++ = 10;
        }
        p = dns_name(p, row->type == 6 ? "ns.example.net" : t);
        if (row->type == 6) {
            p = dns_name(p, "hostmaster.example.net");
            memset(p, 0, 20);
            p[3] = 42;
            p += 20;
        }
    }
    length[0] = (uint8_t) ((p - length - 2) >> 8);
    length[1] = (uint8_t) (p - length - 2);
    return p;
}

/* The answer to a query; 0 = none. */
static size_t
dns_answer(const uint8_t *q, size_t n, uint8_t *out)
{
    uint8_t *p = out, *count;
    char name[256] = "";
    const dns_row_t *row;
    size_t at = 12, i, len;
    int type, rcode = nameserver.other, hops = 0;

    if (n < 17)
        return 0;
    while (at < n && (len = q[at++]) != 0 && at + len < n) {
        if (name[0] != '\0')
            strcat(name, ".");
        strncat(name, (const char *) q + at, len);
        at += len;
    }
    type = q[at] << 8 | q[at + 1];
    at += 4;
    memcpy(p, q, at);
    p[2] = 0x81;
    p[3] = 0x80;
    memset(p + 6, 0, 6);
    count = p + 7;
    p += at;
again:
    for (i = 0; i < nameserver.n; i++) {
        row = &nameserver.rows[i];
        if (strcasecmp(row->name, name) != 0)
            continue;
        if (row->rcode < 0)
            return 0;
        if (row->rcode > 0) {
            rcode = row->rcode;
            continue;
        }
        rcode = 0;
        if (row->type == type || row->type == 5) {
            p = dns_record(p, name, row);
            ++*count;
        }
        if (row->type == 5 && type != 5 && hops++ < 4) {
            strcpy(name, row->text);
            rcode = 3;
            goto again;
        }
    }
    if (rcode < 0)
        return 0;
    out[3] = (uint8_t) (0x80 | rcode);
    return (size_t) (p - out);
}

static void *
nameserver_run(void *arg)
{
    uint8_t in[1024], out[4096];
    struct sockaddr_in from;
    socklen_t len;
    ssize_t n;
    size_t m;

    (void) arg;
    for (;;) {
        len = sizeof(from);
        n = recvfrom(nameserver.fd, in, sizeof(in), 0,
                     (struct sockaddr *) &from, &len);
        if (n < 12) /* the test's farewell */
            return NULL;
        pthread_mutex_lock(&nameserver.lock);
        nameserver.asked++;
        m = dns_answer(in, (size_t) n, out);
        pthread_mutex_unlock(&nameserver.lock);
        if (m > 0)
            sendto(nameserver.fd, out, m, 0, (struct sockaddr *) &from, len);
    }
}

static void
nameserver_start(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(in);

    nameserver.n = 0;
    nameserver.fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(nameserver.fd, (struct sockaddr *) &in, n) != 0 ||
        getsockname(nameserver.fd, (struct sockaddr *) &in, &n) != 0)
        abort();
    nameserver.port = ntohs(in.sin_port);
    pthread_create(&nameserver.thread, NULL, nameserver_run, NULL);
}

/* Add a row, or replace the one of this name and type. */
static void
nameserver_put(const char *name, int type, const char *text, int rcode)
{
    unsigned i;

    pthread_mutex_lock(&nameserver.lock);
    for (i = 0; i < nameserver.n; i++)
        if (strcmp(nameserver.rows[i].name, name) == 0 &&
            nameserver.rows[i].type == type)
            break;
    if (i == NAMES_MAX)
        abort();
    if (i == nameserver.n)
        nameserver.n++;
    nameserver.rows[i] = (dns_row_t){name, type, text, rcode};
    pthread_mutex_unlock(&nameserver.lock);
}

/* One more record. */
static void
nameserver_add(const char *name, int type, const char *text)
{
    pthread_mutex_lock(&nameserver.lock);
    if (nameserver.n == NAMES_MAX)
        abort();
    nameserver.rows[nameserver.n++] = (dns_row_t){name, type, text, 0};
    pthread_mutex_unlock(&nameserver.lock);
}

static void
nameserver_default(int rcode)
{
    pthread_mutex_lock(&nameserver.lock);
    nameserver.other = rcode;
    pthread_mutex_unlock(&nameserver.lock);
}

static void
nameserver_stop(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t) nameserver.port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    sendto(fd, "bye", 3, 0, (struct sockaddr *) &in, sizeof(in));
    close(fd);
    pthread_join(nameserver.thread, NULL);
    close(nameserver.fd);
}

#endif
