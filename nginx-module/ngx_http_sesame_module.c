/*
 * ngx_http_sesame_module - directives, and the life of a worker
 *
 *   sesame_config FILE;   http       sesame.conf of this host
 *   sesame on | off;      location   this location is the API
 *
 * Configuration and keys are read by the master (as root), at each reload;
 * the store is opened by worker processes only, after fork.  The gate's keys
 * are never read here.
 */

#include "ngx_http_sesame.h"

#include "base/clock.h"
#include "base/log.h"
#include "model/model.h"

#define CERTIFICATE_MAX  65536


static void *ngx_http_sesame_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_sesame_create_srv_conf(ngx_conf_t *cf);
static void *ngx_http_sesame_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_sesame_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_sesame_config(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_sesame_enable(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_sesame_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_sesame_init_process(ngx_cycle_t *cycle);
static void ngx_http_sesame_exit_process(ngx_cycle_t *cycle);


static ngx_command_t  ngx_http_sesame_commands[] = {

    { ngx_string("sesame_config"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_sesame_config,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sesame"),
      NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_http_sesame_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_sesame_loc_conf_t, enable),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_sesame_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_sesame_postconfiguration,     /* postconfiguration */

    ngx_http_sesame_create_main_conf,      /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_http_sesame_create_srv_conf,       /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_sesame_create_loc_conf,       /* create location configuration */
    ngx_http_sesame_merge_loc_conf         /* merge location configuration */
};


ngx_module_t  ngx_http_sesame_module = {
    NGX_MODULE_V1,
    &ngx_http_sesame_module_ctx,           /* module context */
    ngx_http_sesame_commands,              /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_sesame_init_process,          /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_sesame_exit_process,          /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_http_sesame_create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_sesame_main_conf_t));
}


static void *
ngx_http_sesame_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_sesame_srv_conf_t));
}


static void *
ngx_http_sesame_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_sesame_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_sesame_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->enable = NGX_CONF_UNSET;

    return conf;
}


static char *
ngx_http_sesame_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_sesame_loc_conf_t  *prev = parent;
    ngx_http_sesame_loc_conf_t  *conf = child;

    ngx_conf_merge_value(conf->enable, prev->enable, 0);

    return NGX_CONF_OK;
}


/* Pieces of the arena end with the configuration they belong to. */

static void
ngx_http_sesame_free_arena(void *data)
{
    ses_arena_free(data);
}


static ses_arena_t *
ngx_http_sesame_arena(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->data = ses_arena_new();
    cln->handler = ngx_http_sesame_free_arena;

    return cln->data;
}


/* sns.pem is made with the store; without it there is nothing to serve. */

static void
ngx_http_sesame_certificate(ngx_conf_t *cf, ses_cx_t *cx, api_env_t *env)
{
    int          fd;
    char        *text;
    ssize_t      n;
    const char  *path;

    path = ses_conf_key(cx, &env->conf, "sns.pem");
    fd = open(path, O_RDONLY|O_CLOEXEC);
    if (fd == -1) {
        ngx_conf_log_error(NGX_LOG_NOTICE, cf, ngx_errno,
                           "sesame: no certificate \"%s\"", path);
        return;
    }

    text = ses_alloc(cx->arena, CERTIFICATE_MAX);
    n = read(fd, text, CERTIFICATE_MAX);
    close(fd);

    if (n > 0) {
        env->certificate = ses_str_n(text, n);
    }
}


static char *
ngx_http_sesame_config(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_sesame_main_conf_t  *smcf = conf;

    ses_cx_t      cx;
    ngx_int_t     rc;
    ngx_str_t    *value;
    api_env_t    *env;
    ses_arena_t  *arena;

    if (smcf->file.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    smcf->file = value[1];

    if (ngx_conf_full_name(cf->cycle, &smcf->file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    arena = ngx_http_sesame_arena(cf);
    if (arena == NULL) {
        return NGX_CONF_ERROR;
    }

    env = &smcf->env;
    cx = ses_cx(arena, ses_clock_ms());

    if (ses_conf_load(&cx, (char *) smcf->file.data, &env->conf) != SES_OK
        || ses_keyring_load(&cx, ses_conf_key(&cx, &env->conf, "site.key"),
                            &env->site) != SES_OK
        || ses_keyring_load(&cx, ses_conf_key(&cx, &env->conf, "ticket.key"),
                            &env->ticket) != SES_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "sesame: %*s",
                           cx.why.n, cx.why.p);
        return NGX_CONF_ERROR;
    }

    ngx_http_sesame_certificate(cf, &cx, env);

    rc = ngx_parse_addr_port(cf->pool, &smcf->inject,
                             (u_char *) env->conf.inject.p,
                             env->conf.inject.n);
    if (rc != NGX_OK || ngx_inet_get_port(smcf->inject.sockaddr) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "sesame: inject = \"%*s\" is not IP:PORT",
                           env->conf.inject.n, env->conf.inject.p);
        return NGX_CONF_ERROR;
    }
    smcf->inject.name.data = (u_char *) env->conf.inject.p;
    smcf->inject.name.len = env->conf.inject.n;

    return NGX_CONF_OK;
}


static char *
ngx_http_sesame_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                        *rv;
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_sesame_loc_conf_t  *slcf = conf;
    ngx_http_sesame_srv_conf_t  *sscf;

    rv = ngx_conf_set_flag_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK || !slcf->enable) {
        return rv;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_sesame_handler;

    sscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_sesame_module);
    sscf->api = 1;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_sesame_postconfiguration(ngx_conf_t *cf)
{
    ngx_uint_t                     i;
    ngx_http_core_srv_conf_t     **cscfp;
    ngx_http_core_main_conf_t     *cmcf;
    ngx_http_sesame_main_conf_t   *smcf;
    ngx_http_sesame_srv_conf_t    *sscf;

    static ngx_str_t  name = ngx_string("sesame");

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_sesame_module);

    if (smcf->file.data == NULL) {

        cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
        cscfp = cmcf->servers.elts;

        for (i = 0; i < cmcf->servers.nelts; i++) {
            sscf = cscfp[i]->ctx->srv_conf[ngx_http_sesame_module.ctx_index];
            if (sscf->api) {
                ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                              "\"sesame on\" needs \"sesame_config FILE\" "
                              "in http {}");
                return NGX_ERROR;
            }
        }

        return NGX_OK;
    }

    /* an unknown pool is an error that names the directive to add */
    smcf->pool = ngx_thread_pool_add(cf, &name);
    if (smcf->pool == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_sesame_error_init(cf);
}


static void
ngx_http_sesame_log(ses_log_level_t level, const char *line)
{
    ngx_uint_t  ngx_level;

    ngx_level = (level == SES_LOG_ERROR) ? NGX_LOG_ERR
                : (level == SES_LOG_WARN) ? NGX_LOG_WARN : NGX_LOG_INFO;

    ngx_log_error(ngx_level, ngx_cycle->log, 0, "sesame: %s", line);
}


static ngx_int_t
ngx_http_sesame_init_process(ngx_cycle_t *cycle)
{
    ngx_http_sesame_main_conf_t  *smcf;

    /* not in the cache manager and loader */
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    smcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_sesame_module);
    if (smcf == NULL || smcf->file.data == NULL) {
        return NGX_OK;
    }

    ses_log_open("nginx", ngx_http_sesame_log);
    ses_model_init();

    return ngx_http_sesame_worker_init(cycle, smcf);
}


static void
ngx_http_sesame_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_http_sesame_worker.conf != NULL) {
        ngx_http_sesame_worker_exit(cycle);
    }
}
