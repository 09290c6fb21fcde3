/* Maps and their journals. Maps that are in flight at the same time and name one file share its journal, which is
 * closed with the last of them. The lock of a journal is held for no longer than it takes to move a pointer; a map's
 * own fields but `first` and `last` are the loop's or the thread's alone. */
#include "keep/keep.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "keep/keep_state.h"

#define PAGE_SMALL   4096
#define PAGE_LARGE   65536
#define RESULT_LARGE 4096 /* from here on pages are large, so that a result is on few of them */

/* ---- journals ---- */

static void destroy(dmap__keep *keep) {
    pthread_mutex_destroy(&keep->lock);
    pthread_cond_destroy(&keep->done);
    free(keep->path);
    free(keep);
}

static dmap_status start_thread(dmap__keep *keep, dmap__error *error) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&keep->thread, NULL, dmap__keep_run, keep);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code ? dmap__fail_system(error, code, "start the thread of a journal") : DMAP_OK;
}

static void end_thread(dmap__keep *keep) {
    pthread_mutex_lock(&keep->lock);
    keep->ends = true;
    pthread_mutex_unlock(&keep->lock);
    dmap__bell_ring(&keep->bell);
    pthread_join(keep->thread, NULL);
}

static dmap__keep *create(dmap__keeps *keeps, const dmap__keep_request *request, dmap__error *error) {
    dmap__keep *keep = calloc(1, sizeof *keep);
    if (!keep || !(keep->path = strdup(request->path))) {
        free(keep);
        dmap__fail_memory(error, sizeof *keep, "a journal");
        return NULL;
    }
    keep->keeps = keeps;
    keep->file.path = keep->path;
    size_t size = request->task->result_size;
    keep->page_size = request->shape.want == DMAP__WANT_RESULTS && size >= RESULT_LARGE ? PAGE_LARGE : PAGE_SMALL;
    pthread_mutex_init(&keep->lock, NULL);
    pthread_cond_init(&keep->done, NULL);
    dmap__bell_init(&keep->bell, false);
    if (start_thread(keep, error) != DMAP_OK) {
        destroy(keep);
        return NULL;
    }
    dmap__keep_job job = {.run = dmap__keep_open_file, .error = error};
    if (dmap__keep_have(keep, &job) != DMAP_OK) {
        end_thread(keep);
        destroy(keep);
        return NULL;
    }
    keep->next = keeps->first;
    keeps->first = keep;
    return keep;
}

static void close_if_unused(dmap__keep *keep) {
    dmap__keep **at = &keep->keeps->first;
    if (keep->maps)
        return;
    while (*at != keep)
        at = &(*at)->next;
    *at = keep->next;
    end_thread(keep);
    destroy(keep);
}

static dmap__keep *find_or_create(dmap__keeps *keeps, const dmap__keep_request *request, dmap__error *error) {
    dmap__keep *keep = keeps->first;
    while (keep && strcmp(keep->path, request->path) != 0)
        keep = keep->next;
    return keep ? keep : create(keeps, request, error);
}

/* ---- maps ---- */

static void destroy_map(dmap__keep_map *map) {
    while (map->first) {
        dmap__keep_ahead *next = map->first->next;
        dmap__record_destroy(map->first->record);
        free(map->first);
        map->first = next;
    }
    dmap__past_fini(&map->past);
    free(map->name);
    free(map);
}

static dmap_status add_map(dmap__keep *keep, dmap__keep_map *map, dmap__error *error) {
    for (const dmap__keep_map *other = keep->maps; other; other = other->next)
        if (!strcmp(other->name, map->name))
            return dmap__fail(error, DMAP_EINVAL,
                              "the journal \"%s\" has a map in flight of the name \"%s\" already: give each a name of "
                              "its own (journal_name)",
                              keep->path, map->name);
    map->keep = keep;
    dmap__keep_job job = {.run = dmap__keep_find_map, .map = map, .error = error};
    if (dmap__keep_have(keep, &job) != DMAP_OK)
        return job.status;
    pthread_mutex_lock(&keep->lock);
    map->next = keep->maps;
    keep->maps = map;
    pthread_mutex_unlock(&keep->lock);
    dmap__bell_ring(&keep->bell);
    return DMAP_OK;
}

dmap_status dmap__keep_open(dmap__keeps *keeps, const dmap__keep_request *request, dmap__keep_map **map,
                            dmap__error *error) {
    dmap__keep_map *made = calloc(1, sizeof *made);
    if (!made || !(made->name = strdup(request->name))) {
        free(made);
        return dmap__fail_memory(error, sizeof *made, "a journal");
    }
    made->request = *request;
    dmap__error_clear(error);
    dmap__keep *keep = find_or_create(keeps, request, error);
    if (!keep) {
        destroy_map(made);
        return error->status;
    }
    dmap_status status = add_map(keep, made, error);
    if (status == DMAP_OK) {
        *map = made;
        return DMAP_OK;
    }
    destroy_map(made);
    close_if_unused(keep);
    return status;
}

