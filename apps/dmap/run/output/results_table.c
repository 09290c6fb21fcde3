/* One table for all jobs: a row is written when the job has its turn, from what is held of its output, in two readings:
 * one to see whether it needs quotes, one to write it. */
#include "run/output/results_kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* To a table of an earlier run rows are added; half a row that it may have at its end is left a line of its own. */
static bool go_on(run_results *results) {
    int last = fseek(results->table, -1, SEEK_END) == 0 ? fgetc(results->table) : EOF;
    results->has_head = last != EOF;
    bool good = fseek(results->table, 0, SEEK_END) == 0;
    if (last != EOF && last != '\n')
        good = fputc('\n', results->table) != EOF && fflush(results->table) == 0 && good;
    return good || run_results_fail(results, "write", results->name);
}

bool run_results_open_table(run_results *results, bool keep) {
    results->table = fopen(results->name, keep ? "a+e" : "we");
    if (!results->table)
        return run_results_fail(results, "write", results->name);
    results->has_header = results->kind != RUN_RESULTS_JSON;
    return !keep || go_on(results);
}

static char separator(const run_results *results) {
    return results->kind == RUN_RESULTS_TSV ? '\t' : ',';
}

static bool needs_quotes(const run_results *results, const char *data, size_t size) {
    char other = separator(results);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)data[i] <= ' ' || data[i] == '"' || data[i] == other)
            return true;
    return false;
}

/* A JSON string's inside. Bytes from 128 on are left as they are: UTF-8 stays what it is. */
static void add_json(run_text *to, const char *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)data[i];
        char code[8];
        if (c == '"' || c == '\\') {
            run_text_add(to, "\\", 1);
            run_text_add(to, &data[i], 1);
        } else if (c < ' ' || c == 127) {
            snprintf(code, sizeof code, "\\u%04x", c);
            run_text_add_string(to, code);
        } else {
            run_text_add(to, &data[i], 1);
        }
    }
}

static void add_doubling_quotes(run_text *to, const char *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        run_text_add(to, data[i] == '"' ? "\"\"" : &data[i], data[i] == '"' ? 2 : 1);
}

static void add_field(const run_results *results, run_text *to, const char *data, size_t size) {
    bool json = results->kind == RUN_RESULTS_JSON, quotes = json || needs_quotes(results, data, size);
    if (quotes)
        run_text_add(to, "\"", 1);
    (json ? add_json : add_doubling_quotes)(to, data, size);
    if (quotes)
        run_text_add(to, "\"", 1);
}

static void add_separator(const run_results *results, run_text *to) {
    char c = separator(results);
    run_text_add(to, &c, 1);
}

bool run_results_write_head(run_results *results, const run_values *values, const char *const *names) {
    run_text head = {0};
    char number[16];
    static const char *const columns[] = {"Seq",     "Host",    "Starttime", "JobRuntime", "Send",
                                          "Receive", "Exitval", "Signal",    "Command"};
    results->has_head = true;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (i > 0)
            add_separator(results, &head);
        run_text_add_string(&head, columns[i]);
    }
    for (int i = 0; i < values->count; i++) {
        snprintf(number, sizeof number, "V%d", i + 1);
        const char *name = names && names[i] ? names[i] : number;
        add_separator(results, &head);
        add_field(results, &head, name, strlen(name));
    }
    add_separator(results, &head);
    run_text_add_string(&head, "Stdout");
    add_separator(results, &head);
    run_text_add_string(&head, "Stderr\n");
    errno = ENOMEM;
    bool good = !head.broken && fwrite(head.data, 1, head.size, results->table) == head.size;
    run_text_free(&head);
    return good || run_results_fail(results, "write", results->name);
}

