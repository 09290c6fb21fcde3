/* One table for all jobs: a row is written when the job has its turn, from what is held of its output, in two readings:
 * one to see whether it needs quotes, one to write it. */
#include "run/output/results_kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/output/utf8.h"

/* To a table of an earlier run rows are added; half a row that it may have at its end is left a line of its own. */
static bool go_on(run_results *results) {
    int last = fseek(results->table, -1, SEEK_END) == 0 ? fgetc(results->table) : EOF;
    results->has_head = last != EOF;
    bool good = fseek(results->table, 0, SEEK_END) == 0;
    if (last != EOF && last != '\n')
        good = fputc('\n', results->table) != EOF && fflush(results->table) == 0 && good;
    return good || run_results_fail(results, "write", results->name);
}

static ssize_t print_row(void *arg, const char *data, size_t size) {
    bool inside = false;
    return run_print(arg, 1, data, size, NULL, &inside) ? (ssize_t)size : 0;
}

/* "-.csv" is standard output. */
static FILE *open_file(run_results *results, bool keep) {
    if (strncmp(results->name, "-.", 2) == 0)
        return fopencookie(results->printer, "w", (cookie_io_functions_t){.write = print_row});
    return fopen(results->name, keep ? "a+e" : "we");
}

bool run_results_open_table(run_results *results, bool keep) {
    results->table = open_file(results, keep);
    if (!results->table)
        return run_results_fail(results, "write", results->name);
    results->has_header = results->kind != RUN_RESULTS_JSON;
    return !keep || strncmp(results->name, "-.", 2) == 0 || go_on(results);
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

/* A byte that no table can hold as it is. */
static void add_byte(run_text *to, char byte, bool json) {
    char code[8];
    snprintf(code, sizeof code, json ? "\\\\x%02x" : "\\x%02x", (unsigned char)byte);
    run_text_add_string(to, code);
}

static void add_ascii(run_text *to, char c, bool json) {
    char code[8];
    if (!json && c == '"') {
        run_text_add(to, "\"\"", 2);
    } else if (!json && c == '\0') {
        add_byte(to, c, json);
    } else if (json && (c == '"' || c == '\\')) {
        run_text_add(to, "\\", 1);
        run_text_add(to, &c, 1);
    } else if (json && ((unsigned char)c < ' ' || c == 127)) {
        snprintf(code, sizeof code, "\\u%04x", (unsigned)c);
        run_text_add_string(to, code);
    } else {
        run_text_add(to, &c, 1);
    }
}

/* How many bytes stand for themselves in any table. */
static size_t plain_bytes(const char *data, size_t size) {
    size_t n = 0;
    while (n < size && data[n] >= ' ' && data[n] < 127 && data[n] != '"' && data[n] != '\\')
        n++;
    return n;
}

/* The inside of quotes. What is not UTF-8 is written as \xHH. Returns the bytes taken: all, but for the beginning of a
 * letter at the end, if there is more to come. */
static size_t add_escaped(run_text *to, const char *data, size_t size, bool json, bool more) {
    size_t at = plain_bytes(data, size);
    run_text_add(to, data, at);
    while (at < size) {
        int length = run_utf8_letter(data + at, size - at);
        if (length == RUN_UTF8_CUT && more)
            break;
        if (length > 1)
            run_text_add(to, data + at, (size_t)length);
        else if (length == 1)
            add_ascii(to, data[at], json);
        else
            add_byte(to, data[at], json);
        at += length > 1 ? (size_t)length : 1;
        size_t plain = plain_bytes(data + at, size - at);
        run_text_add(to, data + at, plain);
        at += plain;
    }
    return at;
}

static void add_field(const run_results *results, run_text *to, const char *data, size_t size) {
    bool json = results->kind == RUN_RESULTS_JSON, quotes = json || needs_quotes(results, data, size);
    if (quotes)
        run_text_add(to, "\"", 1);
    add_escaped(to, data, size, json, false);
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
    static const char *const last[] = {"Stdout", "Stderr", "UserTime", "SystemTime", "PeakKiB", "Attempt"};
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
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        add_separator(results, &head);
        run_text_add_string(&head, last[i]);
    }
    run_text_add(&head, "\n", 1);
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

/* What is behind the outputs, so that those who know columns by their places find them. */
static void compose_tail(const run_results *results, const run_record *r, run_text *tail) {
    char numbers[160], s = separator(results);
    if (results->kind == RUN_RESULTS_JSON)
        snprintf(numbers, sizeof numbers,
                 ", \"UserTime\": %.3f, \"SystemTime\": %.3f, \"PeakKiB\": %llu, \"Attempt\": %d", r->user_s,
                 r->system_s, (unsigned long long)r->peak_kib, r->attempt);
    else
        snprintf(numbers, sizeof numbers, "%c%.3f%c%.3f%c%llu%c%d", s, r->user_s, s, r->system_s, s,
                 (unsigned long long)r->peak_kib, s, r->attempt);
    run_text_add_string(tail, numbers);
}

static bool compose(run_results *results, const run_job *job, const run_record *record, run_text *row, run_text *tail) {
    if (results->kind == RUN_RESULTS_JSON)
        compose_json(results, job, record, row);
    else
        compose_row(results, job, record, row);
    compose_tail(results, record, tail);
    if (!row->broken && !tail->broken)
        return true;
    run_text_free(row);
    run_text_free(tail);
    errno = ENOMEM;
    return run_results_fail(results, "keep a row of", results->name);
}

bool run_results_keep_row(run_results *results, run_job *job, const run_record *record) {
    return compose(results, job, record, &job->entry->row, &job->entry->tail);
}

bool run_results_write_attempt(run_results *results, run_order *order, run_job *job, const run_record *record) {
    run_text row = {0}, tail = {0};
    if (!compose(results, job, record, &row, &tail))
        return false;
    errno = ENOMEM;
    return run_order_split(order, job->entry, row, tail) || run_results_fail(results, "keep a row of", results->name);
}

typedef struct writing {
    run_results *results;
    bool quotes;
    char begun[4]; /* of a letter that the last piece ended in */
    size_t n_begun;
} writing;

static bool look_for_quotes(void *arg, const void *data, size_t size) {
    writing *w = arg;
    w->quotes = w->quotes || needs_quotes(w->results, data, size);
    return true;
}

static bool write_some(writing *w, const char *data, size_t size, bool more) {
    run_text *text = &w->results->scratch;
    run_text_clear(text);
    size_t taken = add_escaped(text, data, size, w->results->kind == RUN_RESULTS_JSON, more);
    w->n_begun = size - taken;
    memmove(w->begun, data + taken, w->n_begun);
    return !text->broken && fwrite(text->data ? text->data : "", 1, text->size, w->results->table) == text->size;
}

/* A letter that was begun is completed first, byte by byte. */
static bool write_piece(void *arg, const void *data, size_t size) {
    writing *w = arg;
    const char *next = data;
    while (w->n_begun > 0 && size > 0) {
        char letter[4];
        size_t n = w->n_begun;
        memcpy(letter, w->begun, n);
        letter[n] = *next++;
        size--;
        if (!write_some(w, letter, n + 1, true))
            return false;
    }
    return size == 0 || write_some(w, next, size, true);
}

/* One stream, as a field. */
static bool write_buffer(run_results *results, run_store *store, const run_buffer *buffer) {
    writing w = {.results = results, .quotes = results->kind == RUN_RESULTS_JSON};
    char begun[4];
    if (!w.quotes && !run_buffer_read(store, buffer, look_for_quotes, &w))
        return false;
    if (w.quotes)
        fputc('"', results->table);
    if (!run_buffer_read(store, buffer, write_piece, &w))
        return false;
    memcpy(begun, w.begun, sizeof begun);
    if (!write_some(&w, begun, w.n_begun, false))
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
    fwrite(entry->tail.data, 1, entry->tail.size, results->table);
    fputs(is_json ? " }\n" : "\n", results->table);
    if (fflush(results->table) != 0 || ferror(results->table))
        return run_results_fail(results, "write", results->name);
    return true;
}
