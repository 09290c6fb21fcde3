/* The public functions of one process: a handle that is not open is refused, and sentences go to the thread. */
#include <dmap/process.h>

#include <signal.h>

#include "api/pool.h"
#include "proc/process.h"
#include "proc/process_live.h"

static dmap_status check(const dmap_process *process, const char *function) {
    if (process && dmap__process_live_has(process))
        return DMAP_OK;
    return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "%s: the process is %s", function,
                      process ? "not open" : "NULL");
}

dmap_status dmap_process_open(const dmap_process_options *options, dmap_process **process) {
    if (!process)
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "dmap_process_open: the place for the process is NULL");
    return dmap__process_open(options, process, dmap__thread_error());
}

dmap_status dmap_process_start(dmap_process *process) {
    dmap_status status = check(process, "dmap_process_start");
    return status == DMAP_OK ? dmap__process_start(process, dmap__thread_error()) : status;
}

dmap_status dmap_process_join(dmap_process *process, double timeout_s) {
    dmap_status status = check(process, "dmap_process_join");
    return status == DMAP_OK ? dmap__process_join(process, timeout_s, dmap__thread_error()) : status;
}

bool dmap_process_is_alive(const dmap_process *process) {
    return check(process, "dmap_process_is_alive") == DMAP_OK && dmap__process_is_alive(process);
}

dmap_status dmap_process_exit_code(dmap_process *process, int *code) {
    dmap_status status = check(process, "dmap_process_exit_code");
    if (status == DMAP_OK && !code)
        return dmap__fail(dmap__thread_error(), DMAP_EINVAL, "dmap_process_exit_code: the place for the code is NULL");
    return status == DMAP_OK ? dmap__process_exit_code(process, code, dmap__thread_error()) : status;
}

dmap_status dmap_process_terminate(dmap_process *process) {
    dmap_status status = check(process, "dmap_process_terminate");
    return status == DMAP_OK ? dmap__process_signal(process, SIGTERM, false, dmap__thread_error()) : status;
}

dmap_status dmap_process_kill(dmap_process *process) {
    dmap_status status = check(process, "dmap_process_kill");
    return status == DMAP_OK ? dmap__process_signal(process, SIGKILL, true, dmap__thread_error()) : status;
}

const char *dmap_process_name(const dmap_process *process) {
    return check(process, "dmap_process_name") == DMAP_OK ? dmap__process_name(process) : NULL;
}

int dmap_process_pid(const dmap_process *process) {
    return check(process, "dmap_process_pid") == DMAP_OK ? dmap__process_pid(process) : -1;
}

int dmap_process_fd(const dmap_process *process) {
    return check(process, "dmap_process_fd") == DMAP_OK ? dmap__process_fd(process) : -1;
}

dmap_status dmap_process_close(dmap_process *process) {
    if (!process)
        return DMAP_OK;
    dmap_status status = check(process, "dmap_process_close");
    return status == DMAP_OK ? dmap__process_close(process, dmap__thread_error()) : status;
}
