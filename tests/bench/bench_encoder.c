/* bench_encoder.c -- pictures a second of an encoder of refrain-caption: inference, by batches.
 *
 * usage: bench_encoder FOLDER [--threads N] [--seconds S] [--batch B] [--format text|json] [--check]
 *        [--profile]
 *
 * Picture b has the numbers ((37 i + 11 b) mod 256 - 127.5) / 127.5, i counting rows, columns, channels.
 * --check: the features of the last picture of a batch instead of the rate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../plugins/caption/encoder.h"
#include "bench.h"

enum { MOST = 10000 };

typedef struct options {
    const char *folder;
    int threads, batch;
    double seconds;
    bool json, check, profile;
} options;

static bool parse(int argc, char **argv, options *o)
{
    *o = (options){.batch = 8, .seconds = 3};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (argv[i][0] != '-' && !o->folder)
            o->folder = argv[i];
        else if (!strcmp(argv[i], "--check"))
            o->check = true;
        else if (!strcmp(argv[i], "--profile"))
            o->profile = true;
        else if (!value)
            return false;
        else if (!strcmp(argv[i], "--threads"))
            o->threads = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--batch"))
            o->batch = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--seconds"))
            o->seconds = atof(argv[++i]);
        else if (!strcmp(argv[i], "--format"))
            o->json = !strcmp(argv[++i], "json");
        else
            return false;
    }
    return o->folder && o->batch > 0;
}

/* The features [B,C] of the pictures x. */
static rf_node step(cap_encoder *e, rf_graph *g, const rf_real *x, rf_index B)
{
    int height, width;
    rf_node out[CAP_OUTPUTS];
    cap_encoder_size(e, &height, &width);
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    cap_encoder_build(e, g, rf_borrow(g, x, RF_SHAPE(B, height, width, 3)), CAP_FEATURES, out);
    return out[CAP_FEATURES];
}

static void print_features(const rf_graph *g, rf_node y, rf_index B)
{
    const rf_index C = rf_shape_of(g, y).dim[1];
    printf("{\"features\": [");
    for (rf_index c = 0; c < C; c++)
        printf("%s%.9g", c ? ", " : "", (double)rf_value(g, y).data[(B - 1) * C + c]);
    printf("]}\n");
}

static void measure(const options *o, cap_encoder *e, rf_graph *g, const rf_real *x)
{
    static double t[MOST];
    size_t n = 0;
    for (int i = 0; i < 3; i++) step(e, g, x, o->batch);
    if (o->profile) rf_graph_profile(g, true, NULL);
    const double end = bench_now() + o->seconds, cpu = (double)clock();
    while (n < MOST && (n < 3 || bench_now() < end)) {
        const double start = bench_now();
        step(e, g, x, o->batch);
        t[n++] = bench_now() - start;
    }
    const double used = ((double)clock() - cpu) / CLOCKS_PER_SEC, all = (double)n * o->batch;
    const double rate = o->batch / bench_median(t, n);
    printf(o->json ? "{\"pictures_per_s\": %.2f, \"pictures_per_cpu_s\": %.2f}\n"
                   : "%.2f pictures/s, %.2f in a second of processor time\n",
           rate, all / used);
    rf_str text = {0};
    if (o->profile) rf_graph_profile_text(g, &text);
    if (text.s) puts(text.s);
    rf_str_free(&text);
}

static rf_real *make_pictures(cap_encoder *e, int B)
{
    int height, width;
    cap_encoder_size(e, &height, &width);
    const rf_index one = 3 * (rf_index)height * width;
    rf_real *x = rf_aligned_alloc((size_t)(B * one), sizeof *x);
    for (rf_index b = 0; x && b < B; b++)
        for (rf_index i = 0; i < one; i++)
            x[b * one + i] = ((rf_real)((37 * i + 11 * b) % 256) - (rf_real)127.5) / (rf_real)127.5;
    return x;
}

int main(int argc, char **argv)
{
    options o;
    rf_error err = {0};
    if (!parse(argc, argv, &o)) {
        fprintf(stderr, "usage: bench_encoder FOLDER [--threads N] [--seconds S] [--batch B] "
                        "[--format text|json] [--check] [--profile]\n");
        return 2;
    }
    cap_encoder *e = cap_encoder_open(o.folder, &err);
    rf_device *d = e ? rf_device_new(o.threads, &err) : NULL;
    rf_graph *g = d ? rf_graph_new(d) : NULL;
    rf_real *x = g ? make_pictures(e, o.batch) : NULL;
    if (x && o.check) print_features(g, step(e, g, x, o.batch), o.batch);
    if (x && !o.check) measure(&o, e, g, x);
    const bool failed = !x || rf_graph_status(g, &err);
    if (failed) fprintf(stderr, "%s\n", err.text);
    rf_aligned_free(x);
    rf_graph_free(g);
    rf_device_free(d);
    cap_encoder_free(e);
    return failed;
}
