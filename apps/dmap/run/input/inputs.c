/* Combinations of sources, N at a time, become the values of a job. To be shuffled they are all read first. */
#include "run/input/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/input/cross.h"
#include "run/input/shuffle.h"

struct run_inputs {
    run_cross cross;
    run_fields fields;
    int per_job;  /* combinations; 0: one, whose values are left out */
    int gathered; /* combinations in fields */
    bool ended;
    bool depends;   /* there may be barriers */
    bool barrier;   /* one is to be told when what was gathered has been handed out */
    uint64_t total; /* found out when asked for first */
    bool counted, begun, repeat;
    bool packs;
    run_pack pack;
    bool spreads;
    run_shuffle *shuffle;
    const char **names;
};

run_inputs *run_inputs_open(const run_options *options, char *error, size_t size) {
    run_inputs *inputs = calloc(1, sizeof *inputs);
    if (!inputs) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    inputs->per_job = options->values;
    inputs->repeat = options->grouped;
    inputs->depends = options->depends;
    inputs->packs = options->pack != RUN_PACK_NONE;
    inputs->spreads = options->pack == RUN_PACK_SPREAD;
    inputs->pack.most_bytes = options->most_bytes;
    inputs->pack.most_records = options->values_given ? (size_t)options->values : 0;
    bool opened = run_cross_open(&inputs->cross, options, error, size);
    if (opened && options->shuffle && !(inputs->shuffle = run_shuffle_create(options->seed))) {
        snprintf(error, size, "out of memory");
        opened = false;
    }
    if (opened)
        return inputs;
    run_inputs_close(inputs);
    return NULL;
}

void run_inputs_close(run_inputs *inputs) {
    if (!inputs)
        return;
    run_cross_close(&inputs->cross);
    run_fields_free(&inputs->fields);
    run_pack_free(&inputs->pack);
    run_shuffle_free(inputs->shuffle);
    free(inputs->names);
    free(inputs);
}

void run_inputs_measure_by(run_inputs *inputs, run_measure_fn *measure, void *arg, int slots) {
    inputs->pack.measure = measure;
    inputs->pack.arg = arg;
    inputs->pack.slots = inputs->spreads ? slots : 0;
}

static int out_of_memory(char *error, size_t size) {
    snprintf(error, size, "out of memory");
    return RUN_INPUT_ERROR;
}

static int next_in_order(run_inputs *inputs, run_values *values, char *error, size_t size) {
    int most = inputs->per_job > 0 ? inputs->per_job : 1;
    if (inputs->packs)
        return run_pack_next(&inputs->pack, &inputs->cross, values, error, size);
    if (inputs->gathered == 0)
        run_fields_clear(&inputs->fields);
    while (inputs->gathered < most && !inputs->ended && !inputs->barrier) {
        int got = run_cross_next(&inputs->cross, &inputs->fields, error, size);
        if (got != RUN_INPUT_JOB && got != RUN_INPUT_END && got != RUN_INPUT_BARRIER)
            return got;
        inputs->ended = got == RUN_INPUT_END;
        inputs->barrier = got == RUN_INPUT_BARRIER;
        inputs->gathered += got == RUN_INPUT_JOB;
    }
    if (inputs->gathered == 0) {
        inputs->barrier = false;
        return inputs->ended ? RUN_INPUT_END : RUN_INPUT_BARRIER;
    }
    inputs->gathered = 0;
    if (!run_fields_values(&inputs->fields, values))
        return out_of_memory(error, size);
    if (inputs->per_job == 0)
        values->count = 0;
    return RUN_INPUT_JOB;
}

static int next_shuffled(run_inputs *inputs, run_values *values, char *error, size_t size) {
    int got;
    while (!run_shuffle_is_done(inputs->shuffle)) {
        got = next_in_order(inputs, values, error, size);
        if (got == RUN_INPUT_END)
            run_shuffle_done(inputs->shuffle);
        else if (got != RUN_INPUT_JOB)
            return got;
        else if (!run_shuffle_put(inputs->shuffle, values))
            return out_of_memory(error, size);
    }
    run_fields_clear(&inputs->fields);
    if (!run_shuffle_take(inputs->shuffle, &inputs->fields))
        return RUN_INPUT_END;
    return run_fields_values(&inputs->fields, values) ? RUN_INPUT_JOB : out_of_memory(error, size);
}

int run_inputs_next(run_inputs *inputs, run_values *values, char *error, size_t size) {
    inputs->begun = true;
    int got = inputs->shuffle ? next_shuffled(inputs, values, error, size) : next_in_order(inputs, values, error, size);
    if (got == RUN_INPUT_JOB)
        values->repeat = inputs->repeat;
    return got;
}

uint64_t run_inputs_total(run_inputs *inputs) {
    if (!inputs->counted) {
        /* A barrier ends a job that has not all its values. */
        bool unknown = inputs->begun || inputs->packs || (inputs->depends && inputs->per_job > 1);
        uint64_t count = unknown ? UINT64_MAX : run_cross_count(&inputs->cross);
        uint64_t most = inputs->per_job > 0 ? (uint64_t)inputs->per_job : 1;
        inputs->total = count == UINT64_MAX ? count : count / most + (count % most > 0);
        inputs->counted = true;
    }
    return inputs->total;
}

const char *const *run_inputs_names(run_inputs *inputs) {
    const run_values *names = &inputs->cross.name_values;
    if (!inputs->names && names->count > 0 && (inputs->names = calloc((size_t)names->count + 1, sizeof *inputs->names)))
        for (int i = 0; i < names->count; i++)
            inputs->names[i] = names->value[i];
    return inputs->names;
}
