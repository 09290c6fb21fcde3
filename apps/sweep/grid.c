#include "grid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"

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

/* "a,b" and nothing else; what spreadsheets put around it is let pass. */
static bool read_point(char *line, point *p) {
    line[strcspn(line, "\r\n")] = '\0';
    const char *rest = command_read_real(line, ',', &p->a);
    return rest && command_read_real(rest, '\0', &p->b) && p->a > 0.0 && p->b > 0.0;
}

static bool is_passed_over(const char *line, size_t number) {
    static const char heading[] = "a,b";
    return line[strspn(line, " \t\r\n")] == '\0' || line[0] == '#' ||
           (number == 1 && strncmp(line, heading, strlen(heading)) == 0);
}

static int read_lines(FILE *file, const char *path, grid *g, char *error, size_t error_size) {
    char *line = NULL;
    size_t line_size = 0, room = 0, number = 0;
    int code = 0;
    while (code == 0 && getline(&line, &line_size, file) >= 0) {
        point p;
        number++;
        if (is_passed_over(line, number))
            continue;
        if (!read_point(line, &p)) {
            snprintf(error, error_size, "%s:%zu: '%.100s' is not two numbers above 0: a,b", path, number, line);
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
    free(line);
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
    FILE *file = fopen(path, "w");
    bool good = file && fputs("a,b,fate,time,peak,growth,steps\n", file) >= 0;
    for (size_t i = 0; good && i < g->count; i++) {
        const orbit *o = &orbits[i];
        good = fprintf(file, "%.9g,%.9g,%s,%.9g,%.9g,%.9g,%u\n", g->points[i].a, g->points[i].b,
                       o->fate == FATE_CYCLE ? "cycle" : "rest", o->time, o->peak, o->growth, o->steps) > 0;
    }
    if (file && fclose(file) != 0) /* this may be what meets a full disk */
        good = false;
    if (!good)
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
    return good ? 0 : -1;
}
