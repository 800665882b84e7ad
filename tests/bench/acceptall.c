/*
 * acceptall - the cheapest filter libmilter makes: takes every step, says yes
 *
 *   acceptall SOCKET
 *
 * The peer of the gate's throughput: what the protocol alone costs.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <sys/stat.h>

static sfsistat
on_envelope(SMFICTX *ctx, char **argv)
{
    (void) ctx;
    (void) argv;
    return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
    (void) ctx;
    (void) name;
    (void) value;
    return SMFIS_CONTINUE;
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *p, size_t n)
{
    (void) ctx;
    (void) p;
    (void) n;
    return SMFIS_CONTINUE;
}

static sfsistat
on_step(SMFICTX *ctx)
{
    (void) ctx;
    return SMFIS_CONTINUE;
}

int
main(int argc, char **argv)
{
    struct smfiDesc table = {
        .xxfi_name = "acceptall",
        .xxfi_version = SMFI_VERSION,
        .xxfi_envfrom = on_envelope,
        .xxfi_envrcpt = on_envelope,
        .xxfi_header = on_header,
        .xxfi_eoh = on_step,
        .xxfi_body = on_body,
        .xxfi_eom = on_step,
    };

    if (argc != 2) {
        fprintf(stderr, "usage: acceptall SOCKET\n");
        return 2;
    }
    umask(0);
    if (smfi_setconn(argv[1]) != MI_SUCCESS ||
        smfi_register(table) != MI_SUCCESS || smfi_main() != MI_SUCCESS) {
        fprintf(stderr, "acceptall: cannot serve %s\n", argv[1]);
        return 1;
    }
    return 0;
}
