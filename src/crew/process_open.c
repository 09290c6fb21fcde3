/* Opening: the options are checked and copied, so that starting needs nothing of them but the descriptors. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"
#include "crew/process_body.h"
#include "crew/process_code.h"
#include "crew/process_environment.h"
#include "crew/process_live.h"
#include "crew/process_state.h"
#include "crew/process_system.h"

static const char *find_mistake(const dmap_process_options *o) {
    if (!o)
        return "the options are NULL";
    if (!o->run == !o->argv)
        return "one of run and argv is needed";
    if (o->argv && (!o->argv[0] || !o->argv[0][0]))
        return "the command line is empty";
    if (o->argv && (o->argument || o->argument_size || o->start != DMAP_START_DEFAULT))
        return "argument and start are for functions";
    if (o->start < DMAP_START_DEFAULT || o->start > DMAP_SPAWN)
        return "start is none of DMAP_FORKSERVER, DMAP_FORK, DMAP_SPAWN";
    if (!o->argument && o->argument_size)
        return "the argument is NULL, its size is not 0";
    if (o->input < DMAP_FD_NONE || o->output < DMAP_FD_NONE || o->error < DMAP_FD_NONE)
        return "input, output and error are descriptors, or one of DMAP_FD_";
    if (o->n_fds < 0 || o->n_fds > DMAP_FDS_MOST || (o->n_fds && !o->fds))
        return "fds needs n_fds descriptors, 200 at the most";
    if (!isfinite(o->start_timeout_s) || o->start_timeout_s < 0)
        return "start_timeout_s is no number of seconds";
    return NULL;
}

/* An entry that is no variable would be kept from the child, or mistaken by it for another. */
static const char *find_no_variable(const char *const *environment) {
    for (; environment && *environment; environment++)
        if (strcspn(*environment, "=") == 0 || !strchr(*environment, '='))
            return *environment;
    return NULL;
}

static dmap__child_kind kind_of(const dmap_process_options *o) {
    if (o->argv)
        return DMAP__CHILD_COMMAND;
    return o->start == DMAP_SPAWN ? DMAP__CHILD_COPY : DMAP__CHILD_FUNCTION;
}

static dmap_status write_body(dmap_process *p, const dmap_process_options *o, const char *code, dmap__error *error) {
    const char *const *all = o->environment ? o->environment : (const char *const *)environ;
    static const char *const none[] = {NULL};
    size_t n = 0;
    all = all ? all : none;
    while (all[n])
        n++;
    const char **kept = calloc(n + 1, sizeof *kept);
    if (!kept)
        return dmap__fail_memory(error, (n + 1) * sizeof *kept, "the environment of a process");
    if (o->environment)
        memcpy(kept, all, n * sizeof *kept);
    else
        dmap__environment_for_child(all, kept);
    dmap_status status = dmap__process_body_write(o, p->name, code, kept, &p->body, error);
    free(kept);
    return status;
}

static void destroy(dmap_process *p) {
    dmap__process_live_remove(p);
    dmap__close_one(&p->body);
    dmap__close_one(&p->pidfd);
    dmap__close_one(&p->report);
    dmap__close_one(&p->lifeline);
    free(p->given);
    free(p->name);
    free(p);
}

static dmap_process *create(const dmap_process_options *o, const char *name) {
    dmap_process *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    *p = (dmap_process){.kind = kind_of(o),
                        .is_direct = o->run && o->start == DMAP_FORK,
                        .is_daemon = o->daemon,
                        .start_timeout_s = o->start_timeout_s > 0 ? o->start_timeout_s : DMAP__START_TIMEOUT_S,
                        .run = o->run,
                        .standard = {o->input, o->output, o->error},
                        .n_given = o->n_fds,
                        .body = -1,
                        .pidfd = -1,
                        .report = -1,
                        .lifeline = -1,
                        .pid = -1};
    p->name = strdup(name);
    p->given = calloc((size_t)o->n_fds + 1, sizeof *p->given);
    if (!p->name || !p->given || !dmap__process_live_add(p)) {
        destroy(p);
        return NULL;
    }
    if (o->n_fds)
        memcpy(p->given, o->fds, (size_t)o->n_fds * sizeof *p->given);
    return p;
}

dmap_status dmap__process_open(const dmap_process_options *options, dmap_process **process, dmap__error *error) {
    const char *code = "", *mistake = find_mistake(options);
    if (mistake)
        return dmap__fail(error, DMAP_EINVAL, "%s", mistake);
    const char *entry = find_no_variable(options->environment);
    if (entry)
        return dmap__fail(error, DMAP_EINVAL, "the environment's \"%.100s\" is not of the form NAME=value", entry);
    dmap_status status =
        options->run && options->start == DMAP_SPAWN ? dmap__process_code_name(options->run, &code, error) : DMAP_OK;
    if (status != DMAP_OK)
        return status;
    const char *name = options->name ? options->name : options->argv ? options->argv[0] : "function";
    dmap_process *made = create(options, name);
    if (!made)
        return dmap__fail_memory(error, sizeof *made, "a process");
    status = write_body(made, options, code, error);
    if (status == DMAP_OK)
        *process = made;
    else
        destroy(made);
    return status;
}

dmap_status dmap__process_close(dmap_process *p, dmap__error *error) {
    if (dmap__process_is_alive(p))
        return dmap__fail(error, DMAP_EINVAL, "process \"%s\" (%d) still runs", p->name, (int)p->pid);
    if (p->state == DMAP__PROCESS_STARTED)
        dmap__process_collect(p);
    destroy(p);
    return DMAP_OK;
}
