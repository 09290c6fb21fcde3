/* Cores: reads the machine into plain tables of cores, and binds threads.
 *
 * Two tables: `wide` has every core that the kernel lets this process use (hwloc's allowed set, which knows cpusets,
 * and what the kernel really grants to a thread that asks for everything: in a container hwloc may not see the cgroup);
 * `kept` has those within the mask that the process was started with. A core of which only some hardware threads are
 * usable is in the table with these. Neither is ever empty. Who gets which core is placement.c's business.
 *
 * Invariant: a topology does not change once it is open, so any thread may use it. Opening it leaves the caller's own
 * binding alone (discovery that moves threads about is turned off; the thread that asks for everything is a short-lived
 * one).
 *
 * It does not bind memory: workers touch their own first. It does not tell fast cores from slow ones. */
#include "cpu/topology.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hwloc.h>

#include "cpu/placement.h"
#include "cpu/quota.h"

typedef struct pu {
    int logical;
    unsigned os;
} pu;

typedef struct table {
    dmap__core *cores;
    int n;
    pu *pus; /* core after core */
} table;

struct dmap__topology {
    hwloc_topology_t hwloc;
    bool real;             /* this machine: threads can be bound */
    hwloc_bitmap_t usable; /* by this process, were it not bound */
    hwloc_bitmap_t own;    /* as it was bound at open, within usable */
    hwloc_bitmap_t before; /* dmap__topology_enter: to what the thread was bound; NULL: it is not inside */
    table wide, kept;      /* their cores */
    double quota;          /* CPUs; 0: none */
};

/* ---- reading ---- */

static dmap_status load(const char *text, hwloc_topology_t hwloc, dmap__error *error) {
    size_t length = text ? strlen(text) : 0;
    bool xml = length > 4 && strcmp(text + length - 4, ".xml") == 0;
    int bad = 0;
    hwloc_topology_set_flags(hwloc, HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING);
    if (xml && access(text, R_OK) != 0)
        return dmap__fail(error, DMAP_EINVAL, "\"%.100s\": %s", text, strerror(errno));
    if (text)
        bad = xml ? hwloc_topology_set_xml(hwloc, text) : hwloc_topology_set_synthetic(hwloc, text);
    if (!bad)
        bad = hwloc_topology_load(hwloc);
    if (!bad)
        return DMAP_OK;
    if (errno == ENOMEM)
        return dmap__fail(error, DMAP_ENOMEM, "out of memory for the topology");
    return text ? dmap__fail(error, DMAP_EINVAL, "\"%.100s\" is neither a synthetic topology nor an XML file of one",
                             text)
                : dmap__fail(error, DMAP_EUNSUPPORTED, "hwloc cannot read this machine: %s", strerror(errno));
}

typedef struct grant {
    hwloc_topology_t hwloc;
    hwloc_bitmap_t cpus;
} grant;

/* Asks for every CPU and looks at what it got. */
static void *ask_kernel(void *arg) {
    grant *g = arg;
    hwloc_const_bitmap_t all = hwloc_topology_get_complete_cpuset(g->hwloc);
    if (hwloc_set_cpubind(g->hwloc, all, HWLOC_CPUBIND_THREAD) != 0 ||
        hwloc_get_cpubind(g->hwloc, g->cpus, HWLOC_CPUBIND_THREAD) != 0)
        hwloc_bitmap_fill(g->cpus);
    return NULL;
}

/* Leaves `usable` alone where the kernel gives no answer. */
static void narrow_to_granted(dmap__topology *t) {
    pthread_t thread;
    grant g = {t->hwloc, hwloc_bitmap_alloc()};
    if (g.cpus && pthread_create(&thread, NULL, ask_kernel, &g) == 0) {
        pthread_join(thread, NULL);
        if (hwloc_bitmap_intersects(t->usable, g.cpus))
            hwloc_bitmap_and(t->usable, t->usable, g.cpus);
    }
    hwloc_bitmap_free(g.cpus);
}

static bool read_masks(dmap__topology *t) {
    t->usable = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(t->hwloc));
    t->own = hwloc_bitmap_alloc();
    if (!t->usable || !t->own)
        return false;
    if (t->real)
        narrow_to_granted(t);
    if (!t->real || hwloc_get_cpubind(t->hwloc, t->own, HWLOC_CPUBIND_THREAD) != 0 ||
        !hwloc_bitmap_intersects(t->own, t->usable))
        return hwloc_bitmap_copy(t->own, t->usable) == 0;
    return hwloc_bitmap_and(t->own, t->own, t->usable) == 0;
}

