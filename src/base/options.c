/* Options of a pool and of a call.
 *
 * One table says of each field of dmap_options where it lies, its environment variable, its bounds or the names of its
 * values, and its default: checking what a program gave, reading the environment and describing the outcome all walk
 * that table, so a field is added in one place.
 *
 * Invariant: what dmap__options_resolve has let through needs no further check anywhere. The environment is read only
 * for fields that the program left at zero, so a bad variable that has no say is no error.
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

#define MAX_STACK ((size_t)1 << 40)

enum { MAX_WORKERS = 4096, MAX_RETRIES = 1000, MIN_WINDOW = 4096, VALUE_SHOWN = 60 };

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
    {"master_works", "DMAP_MASTER_WORKS", offsetof(dmap_options, master_works), -1, 1, 0, answers},
};
static const size_t n_options = sizeof table / sizeof table[0];

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
    memcpy(text + n, value[n] ? "..." : "", value[n] ? 4 : 1);
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

static dmap_status read_variable(const option *o, int *value, dmap__error *error) {
    const char *text = getenv(o->variable);
    *value = o->fallback;
    if (!text || !*text)
        return DMAP_OK;
    bool good = o->words ? parse_word(text, o->words, value) : parse_number(text, o->high, value);
    return good ? DMAP_OK : fail_variable(o, text, error);
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

static dmap_status resolve_stack(const dmap_options *given, dmap_options *resolved, dmap__error *error) {
    const char *text = getenv("DMAP_STACKSIZE");
    char shown[VALUE_SHOWN + 4];
    resolved->stack_size = given ? given->stack_size : 0;
    if (resolved->stack_size > MAX_STACK)
        return dmap__fail(error, DMAP_EINVAL, "dmap_options.stack_size is %zu: want up to %zu bytes (0: default)",
                          resolved->stack_size, MAX_STACK);
    if (resolved->stack_size || !text || !*text || parse_size(text, &resolved->stack_size))
        return DMAP_OK;
    show_value(text, shown, sizeof shown);
    return dmap__fail(error, DMAP_EINVAL, "DMAP_STACKSIZE=\"%s\": want a number of KiB, or with B, K, M or G behind it",
                      shown);
}

dmap_status dmap__options_resolve(const dmap_options *given, dmap_options *resolved, dmap__error *error) {
    dmap_options all = {0};
    for (const option *o = table; o < table + n_options; o++) {
        int value = given ? get_field(given, o) : 0;
        if (value < o->low || value > o->high) {
            return dmap__fail(error, DMAP_EINVAL, "dmap_options.%s is %d: want %d to %d (0: default)", o->field, value,
                              o->low, o->high);
        }
        if (value == 0) {
            dmap_status status = read_variable(o, &value, error);
            if (status != DMAP_OK)
                return status;
        }
        set_field(&all, o, value);
    }
    if (resolve_stack(given, &all, error) != DMAP_OK)
        return DMAP_EINVAL;
    all.refresh_items = given ? given->refresh_items : 0;
    all.refresh_memory = given ? given->refresh_memory : 0;
    *resolved = all;
    return DMAP_OK;
}

static const char *name_of(const option *o, int value) {
    for (const word *w = o->words; w && w->text; w++)
        if (w->value == value)
            return w->text;
    return value == 0 ? "auto" : "?";
}

void dmap__options_describe(const dmap_options *options, char *text, size_t size) {
    size_t used = 0;
    for (const option *o = table; o < table + n_options && used < size; o++) {
        int value = get_field(options, o), n;
        const char *gap = o == table ? "" : " ";
        if (!o->words && value != 0)
            n = snprintf(text + used, size - used, "%s%s=%d", gap, o->field, value);
        else
            n = snprintf(text + used, size - used, "%s%s=%s", gap, o->field, name_of(o, value));
        used += n > 0 ? (size_t)n : 0;
    }
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

static dmap_status check_journal(const char *journal, dmap__error *error) {
    if (!journal)
        return DMAP_OK;
    return dmap__fail(error, DMAP_EUNSUPPORTED, "dmap_map_options.journal: this version keeps no journal, want NULL");
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
        status = check_range("progress", options->progress, -1, 1, error);
    if (status == DMAP_OK)
        status = check_range("ahead", options->ahead, -1, 0, error);
    if (status == DMAP_OK)
        status = check_window(options->window, error);
    if (status == DMAP_OK)
        status = check_time("item_timeout_s", options->item_timeout_s, error);
    if (status == DMAP_OK)
        status = check_time("timeout_s", options->timeout_s, error);
    return status == DMAP_OK ? check_journal(options->journal, error) : status;
}
