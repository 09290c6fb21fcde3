/* The thread of a journal. It does what it is asked to, writes what waits when it is due, and reads ahead what will be
 * taken; else it sleeps. All signals are blocked in it: the one that a limit of file sizes sends, too, so that a write
 * fails instead of ending the program. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "keep/keep_state.h"

#define SLEEP_S 3600.0 /* while there is nothing to do */

/* ---- jobs ---- */

dmap_status dmap__keep_have(dmap__keep *keep, dmap__keep_job *job) {
    pthread_mutex_lock(&keep->lock);
    keep->job = job;
    dmap__bell_ring(&keep->bell);
    while (!job->is_done)
        pthread_cond_wait(&keep->done, &keep->lock);
    pthread_mutex_unlock(&keep->lock);
    return job->status;
}

/* ---- the lock file ---- */

static void fail(dmap__keep *keep, const dmap__error *error) {
    pthread_mutex_lock(&keep->lock);
    if (!atomic_load(&keep->has_failed))
        keep->error = *error;
    atomic_store(&keep->has_failed, true);
    pthread_mutex_unlock(&keep->lock);
    dmap__bell_ring(keep->keeps->bell);
}

/* A process that was stopped for long has lost it, maybe: it looks before it writes. */
static bool renew(dmap__keep *keep, double now) {
    dmap__error error;
    if (!keep->held.path || now - keep->renewed_s < DMAP__LOCK_RENEW_S)
        return true;
    keep->renewed_s = now;
    if (dmap__lock_file_renew(&keep->held))
        return true;
    dmap__fail(&error, DMAP_EIO, "the lock of the journal \"%s\" was taken away: another process has it", keep->path);
    fail(keep, &error);
    return false;
}

/* ---- writing ---- */

static void commit_inserted(dmap__keep *keep) {
    dmap__error error;
    if (!keep->inserted)
        return;
    if (!atomic_load(&keep->has_failed) && dmap__keep_commit(keep, &error) != DMAP_OK)
        fail(keep, &error);
    for (const dmap__keep_entry *entry = keep->inserted; entry; entry = entry->next) {
        atomic_fetch_sub(&keep->bytes, entry->bytes);
        atomic_fetch_sub(&entry->map->unwritten, 1);
    }
    dmap__keep_free_entries(keep->inserted);
    keep->inserted = NULL;
    keep->inserted_bytes = 0;
    dmap__bell_ring(keep->keeps->bell);
}

/* What is to be inserted now. *commits: and then to be committed; *due_s: seconds until that, at most */
static dmap__keep_entry *take_due(dmap__keep *keep, double now, bool *commits, double *due_s, double *oldest_s) {
    pthread_mutex_lock(&keep->lock);
    dmap__keep_entry *entries = keep->first;
    *oldest_s = keep->inserted ? keep->inserted_s : keep->oldest_s;
    bool has_any = keep->inserted || entries;
    *due_s = has_any ? *oldest_s + DMAP__KEEP_COMMIT_S - now : SLEEP_S;
    *commits = has_any && (*due_s <= 0 || keep->inserted_bytes + keep->waiting_bytes >= DMAP__KEEP_COMMIT_BYTES ||
                           keep->ends || atomic_load(&keep->is_hurried));
    if (*commits || keep->waiting_bytes >= DMAP__KEEP_INSERT_BYTES) {
        keep->first = keep->last = NULL;
        keep->waiting_bytes = 0;
    } else {
        entries = NULL;
    }
    pthread_mutex_unlock(&keep->lock);
    return entries;
}

static void insert(dmap__keep *keep, dmap__keep_entry *entries, double now, double oldest_s) {
    dmap__error error;
    if (!atomic_load(&keep->has_failed) && renew(keep, now) && dmap__keep_insert(keep, entries, &error) != DMAP_OK)
        fail(keep, &error);
    keep->inserted_s = oldest_s;
    while (entries) {
        dmap__keep_entry *next = entries->next;
        keep->inserted_bytes += entries->bytes;
        entries->next = keep->inserted;
        keep->inserted = entries;
        entries = next;
    }
}

/* Large rows go into the file as they come, so that the disk has something to do. */
static bool write_due(dmap__keep *keep, double now, double *due_s) {
    bool commits;
    double oldest_s;
    dmap__keep_entry *entries = take_due(keep, now, &commits, due_s, &oldest_s);
    if (entries)
        insert(keep, entries, now, oldest_s);
    if (commits)
        commit_inserted(keep);
    return entries || commits;
}

static bool do_job(dmap__keep *keep) {
    pthread_mutex_lock(&keep->lock);
    dmap__keep_job *job = keep->job;
    keep->job = NULL;
    pthread_mutex_unlock(&keep->lock);
    if (!job)
        return false;
    commit_inserted(keep);
    dmap_status status = job->run(keep, job->map, job->error);
    pthread_mutex_lock(&keep->lock);
    job->status = status;
    job->is_done = true;
    pthread_cond_broadcast(&keep->done);
    pthread_mutex_unlock(&keep->lock);
    return true;
}

/* ---- reading ahead ---- */

/* The map whose turn it is to have a row read; NULL: none has room for one, or lacks one. */
static dmap__keep_map *next_map(dmap__keep *keep) {
    pthread_mutex_lock(&keep->lock);
    dmap__keep_map *map = keep->maps;
    while (map && (map->read == map->past.n || atomic_load(&map->ahead_bytes) > DMAP__KEEP_AHEAD_BYTES))
        map = map->next;
    pthread_mutex_unlock(&keep->lock);
    return map;
}

/* No map is closed while the thread has it: that is a job, too. Without memory for it a row counts as damaged. */
static bool read_ahead(dmap__keep *keep) {
    dmap__keep_map *map = next_map(keep);
    if (!map)
        return false;
    dmap__keep_ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead) {
        dmap__error error;
        dmap__fail_memory(&error, sizeof *ahead, "a row of a journal");
        fail(keep, &error);
        map->read = map->past.n;
        return true;
    }
    ahead->record = dmap__keep_load(keep, map, &map->past.ranges[map->read++]);
    ahead->bytes = sizeof *ahead + (ahead->record ? dmap__record_bytes(ahead->record) : 0);
    atomic_fetch_add(&map->ahead_bytes, ahead->bytes);
    pthread_mutex_lock(&keep->lock);
    *(map->last ? &map->last->next : &map->first) = ahead;
    map->last = ahead;
    pthread_mutex_unlock(&keep->lock);
    dmap__bell_ring(keep->keeps->bell);
    return true;
}

/* ---- the loop ---- */

static bool is_over(dmap__keep *keep) {
    pthread_mutex_lock(&keep->lock);
    bool over = keep->ends && !keep->first && !keep->inserted && !keep->job;
    pthread_mutex_unlock(&keep->lock);
    return over;
}

void *dmap__keep_run(void *arg) {
    dmap__keep *keep = arg;
    keep->renewed_s = dmap__clock_now();
    for (;;) {
        uint32_t heard = dmap__bell_heard(&keep->bell);
        double now = dmap__clock_now(), due_s;
        if (do_job(keep) || write_due(keep, now, &due_s) || read_ahead(keep))
            continue;
        if (is_over(keep))
            break;
        renew(keep, now);
        dmap__bell_wait(&keep->bell, heard, fmin(due_s, fmax(keep->renewed_s + DMAP__LOCK_RENEW_S - now, 0.001)));
    }
    dmap__file_close(&keep->file);
    dmap__lock_file_drop(&keep->held);
    return NULL;
}
