/* What --resume leaves out, and whether a joblog is of this run at all. A command that has changed runs again; but
 * where none of the first ones is the log's, it is the log of something else, and to append to it would spoil both.
 * Looked at beforehand, so only where the values can be read twice: words and regular files. */
#include "run/log/resume.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "run/base/text.h"

enum { MOST_LOOKS = 1000, LEAST_CHANGED = 2, LEAST_SLOTS = 256 };

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

/* Counts commands that are not the log's, up to the first that is; that one sets *known. */
static unsigned count_changed(const run_joblog *log, const run_template *template, run_inputs *inputs, bool *known) {
    char error[300];
    unsigned changed = 0;
    run_values values = {0};
    run_text command = {0};
    for (uint64_t seq = 1; seq <= MOST_LOOKS && !*known; seq++) {
        int exit_code, signal;
        int got = run_inputs_next(inputs, &values, error, sizeof error);
        if (got == RUN_INPUT_BARRIER)
            got = run_inputs_next(inputs, &values, error, sizeof error);
        if (got != RUN_INPUT_JOB)
            break;
        run_text_clear(&command);
        run_template_compose(template, &values, run_inputs_names(inputs), seq, 0, &command);
        run_verdict verdict = run_joblog_look(log, seq, command.data, command.size, &exit_code, &signal);
        *known = verdict == RUN_DONE;
        changed += verdict == RUN_CHANGED;
    }
    run_text_free(&command);
    return changed;
}

bool run_resume_check(const run_options *o, const run_joblog *log, const run_template *template, char *error,
                      size_t size) {
    bool known = false;
    if (!(o->resume || o->resume_failed) || o->changed || !log || run_template_uses_slot(template) ||
        !can_be_read_twice(o))
        return true;
    run_inputs *inputs = run_inputs_open(o, error, size);
    if (!inputs)
        return false;
    unsigned changed = count_changed(log, template, inputs, &known);
    run_inputs_close(inputs);
    if (known || changed < LEAST_CHANGED)
        return true;
    snprintf(error, size,
             "the joblog %s is of other commands: none of these is the same; without --resume it is written anew",
             o->joblog);
    return false;
}

/* The command as the joblog has it does hold the slot, whatever that was. */
run_verdict run_resume_look(const run_joblog *log, const run_template *template, const run_job *job,
                            const run_values *values, const char *const *names, int slots) {
    int exit_code, signal;
    run_verdict verdict = run_joblog_look(log, job->seq, job->command.data, job->command.size, &exit_code, &signal);
    run_text command = {0};
    slots = slots > LEAST_SLOTS ? slots : LEAST_SLOTS;
    if (!run_template_uses_slot(template))
        slots = 0;
    for (int slot = 1; slot <= slots && verdict == RUN_CHANGED; slot++) {
        run_text_clear(&command);
        run_template_compose(template, values, names, job->seq, slot, &command);
        verdict = run_joblog_look(log, job->seq, command.data, command.size, &exit_code, &signal);
    }
    run_text_free(&command);
    return verdict;
}
