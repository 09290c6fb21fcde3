/* A worker's process. Its worker is the only thread that asks it anything; the watcher's thread does no more than to
 * say that it ended, on the stage and in the watch, once for each process. A new one is started only after the watch
 * said so: the word cannot be about the new one. What the stage says is no proof: a task may have written it. */
#include "crew/puppet.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/options.h"
#include "crew/emission.h"
#include "crew/obituary.h"
#include "crew/process.h"
#include "crew/process_system.h"
#include "crew/watcher.h"
#include "crew/worker_child.h"

#define LOOK_S  0.1 /* between two looks at a process's memory, or at whether it is still wanted */
#define GRACE_S 0.5 /* for a task to see that it is cancelled, before its process is killed */
#define NUDGE_S 0.5 /* between two signals to go on, to a process that is to quit */

dmap__puppet *dmap__puppet_create(const dmap__puppet_config *config) {
    dmap__puppet *puppet = calloc(1, sizeof *puppet);
    if (!puppet)
        return NULL;
    puppet->config = *config;
    if (puppet->config.start_timeout_s <= 0)
        puppet->config.start_timeout_s = DMAP__START_TIMEOUT_S;
    if (config->start == DMAP_FORK)
        dmap__worker_child_prepare();
    puppet->watch.stage = &puppet->stage;
    if (!dmap__stage_create(&puppet->stage)) {
        int reason = errno;
        free(puppet);
        errno = reason;
        return NULL;
    }
    atomic_store(&puppet->stage.head->limit, UINT64_MAX);
    return puppet;
}

/* Does nothing to a process that has ended. */
static void end_now(dmap__puppet *puppet) {
    dmap__process_signal(puppet->process, SIGKILL, true, NULL);
    dmap__watch_wait(&puppet->watch, -1);
}

/* Waits until the watcher has said that the process ended, and forgets it. */
static void bury(dmap__puppet *puppet) {
    dmap__watch_wait(&puppet->watch, -1);
    dmap__process_join(puppet->process, -1, NULL);
    dmap__process_close(puppet->process, NULL);
    puppet->process = NULL;
}

/* A process that was stopped (SIGSTOP) would not see that it is to quit; one that runs takes no notice. */
static void see_off(dmap__puppet *puppet) {
    do
        dmap__process_signal(puppet->process, SIGCONT, true, NULL);
    while (!dmap__watch_wait(&puppet->watch, NUDGE_S));
}

void dmap__puppet_quit(dmap__puppet *puppet) {
    if (!puppet->process)
        return;
    puppet->stage.head->quit = true;
    if (dmap__stage_pass(&puppet->stage, DMAP__TURN_RANK, DMAP__TURN_PROCESS))
        see_off(puppet);
    else
        end_now(puppet);
    bury(puppet);
}

void dmap__puppet_destroy(dmap__puppet *puppet) {
    if (!puppet)
        return;
    dmap__puppet_quit(puppet);
    dmap__stage_destroy(&puppet->stage);
    free(puppet);
}

/* Bytes that a process holds in memory and shares with nobody: the stage is not its fault. 0 if that cannot be read. */
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

static bool is_too_large(dmap__puppet *puppet) {
    double now = dmap__clock_now();
    if (!puppet->config.refresh_memory || now - puppet->looked_s < LOOK_S)
        return false;
    puppet->looked_s = now;
    return own_memory(puppet->pid) > puppet->config.refresh_memory;
}

uint32_t dmap__puppet_admit(dmap__puppet *puppet, uint32_t items) {
    uint64_t most = puppet->config.refresh_items;
    if (puppet->process && ((most && puppet->items >= most) || is_too_large(puppet)))
        dmap__puppet_quit(puppet);
    uint64_t left = puppet->process ? most - puppet->items : most;
    return most && left < items ? (uint32_t)left : items;
}

