#include "prices.h"

#include <math.h>
#include <stdio.h>

/* How many standard errors an estimate is off the formula's price. */
static double errors_off(estimate e, double formula) {
    return (e.value - formula) / e.error;
}

/* An error is known well enough if so many paths pay that it is small beside the price. */
static bool is_known(estimate e) {
    return e.error > 0.0 && e.error < 0.2 * e.value;
}

bool prices_check(const moments *m, const contract *c, char *text, size_t size) {
    if (!is_known(moments_mean(m, GEOMETRIC)) || !is_known(moments_mean(m, BARRIER))) {
        snprintf(text, size, "too few paths pay to compare prices with the formulas: take more --paths");
        return false;
    }
    double asian = errors_off(moments_mean(m, GEOMETRIC), contract_geometric_asian(c));
    double barrier = errors_off(moments_mean(m, BARRIER), contract_down_and_out(c));
    snprintf(text, size, "off the formulas by %+.2f (geometric Asian) and %+.2f (barrier) standard errors, 4 allowed",
             asian, barrier);
    return fabs(asian) <= 4.0 && fabs(barrier) <= 4.0;
}

static void print_line(const char *name, estimate e) {
    printf("%-36s %11.6f %11.6f", name, e.value, e.error);
}

static void print_formula(estimate e, double formula) {
    printf(" %11.6f", formula);
    if (e.error > 0.0)
        printf(" %+11.2f\n", errors_off(e, formula));
    else
        printf(" %11s\n", "-"); /* no path pays, or all the same */
}

void prices_print(const moments *m, const contract *c) {
    double geometric = contract_geometric_asian(c);
    printf("%-36s %11s %11s %11s %11s\n", "call option", "price", "std. error", "formula", "errors off");
    print_line("Asian, geometric mean", moments_mean(m, GEOMETRIC));
    print_formula(moments_mean(m, GEOMETRIC), geometric);
    print_line("Asian, arithmetic mean", moments_mean(m, ARITHMETIC));
    putchar('\n');
    print_line("  with the geometric one as control", moments_controlled(m, ARITHMETIC, GEOMETRIC, geometric));
    putchar('\n');
    print_line("down and out, watched all the time", moments_mean(m, BARRIER));
    print_formula(moments_mean(m, BARRIER), contract_down_and_out(c));
}
