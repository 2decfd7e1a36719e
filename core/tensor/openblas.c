/* tensor/openblas.c -- OpenBLAS, opened at first use: the one place that touches the process.
 *
 * OpenBLAS chooses its kernels and starts its threads while it is loaded, from the environment.
 * Versions that do not know a CPU take their oldest kernels, five times slower; so the core is
 * named for them, and threads are held to one since the workers are ours.  The two variables are
 * set for the time of dlopen only, and only where the user has not set them.  A copy that the
 * process had loaded before belongs to others: it is used as it is. */
#include "tensor/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY "libopenblas.so.0"

static struct {
    pthread_once_t once;
    rfi_cblas_gemm_fn *gemm;
    char text[160];
} blas = {.once = PTHREAD_ONCE_INIT};

static const char *core_for_cpu(void)
{
#if defined __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
    return NULL;
}

/* True when the variable was set here, and must be taken back. */
static bool lend(const char *name, const char *value)
{
    return value && !getenv(name) && setenv(name, value, 0) == 0;
}

static void *open_library(bool *ours)
{
    void *h = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    *ours = !h;
    if (h) return h;
    const bool core = lend("OPENBLAS_CORETYPE", core_for_cpu());
    const bool threads = lend("OPENBLAS_NUM_THREADS", "1");
    h = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (core) unsetenv("OPENBLAS_CORETYPE");
    if (threads) unsetenv("OPENBLAS_NUM_THREADS");
    return h;
}

/* Object and function pointers have one size wherever dlsym exists. */
static void symbol(void *library, const char *name, void *function)
{
    void *p = dlsym(library, name);
    memcpy(function, &p, sizeof p);
}

/* Cores that leave vectors of 256 bits unused. */
static bool slow_core(const char *core)
{
    static const char *const names[] = {"Prescott", "Core2",  "Penryn",  "Dunnington", "Nehalem",
                                        "Katmai",   "Banias", "Generic", "Athlon",     "Atom"};
    for (size_t i = 0; core_for_cpu() && i < sizeof names / sizeof *names; i++)
        if (strcmp(core, names[i]) == 0) return true;
    return false;
}

static void describe(void *h)
{
    char *(*core)(void), *(*config)(void);
    char version[32] = "";
    symbol(h, "openblas_get_corename", &core);
    symbol(h, "openblas_get_config", &config);
    if (config) sscanf(config(), "OpenBLAS %31s", version);
    const char *name = core ? core() : "unknown core";
    const bool slow = core && slow_core(name);
    snprintf(blas.text, sizeof blas.text, "OpenBLAS %s %s%s%s%s", version, name,
             slow ? " (slow on this CPU: set OPENBLAS_CORETYPE=" : "", slow ? core_for_cpu() : "",
             slow ? ")" : "");
}

static void open_once(void)
{
    bool ours;
    void *h = open_library(&ours);
    if (!h) {
        snprintf(blas.text, sizeof blas.text, "none (%s cannot be opened): own kernels", LIBRARY);
        return;
    }
    symbol(h, RF_REAL_BYTES == 8 ? "cblas_dgemm" : "cblas_sgemm", &blas.gemm);
    void (*set_threads)(int);
    symbol(h, "openblas_set_num_threads", &set_threads);
    if (ours && set_threads) set_threads(1);
    describe(h);
}

rfi_cblas_gemm_fn *rfi_blas_gemm(void)
{
    pthread_once(&blas.once, open_once);
    return blas.gemm;
}

const char *rfi_blas_text(void)
{
    pthread_once(&blas.once, open_once);
    return blas.text;
}
