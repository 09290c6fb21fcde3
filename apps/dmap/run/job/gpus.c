/* A batch system says in a variable which GPUs are the job's; the names in it, numbers or UUIDs, of MIG instances too,
 * are handed on as they are. Without one NVIDIA's driver lists its GPUs in /proc with their UUIDs, and those of AMD and
 * Intel have a render node in sysfs, by whose order their libraries count them.
 *
 * Several variables that name as many GPUs are different names of the same: Slurm sets all that it knows if it was not
 * told the maker. Where a number or a UUID stands in the first, the PCI device behind it says which CPUs are near. */
#include "run/job/gpus.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/job/mig.h"

typedef enum gpu_maker { NVIDIA, AMD, INTEL } gpu_maker;

static const struct {
    const char *name;
    gpu_maker maker;
    bool hides;
} variables[RUN_GPU_VARIABLES] = {{"CUDA_VISIBLE_DEVICES", NVIDIA, true},
                                  {"ROCR_VISIBLE_DEVICES", AMD, true},
                                  {"HIP_VISIBLE_DEVICES", AMD, true},
                                  {"ZE_AFFINITY_MASK", INTEL, false}};

const char *run_gpu_variable(int variable) {
    return variables[variable].name;
}

bool run_gpu_variable_hides(int variable) {
    return variables[variable].hides;
}

/* The first line of a file; false if there is none. */
static bool read_line(const char *path, char *line, size_t size) {
    FILE *file = fopen(path, "re");
    bool good = file && fgets(line, (int)size, file);
    if (file)
        fclose(file);
    return good;
}

/* The CPUs near a PCI device: its own list, else those of its NUMA node. */
static void find_near(const char *root, const char *device, run_cpus *near) {
    char path[2 * PATH_MAX], line[4096];
    int node;
    snprintf(path, sizeof path, "%s/local_cpulist", device);
    if (read_line(path, line, sizeof line) && run_cpus_read(line, near) && !run_cpus_are_none(near))
        return;
    *near = (run_cpus){0};
    snprintf(path, sizeof path, "%s/numa_node", device);
    if (!read_line(path, line, sizeof line) || sscanf(line, "%d", &node) != 1 || node < 0)
        return;
    snprintf(path, sizeof path, "%s/sys/devices/system/node/node%d/cpulist", root, node);
    if (!read_line(path, line, sizeof line) || !run_cpus_read(line, near))
        *near = (run_cpus){0};
}

/* The UUID in the driver's description; one that the driver has not asked the GPU for is all question marks. */
static bool read_uuid(const char *path, char *uuid, size_t size) {
    char line[256];
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *value = line + strlen("GPU UUID:");
        if (strncmp(line, "GPU UUID:", strlen("GPU UUID:")) != 0)
            continue;
        value += strspn(value, " \t");
        int length = (int)strcspn(value, " \t\n");
        found = length > 0 && !memchr(value, '?', (size_t)length) &&
                snprintf(uuid, size, "%.*s", length, value) < (int)size;
    }
    if (file)
        fclose(file);
    return found;
}

/* A whole GPU, or the instances that it has been cut up into: of one that is, nothing else can be used. */
static void add_nvidia(run_gpus *gpus, const char *root, const char *address, const run_mig *mig) {
    char path[PATH_MAX], names[RUN_GPUS][RUN_GPU_NAME];
    run_cpus near = {0};
    int instances = run_mig_list(mig, address, names, RUN_GPUS - gpus->n);
    snprintf(path, sizeof path, "%s/sys/bus/pci/devices/%s", root, address);
    find_near(root, path, &near);
    if (instances < 0) {
        snprintf(path, sizeof path, "%s/proc/driver/nvidia/gpus/%s/information", root, address);
        if (!read_uuid(path, names[0], sizeof names[0])) {
            gpus->by_bus = true;
            names[0][0] = '\0';
        }
        instances = 1;
    }
    for (int i = 0; i < instances; i++) {
        run_gpu *gpu = &gpus->gpu[gpus->n++];
        *gpu = (run_gpu){.near = near};
        memcpy(gpu->name[0], names[i], sizeof gpu->name[0]);
    }
}

static void list_nvidia(run_gpus *gpus, const char *root) {
    char path[PATH_MAX];
    struct dirent **entries;
    run_mig *mig = run_mig_open(root);
    snprintf(path, sizeof path, "%s/proc/driver/nvidia/gpus", root);
    int n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.' && gpus->n < RUN_GPUS)
            add_nvidia(gpus, root, entries[i]->d_name, mig);
        free(entries[i]);
    }
    for (int i = 0; gpus->by_bus && i < gpus->n; i++) /* one that has no UUID makes all go by number */
        snprintf(gpus->gpu[i].name[0], sizeof gpus->gpu[i].name[0], "%d", i);
    if (n >= 0)
        free(entries);
    run_mig_close(mig);
}

