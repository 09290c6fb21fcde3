/* The figures: which there are, and how much work each is. */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include "figure.h"

/** How long it may take: a minute; half an hour; a second, to see that it works. */
typedef enum bench_length { BENCH_QUICK = 0, BENCH_FULL = 1, BENCH_TINY = 2 } bench_length;

typedef struct bench_plan {
    bench_figure *figures;
    int n, room;
    bench_length length;
} bench_plan;

/** Makes the list of figures, without lines. False if memory is out. To be freed by bench_plan_fini. */
bool bench_plan_init(bench_plan *plan, bench_length length);
void bench_plan_fini(bench_plan *plan);
/** How often a figure is repeated; and after how many seconds no further repetition begins. */
int bench_plan_repeats(const bench_plan *plan, const bench_figure *figure);
double bench_plan_limit_s(const bench_plan *plan, const bench_figure *figure);
bool bench_is_metg(const bench_figure *figure);

#endif
