/* Options of a pool and of a call.
 *
 * One table says of each field of dmap_options where it lies, its environment variable, its bounds or the names of its
 * values, and its default: checking what a program gave and reading the environment both walk that table, so a field is
 * added in one place. Fields that may have any value and have no variable are not in it (refresh_items,
 * refresh_memory): they are taken as they are.
 *
 * Invariant: what dmap__options_resolve has let through needs no further check anywhere. The environment is read only
 * for fields that the program left at zero, so a bad variable that has no say is no error. A variable that is misspelt
 * is one: who says DMAP_WORKER=4 would else get a worker on each core, without a word.
 *
 * It does not know how many cores there are, nor which back ends this version has: `workers` may stay 0, and
 * DMAP_PROCESSES passes. */
#include "base/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define STACK_VARIABLE "DMAP_STACKSIZE"
#define MAX_STACK      ((size_t)1 << 40)

enum { MAX_WORKERS = 4096, MAX_RETRIES = 1000, MIN_WINDOW = 4096, MAX_RESERVE_S = 86400, VALUE_SHOWN = 60 };

typedef struct word {
    const char *text;
    int value;
} word;

typedef struct option {
    const char *field, *variable;
    size_t offset;
    int low, high;     /* legal values, zero included */
    int fallback;      /* if neither the program nor the environment says anything */
    const word *words; /* of the variable, up to one without text; NULL: a number from 1 */
} option;

static const word backends[] = {
    {"serial", DMAP_SERIAL}, {"threads", DMAP_THREADS}, {"processes", DMAP_PROCESSES}, {NULL, 0}};
static const word starts[] = {{"forkserver", DMAP_FORKSERVER}, {"fork", DMAP_FORK}, {"spawn", DMAP_SPAWN}, {NULL, 0}};
static const word binds[] = {{"core", DMAP_BIND_CORE},
                             {"pu", DMAP_BIND_PU},
                             {"l3", DMAP_BIND_L3},
                             {"numa", DMAP_BIND_NUMA},
                             {"socket", DMAP_BIND_SOCKET},
                             {"none", DMAP_BIND_NONE},
                             {NULL, 0}};
static const word spreads[] = {{"compact", DMAP_COMPACT}, {"scatter", DMAP_SCATTER}, {NULL, 0}};
static const word answers[] = {{"yes", 1}, {"no", -1}, {NULL, 0}};

static const option table[] = {
    {"workers", "DMAP_WORKERS", offsetof(dmap_options, workers), 0, MAX_WORKERS, 0, NULL},
    {"node_workers", "DMAP_NODE_WORKERS", offsetof(dmap_options, node_workers), 0, MAX_WORKERS, 0, NULL},
    {"backend", "DMAP_BACKEND", offsetof(dmap_options, backend), 0, DMAP_SERIAL, DMAP_THREADS, backends},
    {"start", "DMAP_START", offsetof(dmap_options, start), 0, DMAP_SPAWN, DMAP_FORKSERVER, starts},
    {"bind", "DMAP_BIND", offsetof(dmap_options, bind), 0, DMAP_BIND_NONE, DMAP_BIND_CORE, binds},
    {"spread", "DMAP_SPREAD", offsetof(dmap_options, spread), 0, DMAP_SCATTER, DMAP_COMPACT, spreads},
    {"reserve_s", "DMAP_RESERVE", offsetof(dmap_options, reserve_s), -1, MAX_RESERVE_S, 10, NULL},
    {"master_works", "DMAP_MASTER_WORKS", offsetof(dmap_options, master_works), -1, 1, 0, answers},
};
static const size_t n_options = sizeof table / sizeof table[0];
static const option helper_option = {"helper", "DMAP_HELPER", offsetof(dmap_options, helper), 0, 1,
                                     -1,       answers}; /* a bool: not in the table */

/* Variables that hold a text: what looks on. */
typedef struct text_option {
    const char *variable;
    size_t offset, size;
} text_option;

static const text_option texts[] = {
    {"DMAP_REPORT", offsetof(dmap__monitor_options, report), sizeof((dmap__monitor_options *)0)->report},
    {"DMAP_TRACE", offsetof(dmap__monitor_options, trace), sizeof((dmap__monitor_options *)0)->trace},
    {"DMAP_METRICS", offsetof(dmap__monitor_options, metrics), sizeof((dmap__monitor_options *)0)->metrics},
};
static const size_t n_texts = sizeof texts / sizeof texts[0];

