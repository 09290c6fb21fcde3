/* The helper: what the files of this program share. */
#ifndef DMAP_TESTS_HELPER_H
#define DMAP_TESTS_HELPER_H

#include <CUnit/CUnit.h>

void helper_add_asks(CU_pSuite suite);
void helper_add_pools(CU_pSuite suite);

#endif
