/* Process workers: crashes, kills, time limits, and the life of the processes. */
#include "crash.h"

static void add_tests(void) {
    if (harness_has("storm"))
        crash_add_storm();
    if (harness_has("ends"))
        crash_add_ends();
    if (harness_has("life"))
        crash_add_life();
    if (harness_has("wild"))
        crash_add_wild();
    if (harness_has("rude"))
        crash_add_rude();
    if (harness_has("refresh_items") || harness_has("refresh_memory"))
        crash_add_refresh();
}

int main(int argc, char **argv) {
    return harness_run(argc, argv, add_tests);
}