/* *is_stillborn: it failed, and the next may do better. */
static dmap_status start(dmap__puppet *puppet, bool *is_stillborn, dmap__error *error) {
    char name[32];
    dmap__stage_head *head = puppet->stage.head;
    snprintf(name, sizeof name, "dmap worker %d", puppet->config.worker);
    dmap_process_options options = {.run = dmap__worker_child,
                                    .name = name,
                                    .start = puppet->config.start,
                                    .daemon = true,
                                    .start_timeout_s = puppet->config.start_timeout_s,
                                    .fds = &puppet->stage.descriptor,
                                    .n_fds = 1};
    head->quit = false;
    head->crash = 0;
    head->trace[0] = '\0';
    head->rank = puppet->config.rank;
    head->worker = puppet->config.worker;
    head->inner = puppet->config.inner;
    dmap__surroundings_get(&head->surroundings, puppet->config.mask);
    head->is_bound = sched_getaffinity(0, sizeof head->cpus, head->cpus) == 0;
    head->spins = head->is_bound && CPU_COUNT_S(sizeof head->cpus, head->cpus) >= 2 * puppet->config.workers;
    atomic_store(&head->phase, (uint32_t)DMAP__PHASE_START);
    atomic_store(&head->turn, (uint32_t)DMAP__TURN_RANK);
    *is_stillborn = false;
    dmap_status status = dmap__process_open(&options, &puppet->process, error);
    if (status == DMAP_OK)
        status = dmap__process_start(puppet->process, error);
    if (status == DMAP_OK &&
        !dmap__watcher_add(puppet->config.watcher, dmap__process_fd(puppet->process), &puppet->watch))
        status = dmap__fail_system(error, errno, "watch a process");
    if (status != DMAP_OK && puppet->process) {
        *is_stillborn = dmap__process_is_stillborn(puppet->process);
        dmap__process_signal(puppet->process, SIGKILL, true, NULL);
        dmap__process_join(puppet->process, -1, NULL);
        dmap__process_close(puppet->process, NULL);
        puppet->process = NULL;
    }
    if (status == DMAP_OK)
        puppet->pid = dmap__process_pid(puppet->process);
    puppet->items = 0;
    return status;
}

/* Seconds until the item is over its time (0 or less: it is); a set-up's time does not count. When it began is the
 * process's word: an impossible one counts as a breach. So the clock is read after that word: an item may begin while
 * this thread does not run. */
static double time_left(const dmap__stage_head *head, double item_timeout_s, double asked_s) {
    uint32_t phase = atomic_load(&head->phase);
    if (phase != DMAP__PHASE_ITEM && phase != DMAP__PHASE_BATCH)
        return item_timeout_s;
    double began_s = atomic_load(&head->began_s), now = dmap__clock_now();
    return began_s >= asked_s && began_s <= now ? began_s + item_timeout_s - now : 0;
}

/* True if the process has asked for an emission to be taken, and goes on. */
static bool answer_emission(dmap__puppet *puppet) {
    dmap__stage_head *head = puppet->stage.head;
    uint64_t offset = head->emission, size = head->emitted;
    bool is_asked = size && size <= DMAP__EMISSION_MOST && dmap__stage_holds(&puppet->stage, offset, size);
    if (!is_asked || atomic_load(&head->answer) == puppet->requests)
        return false;
    head->taken = puppet->emit(puppet->emit_arg, head->emitted_index, dmap__stage_at(&puppet->stage, offset), size);
    head->emitted = 0;
    return dmap__stage_pass(&puppet->stage, DMAP__TURN_RANK, DMAP__TURN_PROCESS);
}

/* Counts the time that the process has taken to come up so far; time in which this thread did not look hardly counts.
 * False once it is over. */
static bool may_come_up(const dmap__puppet *puppet, double now, double *waited_s, double *looked_s) {
    double since = now - *looked_s;
    *looked_s = now;
    if (atomic_load(&puppet->stage.head->phase) == DMAP__PHASE_START)
        *waited_s += since < LOOK_S ? since : LOOK_S;
    return *waited_s <= puppet->config.start_timeout_s;
}

