/* /proc says that there are instances, but not what they are called: that is known to the driver's own library alone
 * (NVML, which comes with the driver, and is not CUDA). It is loaded where /proc has instances, and nowhere else; what
 * is declared here of it is what it has had since there are instances. */
#include "run/job/mig.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct nvml_device nvml_device;

struct run_mig {
    void *library;
    bool begun;
    int (*init)(void);
    int (*shutdown)(void);
    int (*by_address)(const char *address, nvml_device **device);
    int (*mode)(nvml_device *device, unsigned *current, unsigned *pending);
    int (*most)(nvml_device *device, unsigned *count);
    int (*instance)(nvml_device *device, unsigned index, nvml_device **instance);
    int (*uuid)(nvml_device *device, char *uuid, unsigned size);
};

static bool has_instances(const char *root) {
    char pattern[PATH_MAX];
    glob_t found = {0};
    snprintf(pattern, sizeof pattern, "%s/proc/driver/nvidia/capabilities/gpu*/mig/gi*", root);
    bool has = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
    globfree(&found);
    return has;
}

/* Sets a pointer to a function. */
static bool find(const run_mig *mig, const char *name, void *function, size_t size) {
    void *found = dlsym(mig->library, name);
    memcpy(function, &found, size);
    return found != NULL;
}

static bool find_all(run_mig *mig) {
    return find(mig, "nvmlInit_v2", &mig->init, sizeof mig->init) &&
           find(mig, "nvmlShutdown", &mig->shutdown, sizeof mig->shutdown) &&
           find(mig, "nvmlDeviceGetHandleByPciBusId_v2", &mig->by_address, sizeof mig->by_address) &&
           find(mig, "nvmlDeviceGetMigMode", &mig->mode, sizeof mig->mode) &&
           find(mig, "nvmlDeviceGetMaxMigDeviceCount", &mig->most, sizeof mig->most) &&
           find(mig, "nvmlDeviceGetMigDeviceHandleByIndex", &mig->instance, sizeof mig->instance) &&
           find(mig, "nvmlDeviceGetUUID", &mig->uuid, sizeof mig->uuid);
}

run_mig *run_mig_open(const char *root) {
    char path[PATH_MAX] = "libnvidia-ml.so.1";
    run_mig *mig = has_instances(root) ? calloc(1, sizeof *mig) : NULL;
    if (!mig)
        return NULL;
    if (root[0])
        snprintf(path, sizeof path, "%s/usr/lib/libnvidia-ml.so.1", root);
    mig->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    mig->begun = mig->library && find_all(mig) && mig->init() == 0;
    if (mig->begun)
        return mig;
    run_mig_close(mig);
    return NULL;
}

void run_mig_close(run_mig *mig) {
    if (!mig)
        return;
    if (mig->begun)
        mig->shutdown();
    if (mig->library)
        dlclose(mig->library);
    free(mig);
}

/* Of the places for instances some may be empty. */
int run_mig_list(const run_mig *mig, const char *address, char (*names)[RUN_GPU_NAME], int most) {
    nvml_device *device, *instance;
    unsigned current = 0, pending, places = 0;
    int n = 0;
    if (!mig || mig->by_address(address, &device) != 0 || mig->mode(device, &current, &pending) != 0 || current == 0 ||
        mig->most(device, &places) != 0)
        return -1;
    for (unsigned i = 0; i < places && n < most; i++)
        if (mig->instance(device, i, &instance) == 0 && mig->uuid(instance, names[n], RUN_GPU_NAME) == 0)
            n++;
    return n;
}
