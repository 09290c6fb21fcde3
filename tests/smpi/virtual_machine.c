/* A machine without cores: as many workers as are asked for, bound to nothing. No process is started, no inner
 * library told, and no batch system asked. */
#include <math.h>
#include <stdlib.h>

#include "proc/forkserver.h"
#include "cpu/aside.h"
#include "cpu/nested_threads.h"
#include "cpu/topology.h"
#include "proc/allocation.h"
#include "virtual.h"

double dmap__allocation_left(void) {
    return INFINITY;
}

dmap_status dmap__topology_open(const char *text, dmap__topology **topology, dmap__error *error) {
    (void)text, (void)error;
    *topology = NULL;
    return DMAP_OK;
}

void dmap__topology_close(dmap__topology *topology) {
    (void)topology;
}

dmap_status dmap__topology_plan(const dmap__topology *topology, const dmap__place_request *request,
                                dmap__place **places, int *workers, dmap__error *error) {
    (void)topology, (void)request;
    *workers = virtual_work_now.workers;
    *places = calloc((size_t)*workers, sizeof **places);
    return *places ? DMAP_OK : dmap__fail(error, DMAP_ENOMEM, "out of memory for places");
}

int dmap__topology_allowance(const dmap__topology *topology, const dmap__place_request *request) {
    (void)topology, (void)request;
    return virtual_work_now.workers;
}

dmap__reason dmap__topology_reason(const dmap__topology *topology, const dmap__place_request *request, int workers,
                                   const dmap__place *place) {
    (void)topology, (void)request, (void)place;
    return (dmap__reason){.workers = workers};
}

bool dmap__topology_is_bound_by_user(void) {
    return false;
}

uint64_t dmap__topology_mask(const dmap__topology *topology) {
    (void)topology;
    return 0;
}

bool dmap__topology_enter(dmap__topology *topology, const dmap__place *place) {
    (void)topology, (void)place;
    return false;
}

void dmap__topology_leave(dmap__topology *topology) {
    (void)topology;
}

int dmap__nested_threads_share(int allowance, const dmap__place *places, int workers) {
    (void)allowance, (void)places, (void)workers;
    return 1;
}

dmap__nested_threads dmap__nested_threads_open(int threads) {
    (void)threads;
    return (dmap__nested_threads){0};
}

void dmap__nested_threads_close(dmap__nested_threads inner) {
    (void)inner;
}

bool dmap__forkserver_is_open(void) {
    return false;
}

dmap_status dmap__forkserver_check(dmap__error *error) {
    return dmap__fail(error, DMAP_EINVAL, "there are no processes here");
}

dmap_status dmap__forkserver_open(char **argv, dmap__error *error) {
    (void)argv, (void)error;
    return DMAP_OK;
}

void dmap__forkserver_close(void) {
}

void dmap__child_enter(char **program_argv) {
    (void)program_argv;
}

void dmap__aside_init(dmap__aside *aside, const dmap__place *places, int workers) {
    (void)aside, (void)places, (void)workers;
}

void dmap__aside_step(const dmap__aside *aside) {
    (void)aside;
}