static void compose_json(const run_results *results, const run_job *job, const run_record *r, run_text *row) {
    char numbers[200];
    snprintf(numbers, sizeof numbers, "{ \"Seq\": %llu, \"Host\": ", (unsigned long long)r->seq);
    run_text_add_string(row, numbers);
    add_field(results, row, r->host, strlen(r->host));
    snprintf(numbers, sizeof numbers,
             ", \"Starttime\": %.3f, \"JobRuntime\": %.3f, \"Send\": %llu, \"Receive\": %llu, \"Exitval\": %d, "
             "\"Signal\": %d, \"Command\": ",
             r->started, r->seconds, (unsigned long long)r->sent, (unsigned long long)r->received, r->exit_code,
             r->signal);
    run_text_add_string(row, numbers);
    add_field(results, row, r->command, r->command_size);
    run_text_add_string(row, ", \"V\": [ ");
    for (int i = 0; i < job->values.count; i++) {
        if (i > 0)
            run_text_add_string(row, ", ");
        add_field(results, row, job->values.value[i], job->values.size[i]);
    }
    run_text_add_string(row, " ]");
}

static void compose_row(const run_results *results, const run_job *job, const run_record *r, run_text *row) {
    char numbers[200], s = separator(results);
    snprintf(numbers, sizeof numbers, "%llu%c", (unsigned long long)r->seq, s);
    run_text_add_string(row, numbers);
    add_field(results, row, r->host, strlen(r->host));
    snprintf(numbers, sizeof numbers, "%c%.3f%c%.3f%c%llu%c%llu%c%d%c%d%c", s, r->started, s, r->seconds, s,
             (unsigned long long)r->sent, s, (unsigned long long)r->received, s, r->exit_code, s, r->signal, s);
    run_text_add_string(row, numbers);
    add_field(results, row, r->command, r->command_size);
    for (int i = 0; i < job->values.count; i++) {
        add_separator(results, row);
        add_field(results, row, job->values.value[i], job->values.size[i]);
    }
}

bool run_results_keep_row(run_results *results, run_job *job, const run_record *record) {
    run_text row = {0};
    if (results->kind == RUN_RESULTS_JSON)
        compose_json(results, job, record, &row);
    else
        compose_row(results, job, record, &row);
    if (row.broken) {
        run_text_free(&row);
        errno = ENOMEM;
        return run_results_fail(results, "keep a row of", results->name);
    }
    job->entry->row = row;
    return true;
}

typedef struct writing {
    run_results *results;
    bool quotes;
} writing;

static bool look_for_quotes(void *arg, const void *data, size_t size) {
    writing *w = arg;
    w->quotes = w->quotes || needs_quotes(w->results, data, size);
    return true;
}

static bool write_piece(void *arg, const void *data, size_t size) {
    writing *w = arg;
    run_text *text = &w->results->scratch;
    run_text_clear(text);
    (w->results->kind == RUN_RESULTS_JSON ? add_json : add_doubling_quotes)(text, data, size);
    return !text->broken && fwrite(text->data, 1, text->size, w->results->table) == text->size;
}

/* One stream, as a field. */
static bool write_buffer(run_results *results, run_store *store, const run_buffer *buffer) {
    writing w = {results, results->kind == RUN_RESULTS_JSON};
    if (!w.quotes && !run_buffer_read(store, buffer, look_for_quotes, &w))
        return false;
    if (w.quotes)
        fputc('"', results->table);
    if (!run_buffer_read(store, buffer, write_piece, &w))
        return false;
    if (w.quotes)
        fputc('"', results->table);
    return true;
}

bool run_results_write_row(void *arg, run_store *store, const run_entry *entry) {
    static const char *const json[] = {", \"Stdout\": ", ", \"Stderr\": "};
    run_results *results = arg;
    char plain[2] = {separator(results), '\0'};
    bool is_json = results->kind == RUN_RESULTS_JSON;
    errno = 0;
    fwrite(entry->row.data, 1, entry->row.size, results->table);
    for (int i = 0; i < 2; i++) {
        fputs(is_json ? json[i] : plain, results->table);
        if (!write_buffer(results, store, &entry->output[i]))
            return run_results_fail(results, "write", results->name);
    }
    fputs(is_json ? " }\n" : "\n", results->table);
    if (fflush(results->table) != 0 || ferror(results->table))
        return run_results_fail(results, "write", results->name);
    return true;
}
