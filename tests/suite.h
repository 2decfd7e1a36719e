/* suite.h -- what every CUnit program's main does: run suites, print each test, tell by the exit code.
 *
 *     int main(void)
 *     {
 *         CU_TestInfo tests[] = {{"adds", adds}, CU_TEST_INFO_NULL};
 *         CU_SuiteInfo suites[] = {{.pName = "sums", .pTests = tests}, CU_SUITE_INFO_NULL};
 *         return run_suites(suites);
 *     } */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <CUnit/Basic.h>

/* A list where an array is due. */
#define LIST(type, ...) ((const type[]){__VA_ARGS__})

/* 0: all passed; 1: some failed; 2: CUnit could not begin. */
static inline int run_suites(CU_SuiteInfo *suites)
{
    if (CU_initialize_registry() || CU_register_suites(suites)) return 2;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    const unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}

#endif
