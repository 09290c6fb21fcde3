/* Items that make items.
 *
 * A chunk of such a call is a transaction: items go in; out come what they, and all that came of them, have come to,
 * and the items that wait. So the chunk of a rank that was lost can be run again from its beginning, and no item is
 * ever in two places. Its way:
 *
 *   An item that is made belongs to the attempt that made it (worker_spawned.c) until that has ended well. Then it goes
 *   into its worker's deque, from where the worker takes the youngest, and a worker with nothing the oldest, and half.
 *   The chunk has ended when no item waits and none runs. It also ends early, "stopped": no item is begun any more, and
 *   once those that run have ended what waits goes back to the master in the outcome, from where it is granted again,
 *   shared out over the ranks that have nothing. That is how work goes from rank to rank (the master recalls the
 * chunk), how a rank's memory stays bounded (it stops by itself), and how results leave while the tree still grows. The
 * master knows the end by counting: no chunk is out, no item waits, and the source has no more.
 *
 * `state` is one word: bit 63: stopped; bits 48 to 62: workers inside; below: items that wait or run, plus BIAS. A
 * worker counts what came and what ended for itself, and adds it when it leaves; so the items may be wrong, even less
 * than 0, while somebody is inside, which BIAS is for. With nobody inside they are right. Who leaves as the last, and
 * finds no item, or that it is stopped, ends the chunk: since nobody goes inside after that, only one does. */
#include "crew/spawn.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crew/context.h"

#define STOPPED       (UINT64_C(1) << 63)
#define INSIDE        (UINT64_C(1) << 48)
#define BIAS          (UINT64_C(1) << 46)
#define STEAL_MOST    64
#define INDICES       1024 /* that a worker takes from the rank's at once */
#define INDEX_SPAWNED (UINT64_C(1) << 63)

static uint64_t inside_of(uint64_t state) {
    return (state & ~STOPPED) / INSIDE;
}

static int64_t items_of(uint64_t state) {
    return (int64_t)(state % INSIDE) - (int64_t)BIAS;
}

static bool is_over(uint64_t state) {
    return inside_of(state) == 0 && (items_of(state) == 0 || state & STOPPED);
}

static dmap__spawn_work *create(int workers) {
    dmap__spawn_work *work = aligned_alloc(DMAP__CACHE_LINE, sizeof *work);
    if (!work)
        return NULL;
    memset(work, 0, sizeof *work);
    work->workers = workers;
    work->lanes = aligned_alloc(DMAP__CACHE_LINE, (size_t)workers * sizeof *work->lanes);
    if (!work->lanes) {
        free(work);
        return NULL;
    }
    memset(work->lanes, 0, (size_t)workers * sizeof *work->lanes);
    return work;
}

void dmap__spawn_work_destroy(dmap__spawn_work *work) {
    if (!work)
        return;
    for (int i = 0; i < work->workers; i++)
        dmap__spawn_deque_fini(&work->lanes[i].deque);
    free(work->lanes);
    free(work);
}

dmap__spawn_record *dmap__spawn_alloc(size_t size) {
    size_t bytes = dmap__spawn_record_bytes(size);
    return bytes ? malloc(bytes) : NULL;
}

void dmap__spawn_free(dmap__spawn_record *record) {
    free(record);
}

/* The records of the grant's item: one, or several side by side. */
static bool begin_item(dmap__spawn_work *work, dmap_blob item, int *worker, uint64_t *items) {
    for (size_t at = 0; at < item.size;) {
        const dmap__spawn_record *from =
            (const dmap__spawn_record *)(const void *)((const unsigned char *)item.data + at);
        dmap__spawn_record *record = dmap__spawn_alloc((size_t)from->size);
        if (!record)
            return false;
        memcpy(record, from, sizeof *record + (size_t)from->size);
        if (!dmap__spawn_put(work, *worker, record)) {
            dmap__spawn_free(record);
            return false;
        }
        *worker = (*worker + 1) % work->workers;
        ++*items;
        at += dmap__spawn_record_bytes((size_t)from->size);
    }
    return true;
}

