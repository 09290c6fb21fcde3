/* An item is a head, the marks, the command with its NUL, the input; a result is a head and the two outputs. */
#include "run/job/job_wire.h"

#include <string.h>

typedef struct item_head {
    uint64_t seq;
    double timeout_s, percent, median_s;
    uint64_t prefix_size, command_size, n_marks, input_size;
    run_needs needs;
    int32_t attempt, has_input, waits, unused;
} item_head;

typedef struct result_head {
    double started, seconds, user_s, system_s;
    uint64_t peak_kib, sent, received, size[2];
    int16_t end, told;
    int32_t exit_code, signal, slot, passed_memory, unused;
} result_head;

_Static_assert(sizeof(item_head) == 96, "no padding");
_Static_assert(sizeof(result_head) == 96, "no padding");

void run_item_write(const run_item *item, run_text *text) {
    item_head head = {.seq = item->seq,
                      .timeout_s = item->timeout_s,
                      .percent = item->percent,
                      .median_s = item->median_s,
                      .prefix_size = item->prefix_size,
                      .command_size = item->command_size,
                      .n_marks = item->n_marks,
                      .input_size = item->input_size,
                      .attempt = item->attempt,
                      .has_input = item->has_input,
                      .waits = item->waits,
                      .needs = item->needs};
    run_text_add(text, &head, sizeof head);
    run_text_add(text, item->marks, item->n_marks * sizeof *item->marks);
    run_text_add(text, item->prefix, item->prefix_size);
    run_text_add(text, item->command, item->command_size);
    run_text_add(text, "", 1);
    run_text_add(text, item->input, item->input_size);
}

bool run_item_read(const void *data, size_t size, run_item *item) {
    const item_head *head = data;
    if (size < sizeof *head)
        return false;
    size_t rest = size - sizeof *head;
    if (head->n_marks > rest / sizeof(size_t) || head->command_size >= rest || head->input_size >= rest ||
        head->prefix_size >= rest ||
        head->n_marks * sizeof(size_t) + head->prefix_size + head->command_size + 1 + head->input_size != rest)
        return false;
    const size_t *marks = (const size_t *)(head + 1);
    const char *prefix = (const char *)(marks + head->n_marks), *command = prefix + head->prefix_size;
    *item = (run_item){.seq = head->seq,
                       .attempt = head->attempt,
                       .timeout_s = head->timeout_s,
                       .percent = head->percent,
                       .median_s = head->median_s,
                       .prefix = prefix,
                       .prefix_size = head->prefix_size,
                       .command = command,
                       .command_size = head->command_size,
                       .marks = marks,
                       .n_marks = head->n_marks,
                       .has_input = head->has_input != 0,
                       .waits = head->waits != 0,
                       .needs = head->needs,
                       .input = command + head->command_size + 1,
                       .input_size = head->input_size};
    return command[head->command_size] == '\0';
}

size_t run_result_size(const run_result *result) {
    return sizeof(result_head) + result->size[0] + result->size[1];
}

void run_result_write(const run_result *result, void *to) {
    result_head *head = to;
    *head = (result_head){.started = result->started,
                          .seconds = result->seconds,
                          .user_s = result->user_s,
                          .system_s = result->system_s,
                          .peak_kib = result->peak_kib,
                          .passed_memory = result->passed_memory,
                          .sent = result->sent,
                          .received = result->received,
                          .size = {result->size[0], result->size[1]},
                          .end = (int16_t)result->end,
                          .told = (int16_t)result->told,
                          .exit_code = result->exit_code,
                          .signal = result->signal,
                          .slot = result->slot};
    char *next = (char *)(head + 1);
    for (int i = 0; i < 2; i++) {
        if (result->size[i] > 0)
            memcpy(next, result->output[i], result->size[i]);
        next += result->size[i];
    }
}

bool run_result_read(const void *data, size_t size, run_result *result) {
    const result_head *head = data;
    if (size < sizeof *head || head->size[0] > size || head->size[1] > size ||
        sizeof *head + head->size[0] + head->size[1] != size)
        return false;
    const char *output = (const char *)(head + 1);
    *result = (run_result){.end = (run_end)head->end,
                           .told = head->told,
                           .exit_code = head->exit_code,
                           .signal = head->signal,
                           .slot = head->slot,
                           .started = head->started,
                           .seconds = head->seconds,
                           .user_s = head->user_s,
                           .system_s = head->system_s,
                           .peak_kib = head->peak_kib,
                           .passed_memory = head->passed_memory != 0,
                           .sent = head->sent,
                           .received = head->received,
                           .output = {output, output + head->size[0]},
                           .size = {head->size[0], head->size[1]}};
    return true;
}