static_assert(sizeof(dmap_backend) == sizeof(int) && sizeof(dmap_start) == sizeof(int) &&
                  sizeof(dmap_bind) == sizeof(int) && sizeof(dmap_spread) == sizeof(int),
              "every field of dmap_options is copied as an int");

static int get_field(const dmap_options *options, const option *o) {
    int value;
    memcpy(&value, (const char *)options + o->offset, sizeof value);
    return value;
}

static void set_field(dmap_options *options, const option *o, int value) {
    memcpy((char *)options + o->offset, &value, sizeof value);
}

/* "core, pu or none", or the range of a number. */
static void say_legal(const option *o, char *text, size_t size) {
    if (!o->words) {
        snprintf(text, size, "a whole number from 1 to %d", o->high);
        return;
    }
    text[0] = '\0';
    for (const word *w = o->words; w->text; w++) {
        size_t used = strlen(text);
        const char *glue = w == o->words ? "" : w[1].text ? ", " : " or ";
        snprintf(text + used, size - used, "%s%s", glue, w->text);
    }
}

/* The value as a sentence can show it: one line, not too long. */
static void show_value(const char *value, char *text, size_t size) {
    size_t n = 0;
    for (; value[n] && n + 4 < size; n++) {
        unsigned char c = (unsigned char)value[n];
        text[n] = c < 0x20 || c == 0x7f ? '?' : value[n];
    }
    text[n] = '\0';
    if (!value[n])
        return;
    dmap__text_trim(text);
    memcpy(text + strlen(text), "...", sizeof "...");
}

static dmap_status fail_variable(const option *o, const char *value, dmap__error *error) {
    char shown[VALUE_SHOWN + 4], legal[128];
    show_value(value, shown, sizeof shown);
    say_legal(o, legal, sizeof legal);
    return dmap__fail(error, DMAP_EINVAL, "%s=\"%s\": want %s", o->variable, shown, legal);
}

/* Digits only: no sign, no space, nothing behind; strtol alone would let these pass. */
static bool parse_number(const char *text, int high, int *value) {
    if (!*text || text[strspn(text, "0123456789")] != '\0')
        return false;
    int saved = errno;
    errno = 0;
    long number = strtol(text, NULL, 10);
    bool fits = errno == 0 && number >= 1 && number <= high;
    errno = saved;
    if (fits)
        *value = (int)number;
    return fits;
}

static bool parse_word(const char *text, const word *words, int *value) {
    for (const word *w = words; w->text; w++) {
        if (strcmp(w->text, text) == 0) {
            *value = w->value;
            return true;
        }
    }
    return false;
}

static bool parse(const option *o, const char *text, int *value) {
    return o->words ? parse_word(text, o->words, value) : parse_number(text, o->high, value);
}

/* "64M": as OMP_STACKSIZE, a number of KiB, or with the letter of its unit. */
static bool parse_size(const char *text, size_t *size) {
    static const char units[] = "bkmg";
    size_t digits = strspn(text, "0123456789");
    const char *unit = text[digits] ? strchr(units, tolower((unsigned char)text[digits])) : &units[1];
    int saved = errno;
    errno = 0;
    unsigned long long number = strtoull(text, NULL, 10), scale = unit ? UINT64_C(1) << (10 * (unit - units)) : 0;
    bool fits = digits && errno == 0 && scale && number && number <= MAX_STACK / scale;
    errno = saved;
    if (!fits || (text[digits] && text[digits + 1]))
        return false;
    *size = (size_t)(number * scale);
    return true;
}

static bool is_text(const char *variable) {
    for (size_t i = 0; i < n_texts; i++)
        if (strcmp(texts[i].variable, variable) == 0)
            return true;
    return false;
}

/* o: NULL for the size of stacks, and for texts, which may be any */
static bool would_do(const char *variable, const option *o, const char *text) {
    int value;
    size_t size;
    return o ? parse(o, text, &value) : is_text(variable) || parse_size(text, &size);
}

/* ---- misspelt variables ---- */

/* True if a letter was put in, left out or replaced, or two neighbours were swapped. */
static bool is_misspelt(const char *name, size_t n, const char *variable) {
    size_t m = strlen(variable), begin = 0, end = 0;
    while (begin < n && begin < m && name[begin] == variable[begin])
        begin++;
    while (end < n - begin && end < m - begin && name[n - 1 - end] == variable[m - 1 - end])
        end++;
    size_t typed = n - begin - end, meant = m - begin - end;
    if (typed == 2 && meant == 2)
        return name[begin] == variable[begin + 1] && name[begin + 1] == variable[begin];
    return typed <= 1 && meant <= 1 && typed + meant > 0;
}