static bool begin(dmap__spawn_work *work, const dmap__grant *grant) {
    const dmap_blob *items = grant->items;
    uint64_t n = 0;
    int worker = 0;
    bool is_whole = true;
    for (int i = 0; i < work->workers; i++) {
        dmap__spawn_lane *lane = &work->lanes[i];
        lane->held = lane->indices = lane->indices_end = lane->folded = 0;
        lane->longest_s = 0;
        atomic_store(&lane->stolen, 0);
        dmap__fold_init(&lane->fold, grant->call->task, 0);
    }
    for (uint64_t i = 0; is_whole && i < grant->end - grant->begin; i++)
        is_whole = begin_item(work, items[i], &worker, &n);
    work->began_s = dmap__clock_now();
    atomic_store(&work->ran, 0);
    atomic_store(&work->again, 0);
    atomic_store(&work->state, BIAS + n);
    return is_whole;
}

bool dmap__spawn_open(dmap__spawn_work **work, int workers, dmap__grant *grant) {
    if (!grant->call->spec.spawns)
        return false;
    if (!*work)
        *work = create(workers);
    if (*work && begin(*work, grant))
        return true;
    dmap__trouble_set(&grant->outcome.trouble, DMAP_ENOMEM, "out of memory for a chunk");
    if (*work)
        dmap__spawn_stop(*work);
    return *work;
}

bool dmap__spawn_has_work(const dmap__spawn_work *work) {
    uint64_t state = atomic_load(&work->state);
    for (int i = 0; !(state & STOPPED) && i < work->workers; i++)
        if (dmap__spawn_deque_size(&work->lanes[i].deque))
            return true;
    return false;
}

bool dmap__spawn_enter(dmap__spawn_work *work) {
    uint64_t state = atomic_load(&work->state);
    do
        if (state & STOPPED || is_over(state))
            return false;
    while (!atomic_compare_exchange_weak(&work->state, &state, state + INSIDE));
    return true;
}

bool dmap__spawn_leave(dmap__spawn_work *work, uint64_t came, uint64_t ended, uint64_t again) {
    uint64_t change = came - ended - INSIDE;
    atomic_fetch_add(&work->ran, ended - again);
    atomic_fetch_add(&work->again, again);
    return is_over(atomic_fetch_add(&work->state, change) + change);
}

bool dmap__spawn_stop(dmap__spawn_work *work) {
    uint64_t before = atomic_fetch_or(&work->state, STOPPED);
    return !(before & STOPPED) && !is_over(before) && is_over(before | STOPPED);
}

bool dmap__spawn_has_ended(const dmap__spawn_work *work) {
    return is_over(atomic_load(&work->state));
}

uint64_t dmap__spawn_waiting(const dmap__spawn_work *work) {
    int64_t items = 0;
    for (int i = 0; i < work->workers; i++)
        items += dmap__spawn_deque_size(&work->lanes[i].deque);
    return (uint64_t)items;
}

/* ---- a worker's ---- */

static uint64_t bytes_of(const dmap__spawn_record *record) {
    return dmap__spawn_record_bytes((size_t)record->size);
}

bool dmap__spawn_put(dmap__spawn_work *work, int worker, dmap__spawn_record *record) {
    dmap__spawn_lane *lane = &work->lanes[worker];
    lane->held += bytes_of(record);
    return dmap__spawn_deque_push(&lane->deque, record);
}

/* Half of what another has: the youngest of it is returned, the others go into the thief's own, empty deque. */
static dmap__spawn_record *steal(dmap__spawn_work *work, int victim, int thief) {
    dmap__spawn_lane *from = &work->lanes[victim], *own = &work->lanes[thief];
    dmap__spawn_record *last = dmap__spawn_deque_steal(&from->deque);
    uint64_t bytes = last ? bytes_of(last) : 0;
    int64_t want = last ? dmap__spawn_deque_size(&from->deque) / 2 : 0;
    for (int64_t i = 0; i < want && i < STEAL_MOST && dmap__spawn_deque_reserve(&own->deque); i++) {
        dmap__spawn_record *record = dmap__spawn_deque_steal(&from->deque);
        if (!record)
            break;
        bytes += bytes_of(record);
        dmap__spawn_put(work, thief, last);
        last = record;
    }
    if (last)
        atomic_fetch_add_explicit(&from->stolen, bytes, memory_order_relaxed);
    return last;
}