static int number_above(hwloc_topology_t hwloc, hwloc_obj_type_t type, hwloc_obj_t object) {
    hwloc_obj_t above = hwloc_get_ancestor_obj_by_type(hwloc, type, object);
    return above ? (int)above->logical_index : -1;
}

static int numa_of(hwloc_topology_t hwloc, hwloc_obj_t object) {
    int os = object->nodeset ? hwloc_bitmap_first(object->nodeset) : -1;
    hwloc_obj_t node = os >= 0 ? hwloc_get_numanode_obj_by_os_index(hwloc, (unsigned)os) : NULL;
    return node ? (int)node->logical_index : -1;
}

/* A machine that shows no cores counts each hardware thread as one. */
static hwloc_obj_t core_of(hwloc_topology_t hwloc, hwloc_obj_t thread) {
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_CORE, thread);
    return core ? core : thread;
}

static dmap__core describe_core(hwloc_topology_t hwloc, hwloc_obj_t core, int pu_begin) {
    return (dmap__core){.core = (int)core->logical_index,
                        .l3 = number_above(hwloc, HWLOC_OBJ_L3CACHE, core),
                        .numa = numa_of(hwloc, core),
                        .socket = number_above(hwloc, HWLOC_OBJ_PACKAGE, core),
                        .pu_begin = pu_begin};
}

static bool read_table(hwloc_topology_t hwloc, hwloc_const_bitmap_t cpus, table *into) {
    int n = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_PU), n_pus = 0;
    hwloc_obj_t last = NULL;
    if (n < 1)
        return false;
    into->cores = calloc((size_t)n, sizeof *into->cores);
    into->pus = calloc((size_t)n, sizeof *into->pus);
    if (!into->cores || !into->pus)
        return false;
    for (int i = 0; i < n; i++) {
        hwloc_obj_t thread = hwloc_get_obj_by_type(hwloc, HWLOC_OBJ_PU, (unsigned)i), core = core_of(hwloc, thread);
        if (!hwloc_bitmap_isset(cpus, thread->os_index))
            continue;
        if (core != last) {
            into->cores[into->n++] = describe_core(hwloc, core, n_pus);
            last = core;
        }
        into->cores[into->n - 1].pus++;
        into->pus[n_pus++] = (pu){.logical = i, .os = thread->os_index};
    }
    return into->n > 0;
}

dmap_status dmap__topology_open(const char *text, dmap__topology **topology, dmap__error *error) {
    dmap_status status = DMAP_ENOMEM;
    dmap__topology *t = calloc(1, sizeof *t);
    if (!t || hwloc_topology_init(&t->hwloc) != 0) {
        dmap__fail_memory(error, sizeof *t, "the topology");
        goto fail;
    }
    status = load(text, t->hwloc, error);
    if (status != DMAP_OK)
        goto fail;
    status = DMAP_ENOMEM;
    t->real = !text && hwloc_topology_is_thissystem(t->hwloc);
    if (!read_masks(t) || !read_table(t->hwloc, t->usable, &t->wide) || !read_table(t->hwloc, t->own, &t->kept)) {
        dmap__fail(error, status, "out of memory for the table of cores");
        goto fail;
    }
    t->quota = t->real ? dmap__quota_read("") : 0;
    *topology = t;
    return DMAP_OK;
fail:
    dmap__topology_close(t);
    return status;
}

static void free_table(table *tab) {
    free(tab->cores);
    free(tab->pus);
}

void dmap__topology_close(dmap__topology *topology) {
    if (!topology)
        return;
    free_table(&topology->kept);
    free_table(&topology->wide);
    hwloc_bitmap_free(topology->own);
    hwloc_bitmap_free(topology->usable);
    if (topology->hwloc)
        hwloc_topology_destroy(topology->hwloc);
    free(topology);
}

/* ---- asking ---- */

static const table *table_of(const dmap__topology *t, bool keep) {
    return keep ? &t->kept : &t->wide;
}