/* Whether the items are wanted is looked at now and then: nobody wakes this thread for it. */
static dmap__puppet_said wait_until_due(dmap__puppet *puppet, const dmap__patience *p, double asked_s) {
    double unwanted_s = 0, waited_s = 0, looked_s = asked_s;
    dmap__turn turn = (dmap__turn)atomic_load(&puppet->stage.head->turn);
    while (turn == DMAP__TURN_PROCESS || (turn == DMAP__TURN_RANK && answer_emission(puppet))) {
        double now = dmap__clock_now(), left = LOOK_S;
        if (p->item_timeout_s > 0) {
            left = time_left(puppet->stage.head, p->item_timeout_s, asked_s);
            if (left <= 0)
                return DMAP__PUPPET_TIMED_OUT;
        }
        if (atomic_load(p->limit) <= p->first && !(p->lets_run && atomic_load(p->lets_run))) {
            unwanted_s = unwanted_s > 0 ? unwanted_s : now;
            if (now - unwanted_s >= GRACE_S)
                return DMAP__PUPPET_UNWANTED;
        }
        if (!may_come_up(puppet, now, &waited_s, &looked_s))
            return DMAP__PUPPET_LATE;
        turn = dmap__stage_wait(&puppet->stage, DMAP__TURN_PROCESS, left < LOOK_S ? left : LOOK_S);
    }
    return DMAP__PUPPET_ANSWERED;
}

static bool has_answered(const dmap__puppet *puppet) {
    return atomic_load(&puppet->stage.head->answer) == puppet->requests;
}

/* Whatever the turn is: the answer alone says that it is one. A process that gave none has ended, is over its time, or
 * wrote where it must not, on the turn itself. */
static dmap__puppet_said wait_for_answer(dmap__puppet *puppet, const dmap__patience *patience, double asked_s) {
    dmap__puppet_said said = wait_until_due(puppet, patience, asked_s);
    if (said == DMAP__PUPPET_ANSWERED && has_answered(puppet))
        return said;
    end_now(puppet);
    if (has_answered(puppet)) /* at the last moment */
        return DMAP__PUPPET_ANSWERED;
    return said == DMAP__PUPPET_ANSWERED ? DMAP__PUPPET_DIED : said;
}

dmap__puppet_said dmap__puppet_ask(dmap__puppet *puppet, const dmap__patience *patience, dmap__error *error) {
    dmap__stage_head *head = puppet->stage.head;
    if (puppet->process && atomic_load(&head->turn) != (uint32_t)DMAP__TURN_RANK) {
        end_now(puppet);
        bury(puppet);
    }
    head->request = ++puppet->requests;
    atomic_store(&head->done, 0);
    head->status = head->code = 0;
    head->out_of_memory = head->set_up_failed = false;
    head->text[0] = '\0';
    head->emission = head->emitted = 0;
    head->size = puppet->stage.size;
    bool is_stillborn;
    if (!puppet->process && start(puppet, &is_stillborn, error) != DMAP_OK)
        return is_stillborn ? DMAP__PUPPET_STILLBORN : DMAP__PUPPET_FAILED;
    double asked_s = dmap__clock_now();
    if (dmap__stage_pass(&puppet->stage, DMAP__TURN_RANK, DMAP__TURN_PROCESS))
        return wait_for_answer(puppet, patience, asked_s);
    end_now(puppet);
    return DMAP__PUPPET_DIED;
}

dmap_status dmap__puppet_obituary(dmap__puppet *puppet, int *code, char *text, size_t size, dmap__error *error) {
    *code = 0;
    dmap_status status = dmap__process_join(puppet->process, -1, error);
    if (status == DMAP_OK)
        status = dmap__process_exit_code(puppet->process, code, error);
    if (status == DMAP_OK)
        dmap__obituary_write(code, puppet->pid, puppet->stage.head, text, size);
    bury(puppet);
    return status;
}