static bool is_of(const char *device, gpu_maker maker) {
    char path[2 * PATH_MAX], line[64];
    snprintf(path, sizeof path, "%s/vendor", device);
    return read_line(path, line, sizeof line) && strtol(line, NULL, 16) == (maker == AMD ? 0x1002 : 0x8086);
}

/* Render nodes, "renderD128" and on, of which a container may have been given some only. */
static void list_rendering(run_gpus *gpus, const char *root, gpu_maker maker, int variable) {
    char device[PATH_MAX], node[PATH_MAX], dri[PATH_MAX];
    snprintf(dri, sizeof dri, "%s/dev/dri", root);
    for (int i = 128; i < 128 + RUN_GPUS; i++) {
        snprintf(device, sizeof device, "%s/sys/class/drm/renderD%d/device", root, i);
        snprintf(node, sizeof node, "%s/dev/dri/renderD%d", root, i);
        if (!is_of(device, maker) || (access(dri, F_OK) == 0 && access(node, F_OK) != 0))
            continue;
        run_gpu *gpu = &gpus->gpu[gpus->n];
        *gpu = (run_gpu){0};
        snprintf(gpu->name[variable], sizeof gpu->name[variable], "%d", gpus->n);
        find_near(root, device, &gpu->near);
        gpus->n++;
    }
}

/* The names in a variable; what CUDA does not take for one ("-1", "NoDevFiles") ends the list. */
static int list_names(const char *text, run_gpus *gpus, int variable) {
    int n = 0;
    while (*text && n < RUN_GPUS) {
        text += strspn(text, " ");
        size_t length = strcspn(text, ",");
        if (length == 0 || length >= RUN_GPU_NAME || text[0] == '-' || strncmp(text, "NoDev", 5) == 0)
            break;
        snprintf(gpus->gpu[n++].name[variable], RUN_GPU_NAME, "%.*s", (int)length, text);
        text += length + (text[length] == ',');
    }
    return n;
}

/* Which of the listed GPUs a name means: its number, its UUID or how that begins, or what MIG makes of it; -1: none. */
static int find_named(const run_gpus *all, const char *name, int variable) {
    char *end;
    long number = strtol(name, &end, 10);
    if (end > name && (*end == '\0' || *end == '.'))
        return number < all->n ? (int)number : -1;
    if (strncmp(name, "MIG-GPU-", 8) == 0)
        name += 4;
    size_t length = strcspn(name, "/");
    for (int i = 0; i < all->n && variable == 0; i++)
        if (length > 4 && strncmp(all->gpu[i].name[0], name, length) == 0)
            return i;
    return -1;
}

static void list_hardware(run_gpus *gpus, const char *root, gpu_maker maker) {
    if (maker == NVIDIA)
        list_nvidia(gpus, root);
    else
        list_rendering(gpus, root, maker, maker == AMD ? 1 : 3);
}

/* Those of the environment, by the first variable that names some. */
static bool list_allocated(run_gpus *gpus, const char *root) {
    int first = -1;
    for (int v = 0; v < RUN_GPU_VARIABLES; v++) {
        const char *text = getenv(variables[v].name);
        int n = text ? list_names(text, gpus, v) : 0;
        if (n > 0 && first < 0) {
            first = v;
            gpus->n = n;
        }
        for (int i = 0; i < n && n != gpus->n; i++) /* others' GPUs */
            gpus->gpu[i].name[v][0] = '\0';
    }
    run_gpus *all = first >= 0 ? calloc(1, sizeof *all) : NULL;
    if (all)
        list_hardware(all, root, variables[first].maker);
    for (int i = 0; all && i < gpus->n; i++) {
        int device = find_named(all, gpus->gpu[i].name[first], first);
        if (device >= 0)
            gpus->gpu[i].near = all->gpu[device].near;
    }
    free(all);
    return first >= 0;
}

/* A variable that is set and names none hides its maker's. */
static bool is_hidden(gpu_maker maker) {
    bool hidden = false;
    for (int v = 0; v < RUN_GPU_VARIABLES; v++)
        hidden = hidden || (variables[v].maker == maker && variables[v].hides && getenv(variables[v].name));
    return hidden;
}

void run_gpus_find(run_gpus *gpus, const char *root) {
    memset(gpus, 0, sizeof *gpus);
    bool are_known = list_allocated(gpus, root);
    for (gpu_maker maker = NVIDIA; maker <= INTEL && !are_known && gpus->n == 0; maker++)
        if (!is_hidden(maker))
            list_hardware(gpus, root, maker);
    for (int i = 0; i < gpus->n; i++)
        for (int v = 0; v < RUN_GPU_VARIABLES; v++)
            gpus->tells[v] = gpus->tells[v] || gpus->gpu[i].name[v][0];
}