static bool is_name(const char *name, size_t n, const char *variable) {
    return strlen(variable) == n && !memcmp(variable, name, n);
}

static bool is_variable(const char *name, size_t n) {
    for (const option *o = table; o < table + n_options; o++)
        if (is_name(name, n, o->variable))
            return true;
    for (size_t i = 0; i < n_texts; i++)
        if (is_name(name, n, texts[i].variable))
            return true;
    return is_name(name, n, STACK_VARIABLE) || is_name(name, n, helper_option.variable);
}

/* The variable is not there: one of nearly its name, and with a value that this one may have, was meant for it. What
 * has another kind of value is somebody else's. */
static dmap_status look_for_misspelt(const char *variable, const option *o, dmap__error *error) {
    for (char *const *entry = environ; entry && *entry; entry++) {
        size_t n = strcspn(*entry, "=");
        if (!is_misspelt(*entry, n, variable) || is_variable(*entry, n) || !(*entry)[n] ||
            !would_do(variable, o, *entry + n + 1))
            continue;
        return dmap__fail(error, DMAP_EINVAL, "%.*s=\"%s\": there is no such variable: did you mean %s?", (int)n,
                          *entry, *entry + n + 1, variable);
    }
    return DMAP_OK;
}

static dmap_status read_variable(const option *o, int *value, dmap__error *error) {
    const char *text = getenv(o->variable);
    *value = o->fallback;
    if (!text || !*text)
        return look_for_misspelt(o->variable, o, error);
    return parse(o, text, value) ? DMAP_OK : fail_variable(o, text, error);
}

/* How many workers there are, the program says by one field or the other: then neither variable has a say. */
static bool has_say(const option *o, const dmap_options *given) {
    bool counts = o->offset == offsetof(dmap_options, workers) || o->offset == offsetof(dmap_options, node_workers);
    return !counts || !given || (!given->workers && !given->node_workers);
}

/* Seconds, of which 0 means the default. */
static dmap_status resolve_seconds(const char *field, double fallback, double *seconds, dmap__error *error) {
    if (!isfinite(*seconds) || *seconds < 0)
        return dmap__fail(error, DMAP_EINVAL, "dmap_options.%s is %g: want 0 (default) or a finite number of seconds",
                          field, *seconds);
    if (!(*seconds > 0))
        *seconds = fallback;
    return DMAP_OK;
}

static dmap_status check_closing(const dmap_options *options, dmap__error *error) {
    int value = (int)options->on_close;
    if (value >= DMAP_CLOSE_DROP && value <= DMAP_CLOSE_KILL)
        return DMAP_OK;
    return dmap__fail(error, DMAP_EINVAL, "dmap_options.on_close is %d: want %d to %d (0: default)", value,
                      DMAP_CLOSE_DROP, DMAP_CLOSE_KILL);
}

static dmap_status resolve_stack(dmap_options *resolved, dmap__error *error) {
    const char *text = getenv(STACK_VARIABLE);
    char shown[VALUE_SHOWN + 4];
    if (resolved->stack_size > MAX_STACK)
        return dmap__fail(error, DMAP_EINVAL, "dmap_options.stack_size is %zu: want up to %zu bytes (0: default)",
                          resolved->stack_size, MAX_STACK);
    if (resolved->stack_size)
        return DMAP_OK;
    if (!text || !*text)
        return look_for_misspelt(STACK_VARIABLE, NULL, error);
    if (parse_size(text, &resolved->stack_size))
        return DMAP_OK;
    show_value(text, shown, sizeof shown);
    return dmap__fail(error, DMAP_EINVAL,
                      STACK_VARIABLE "=\"%s\": want a number of KiB, or with B, K, M or G behind it", shown);
}

static dmap_status resolve_helper(dmap_options *resolved, dmap__error *error) {
    int value = 1;
    dmap_status status = resolved->helper ? DMAP_OK : read_variable(&helper_option, &value, error);
    resolved->helper = value > 0;
    return status;
}

bool dmap__options_want_helper(const dmap_options *given) {
    dmap_options all = given ? *given : (dmap_options){0};
    dmap__error error;
    return resolve_helper(&all, &error) == DMAP_OK && all.helper;
}

