/* A worker's process. Its worker is the only thread that asks it anything; the watcher's thread does no more than to
 * say that it ended, on the channel and in the watch, once for each process. A new one is started only after the watch
 * said so: the word cannot be about the new one. What the channel says is no proof: a task may have written it. */
#include "crew/worker_proc.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/options.h"
#include "crew/crash_report.h"
#include "crew/emission.h"
#include "crew/watcher.h"
#include "crew/worker_child.h"
#include "proc/process.h"
#include "proc/process_system.h"

#define LOOK_S  0.1 /* between two looks at a process's memory, or at whether it is still wanted */
#define GRACE_S 0.5 /* for a task to see that it is cancelled, before its process is killed */
#define NUDGE_S 0.5 /* between two signals to go on, to a process that is to quit */

dmap__worker_proc *dmap__worker_proc_create(const dmap__worker_proc_config *config) {
    dmap__worker_proc *proc = calloc(1, sizeof *proc);
    if (!proc)
        return NULL;
    proc->config = *config;
    if (proc->config.start_timeout_s <= 0)
        proc->config.start_timeout_s = DMAP__START_TIMEOUT_S;
    if (config->start == DMAP_FORK)
        dmap__worker_child_prepare();
    proc->watch.channel = &proc->channel;
    if (!dmap__shm_channel_create(&proc->channel)) {
        int reason = errno;
        free(proc);
        errno = reason;
        return NULL;
    }
    atomic_store(&proc->channel.head->limit, UINT64_MAX);
    return proc;
}

/* Does nothing to a process that has ended. */
static void end_now(dmap__worker_proc *proc) {
    dmap__process_signal(proc->process, SIGKILL, true, NULL);
    dmap__watch_wait(&proc->watch, -1);
}

/* Waits until the watcher has said that the process ended, and forgets it. */
static void bury(dmap__worker_proc *proc) {
    dmap__watch_wait(&proc->watch, -1);
    dmap__process_join(proc->process, -1, NULL);
    dmap__process_close(proc->process, NULL);
    proc->process = NULL;
}

/* A process that was stopped (SIGSTOP) would not see that it is to quit; one that runs takes no notice. */
static void see_off(dmap__worker_proc *proc) {
    do
        dmap__process_signal(proc->process, SIGCONT, true, NULL);
    while (!dmap__watch_wait(&proc->watch, NUDGE_S));
}

void dmap__worker_proc_quit(dmap__worker_proc *proc) {
    if (!proc->process)
        return;
    proc->channel.head->quit = true;
    if (dmap__shm_channel_pass(&proc->channel, DMAP__OWNER_RANK, DMAP__OWNER_PROCESS))
        see_off(proc);
    else
        end_now(proc);
    bury(proc);
}

void dmap__worker_proc_destroy(dmap__worker_proc *proc) {
    if (!proc)
        return;
    dmap__worker_proc_quit(proc);
    dmap__shm_channel_destroy(&proc->channel);
    free(proc);
}

