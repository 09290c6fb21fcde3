/* The environment of a rank of PRRTE 3 says nothing of --bind-to, but the daemon of its host answers a question by
 * PMIx, of which Open MPI 5 has the library loaded. It is looked up there by name, so that nothing more is linked, and
 * another MPI does without.
 *
 * Found by trial with Open MPI 5.0.7:
 *   - bound unasked: "CORE:IF-SUPPORTED", for more than two ranks or --map-by numa "NUMA:IF-SUPPORTED"; --bind-to core,
 *     also by PRTE_MCA_hwloc_default_binding_policy or --prtemca: "CORE"; --bind-to none, and oversubscribed: "NONE";
 *   - --cpu-set and --map-by pe-list=…: mapped by "PE-LIST…", a rank file: by "BYUSER…", both "CORE:IF-SUPPORTED";
 *   - --map-by X:PE=n, --cpus-per-proc n: only the place tells, by several cores under "CORE:IF-SUPPORTED". PE=1 cannot
 *     be told from the default, nor can taskset behind mpirun. */
#include "cpu/prte.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of PMIx's interface, as it has been since its version 2. */
typedef struct pmix_process {
    char job[256];
    uint32_t rank;
} pmix_process;

typedef struct pmix_value {
    uint16_t type;
    union {
        char *text;
        char room[64];
    } data;
} pmix_value;

typedef int pmix_get_fn(const pmix_process *process, const char key[], const void *wishes, size_t n_wishes,
                        pmix_value **value);

enum { PMIX_TEXT = 3 };
#define PMIX_WHOLE_JOB (UINT32_MAX - 1)

/* A text to be freed, or NULL. */
static char *ask(pmix_get_fn *get, const pmix_process *process, const char *key) {
    pmix_value *value = NULL;
    if (get(process, key, NULL, 0, &value) != 0 || !value)
        return NULL;
    char *text = value->type == PMIX_TEXT ? value->data.text : NULL;
    free(value);
    return text;
}

/* Several cores: "…:CR0-1:…" or "…:CR0,2:…". */
static bool has_cores(const char *place) {
    const char *cores = place ? strstr(place, ":CR") : NULL;
    return cores && strcspn(cores + 1, ",-") < strcspn(cores + 1, ":");
}

static bool begins(const char *text, const char *beginning) {
    return text && !strncmp(text, beginning, strlen(beginning));
}

bool dmap__prte_means(const char *binding, const char *mapping, const char *place) {
    if (!binding)
        return false;
    return !strstr(binding, "IF-SUPPORTED") || begins(mapping, "PE-LIST") || begins(mapping, "BYUSER") ||
           (begins(binding, "CORE") && has_cores(place));
}

bool dmap__prte_was_told_to_bind(void) {
    const char *job = getenv("PMIX_NAMESPACE"), *rank = getenv("PMIX_RANK");
    void *found = dlsym(RTLD_DEFAULT, "PMIx_Get");
    pmix_get_fn *get;
    if (!found || !job || !rank)
        return false;
    memcpy(&get, &found, sizeof get);
    pmix_process whole = {.rank = PMIX_WHOLE_JOB}, own = {.rank = (uint32_t)strtoul(rank, NULL, 10)};
    snprintf(whole.job, sizeof whole.job, "%s", job);
    snprintf(own.job, sizeof own.job, "%s", job);
    char *binding = ask(get, &whole, "pmix.bindto"), *mapping = ask(get, &whole, "pmix.mapby");
    char *place = ask(get, &own, "pmix.locstr");
    bool told = dmap__prte_means(binding, mapping, place);
    free(binding);
    free(mapping);
    free(place);
    return told;
}