dmap_status dmap__options_resolve(const dmap_options *given, dmap_options *resolved, dmap__error *error) {
    dmap_options all = given ? *given : (dmap_options){0};
    for (const option *o = table; o < table + n_options; o++) {
        int value = get_field(&all, o);
        if (value < o->low || value > o->high) {
            return dmap__fail(error, DMAP_EINVAL, "dmap_options.%s is %d: want %d to %d (0: default)", o->field, value,
                              o->low, o->high);
        }
        if (value == 0 && has_say(o, given)) {
            dmap_status status = read_variable(o, &value, error);
            if (status != DMAP_OK)
                return status;
        }
        set_field(&all, o, value);
    }
    if (resolve_stack(&all, error) != DMAP_OK || resolve_helper(&all, error) != DMAP_OK ||
        dmap__options_resolve_beat(&all, error) != DMAP_OK || check_closing(&all, error) != DMAP_OK ||
        resolve_seconds("close_s", DMAP__CLOSE_S, &all.close_s, error) != DMAP_OK ||
        resolve_seconds("start_timeout_s", DMAP__START_TIMEOUT_S, &all.start_timeout_s, error) != DMAP_OK)
        return error->status;
    *resolved = all;
    return DMAP_OK;
}

bool dmap__monitor_is_file(const char *text) {
    return *text && strcmp(text, "1") != 0;
}

static dmap_status resolve_text(const text_option *o, dmap__monitor_options *all, dmap__error *error) {
    const char *text = getenv(o->variable);
    if (!text || !*text)
        return look_for_misspelt(o->variable, NULL, error);
    if (strlen(text) >= o->size)
        return dmap__fail(error, DMAP_EINVAL, "%s: want a name of less than %zu bytes", o->variable, o->size);
    if (strcmp(text, "0") != 0)
        memcpy((char *)all + o->offset, text, strlen(text) + 1);
    return DMAP_OK;
}

dmap_status dmap__monitor_options_resolve(dmap__monitor_options *resolved, dmap__error *error) {
    dmap__monitor_options all = {0};
    for (size_t i = 0; i < n_texts; i++)
        if (resolve_text(&texts[i], &all, error) != DMAP_OK)
            return error->status;
    *resolved = all;
    return DMAP_OK;
}

static dmap_status check_range(const char *field, int value, int low, int high, dmap__error *error) {
    if (value >= low && value <= high)
        return DMAP_OK;
    return dmap__fail(error, DMAP_EINVAL, "dmap_map_options.%s is %d: want %d to %d", field, value, low, high);
}

static dmap_status check_time(const char *field, double value, dmap__error *error) {
    if (isfinite(value) && value >= 0)
        return DMAP_OK;
    return dmap__fail(error, DMAP_EINVAL, "dmap_map_options.%s is %g: want 0 (none) or a finite number of seconds",
                      field, value);
}

static dmap_status check_window(size_t window, dmap__error *error) {
    if (window == 0 || window >= MIN_WINDOW)
        return DMAP_OK;
    return dmap__fail(error, DMAP_EINVAL, "dmap_map_options.window is %zu: want 0 (default) or %d bytes or more",
                      window, MIN_WINDOW);
}

static dmap_status check_journal(const dmap_map_options *options, dmap__error *error) {
    if (options->journal && !*options->journal)
        return dmap__fail(error, DMAP_EINVAL, "dmap_map_options.journal is \"\": want the name of a file, or NULL");
    if (!options->journal && options->journal_name)
        return dmap__fail(error, DMAP_EINVAL, "dmap_map_options.journal_name is set, and journal is not");
    return DMAP_OK;
}

dmap_status dmap__map_options_check(const dmap_map_options *options, dmap__error *error) {
    if (!options)
        return DMAP_OK;
    dmap_status status = check_range("schedule", (int)options->schedule, DMAP_AUTO, DMAP_FACTORING, error);
    if (status == DMAP_OK)
        status = check_range("on_error", (int)options->on_error, DMAP_STOP, DMAP_KEEP_GOING, error);
    if (status == DMAP_OK)
        status = check_range("retries", options->retries, 0, MAX_RETRIES, error);
    if (status == DMAP_OK)
        status = check_range("lost_limit", options->lost_limit, 0, MAX_RETRIES, error);
    if (status == DMAP_OK)
        status = check_range("progress", options->progress, -1, 1, error);
    if (status == DMAP_OK)
        status = check_range("ahead", options->ahead, -1, 0, error);
    if (status == DMAP_OK)
        status = check_range("priority", options->priority, 0, 1000000, error);
    if (status == DMAP_OK)
        status = check_window(options->window, error);
    if (status == DMAP_OK)
        status = check_time("item_timeout_s", options->item_timeout_s, error);
    if (status == DMAP_OK)
        status = check_time("timeout_s", options->timeout_s, error);
    return status == DMAP_OK ? check_journal(options, error) : status;
}