uint64_t dmap__topology_mask(const dmap__topology *topology) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a over the CPU numbers */
    for (int cpu = hwloc_bitmap_first(topology->own); cpu >= 0; cpu = hwloc_bitmap_next(topology->own, cpu))
        hash = (hash ^ (uint64_t)cpu) * 1099511628211u;
    return hash;
}

static bool is_together(const dmap__core *a, const dmap__core *b, dmap_bind bind) {
    switch (bind) {
    case DMAP_BIND_L3:
        return a->l3 == b->l3 && a->numa == b->numa;
    case DMAP_BIND_NUMA:
        return a->numa == b->numa;
    case DMAP_BIND_SOCKET:
        return a->socket == b->socket;
    default:
        return a == b;
    }
}

/* The CPUs that a place stands for. Of an L3 cache, NUMA node or socket only what is the rank's own, so that ranks
 * stay apart. Empty if it is not to be bound. Returns false if memory is out. */
static bool fill_cpus(const dmap__topology *t, const dmap__place *place, hwloc_bitmap_t cpus) {
    const table *tab = table_of(t, place->keep);
    const dmap__core *mine = &tab->cores[place->position];
    hwloc_bitmap_zero(cpus);
    if (place->bind == DMAP_BIND_NONE) {
        bool lift = !place->keep && !hwloc_bitmap_isequal(t->own, t->usable);
        return !lift || hwloc_bitmap_copy(cpus, t->usable) == 0;
    }
    for (const dmap__core *core = tab->cores + place->begin; core < tab->cores + place->end; core++) {
        for (int i = core->pu_begin; is_together(core, mine, place->bind) && i < core->pu_begin + core->pus; i++) {
            bool wanted = place->bind != DMAP_BIND_PU || tab->pus[i].logical == place->pu;
            if (wanted && hwloc_bitmap_set(cpus, tab->pus[i].os) != 0)
                return false;
        }
    }
    return true;
}

bool dmap__topology_bind(const dmap__topology *topology, const dmap__place *place) {
    bool bound = false;
    hwloc_bitmap_t cpus = topology->real ? hwloc_bitmap_alloc() : NULL;
    if (cpus && fill_cpus(topology, place, cpus) && !hwloc_bitmap_iszero(cpus))
        bound = hwloc_set_cpubind(topology->hwloc, cpus, HWLOC_CPUBIND_THREAD) == 0;
    hwloc_bitmap_free(cpus);
    return bound;
}

static bool fill_rank(const dmap__topology *t, const dmap__place *place, hwloc_bitmap_t cpus) {
    const table *tab = table_of(t, place->keep);
    for (const dmap__core *core = tab->cores + place->begin; core < tab->cores + place->end; core++)
        for (int i = core->pu_begin; i < core->pu_begin + core->pus; i++)
            if (hwloc_bitmap_set(cpus, tab->pus[i].os) != 0)
                return false;
    return !hwloc_bitmap_iszero(cpus);
}

bool dmap__topology_enter(dmap__topology *topology, const dmap__place *place) {
    if (!topology->real || topology->before)
        return false;
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc(), before = hwloc_bitmap_alloc();
    bool bound = cpus && before && fill_rank(topology, place, cpus) &&
                 hwloc_get_cpubind(topology->hwloc, before, HWLOC_CPUBIND_THREAD) == 0 &&
                 hwloc_set_cpubind(topology->hwloc, cpus, HWLOC_CPUBIND_THREAD) == 0;
    hwloc_bitmap_free(cpus);
    if (bound)
        topology->before = before;
    else
        hwloc_bitmap_free(before);
    return bound;
}

void dmap__topology_leave(dmap__topology *topology) {
    if (!topology->before)
        return;
    hwloc_set_cpubind(topology->hwloc, topology->before, HWLOC_CPUBIND_THREAD);
    hwloc_bitmap_free(topology->before);
    topology->before = NULL;
}

/* ---- planning ---- */

static void write_cpus(hwloc_const_bitmap_t cpus, char *text, size_t size) {
    int n = hwloc_bitmap_list_snprintf(text, size, cpus);
    if (n >= 0 && (size_t)n < size)
        return;
    text[size - 4] = '\0';
    char *comma = strrchr(text, ',');
    strcpy(comma ? comma + 1 : text, "...");
}

