/* What the moments of the payoffs say of the prices, beside the formulas. */
#ifndef OPTIONS_PRICES_H
#define OPTIONS_PRICES_H

#include <stdbool.h>
#include <stddef.h>

#include "contract.h"
#include "moments.h"

/** Prints a table. */
void prices_print(const moments *m, const contract *c);
/** True if the prices that have a formula are no more than four standard errors off: by chance that fails for one seed
 *  in 8000. text gets a sentence. */
bool prices_check(const moments *m, const contract *c, char *text, size_t size);

#endif
