#include "direct_world.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "unit.h"

static size_t whole_pages(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) / page * page;
}

void direct_open(direct_world *w, uint64_t begin, uint64_t end, size_t size) {
    *w = (direct_world){.reach = {getpid(), NULL}, .size = size, .whole = whole_pages(size)};
    w->reach.gate = &w->gate;
    w->place = mmap(NULL, w->whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(w->place != MAP_FAILED);
    w->grant = (dmap__grant){.begin = begin, .end = end, .attempt = 1, .reach = &w->reach};
    dmap__outcome_init(&w->grant.outcome, begin, end);
}

void direct_forbid(const direct_world *w, size_t from) {
    if (from < w->size)
        CU_ASSERT_EQUAL(mprotect(w->place + from, w->whole - from, PROT_NONE), 0);
}

void direct_run(direct_world *w, int workers, const dmap_task *task) {
    dmap__error error;
    dmap__bell_init(&w->bell, false);
    dmap__crew_config config = {.backend = workers ? DMAP_THREADS : DMAP_SERIAL,
                                .workers = workers ? workers : 1,
                                .bell = &w->bell,
                                .n_tasks = 1};
    CU_ASSERT_EQUAL_FATAL(dmap__crew_open(&config, &w->crew, &error), DMAP_OK);
    dmap__call_spec spec = {.want = DMAP__WANT_RESULTS};
    dmap__crew_call_init(&w->call, &spec, task, 1);
    w->grant.call = &w->call;
    w->grant.outcome.fixed = dmap__memory_array(w->grant.end - w->grant.begin, task->result_size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->grant.outcome.fixed);
    dmap__crew_submit(w->crew, &w->grant);
    uint32_t heard = dmap__bell_heard(&w->bell);
    for (; !dmap__crew_poll(w->crew); heard = dmap__bell_heard(&w->bell))
        if (!dmap__crew_step(w->crew))
            dmap__bell_wait(&w->bell, heard, 10);
}

void direct_close(direct_world *w) {
    CU_ASSERT_EQUAL(atomic_load(&w->gate.inside), 0);
    dmap__outcome_fini(&w->grant.outcome);
    dmap__crew_close(w->crew);
    munmap(w->place, w->whole);
}