/* Bytes that a process holds in memory and shares with nobody: the channel is not its fault. 0 if that is unknown. */
static uint64_t own_memory(int pid) {
    char path[64];
    uint64_t resident = 0, shared = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    bool is_read = fscanf(file, "%*u %" SCNu64 " %" SCNu64, &resident, &shared) == 2 && resident > shared;
    fclose(file);
    return is_read ? (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static bool is_too_large(dmap__worker_proc *proc) {
    double now = dmap__clock_now();
    if (!proc->config.refresh_memory || now - proc->looked_s < LOOK_S)
        return false;
    proc->looked_s = now;
    return own_memory(proc->pid) > proc->config.refresh_memory;
}

uint32_t dmap__worker_proc_admit(dmap__worker_proc *proc, uint32_t items) {
    uint64_t most = proc->config.refresh_items;
    if (proc->process && ((most && proc->items >= most) || is_too_large(proc)))
        dmap__worker_proc_quit(proc);
    uint64_t left = proc->process ? most - proc->items : most;
    return most && left < items ? (uint32_t)left : items;
}

/* *is_stillborn: it failed, and the next may do better. */
static dmap_status start(dmap__worker_proc *proc, bool *is_stillborn, dmap__error *error) {
    char name[32];
    dmap__shm_channel_head *head = proc->channel.head;
    snprintf(name, sizeof name, "dmap worker %d", proc->config.worker);
    dmap_process_options options = {.run = dmap__worker_child,
                                    .name = name,
                                    .start = proc->config.start,
                                    .daemon = true,
                                    .start_timeout_s = proc->config.start_timeout_s,
                                    .fds = &proc->channel.descriptor,
                                    .n_fds = 1};
    head->quit = false;
    head->crash = 0;
    head->trace[0] = '\0';
    head->rank = proc->config.rank;
    head->worker = proc->config.worker;
    head->inner = proc->config.inner;
    dmap__surroundings_get(&head->surroundings, proc->config.mask);
    head->is_bound = sched_getaffinity(0, sizeof head->cpus, head->cpus) == 0;
    head->spins = head->is_bound && CPU_COUNT_S(sizeof head->cpus, head->cpus) >= 2 * proc->config.workers;
    atomic_store(&head->phase, (uint32_t)DMAP__PHASE_START);
    atomic_store(&head->owner, (uint32_t)DMAP__OWNER_RANK);
    *is_stillborn = false;
    dmap_status status = dmap__process_open(&options, &proc->process, error);
    if (status == DMAP_OK)
        status = dmap__process_start(proc->process, error);
    if (status == DMAP_OK && !dmap__watcher_add(proc->config.watcher, dmap__process_fd(proc->process), &proc->watch))
        status = dmap__fail_system(error, errno, "watch a process");
    if (status != DMAP_OK && proc->process) {
        *is_stillborn = dmap__process_is_stillborn(proc->process);
        dmap__process_signal(proc->process, SIGKILL, true, NULL);
        dmap__process_join(proc->process, -1, NULL);
        dmap__process_close(proc->process, NULL);
        proc->process = NULL;
    }
    if (status == DMAP_OK)
        proc->pid = dmap__process_pid(proc->process);
    proc->items = 0;
    return status;
}

/* Seconds until the item is over its time (0 or less: it is); a set-up's time does not count. When it began is the
 * process's word: an impossible one counts as a breach. So the clock is read after that word: an item may begin while
 * this thread does not run. */
static double time_left(const dmap__shm_channel_head *head, double item_timeout_s, double asked_s) {
    uint32_t phase = atomic_load(&head->phase);
    if (phase != DMAP__PHASE_ITEM && phase != DMAP__PHASE_BATCH)
        return item_timeout_s;
    double began_s = atomic_load(&head->began_s), now = dmap__clock_now();
    return began_s >= asked_s && began_s <= now ? began_s + item_timeout_s - now : 0;
}

static bool answer_offer(dmap__worker_proc *proc) {
    dmap__shm_channel_head *head = proc->channel.head;
    proc->offer(proc->emit_arg, atomic_load(&head->best));
    head->offers = false;
    return dmap__shm_channel_pass(&proc->channel, DMAP__OWNER_RANK, DMAP__OWNER_PROCESS);
}

/* True if the process has asked for an emission, or a bound, to be taken, and goes on. */
static bool answer_question(dmap__worker_proc *proc) {
    dmap__shm_channel_head *head = proc->channel.head;
    if (head->offers && atomic_load(&head->answer) != proc->requests)
        return answer_offer(proc);
    uint64_t offset = head->emission, size = head->emitted;
    bool is_asked = size && size <= DMAP__EMISSION_MOST && dmap__shm_channel_holds(&proc->channel, offset, size);
    if (!is_asked || atomic_load(&head->answer) == proc->requests)
        return false;
    head->taken = proc->emit(proc->emit_arg, head->emitted_index, dmap__shm_channel_at(&proc->channel, offset), size);
    head->emitted = 0;
    return dmap__shm_channel_pass(&proc->channel, DMAP__OWNER_RANK, DMAP__OWNER_PROCESS);
}

/* Counts the time that the process has taken to come up so far; time in which this thread did not look hardly counts.
 * False once it is over. */
static bool may_come_up(const dmap__worker_proc *proc, double now, double *waited_s, double *looked_s) {
    double since = now - *looked_s;
    *looked_s = now;
    if (atomic_load(&proc->channel.head->phase) == DMAP__PHASE_START)
        *waited_s += since < LOOK_S ? since : LOOK_S;
    return *waited_s <= proc->config.start_timeout_s;
}

/* True once something has been so for the time of grace. */
static bool is_over_grace(bool is_so, double now, double *since_s) {
    *since_s = !is_so ? 0 : *since_s > 0 ? *since_s : now;
    return is_so && now - *since_s >= GRACE_S;
}

static bool is_to_be_killed(const dmap__patience *p, double now, double *since_s) {
    uint32_t fate = atomic_load(p->fate);
    bool is_unwanted = atomic_load(p->limit) <= p->first && fate != DMAP__FATE_RUNS;
    return is_over_grace(is_unwanted, now, since_s) || (is_unwanted && fate == DMAP__FATE_KILLED);
}

/* Whether the items are wanted is looked at now and then: nobody wakes this thread for it. */
static dmap__worker_proc_said wait_until_due(dmap__worker_proc *proc, const dmap__patience *p, double asked_s) {
    double unwanted_s = 0, cancelled_s = 0, waited_s = 0, looked_s = asked_s;
    dmap__owner turn = (dmap__owner)atomic_load(&proc->channel.head->owner);
    while (turn == DMAP__OWNER_PROCESS || (turn == DMAP__OWNER_RANK && answer_question(proc))) {
        double now = dmap__clock_now(), left = LOOK_S;
        if (p->item_timeout_s > 0) {
            left = time_left(proc->channel.head, p->item_timeout_s, asked_s);
            if (left <= 0)
                return DMAP__WORKER_PROC_TIMED_OUT;
        }
        if (is_to_be_killed(p, now, &unwanted_s))
            return DMAP__WORKER_PROC_UNWANTED;
        if (is_over_grace(p->cancelled(p->arg) == DMAP__CANCEL_KILL, now, &cancelled_s))
            return DMAP__WORKER_PROC_CANCELLED;
        if (!may_come_up(proc, now, &waited_s, &looked_s))
            return DMAP__WORKER_PROC_LATE;
        turn = dmap__shm_channel_wait(&proc->channel, DMAP__OWNER_PROCESS, left < LOOK_S ? left : LOOK_S);
    }
    return DMAP__WORKER_PROC_ANSWERED;
}

static bool has_answered(const dmap__worker_proc *proc) {
    return atomic_load(&proc->channel.head->answer) == proc->requests;
}

/* Whatever the turn is: the answer alone says that it is one. A process that gave none has ended, is over its time, or
 * wrote where it must not, on the turn itself. */
static dmap__worker_proc_said wait_for_answer(dmap__worker_proc *proc, const dmap__patience *patience, double asked_s) {
    dmap__worker_proc_said said = wait_until_due(proc, patience, asked_s);
    if (said == DMAP__WORKER_PROC_ANSWERED && has_answered(proc))
        return said;
    end_now(proc);
    if (has_answered(proc)) /* at the last moment */
        return DMAP__WORKER_PROC_ANSWERED;
    return said == DMAP__WORKER_PROC_ANSWERED ? DMAP__WORKER_PROC_DIED : said;
}

dmap__worker_proc_said dmap__worker_proc_ask(dmap__worker_proc *proc, const dmap__patience *patience,
                                             dmap__error *error) {
    dmap__shm_channel_head *head = proc->channel.head;
    if (proc->process && atomic_load(&head->owner) != (uint32_t)DMAP__OWNER_RANK) {
        end_now(proc);
        bury(proc);
    }
    head->request = ++proc->requests;
    atomic_store(&head->done, 0);
    head->status = head->code = 0;
    head->out_of_memory = head->set_up_failed = false;
    head->text[0] = '\0';
    head->emission = head->emitted = 0;
    head->offers = false;
    head->size = proc->channel.size;
    bool is_stillborn;
    if (!proc->process && start(proc, &is_stillborn, error) != DMAP_OK)
        return is_stillborn ? DMAP__WORKER_PROC_STILLBORN : DMAP__WORKER_PROC_FAILED;
    double asked_s = dmap__clock_now();
    if (dmap__shm_channel_pass(&proc->channel, DMAP__OWNER_RANK, DMAP__OWNER_PROCESS))
        return wait_for_answer(proc, patience, asked_s);
    end_now(proc);
    return DMAP__WORKER_PROC_DIED;
}

double dmap__worker_proc_take_setup_s(dmap__worker_proc *proc) {
    double seconds = proc->channel.head->setup_s;
    proc->channel.head->setup_s = 0;
    return seconds;
}

dmap_status dmap__worker_proc_reap(dmap__worker_proc *proc, int *code, char *text, size_t size, dmap__error *error) {
    *code = 0;
    dmap_status status = dmap__process_join(proc->process, -1, error);
    if (status == DMAP_OK)
        status = dmap__process_exit_code(proc->process, code, error);
    if (status == DMAP_OK)
        dmap__crash_report_write(code, proc->pid, proc->channel.head, text, size);
    bury(proc);
    return status;
}
