/* Files of each job. They are opened for each piece of output and closed again, so that any number of jobs may run.
 * What an attempt that failed left in them is renamed before the next one begins. */
#include "run/output/results_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool run_results_fail(run_results *results, const char *verb, const char *name) {
    if (!results->error[0])
        snprintf(results->error, sizeof results->error, "cannot %s %s: %s", verb, name, strerror(errno));
    return false;
}

/* Makes the folder and those above it. */
static bool make_folders(run_results *results, char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool good = mkdir(path, 0777) == 0 || errno == EEXIST;
        if (!good)
            run_results_fail(results, "make the folder", path);
        *slash = '/';
        if (!good)
            return false;
    }
    return true;
}

bool run_results_open_folder(run_results *results, const run_style *style, uint64_t total) {
    if (results->kind == RUN_RESULTS_NAMES) {
        results->template = run_template_parse_text(results->name, style, results->error, sizeof results->error);
        if (results->template)
            run_template_set_total(results->template, total);
        return results->template != NULL;
    }
    run_text_add_string(&results->scratch, results->name);
    run_text_add(&results->scratch, "/", 1);
    return !results->scratch.broken && make_folders(results, results->scratch.data);
}

/* A value as the name of a folder, as GNU parallel writes it; one too long for a name is several, one in the other. */
static void add_name(run_text *path, const char *value, size_t size) {
    size_t begin = path->size;
    for (size_t i = 0; i < size; i++) {
        const char *letter = value[i] == '/' ? "\\_" : value[i] == '\\' ? "\\\\" : (char[]){value[i], '\0'};
        if (path->size + strlen(letter) - begin > NAME_MAX) {
            run_text_add(path, "/", 1);
            begin = path->size;
        }
        run_text_add_string(path, letter);
    }
}

/* Of a job without values (--pipe, -N0) there is nothing but its number to name its folder by. */
static void compose_folder(run_results *results, uint64_t seq, const run_values *values, const char *const *names) {
    run_text *path = &results->scratch;
    char number[24];
    run_text_add_string(path, results->name);
    if (values->count == 0) {
        snprintf(number, sizeof number, "/%llu", (unsigned long long)seq);
        run_text_add_string(path, number);
    }
    for (int i = 0; i < values->count; i++) {
        snprintf(number, sizeof number, "%d", i + 1);
        run_text_add(path, "/", path->size > 0 && path->data[path->size - 1] != '/');
        run_text_add_string(path, names && names[i] ? names[i] : number);
        run_text_add(path, "/", 1);
        add_name(path, values->value[i], values->size[i]);
    }
    run_text_add(path, "/", 1);
}

bool run_results_place(run_results *results, run_job *job, const run_values *values, const char *const *names) {
    run_text_clear(&results->scratch);
    if (results->kind == RUN_RESULTS_NAMES)
        run_template_compose_plain(results->template, values, names, job->seq, 1, &results->scratch);
    else
        compose_folder(results, job->seq, values, names);
    job->folder = results->scratch.broken ? NULL : strdup(results->scratch.data);
    if (!job->folder) {
        errno = ENOMEM;
        return run_results_fail(results, "keep", results->name);
    }
    return true;
}

/* A name with placeholders is one of a folder, too, if it ends so. */
static bool is_folder(const run_results *results, const run_job *job) {
    size_t length = strlen(job->folder);
    return results->kind == RUN_RESULTS_FOLDER || (length > 0 && job->folder[length - 1] == '/');
}

/* The path of one of a job's files, in scratch: 0 and 1 the streams, 2 the number. attempt: whose it is; 0: the last's,
 * or of one that is not known to be the last. */
static char *path_of(run_results *results, const run_job *job, int which, int attempt) {
    static const char *const in_folder[] = {"stdout", "stderr", "seq"}, *const beside[] = {"", ".err", ".seq"};
    char number[32];
    bool folder = is_folder(results, job);
    run_text_clear(&results->scratch);
    run_text_add_string(&results->scratch, job->folder);
    run_text_add_string(&results->scratch, (folder ? in_folder : beside)[which]);
    snprintf(number, sizeof number, folder ? ".%d" : ".attempt%d", attempt);
    if (attempt > 0)
        run_text_add_string(&results->scratch, number);
    return results->scratch.broken ? NULL : results->scratch.data;
}

const char *run_results_file(run_results *results, const run_job *job) {
    return path_of(results, job, 0, 0);
}

static bool write_file(run_results *results, const run_job *job, int which, const char *data, size_t size, int flags) {
    char *path = path_of(results, job, which, 0);
    errno = ENOMEM;
    int file = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666) : -1;
    if (file < 0 && path && errno == ENOENT && make_folders(results, path))
        file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
    if (file < 0)
        return run_results_fail(results, "write", path ? path : results->name);
    while (size > 0) {
        ssize_t n = write(file, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        data += n;
        size -= (size_t)n;
    }
    bool good = (size == 0 || run_results_fail(results, "write", path));
    if (close(file) != 0 && good)
        good = run_results_fail(results, "write", path);
    return good;
}

/* The first piece of a job's output finds what an earlier run left, and does away with it. */
static bool begin(run_results *results, run_job *job) {
    if (job->has_files)
        return true;
    job->has_files = true;
    return write_file(results, job, 0, "", 0, O_TRUNC) && write_file(results, job, 1, "", 0, O_TRUNC);
}

bool run_results_append(run_results *results, run_job *job, int stream, const void *data, size_t size) {
    return size == 0 || (begin(results, job) && write_file(results, job, stream, data, size, O_APPEND));
}

void run_results_truncate(run_results *results, run_job *job) {
    if (job->has_files) {
        write_file(results, job, 0, "", 0, O_TRUNC);
        write_file(results, job, 1, "", 0, O_TRUNC);
    }
}

static bool rename_one(run_results *results, const run_job *job, int which) {
    char *path = path_of(results, job, which, 0), *from = path ? strdup(path) : NULL;
    const char *to = from ? path_of(results, job, which, job->attempt) : NULL;
    errno = ENOMEM;
    bool good = (to && rename(from, to) == 0) || run_results_fail(results, "rename", from ? from : results->name);
    free(from);
    return good;
}

bool run_results_rename(run_results *results, run_job *job) {
    bool good = begin(results, job) && rename_one(results, job, 0) && rename_one(results, job, 1);
    job->has_files = false;
    return good;
}

/* The attempts that an earlier run needed, and this one did not. */
static void remove_attempts(run_results *results, const run_job *job) {
    bool removed = true;
    for (int attempt = job->attempt; removed && attempt < INT_MAX; attempt++) {
        removed = false;
        for (int which = 0; which < 2; which++) {
            const char *path = path_of(results, job, which, attempt);
            removed = (path && unlink(path) == 0) || removed;
        }
    }
}

bool run_results_finish(run_results *results, run_job *job) {
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)job->seq);
    remove_attempts(results, job);
    return begin(results, job) && write_file(results, job, 2, number, strlen(number), O_TRUNC);
}
