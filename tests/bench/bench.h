/* bench.h -- what the benchmarks share: time, medians, the machine's FMA peak. */
#ifndef BENCH_H
#define BENCH_H

#include <refrain/tensor.h>

/* Seconds of a steady clock. */
double bench_now(void);
/* The median; sorts `at`. */
double bench_median(double *at, size_t n);
/* GFLOP/s of independent fused multiply-adds in registers, on all threads of the device: the best of
 * a few short rounds. */
double bench_peak(rf_device *d);
/* softmax(scores) into p [V]. */
void bench_softmax(const rf_device *d, const rf_real *scores, rf_index V, rf_real *p);

/* The recurrent layers of the workloads W1..W5 alone: input [T,B,I], `layers` of H, each a cell. */
typedef struct bench_layers {
    const char *name, *cell;
    int layers, directions;
    rf_index T, B, I, H;
} bench_layers;

/* NULL: there is no such workload. */
const bench_layers *bench_layers_find(const char *name);
/* Nominal operations of a forward pass and a whole adjoint. */
double bench_layers_flop(const bench_layers *s);

/* What a benchmark of one workload is asked for on its command line. */
typedef struct bench_options {
    const bench_layers *layers;
    int threads; /* 0: all */
    double seconds;
    bool json;
    bool check; /* compare results instead of measuring */
} bench_options;

/* --workload W [--threads N] [--seconds S] [--format text|json] [--check]; false: something else. */
bool bench_parse(int argc, char **argv, bench_options *o);
/* Run `step` for o->seconds and print what it made of a second, under the name `who`. */
void bench_layers_run(const bench_options *o, const char *who, void (*step)(void *), void *ctx);

#endif
