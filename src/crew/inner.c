/* Inner libraries. They read their variables when they are loaded, which for the program's own is before main: so the
 * variables are set for what comes later, and libraries that are here already are told by their own functions, found by
 * name: dmap is linked with none of them.
 *
 * What counts is the user's wish. A variable that is set (and not empty) is the user's. OpenBLAS, MKL, BLIS and numexpr
 * follow OMP_NUM_THREADS where their own variable is not set: so where the user has set that one, theirs are left
 * alone.
 *
 * OpenMP and MKL keep a number for each thread, which each worker sets; OpenBLAS and BLIS have one for the process, and
 * OpenBLAS builds its threads anew when it is changed: no two workers may do that at once, so it is done before they
 * start.
 *
 * The environment is the process's, not a pool's, and so is the little state that is kept here: which variables are of
 * our making, so that a second pool does not take them for the user's, and so that the last one to close takes them
 * away. Two pools at once: the later one's number holds. It does not tell libraries that a task loads later. */
#include "crew/inner.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum scope { SCOPE_NONE, SCOPE_THREAD, SCOPE_PROCESS } scope;

static const struct library {
    const char *variable;
    bool follows_openmp;
    scope scope;
    const char *set; /* void (int), or (int64_t): one register either way */
} libraries[] = {{"OMP_NUM_THREADS", false, SCOPE_THREAD, "omp_set_num_threads"},
                 {"OPENBLAS_NUM_THREADS", true, SCOPE_PROCESS, "openblas_set_num_threads"},
                 {"MKL_NUM_THREADS", true, SCOPE_THREAD, "MKL_Set_Num_Threads_Local"},
                 {"BLIS_NUM_THREADS", true, SCOPE_PROCESS, "bli_thread_set_num_threads"},
                 {"NUMEXPR_NUM_THREADS", true, SCOPE_NONE, NULL},
                 {"VECLIB_MAXIMUM_THREADS", false, SCOPE_NONE, NULL}};
enum { N_LIBRARIES = sizeof libraries / sizeof libraries[0], OPENMP = 0 };

static struct {
    pthread_mutex_t lock; /* of the rest */
    int open;
    uint32_t ours; /* variables that we set */
    char value[16];
} environment = {.lock = PTHREAD_MUTEX_INITIALIZER};

int dmap__inner_share(int allowance, const dmap__place *places, int workers) {
    int share = allowance / workers;
    for (int w = 0; w < workers; w++)
        share = places[w].cores < share ? places[w].cores : share;
    return share > 1 ? share : 1;
}

static bool is_ours(int i) {
    return environment.ours >> i & 1u;
}

static bool is_users(int i) {
    const char *value = getenv(libraries[i].variable);
    return value && *value && !is_ours(i);
}

static struct {
    bool is_done; /* also in a process that was forked after that: to look for what is not there takes memory */
    void (*set[N_LIBRARIES])(int64_t threads);
} found;

static void find(void) {
    for (int i = 0; i < N_LIBRARIES; i++)
        *(void **)&found.set[i] = libraries[i].set ? dlsym(RTLD_DEFAULT, libraries[i].set) : NULL;
    found.is_done = true;
}

/* Tells those of the given scope. */
static void tell(dmap__inner inner, scope which) {
    for (int i = 0; inner.threads > 0 && i < N_LIBRARIES; i++)
        if (libraries[i].scope == which && (inner.variables >> i & 1u) && found.set[i])
            found.set[i](inner.threads);
}

dmap__inner dmap__inner_open(int threads) {
    dmap__inner inner = {.threads = threads};
    pthread_mutex_lock(&environment.lock);
    bool openmp = is_users(OPENMP);
    environment.open++;
    snprintf(environment.value, sizeof environment.value, "%d", threads);
    for (int i = 0; i < N_LIBRARIES; i++)
        if (!is_users(i) && !(openmp && libraries[i].follows_openmp) &&
            setenv(libraries[i].variable, environment.value, 1) == 0)
            inner.variables |= UINT32_C(1) << i;
    environment.ours |= inner.variables;
    find();
    pthread_mutex_unlock(&environment.lock);
    tell(inner, SCOPE_PROCESS);
    return inner;
}

void dmap__inner_close(dmap__inner inner) {
    if (inner.threads == 0)
        return;
    pthread_mutex_lock(&environment.lock);
    for (int i = 0; environment.open == 1 && i < N_LIBRARIES; i++) {
        const char *value = getenv(libraries[i].variable);
        if (is_ours(i) && value && strcmp(value, environment.value) == 0)
            unsetenv(libraries[i].variable);
    }
    if (--environment.open == 0)
        environment.ours = 0;
    pthread_mutex_unlock(&environment.lock);
}

void dmap__inner_enter(dmap__inner inner) {
    tell(inner, SCOPE_THREAD);
}

void dmap__inner_enter_process(dmap__inner inner) {
    if (inner.threads > 0 && !found.is_done)
        find();
    tell(inner, SCOPE_PROCESS);
    tell(inner, SCOPE_THREAD);
}
