/* Running command lines of the shell. */
#include "command_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Reads what the shell's command prints, up to the end of it; its exit code. */
static int run(const char *line, char *text, size_t size) {
    FILE *out = popen(line, "r");
    size_t n = 0, got;
    char rest[4096];
    if (!out)
        return -1;
    while (n + 1 < size && (got = fread(text + n, 1, size - 1 - n, out)) > 0)
        n += got;
    text[n] = '\0';
    while (fread(rest, 1, sizeof rest, out) > 0)
        continue;
    int status = pclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool command_succeeds(const char *line) {
    char text[64];
    return run(line, text, sizeof text) == 0;
}

double command_seconds(const char *line) {
    char text[64];
    double began = now_s();
    return run(line, text, sizeof text) == 0 ? now_s() - began : NAN;
}

double command_number(const char *line) {
    char text[64], *end;
    double number = run(line, text, sizeof text) == 0 ? strtod(text, &end) : NAN;
    return isnan(number) || end == text ? NAN : number;
}