/* A job: the thread is not at the map when it has done it. What waits of the map is dropped. */
static dmap_status forget_map(dmap__keep *keep, dmap__keep_map *map, dmap__error *error) {
    (void)error;
    pthread_mutex_lock(&keep->lock);
    dmap__keep_map **at = &keep->maps;
    while (*at != map)
        at = &(*at)->next;
    *at = map->next;
    dmap__keep_entry *dropped = NULL, *kept = NULL, **end = &kept, *next;
    keep->last = NULL;
    for (dmap__keep_entry *entry = keep->first; entry; entry = next) {
        next = entry->next;
        if (entry->map == map) {
            keep->waiting_bytes -= entry->bytes;
            atomic_fetch_sub(&keep->bytes, entry->bytes);
            entry->next = dropped;
            dropped = entry;
        } else {
            *end = keep->last = entry;
            end = &entry->next;
        }
    }
    *end = NULL;
    keep->first = kept;
    pthread_mutex_unlock(&keep->lock);
    dmap__keep_free_entries(dropped);
    return DMAP_OK;
}

void dmap__keep_close(dmap__keep_map *map) {
    if (!map)
        return;
    dmap__keep *keep = map->keep;
    dmap__keep_job job = {.run = forget_map, .map = map};
    dmap__keep_have(keep, &job);
    destroy_map(map);
    close_if_unused(keep);
}

/* ---- what was kept ---- */

const dmap__past *dmap__keep_past(const dmap__keep_map *map) {
    return &map->past;
}

bool dmap__keep_take(dmap__keep_map *map, dmap__record **record) {
    dmap__keep *keep = map->keep;
    pthread_mutex_lock(&keep->lock);
    dmap__keep_ahead *ahead = map->first;
    if (ahead && !(map->first = ahead->next))
        map->last = NULL;
    pthread_mutex_unlock(&keep->lock);
    if (!ahead)
        return false;
    *record = ahead->record;
    size_t before = atomic_fetch_sub(&map->ahead_bytes, ahead->bytes);
    if (before > DMAP__KEEP_AHEAD_BYTES)
        dmap__bell_ring(&keep->bell);
    free(ahead);
    return true;
}

/* ---- what is to be kept ---- */

static void put(dmap__keep *keep, dmap__keep_entry *entry) {
    atomic_fetch_add(&keep->bytes, entry->bytes);
    atomic_fetch_add(&entry->map->unwritten, 1);
    pthread_mutex_lock(&keep->lock);
    bool is_first = !keep->first;
    if (is_first)
        keep->oldest_s = dmap__clock_now();
    *(is_first ? &keep->first : &keep->last->next) = entry;
    keep->last = entry;
    keep->waiting_bytes += entry->bytes;
    bool is_due = keep->waiting_bytes >= DMAP__KEEP_INSERT_BYTES;
    atomic_store(&keep->is_hurried, false);
    pthread_mutex_unlock(&keep->lock);
    if (is_first || is_due)
        dmap__bell_ring(&keep->bell);
}

bool dmap__keep_put(dmap__keep_map *map, dmap__record *record) {
    dmap__keep_entry *entry = calloc(1, sizeof *entry);
    if (!entry) {
        dmap__record_destroy(record);
        return false;
    }
    entry->map = map;
    entry->record = record;
    entry->bytes = sizeof *entry + dmap__record_bytes(record);
    put(map->keep, entry);
    return true;
}

bool dmap__keep_put_failure(dmap__keep_map *map, uint64_t index, const dmap__failure *failure, int rank,
                            const char *host) {
    dmap__keep_entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return false;
    entry->map = map;
    entry->index = index;
    entry->rank = rank;
    entry->host = host;
    entry->failure = *failure;
    entry->failure.text = failure->text ? dmap__text_keep(failure->text) : NULL;
    entry->bytes = sizeof *entry + (failure->text ? strlen(failure->text) : 0);
    put(map->keep, entry);
    return true;
}

bool dmap__keep_is_full(const dmap__keep_map *map) {
    return atomic_load_explicit(&map->keep->bytes, memory_order_relaxed) > DMAP__KEEP_MOST_BYTES;
}

bool dmap__keep_is_written(dmap__keep_map *map) {
    dmap__keep *keep = map->keep;
    if (!atomic_load(&map->unwritten))
        return true;
    if (!atomic_exchange(&keep->is_hurried, true))
        dmap__bell_ring(&keep->bell);
    return false;
}

dmap_status dmap__keep_status(const dmap__keep_map *map, dmap__error *error) {
    dmap__keep *keep = map->keep;
    if (!atomic_load_explicit(&keep->has_failed, memory_order_acquire))
        return DMAP_OK;
    *error = keep->error;
    return error->status;
}
