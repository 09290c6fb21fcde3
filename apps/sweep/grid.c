#include "grid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"
#include "out_file.h"

static int keep(grid *g, size_t *room, point p) {
    if (g->count == *room) {
        size_t more_room = *room ? 2 * *room : 256;
        point *more = realloc(g->points, more_room * sizeof *more);
        if (!more)
            return -1;
        g->points = more;
        *room = more_room;
    }
    g->points[g->count++] = p;
    return 0;
}

/* Takes off what spreadsheets put around the text of a file: a mark of UTF-8 before it, DOS line ends. Returns where
 * the line begins; NULL if a byte of it is 0. */
static char *strip(char *line, size_t length, size_t number) {
    static const char mark[] = "\xef\xbb\xbf";
    if (strlen(line) != length)
        return NULL;
    if (length > 0 && line[length - 1] == '\n')
        line[--length] = '\0';
    if (length > 0 && line[length - 1] == '\r')
        line[--length] = '\0';
    return line + (number == 1 && strncmp(line, mark, strlen(mark)) == 0 ? strlen(mark) : 0);
}

/* "a,b" and nothing else. */
static bool read_point(const char *line, point *p) {
    const char *rest = command_read_real(line, ',', &p->a);
    return rest && command_read_real(rest, '\0', &p->b) && p->a > 0.0 && p->b > 0.0;
}

static bool is_passed_over(const char *line, size_t number) {
    static const char heading[] = "a,b";
    return line[strspn(line, " \t")] == '\0' || line[0] == '#' ||
           (number == 1 && strncmp(line, heading, strlen(heading)) == 0);
}

static int read_lines(FILE *file, const char *path, grid *g, char *error, size_t error_size) {
    char *buffer = NULL;
    size_t line_size = 0, room = 0, number = 0;
    ssize_t length;
    int code = 0;
    while (code == 0 && (length = getline(&buffer, &line_size, file)) >= 0) {
        const char *line = strip(buffer, (size_t)length, ++number);
        point p;
        if (line && is_passed_over(line, number))
            continue;
        if (!line || !read_point(line, &p)) {
            snprintf(error, error_size, "%s:%zu: '%.100s' is not two numbers above 0: a,b", path, number, buffer);
            code = -1;
        } else if (keep(g, &room, p) != 0) {
            snprintf(error, error_size, "%s: out of memory", path);
            code = -1;
        }
    }
    if (code == 0 && ferror(file)) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        code = -1;
    }
    free(buffer);
    return code;
}

int grid_read(const char *path, grid *g, char *error, size_t error_size) {
    *g = (grid){0};
    FILE *file = fopen(path, "r");
    if (!file) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return -1;
    }
    int code = read_lines(file, path, g, error, error_size);
    fclose(file);
    if (code == 0 && g->count == 0) {
        snprintf(error, error_size, "%s: there is no point in it", path);
        code = -1;
    }
    if (code != 0)
        grid_free(g);
    return code;
}

static double between(double low, double high, uint32_t i, uint32_t count) {
    return count > 1 ? low + (high - low) * i / (count - 1) : low;
}

int grid_lay_out(point low, point high, uint32_t columns, uint32_t rows, grid *g) {
    *g = (grid){.points = malloc((size_t)columns * rows * sizeof(point))};
    if (!g->points)
        return -1;
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t column = 0; column < columns; column++)
            g->points[g->count++] = (point){between(low.a, high.a, column, columns), between(low.b, high.b, row, rows)};
    return 0;
}

void grid_free(grid *g) {
    free(g->points);
    *g = (grid){0};
}

int grid_write(const char *path, const grid *g, const orbit *orbits, char *error, size_t error_size) {
    out_file *out = out_file_open(path);
    bool good = out && fputs("a,b,fate,time,peak,growth,steps\n", out_file_stream(out)) >= 0;
    for (size_t i = 0; good && i < g->count; i++) {
        const orbit *o = &orbits[i];
        good = fprintf(out_file_stream(out), "%.9g,%.9g,%s,%.9g,%.9g,%.9g,%u\n", g->points[i].a, g->points[i].b,
                       o->fate == FATE_CYCLE ? "cycle" : "rest", o->time, o->peak, o->growth, o->steps) > 0;
    }
    good = good && out_file_finish(out) == 0;
    if (!good)
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
    out_file_close(out);
    return good ? 0 : -1;
}