/* Cores that a place stands for; all of the rank's if it is not to be bound. */
static int count_cores(const table *tab, const dmap__place *place) {
    int n = 0;
    for (int c = place->begin; c < place->end; c++)
        n += place->bind == DMAP_BIND_NONE || is_together(&tab->cores[c], &tab->cores[place->position], place->bind);
    return n;
}

static void fill_place(const table *tab, const dmap__share *share, const dmap__spot *spot, dmap__place *place) {
    const dmap__core *core = &tab->cores[spot->core];
    dmap_bind bind = place->bind;
    bool exact = bind == DMAP_BIND_CORE || bind == DMAP_BIND_PU;
    place->core = exact ? core->core : -1;
    place->pu = bind == DMAP_BIND_PU ? tab->pus[core->pu_begin + spot->sibling].logical : -1;
    place->numa = bind == DMAP_BIND_NONE || bind == DMAP_BIND_SOCKET ? -1 : core->numa;
    place->socket = bind == DMAP_BIND_NONE ? -1 : core->socket;
    place->shared = bind != DMAP_BIND_NONE && spot->shared;
    place->position = spot->core;
    place->begin = share->begin;
    place->end = share->end;
    place->cores = count_cores(tab, place);
}

static dmap__share share_of(const dmap__topology *t, const dmap__place_request *request) {
    return dmap__share_cores(table_of(t, request->keep_binding)->n, request->node_rank, request->node_size);
}

int dmap__topology_allowance(const dmap__topology *topology, const dmap__place_request *request) {
    dmap__share share = share_of(topology, request);
    int cores = share.end - share.begin;
    int ranks = request->quota_size > 0 ? request->quota_size : request->node_size;
    double ours = topology->quota > 0 ? topology->quota / ranks : cores;
    return ours >= cores ? cores : ours < 1 ? 1 : (int)ours;
}

dmap__reason dmap__topology_reason(const dmap__topology *topology, const dmap__place_request *request, int workers,
                                   const dmap__place *place) {
    int cores = place->end - place->begin;
    bool by_quota = request->workers == 0 && dmap__topology_allowance(topology, request) < cores;
    return (dmap__reason){.bind = place->bind,
                          .narrowed = !hwloc_bitmap_isequal(topology->own, topology->usable),
                          .keep = place->keep,
                          .all_cores = table_of(topology, place->keep)->n,
                          .ranks = request->node_size,
                          .cores = cores,
                          .workers = workers,
                          .shared = place->shared,
                          .quota_n = by_quota ? topology->quota : 0};
}

const char *dmap__topology_library(void) {
    return "hwloc " HWLOC_VERSION;
}

static bool fill_places(const dmap__topology *t, const dmap__place_request *request, const dmap__share *share,
                        const dmap__spot *spots, int n, dmap__place *places) {
    bool good = true;
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
    for (int w = 0; cpus && good && w < n; w++) {
        places[w].bind = request->bind == DMAP_BIND_DEFAULT ? DMAP_BIND_CORE : request->bind;
        places[w].keep = request->keep_binding;
        fill_place(table_of(t, request->keep_binding), share, &spots[w], &places[w]);
        good = fill_cpus(t, &places[w], cpus);
        if (good)
            write_cpus(cpus, places[w].cpus, sizeof places[w].cpus);
    }
    good = good && cpus;
    hwloc_bitmap_free(cpus);
    return good;
}

dmap_status dmap__topology_plan(const dmap__topology *topology, const dmap__place_request *request,
                                dmap__place **places, int *workers, dmap__error *error) {
    const table *tab = table_of(topology, request->keep_binding);
    dmap__share share = share_of(topology, request);
    int n = request->workers > 0 ? request->workers : dmap__topology_allowance(topology, request);
    dmap__place *made = calloc((size_t)n, sizeof *made);
    dmap__spot *spots = calloc((size_t)n, sizeof *spots);
    if (!made || !spots ||
        dmap__place_workers(tab->cores, &share, request->bind, request->spread, n, spots) != DMAP_OK ||
        !fill_places(topology, request, &share, spots, n, made)) {
        free(spots);
        free(made);
        return dmap__fail_memory(error, (unsigned long long)n * sizeof *made, "workers' places");
    }
    free(spots);
    *places = made;
    *workers = n;
    return DMAP_OK;
}
