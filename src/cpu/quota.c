/* Quota: reads the CPU bandwidth limit of the control groups, as containers and batch systems set it.
 *
 * /proc/self/cgroup says in which group the process is, per hierarchy; /proc/self/mountinfo says where a hierarchy is
 * mounted, and which of its groups is the mount's root (in a container often the container's own group, so that the
 * path from the first file must lose that prefix). From the group up to the mount's root every group may hold a limit,
 * and the tightest holds: cpu.max ("200000 100000", or "max 100000") in version 2, cpu.cfs_quota_us (-1: none) and
 * cpu.cfs_period_us in version 1. Whatever is missing or cannot be read is no limit.
 *
 * It does not look at cpusets: these are part of the topology. */
#include "cpu/quota.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct hierarchy {
    bool unified;         /* version 2 */
    char group[PATH_MAX]; /* of this process, as /proc/self/cgroup has it */
    char mount[PATH_MAX]; /* where it is to be seen */
    char top[PATH_MAX];   /* the group that the mount shows */
} hierarchy;

/* Is word one of the list "a,b,c"? */
static bool has_word(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *p = list; p; p = strchr(p, ','), p = p ? p + 1 : NULL)
        if (strncmp(p, word, length) == 0 && (p[length] == ',' || p[length] == '\0'))
            return true;
    return false;
}

static FILE *open_file(const char *root, const char *path) {
    char whole[PATH_MAX];
    int n = snprintf(whole, sizeof whole, "%s%s", root, path);
    return n > 0 && (size_t)n < sizeof whole ? fopen(whole, "re") : NULL;
}

/* Lines are "4:cpu,cpuacct:/group" in version 1, "0::/group" in version 2. */
static bool find_group(const char *root, hierarchy *h) {
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    FILE *file = open_file(root, "/proc/self/cgroup");
    while (file && !found && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
        if (group) {
            *names++ = '\0';
            *group++ = '\0';
            found = h->unified ? *names == '\0' : has_word(names, "cpu");
            snprintf(h->group, sizeof h->group, "%s", group);
        }
    }
    free(line);
    if (file)
        fclose(file);
    return found;
}

/* Lines are "36 35 0:30 /top /mount options … - type source options". */
static bool parse_mount(char *line, hierarchy *h) {
    char type[32], options[1024];
    char *rest = strstr(line, " - ");
    if (!rest || sscanf(rest, " - %31s %*s %1023s", type, options) != 2)
        return false;
    bool wanted = h->unified ? strcmp(type, "cgroup2") == 0 : strcmp(type, "cgroup") == 0 && has_word(options, "cpu");
    /* 4095 is PATH_MAX - 1 */
    return wanted && sscanf(line, "%*s %*s %*s %4095s %4095s", h->top, h->mount) == 2;
}

static bool find_mount(const char *root, hierarchy *h) {
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    FILE *file = open_file(root, "/proc/self/mountinfo");
    while (file && !found && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        found = parse_mount(line, h);
    }
    free(line);
    if (file)
        fclose(file);
    return found;
}

static bool read_line(const char *root, const hierarchy *h, const char *group, const char *name, char *text, int size) {
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s%s/%s", h->mount, group, name);
    FILE *file = n > 0 && (size_t)n < sizeof path ? open_file(root, path) : NULL;
    bool good = file && fgets(text, size, file);
    if (file)
        fclose(file);
    return good;
}

/* Limit of one group, in CPUs; 0: none. */
static double read_limit(const char *root, const hierarchy *h, const char *group) {
    char text[64], period_text[64];
    double quota = 0, period = 0;
    if (h->unified) {
        if (!read_line(root, h, group, "cpu.max", text, sizeof text) || sscanf(text, "%lf %lf", &quota, &period) != 2)
            return 0;
    } else {
        if (!read_line(root, h, group, "cpu.cfs_quota_us", text, sizeof text) ||
            !read_line(root, h, group, "cpu.cfs_period_us", period_text, sizeof period_text))
            return 0;
        quota = strtod(text, NULL);
        period = strtod(period_text, NULL);
    }
    return quota > 0 && period > 0 ? quota / period : 0;
}

/* The group's path below the mount, which shows `top` and what is below. */
static void strip_top(hierarchy *h) {
    size_t length = strcmp(h->top, "/") == 0 ? 0 : strlen(h->top);
    bool below = strncmp(h->group, h->top, length) == 0 && (h->group[length] == '/' || h->group[length] == '\0');
    const char *rest = below ? h->group + length : "";
    memmove(h->group, rest, strlen(rest) + 1);
}

/* From the process's group up to the mount's root. */
static double climb(const char *root, hierarchy *h) {
    double tightest = 0;
    for (;;) {
        double limit = read_limit(root, h, h->group);
        tightest = limit > 0 && (tightest == 0 || limit < tightest) ? limit : tightest;
        char *slash = strrchr(h->group, '/');
        if (!slash)
            return tightest;
        *slash = '\0';
    }
}

static double read_hierarchy(const char *root, bool unified) {
    double limit = 0;
    hierarchy *h = calloc(1, sizeof *h); /* 12 KiB: too much for a stack of unknown size */
    if (!h)
        return 0;
    h->unified = unified;
    if (find_group(root, h) && find_mount(root, h)) {
        strip_top(h);
        limit = climb(root, h);
    }
    free(h);
    return limit;
}

double dmap__quota_read(const char *root) {
    double v1 = read_hierarchy(root, false), v2 = read_hierarchy(root, true);
    return v1 > 0 && (v2 == 0 || v1 < v2) ? v1 : v2;
}
