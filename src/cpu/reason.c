/* Why a worker runs where it does: a sentence of up to four parts, in the order in which things are decided. Which
 * cores there are (those of the node, those of a binding that is kept, or those that mpirun's own binding was widened
 * to), who else has a share in them, what bounds the number of workers, and whether the worker is alone on its core. A
 * part that says nothing new is left out. It decides nothing: placement.c and topology.c did. */
#include "cpu/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *format, ...) {
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

static const char *plural(int n) {
    return n == 1 ? "" : "s";
}

static void add_cores(const dmap__reason *r, char *text, size_t size) {
    int n = r->all_cores;
    if (r->bind == DMAP_BIND_NONE)
        add(text, size, "not bound: DMAP_BIND=none%s",
            !r->narrowed ? ""
            : r->keep    ? ", within the binding that was asked for"
                         : ", the default binding of mpirun is lifted");
    else if (r->narrowed && r->keep)
        add(text, size, "kept the binding that was asked for: %d core%s", n, plural(n));
    else if (r->narrowed)
        add(text, size, "bound by default by mpirun: widened to the node's %d core%s", n, plural(n));
    else
        add(text, size, "the node's %d core%s", n, plural(n));
}

/* Ranks that outnumber the cores are told apart from workers that do: the rank has one core then, which others have. */
static void add_sharing(const dmap__reason *r, char *text, size_t size) {
    bool by_ranks = r->ranks > r->all_cores;
    int workers = by_ranks ? r->ranks * r->workers : r->workers, cores = by_ranks ? r->all_cores : r->cores;
    add(text, size, "; shares its core: %d worker%s on %d core%s", workers, plural(workers), cores, plural(cores));
}

void dmap__reason_write(const dmap__reason *reason, char *text, size_t size) {
    text[0] = '\0';
    add_cores(reason, text, size);
    if (reason->ranks > 1 && reason->bind != DMAP_BIND_NONE)
        add(text, size, ", shared out among %d ranks", reason->ranks);
    if (reason->quota_n > 0)
        add(text, size, "; quota of the cgroup: %.3g CPU%s", reason->quota_n, reason->quota_n == 1 ? "" : "s");
    if (reason->shared)
        add_sharing(reason, text, size);
}
