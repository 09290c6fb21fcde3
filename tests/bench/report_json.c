/* bench.json: the machine, every row with its median, spread and ratios, the aims. */
#include <stdlib.h>

#include "report.h"

static void add_spread(cJSON *json, const char *name, const bench_spread *s) {
    if (!s->n)
        return;
    cJSON *to = cJSON_AddObjectToObject(json, name);
    cJSON_AddNumberToObject(to, "n", s->n);
    cJSON_AddNumberToObject(to, "median", s->median);
    cJSON_AddNumberToObject(to, "least", s->least);
    cJSON_AddNumberToObject(to, "most", s->most);
}

static cJSON *json_of(const report *r, const report_row *row) {
    bench_spread by_dmap = report_by_dmap(r, row), of_limit = report_of_limit(r, row);
    cJSON *json = cJSON_Duplicate(row->json, true);
    add_spread(json, "value", &row->spread);
    add_spread(json, "dmap_is_better_by", &by_dmap);
    add_spread(json, "percent_of_limit", &of_limit);
    return json;
}

bool report_write_json(const report *r, const char *path) {
    FILE *out = fopen(path, "w");
    cJSON *all = cJSON_CreateObject();
    if (r->machine)
        cJSON_AddItemReferenceToObject(all, "machine", r->machine);
    cJSON *rows = cJSON_AddArrayToObject(all, "rows");
    for (int i = 0; i < r->n; i++)
        cJSON_AddItemToArray(rows, json_of(r, &r->rows[i]));
    cJSON_AddItemToObject(all, "aims", report_aims_json(r));
    char *text = cJSON_Print(all);
    bool done = out && text && fprintf(out, "%s\n", text) > 0;
    done = (!out || fclose(out) == 0) && done;
    free(text);
    cJSON_Delete(all);
    if (!done)
        fprintf(stderr, "bench_report: %s cannot be written\n", path);
    return done;
}
