/* What the benches measured, for people and for programs.
 * usage: bench_report [--json FILE] [--plots FOLDER] ROWS...: files of rows, as the benches write them. The table goes
 * to stdout, and after it every aim with what was measured. */
#include "report.h"

#include <string.h>

int main(int argc, char **argv) {
    report r = {0};
    const char *json = NULL, *plots = NULL;
    bool right = argc > 1;
    for (int i = 1; i < argc && right; i++)
        if (strcmp(argv[i], "--json") == 0 && i + 1 < argc)
            json = argv[++i];
        else if (strcmp(argv[i], "--plots") == 0 && i + 1 < argc)
            plots = argv[++i];
        else
            right = report_load(&r, argv[i]);
    if (right) {
        report_print(&r);
        report_print_aims(&r);
        right = !json || report_write_json(&r, json);
        right = (!plots || report_plot(&r, plots)) && right;
    }
    report_free(&r);
    return right ? 0 : 1;
}
