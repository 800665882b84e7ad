/*
 * dest_sns - an event as SNS would POST it to a subscriber (contract 8.6)
 *
 * The envelope is a JSON object whose members stand in SNS's order.  What is
 * signed are lines of name and value in an order of their own, by a table
 * for each kind of message; SignatureVersion 1 is RSA over SHA-1.
 */
#include "dest_sns.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/log.h"
#include "notification.h"

#define SUBJECT "Amazon SES Email Event Notification"
#define BODY_MAX (4u << 20)

/* Members of an envelope, by name. */
typedef enum {
    F_TYPE,
    F_ID,
    F_TOKEN,
    F_TOPIC,
    F_SUBJECT,
    F_MESSAGE,
    F_SUBSCRIBE,
    F_TIME,
    F_VERSION,
    F_SIGNATURE,
    F_CERT,
    F_UNSUBSCRIBE,
    F_MAX
} field_t;

static const char *const names[F_MAX] = {
    "Type",         "MessageId",      "Token",
    "TopicArn",     "Subject",        "Message",
    "SubscribeURL", "Timestamp",      "SignatureVersion",
    "Signature",    "SigningCertURL", "UnsubscribeURL"};

/* As they are signed: sorted by name.  An absent member has no line. */
static const field_t signed_notification[] = {F_MESSAGE, F_ID,    F_SUBJECT,
                                              F_TIME,    F_TOPIC, F_TYPE};
static const field_t signed_confirmation[] = {
    F_MESSAGE, F_ID, F_SUBSCRIBE, F_TIME, F_TOKEN, F_TOPIC, F_TYPE};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

ses_rc_t
sns_open(ses_cx_t *cx, const ses_conf_t *conf, dest_sns_t *out)
{
    const char *path = ses_conf_key(cx, conf, "sns.key");
    EVP_PKEY *key;
    FILE *f;

    if ((f = fopen(path, "re")) == NULL)
        return ses_fail(cx, errno == ENOENT ? SES_NOT_FOUND : SES_DENIED,
                        "%s: cannot be read", path);
    key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    fclose(f);
    if (key == NULL || !EVP_PKEY_is_a(key, "RSA")) {
        EVP_PKEY_free(key);
        return ses_fail(cx, SES_INVALID, "%s: not an RSA key in PEM", path);
    }
    out->conf = conf;
    out->key = key;
    return SES_OK;
}

void
sns_renew(ses_cx_t *cx, const ses_conf_t *conf, dest_sns_t *d)
{
    dest_sns_t other;

    d->conf = conf;
    if (sns_open(cx, conf, &other) != SES_OK) { /* gone since it was checked */
        ses_log(SES_LOG_WARN, "reload: %.*s: the old key signs on",
                SES_FMT(cx->why));
        return;
    }
    sns_close(d);
    *d = other;
}

void
sns_close(dest_sns_t *d)
{
    EVP_PKEY_free(d->key);
    d->key = NULL;
}

ses_str_t
sns_message_id(ses_arena_t *a, const ses_cursor_key_t *k, const ses_event_t *e)
{
    ses_str_t event = ses_hex(a, ses_str_n(e->hash, sizeof(e->hash)));
    uint8_t hash[SES_SHA256];

    ses_sha256(ses_str_printf(a, "%.*s/%.*s/%.*s/%.*s", SES_FMT(k->account),
                              SES_FMT(k->set), SES_FMT(k->destination),
                              SES_FMT(event)),
               hash);
    return ses_uuid_from(a, hash);
}

/* The string that is signed. */
static ses_str_t
canonical(ses_arena_t *a, const ses_str_t f[F_MAX], const field_t *table,
          size_t n)
{
    ses_buf_t b;
    size_t i;

    ses_buf_init(&b, a, BODY_MAX);
    for (i = 0; i < n; i++) {
        if (f[table[i]].p == NULL)
            continue;
        ses_buf_c(&b, names[table[i]]);
        ses_buf_char(&b, '\n');
        ses_buf_str(&b, f[table[i]]);
        ses_buf_char(&b, '\n');
    }
    return ses_buf_get(&b);
}

static ses_rc_t
sign(ses_cx_t *cx, const dest_sns_t *d, ses_str_t text, ses_str_t *out)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char *sig = NULL;
    size_t n = 0;
    bool ok;

    ok = md != NULL &&
         EVP_DigestSignInit(md, NULL, EVP_sha1(), NULL, d->key) == 1 &&
         EVP_DigestSign(md, NULL, &n, (const unsigned char *) text.p, text.n) ==
             1;
    if (ok) {
        sig = ses_alloc(cx->arena, n);
        ok = EVP_DigestSign(md, sig, &n, (const unsigned char *) text.p,
                            text.n) == 1;
    }
    EVP_MD_CTX_free(md);
    if (!ok)
        return ses_fail(cx, SES_FAULT, "sns.key: signing failed");
    *out = ses_base64(cx->arena, ses_str_n(sig, n));
    return SES_OK;
}

