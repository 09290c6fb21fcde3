#include "dimacs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const char *path;
    char *error;
    size_t size;
    graph *graph;
    uint64_t line, edges, promised;
} reader;

static bool fail(reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(reader *r, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (r->line)
        snprintf(r->error, r->size, "%s: line %" PRIu64 ": %s", r->path, r->line, text);
    else
        snprintf(r->error, r->size, "%s: %s", r->path, text);
    return false;
}

/* Two whole numbers and nothing else. */
static bool read_pair(const char *text, uint64_t *a, uint64_t *b) {
    char rest;
    return !strchr(text, '-') && sscanf(text, "%" SCNu64 " %" SCNu64 " %c", a, b, &rest) == 2;
}

static bool read_problem(reader *r, const char *text) {
    uint64_t vertices;
    int used = 0;
    sscanf(text, " edge%n", &used);
    if (!used)
        sscanf(text, " col%n", &used);
    if (r->graph)
        return fail(r, "there is a 'p' line before this one");
    if (!used || !read_pair(text + used, &vertices, &r->promised))
        return fail(r, "'p edge VERTICES EDGES' is wanted");
    if (vertices < 1 || vertices > GRAPH_MOST)
        return fail(r, "%" PRIu64 " vertices: it may have 1 to %d", vertices, GRAPH_MOST);
    r->graph = graph_create((uint32_t)vertices);
    return r->graph || fail(r, "out of memory for %" PRIu64 " vertices", vertices);
}

static bool read_edge(reader *r, const char *text) {
    uint64_t u, v;
    if (!r->graph)
        return fail(r, "an edge before the 'p' line");
    if (!read_pair(text, &u, &v))
        return fail(r, "'e U V' is wanted");
    if (u < 1 || v < 1 || u > r->graph->n || v > r->graph->n)
        return fail(r, "an edge %" PRIu64 " %" PRIu64 ", and vertices are 1 to %" PRIu32, u, v, r->graph->n);
    if (u == v)
        return fail(r, "an edge from vertex %" PRIu64 " to itself", u);
    graph_join(r->graph, (uint32_t)u - 1, (uint32_t)v - 1);
    r->edges++;
    return true;
}

static bool read_line(reader *r, const char *text) {
    r->line++;
    text += strspn(text, " \t\r\n");
    switch (*text) {
    case '\0':
    case 'c':
        return true;
    case 'p':
        return read_problem(r, text + 1);
    case 'e':
        return read_edge(r, text + 1);
    default:
        return fail(r, "it begins with neither c, p nor e: is this DIMACS's format, as text?");
    }
}

static bool read_all(reader *r, FILE *file) {
    char *text = NULL;
    size_t room = 0;
    bool is_good = true;
    errno = 0;
    while (is_good && getline(&text, &room, file) >= 0)
        is_good = read_line(r, text);
    free(text);
    r->line = is_good ? 0 : r->line;
    if (is_good && !feof(file))
        return fail(r, "%s", strerror(errno));
    if (is_good && !r->graph)
        return fail(r, "there is no 'p' line in it");
    if (is_good && r->edges != r->promised)
        return fail(r, "%" PRIu64 " edges, and its 'p' line says %" PRIu64, r->edges, r->promised);
    return is_good;
}

graph *dimacs_read(const char *path, char *error, size_t size) {
    reader r = {.path = path, .error = error, .size = size};
    FILE *file = fopen(path, "r");
    if (!file) {
        fail(&r, "%s", strerror(errno));
        return NULL;
    }
    if (!read_all(&r, file)) {
        free(r.graph);
        r.graph = NULL;
    }
    fclose(file);
    return r.graph;
}
