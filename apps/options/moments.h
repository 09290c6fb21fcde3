/* Means, variances and covariances of the payoffs of many paths, in one pass and without cancellation. */
#ifndef OPTIONS_MOMENTS_H
#define OPTIONS_MOMENTS_H

enum { GEOMETRIC, ARITHMETIC, BARRIER, PAYOFFS };

typedef struct moments {
    double count;
    double mean[PAYOFFS];
    double spread[PAYOFFS][PAYOFFS]; /* sums of products of deviations from the means */
} moments;

/** A mean and its standard error. */
typedef struct estimate {
    double value, error;
} estimate;

/** Adds one path. */
void moments_add(moments *m, const double payoff[PAYOFFS]);
/** *into becomes what both are together. */
void moments_combine(moments *into, const moments *from);
/** The mean of one payoff. */
estimate moments_mean(const moments *m, int payoff);
/** The same, with another payoff as control variate, whose expectation is known. */
estimate moments_controlled(const moments *m, int payoff, int control, double expectation);

#endif
