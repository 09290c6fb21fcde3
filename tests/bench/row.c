/* Rows as JSON. What is NAN becomes null. */
#include "row.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

static void add_values(cJSON *json, const bench_row *row) {
    cJSON *values = cJSON_AddArrayToObject(json, "values");
    for (int i = 0; i < row->n_values; i++)
        cJSON_AddItemToArray(values, isnan(row->values[i]) ? cJSON_CreateNull() : cJSON_CreateNumber(row->values[i]));
}

static void add_text(cJSON *json, const char *name, const char *text) {
    if (text)
        cJSON_AddStringToObject(json, name, text);
}

static cJSON *json_of(const bench_row *row) {
    cJSON *json = cJSON_CreateObject();
    add_text(json, "figure", row->figure);
    add_text(json, "title", row->title);
    add_text(json, "unit", row->unit);
    cJSON_AddBoolToObject(json, "more_is_better", row->more_is_better);
    add_text(json, "x_name", row->x_name);
    if (row->x_name)
        cJSON_AddNumberToObject(json, "x", row->x);
    add_text(json, "where", row->where);
    add_text(json, "system", row->system);
    add_text(json, "role", row->role);
    cJSON_AddNumberToObject(json, "items", (double)row->items);
    add_values(json, row);
    add_text(json, "note", row->note);
    add_text(json, "refused", row->refused);
    return json;
}

bool bench_row_write(const bench_row *row, FILE *out) {
    cJSON *json = json_of(row);
    char *text = cJSON_PrintUnformatted(json);
    bool done = text && fprintf(out, "%s\n", text) > 0 && fflush(out) == 0;
    free(text);
    cJSON_Delete(json);
    return done;
}
