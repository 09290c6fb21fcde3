#include "run/job/cgroups.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

uint64_t run_number_in(const char *folder, const char *file) {
    char name[PATH_MAX];
    unsigned long long number = 0;
    if (snprintf(name, sizeof name, "%s/%s", folder, file) >= (int)sizeof name)
        return UINT64_MAX;
    FILE *from = fopen(name, "re");
    int got = from ? fscanf(from, "%llu", &number) : 0;
    if (from)
        fclose(from);
    return got == 1 ? number : UINT64_MAX;
}

/* Of a line of /proc/self/cgroup, "4:cpu,memory:/path" or, of the second version, "0::/path": where that is in the file
 * system. Returns the length of what is not to be gone above; 0: the line is of other controllers. */
static size_t find_folder(const char *root, const char *controller, const char *line, char *path, size_t size) {
    const char *kinds = strchr(line, ':'), *where = kinds ? strchr(kinds + 1, ':') : NULL;
    size_t length = strlen(controller);
    if (!where)
        return 0;
    bool is_second = where == kinds + 1;
    for (const char *kind = kinds; !is_second;) {
        if (strncmp(kind + 1, controller, length) == 0 && (kind[1 + length] == ',' || kind + 1 + length == where))
            break;
        kind = strchr(kind + 1, ',');
        if (!kind || kind > where)
            return 0;
    }
    int top = snprintf(path, size, "%s/sys/fs/cgroup%s%s", root, is_second ? "" : "/", is_second ? "" : controller);
    if (top < 0 || (size_t)top + strlen(where + 1) >= size)
        return 0;
    strcpy(path + top, where + 1);
    return (size_t)top;
}

void run_cgroups_visit(const char *root, const char *controller, run_cgroup_fn *visit, void *arg) {
    char line[PATH_MAX], path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        size_t top = find_folder(root, controller, line, path, sizeof path);
        for (char *end = path + strlen(path); top > 0 && end; end = strrchr(path + top, '/')) {
            *end = '\0';
            if (end[-1] != '/')
                visit(arg, path);
        }
    }
    if (file)
        fclose(file);
}
