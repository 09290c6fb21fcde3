/* Reading rows, and finding them again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static const char *text_of(const cJSON *json, const char *name, const char *otherwise) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    return text ? text : otherwise;
}

static double number_of(const cJSON *json, const char *name) {
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, name)); /* NAN if it is none */
}

static bool fill(report_row *row, cJSON *json) {
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(json, "values"), *value;
    *row = (report_row){.json = json,
                        .figure = text_of(json, "figure", NULL),
                        .title = text_of(json, "title", ""),
                        .unit = text_of(json, "unit", ""),
                        .where = text_of(json, "where", ""),
                        .system = text_of(json, "system", ""),
                        .role = text_of(json, "role", "peer"),
                        .x_name = text_of(json, "x_name", NULL),
                        .note = text_of(json, "note", NULL),
                        .refused = text_of(json, "refused", NULL),
                        .x = number_of(json, "x"),
                        .items = number_of(json, "items"),
                        .more_is_better = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "more_is_better"))};
    row->values = calloc((size_t)cJSON_GetArraySize(values) + 1, sizeof *row->values);
    if (!row->figure || !row->values)
        return false;
    cJSON_ArrayForEach(value, values) row->values[row->n_values++] = cJSON_GetNumberValue(value);
    row->spread = bench_spread_of(row->values, row->n_values);
    return true;
}

/* Takes json. */
static bool add(report *r, cJSON *json) {
    if (cJSON_HasObjectItem(json, "machine")) {
        cJSON_Delete(r->machine);
        r->machine = cJSON_DetachItemFromObject(json, "machine");
        cJSON_Delete(json);
        return true;
    }
    if (r->n == r->room) {
        int room = r->room ? 2 * r->room : 256;
        report_row *rows = realloc(r->rows, (size_t)room * sizeof *rows);
        if (!rows) {
            cJSON_Delete(json);
            return false;
        }
        r->rows = rows;
        r->room = room;
    }
    return fill(&r->rows[r->n++], json);
}

bool report_load(report *r, const char *path) {
    FILE *in = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    int number = 0;
    bool right = in != NULL;
    while (right && getline(&line, &size, in) > 0) {
        cJSON *json = cJSON_Parse(line);
        number++;
        right = json && add(r, json);
    }
    if (!right)
        fprintf(stderr, "bench_report: %s, line %d: not a row\n", path, number);
    free(line);
    if (in)
        fclose(in);
    return right;
}

void report_free(report *r) {
    for (int i = 0; i < r->n; i++) {
        cJSON_Delete(r->rows[i].json);
        free(r->rows[i].values);
    }
    free(r->rows);
    cJSON_Delete(r->machine);
}

static bool is_near(double a, double b) {
    return isnan(a) ? isnan(b) : fabs(a - b) <= 1e-9 * fabs(b);
}

bool report_is_same(const report_row *a, const report_row *b) {
    return strcmp(a->figure, b->figure) == 0 && is_near(a->x, b->x);
}

const report_row *report_find(const report *r, const char *figure, double x, const char *where, const char *system) {
    for (int i = 0; i < r->n; i++) {
        const report_row *row = &r->rows[i];
        if (strcmp(row->figure, figure) == 0 && is_near(row->x, x) && strcmp(row->where, where) == 0 &&
            strcmp(row->system, system) == 0)
            return row;
    }
    return NULL;
}

const report_row *report_base(const report *r, const report_row *row) {
    for (int i = 0; i < r->n; i++)
        if (report_is_same(&r->rows[i], row) && strcmp(r->rows[i].where, row->where) == 0 &&
            strcmp(r->rows[i].role, "dmap") == 0)
            return &r->rows[i];
    return NULL;
}

/* Of several the last: it allows for most of what cannot be helped. */
const report_row *report_limit(const report *r, const report_row *row) {
    for (int i = r->n - 1; i >= 0; i--)
        if (report_is_same(&r->rows[i], row) && strcmp(r->rows[i].role, "limit") == 0)
            return &r->rows[i];
    return NULL;
}

bench_spread report_ratio(const report_row *row, const report_row *by) {
    double ratios[BENCH_MOST_VALUES], medians = row->spread.median / by->spread.median;
    if (row->n_values != by->n_values || !report_is_same(row, by))
        return bench_spread_of(&medians, 1);
    int n = row->n_values < BENCH_MOST_VALUES ? row->n_values : BENCH_MOST_VALUES;
    for (int i = 0; i < n; i++)
        ratios[i] = row->values[i] / by->values[i];
    return bench_spread_of(ratios, n);
}

bench_spread report_by_dmap(const report *r, const report_row *row) {
    const report_row *base = report_base(r, row);
    if (!base || base == row || !base->spread.n || !row->spread.n)
        return (bench_spread){0};
    return row->more_is_better ? report_ratio(base, row) : report_ratio(row, base);
}

bench_spread report_of_limit(const report *r, const report_row *row) {
    const report_row *limit = report_limit(r, row);
    if (!limit || limit == row || !limit->spread.n || !row->spread.n)
        return (bench_spread){0};
    bench_spread s = row->more_is_better ? report_ratio(row, limit) : report_ratio(limit, row);
    s.median *= 100;
    s.least *= 100;
    s.most *= 100;
    return s;
}
