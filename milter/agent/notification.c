/*
 * notification - the event of the log, told in the older way
 */
#include "notification.h"

#include "base/assert.h"
#include "base/json.h"

#define NOTIFICATION_MAX (8u << 20)

static void
put_value(ses_jsonw_t *w, const cJSON *v)
{
    char *text = cJSON_PrintUnformatted(v);

    ses_assert(text != NULL);
    ses_jsonw_raw(w, v->string, ses_str(text));
    cJSON_free(text);
}

/* The first value of an automatic tag. */
static void
put_tag(ses_jsonw_t *w, const char *name, const cJSON *mail, const char *tag)
{
    const cJSON *v = ses_json_get(ses_json_get(mail, "tags"), tag);

    if (cJSON_IsArray(v) && cJSON_IsString(v->child))
        ses_jsonw_c(w, name, v->child->valuestring);
}

static bool
of_headers(const char *name)
{
    return strcmp(name, "headersTruncated") == 0 ||
           strcmp(name, "headers") == 0 || strcmp(name, "commonHeaders") == 0;
}

static void
put_mail(ses_jsonw_t *w, const cJSON *mail, bool headers)
{
    const cJSON *v;

    ses_jsonw_open(w, "mail");
    cJSON_ArrayForEach(v, mail)
    {
        if (strcmp(v->string, "tags") == 0 ||
            (!headers && of_headers(v->string)))
            continue;
        put_value(w, v);
        if (strcmp(v->string, "sourceArn") != 0)
            continue;
        put_tag(w, "sourceIp", mail, "ses:source-ip");
        put_tag(w, "callerIdentity", mail, "ses:caller-identity");
    }
    ses_jsonw_close(w);
}

ses_rc_t
notification_body(ses_cx_t *cx, ses_str_t event, bool headers, ses_str_t *out)
{
    const cJSON *v;
    ses_jsonw_t w;
    cJSON *j;
    ses_rc_t rc;

    if ((rc = ses_json_parse(cx, event, &j)) != SES_OK)
        return ses_fail(cx, SES_FAULT, "an event is no JSON");
    ses_jsonw_init(&w, cx->arena, NOTIFICATION_MAX);
    ses_jsonw_open(&w, NULL);
    ses_jsonw_str(&w, "notificationType", ses_json_str(j, "eventType"));
    cJSON_ArrayForEach(v, j)
    {
        if (strcmp(v->string, "mail") == 0)
            put_mail(&w, v, headers);
        else if (strcmp(v->string, "eventType") != 0)
            put_value(&w, v);
    }
    ses_jsonw_close(&w);
    ses_json_free(j);
    if (w.buf.overflow)
        return ses_fail(cx, SES_TOO_LARGE, "a notification is too large");
    *out = ses_jsonw_get(&w);
    return SES_OK;
}
