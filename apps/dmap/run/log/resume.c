/* What --resume leaves out, and whether a joblog is of this run at all. What is not in the log runs; but where none of
 * the first commands is in it, it is the log of something else. Looked at beforehand, so only where the values can be
 * read twice: words and regular files. */
#include "run/log/resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/base/text.h"

enum { MOST_LOOKS = 1000000, LEAST_CHANGED = 2, LEAST_SLOTS = 256 };

static bool can_be_read_twice(const run_options *o) {
    struct stat info;
    for (int i = 0; i < o->n_sources; i++) {
        const run_source *source = &o->sources[i];
        if (source->kind == RUN_SOURCE_WORDS)
            continue;
        if (strcmp(source->path, "-") == 0 || stat(source->path, &info) != 0 || !S_ISREG(info.st_mode))
            return false;
    }
    return o->n_sources > 0 && !o->pipe && !o->shuffle && o->pack == RUN_PACK_NONE;
}

/* Counts jobs whose numbers the log has with other commands, up to the first that is in it; that one sets *known. */
static unsigned count_changed(const run_past *past, const run_template *template, run_inputs *inputs, bool *known) {
    char error[300];
    unsigned changed = 0;
    run_values values = {0};
    run_text command = {0};
    for (uint64_t seq = 1; seq <= MOST_LOOKS && !*known; seq++) {
        int got = run_inputs_next(inputs, &values, error, sizeof error);
        if (got == RUN_INPUT_BARRIER)
            got = run_inputs_next(inputs, &values, error, sizeof error);
        if (got != RUN_INPUT_JOB)
            break;
        run_text_clear(&command);
        run_template_compose(template, &values, run_inputs_names(inputs), seq, 0, &command);
        *known = run_past_has(past, seq, run_hash_command(command.data, command.size));
        changed += run_past_has_changed(past, seq);
    }
    run_text_free(&command);
    return changed;
}

bool run_resume_check(const run_options *o, run_joblog *log, const run_template *template, char *error, size_t size) {
    bool known = false;
    if (!(o->resume || o->resume_failed) || o->changed || !log || o->joblog_append ||
        run_template_uses_slot(template) || !can_be_read_twice(o))
        return true;
    run_inputs *inputs = run_inputs_open(o, error, size);
    if (!inputs)
        return false;
    unsigned changed = count_changed(run_joblog_past(log), template, inputs, &known);
    run_inputs_close(inputs);
    if (known || changed < LEAST_CHANGED)
        return true;
    snprintf(error, size,
             "the joblog %s is of other commands: none of these is in it; --joblog +%s runs them and adds them to it, "
             "--changed goes by their numbers alone",
             o->joblog, o->joblog);
    return false;
}

/* A command that knows its number is another with another one. */
static bool tells_number(const char *command, size_t size) {
    static const char *const names[] = {"DMAP_SEQ", "PARALLEL_SEQ"};
    return memmem(command, size, names[0], strlen(names[0])) || memmem(command, size, names[1], strlen(names[1]));
}

/* The hashes of a command: of {%}, with each slot, as the joblog has whatever that was. */
typedef struct hashes {
    uint64_t *hash;
    int count;
} hashes;

/* Returns false if memory is out. */
static bool make_hashes(hashes *h, const run_template *template, const run_job *job, const run_values *values,
                        const char *const *names, int slots) {
    run_text command = {0};
    h->count = run_template_uses_slot(template) ? slots : 0;
    if (!(h->hash = malloc(((size_t)h->count + 1) * sizeof *h->hash)))
        return false;
    for (int slot = 1; slot <= h->count; slot++) {
        run_text_clear(&command);
        run_template_compose(template, values, names, job->seq, slot, &command);
        h->hash[slot - 1] = run_hash_command(command.data, command.size);
    }
    run_text_free(&command);
    if (h->count == 0)
        h->hash[h->count++] = run_hash_command(job->command.data, job->command.size);
    return true;
}

run_verdict run_resume_look(run_joblog *log, const run_template *template, const run_job *job, const run_values *values,
                            const char *const *names, int slots, uint64_t *seq) {
    hashes h;
    run_past *past = run_joblog_past(log);
    run_verdict verdict = RUN_UNKNOWN;
    if (!make_hashes(&h, template, job, values, names, slots > LEAST_SLOTS ? slots : LEAST_SLOTS))
        return RUN_UNKNOWN;
    for (int i = 0; i < h.count && verdict == RUN_UNKNOWN; i++)
        verdict = run_past_find(past, seq, h.hash[i]);
    bool alone = verdict == RUN_UNKNOWN && !tells_number(job->command.data, job->command.size);
    for (int i = 0; i < h.count && alone && verdict == RUN_UNKNOWN; i++)
        verdict = run_past_find_command(past, *seq, h.hash[i]);
    free(h.hash);
    return verdict;
}