/* Sign the members and write them as JSON. */
static ses_rc_t
envelope(ses_cx_t *cx, const dest_sns_t *d, ses_str_t f[F_MAX],
         const field_t *table, size_t n, ses_str_t *out)
{
    ses_jsonw_t w;
    ses_rc_t rc;
    field_t i;

    rc = sign(cx, d, canonical(cx->arena, f, table, n), &f[F_SIGNATURE]);
    if (rc != SES_OK)
        return rc;
    f[F_VERSION] = SES_STR("1");
    f[F_CERT] = ses_str_cat(cx->arena, d->conf->public_url,
                            SES_STR("/SimpleNotificationService.pem"));
    ses_jsonw_init(&w, cx->arena, BODY_MAX);
    ses_jsonw_open(&w, NULL);
    for (i = 0; i < F_MAX; i++)
        if (f[i].p != NULL)
            ses_jsonw_str(&w, names[i], f[i]);
    ses_jsonw_close(&w);
    if (w.buf.overflow)
        return ses_fail(cx, SES_TOO_LARGE, "the envelope is too large");
    *out = ses_jsonw_get(&w);
    return SES_OK;
}

static const char *
header(ses_arena_t *a, const char *name, ses_str_t value)
{
    return ses_str_printf(a, "%s: %.*s", name, SES_FMT(value)).p;
}

static void
common_headers(ses_arena_t *a, const ses_str_t f[F_MAX], courier_post_t *out)
{
    *out = (courier_post_t){
        .headers = {"Content-Type: text/plain; charset=UTF-8",
                    "User-Agent: Amazon Simple Notification Service Agent",
                    header(a, "x-amz-sns-message-type", f[F_TYPE]),
                    header(a, "x-amz-sns-message-id", f[F_ID]),
                    header(a, "x-amz-sns-topic-arn", f[F_TOPIC])}};
}

ses_rc_t
sns_notification(ses_cx_t *cx, const dest_sns_t *d, const outlet_info_t *to,
                 const ses_event_t *e, int64_t when, courier_post_t *out)
{
    bool notification = to->notification && e->type != SES_EVENT_NOTICE;
    ses_arena_t *a = cx->arena;
    ses_str_t f[F_MAX] = {{0}}, body = e->body;
    ses_rc_t rc;

    if (notification &&
        (rc = notification_body(cx, e->body, to->headers, &body)) != SES_OK)
        return rc;
    f[F_TYPE] = SES_STR("Notification");
    f[F_ID] = sns_message_id(a, &to->key, e);
    f[F_TOPIC] = to->topic_arn;
    f[F_MESSAGE] = body;
    if (e->type != SES_EVENT_NOTICE && !notification)
        f[F_SUBJECT] = SES_STR(SUBJECT);
    f[F_TIME] = ses_clock_iso(a, when);
    f[F_UNSUBSCRIBE] =
        ses_str_printf(a, "%.*s/?Action=Unsubscribe&SubscriptionArn=%.*s",
                       SES_FMT(d->conf->public_url), SES_FMT(to->arn));

    common_headers(a, f, out);
    out->headers[5] = header(a, "x-amz-sns-subscription-arn", to->arn);
    out->url = ses_str_c(a, to->endpoint);
    if (to->raw) {
        out->headers[6] = "x-amz-sns-rawdelivery: true";
        out->body = ses_str_dup(a, body);
        return SES_OK;
    }
    return envelope(cx, d, f, signed_notification, COUNT(signed_notification),
                    &out->body);
}

ses_rc_t
sns_confirmation(ses_cx_t *cx, const dest_sns_t *d, const ses_subscription_t *s,
                 courier_post_t *out)
{
    ses_arena_t *a = cx->arena;
    ses_str_t f[F_MAX] = {{0}};

    f[F_TYPE] = SES_STR("SubscriptionConfirmation");
    f[F_ID] = ses_uuid(a);
    f[F_TOKEN] = s->token;
    f[F_TOPIC] = ses_topic_arn(a, d->conf->region, s->account, s->topic);
    f[F_MESSAGE] = ses_str_printf(
        a,
        "You have chosen to subscribe to the topic %.*s.\nTo confirm the "
        "subscription, visit the SubscribeURL included in this message.",
        SES_FMT(f[F_TOPIC]));
    f[F_SUBSCRIBE] = ses_str_printf(
        a, "%.*s/?Action=ConfirmSubscription&TopicArn=%.*s&Token=%.*s",
        SES_FMT(d->conf->public_url), SES_FMT(f[F_TOPIC]), SES_FMT(s->token));
    f[F_TIME] = ses_clock_iso(a, cx->now);

    common_headers(a, f, out);
    out->url = ses_str_c(a, s->endpoint);
    return envelope(cx, d, f, signed_confirmation, COUNT(signed_confirmation),
                    &out->body);
}