dmap__spawn_record *dmap__spawn_take(dmap__spawn_work *work, int worker) {
    dmap__spawn_lane *lane = &work->lanes[worker];
    dmap__spawn_record *record = dmap__spawn_deque_pop(&lane->deque);
    if (record) {
        lane->held -= bytes_of(record);
        return record;
    }
    for (int i = 1; i < work->workers && !record; i++)
        record = steal(work, (worker + i) % work->workers, worker);
    return record;
}

/* The number is in the upper half, then the rank, then a count: unique in the call. */
uint64_t dmap__spawn_index(dmap__spawn_work *work, int worker, dmap__crew_call *call, int rank) {
    dmap__spawn_lane *lane = &work->lanes[worker];
    unsigned bits = call->spec.rank_bits;
    uint64_t base = INDEX_SPAWNED | (bits ? (uint64_t)rank << (63 - bits) : 0);
    if (lane->indices == lane->indices_end) {
        lane->indices = atomic_fetch_add(&call->indices, INDICES);
        lane->indices_end = lane->indices + INDICES;
    }
    return base | lane->indices++;
}

/* ---- the end ---- */

static bool keep(dmap__outcome *outcome, dmap__spawn_record *record) {
    dmap__spawn_record *kept = dmap__spawn_record_add(&outcome->records, DMAP__RECORD_ITEM, (size_t)record->size);
    if (kept)
        memcpy(kept, record, sizeof *record + (size_t)record->size);
    dmap__spawn_free(record);
    return kept != NULL;
}

static bool keep_value(dmap__outcome *outcome, const void *value, size_t size) {
    dmap__spawn_record *kept = dmap__spawn_record_add(&outcome->records, DMAP__RECORD_FOLD, size);
    if (kept && size)
        memcpy(dmap__spawn_record_data(kept), value, size);
    return kept != NULL;
}

/* What a worker's results come to. */
static bool keep_fold(dmap__outcome *outcome, dmap__spawn_lane *lane, const dmap_task *task) {
    void *blob = NULL;
    size_t size = 0;
    bool is_kept = !lane->value || keep_value(outcome, lane->value, task->result_size);
    if (lane->folded)
        is_kept =
            dmap__fold_finish_blob(&lane->fold, &blob, &size) && (!blob || keep_value(outcome, blob, size)) && is_kept;
    free(blob);
    free(lane->value);
    lane->value = NULL;
    dmap__fold_fini(&lane->fold);
    return is_kept;
}

void dmap__spawn_collect(dmap__spawn_work *work, dmap__grant *grant) {
    dmap__outcome *outcome = &grant->outcome;
    dmap__spawn_record *ran = dmap__spawn_record_add(&outcome->records, DMAP__RECORD_RAN, 0);
    bool is_kept = ran != NULL;
    double longest_s = 0;
    for (int i = 0; i < work->workers; i++) {
        dmap__spawn_lane *lane = &work->lanes[i];
        is_kept = keep_fold(outcome, lane, grant->call->task) && is_kept;
        longest_s = lane->longest_s > longest_s ? lane->longest_s : longest_s;
        for (dmap__spawn_record *record; (record = dmap__spawn_deque_pop(&lane->deque));)
            is_kept = keep(outcome, record) && is_kept;
    }
    if (ran) {
        ran->index = atomic_load(&work->ran);
        ran->seed = atomic_load(&work->again);
    }
    if (!is_kept || !dmap__outcome_add_span(outcome, grant->begin, grant->end, longest_s, true))
        dmap__trouble_set(&outcome->trouble, DMAP_ENOMEM, "out of memory for items that items made");
}
