/* Pools that are closed: what the files of this program share. */
#ifndef DMAP_TESTS_CLOSING_H
#define DMAP_TESTS_CLOSING_H

#include <CUnit/CUnit.h>

void closing_add_submits(CU_pSuite suite);

#endif
