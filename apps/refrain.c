/* refrain -- every task in one program: refrain plugins, refrain model FILE, refrain TASK VERB ... */
#include <refrain/host.h>

int main(int argc, char **argv) { return rf_suite_main(argc, argv); }
