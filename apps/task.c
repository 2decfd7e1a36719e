/* refrain-TASK -- the program of one task; the build defines RF_TASK, such as "lm". */
#include <refrain/host.h>

int main(int argc, char **argv) { return rf_main(RF_TASK, argc, argv); }
