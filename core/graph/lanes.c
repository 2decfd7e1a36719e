/* graph/lanes.c -- dropout where one batch is dealt out to several processes.
 *
 * Invariant: the mask of an element is that of the same element of the whole batch, as one process
 * would draw it: its number there decides, not its number here.  The mask is a constant node, the
 * product an ordinary one. */
#include "graph/ops.h"
#include "tensor/device.h"

void rf_graph_set_lanes(rf_graph *g, int dim, rf_index from, rf_index total)
{
    g->lane_dim = dim;
    g->lane_from = from;
    g->lane_total = total;
}

bool rfi_has_lanes(const rf_graph *g, rf_node x)
{
    return g->lane_total && x != RF_NONE && x != RF_POISON && !rfi_at(g, rfi_at(g, x)->root)->param;
}

/* Elements here stand in runs of `length` that follow one another there, too; between two runs there
 * are `skip` of other processes, before the first one `from`. */
typedef struct job {
    const rfi_kernels *k;
    rf_key key;
    double p;
    rf_index n, length, skip, from;
    rf_real *factor;
} job;

enum { GRAIN = 64, LONG = 8192, WORDS = 32 };

/* n factors, of the elements from number `at` of the whole batch on. */
static void draw_run(const job *j, uint64_t at, rf_index n, rf_real *factor)
{
    const double drop = j->p * 0x1p32;
    const uint32_t below = drop >= 0x1p32 - 1 ? UINT32_MAX : (uint32_t)drop;
    const rf_real keep = (rf_real)(1 / (1 - j->p));
    uint32_t bits[WORDS];
    while (n > 0) {
        const rf_index skip = (rf_index)(at % 32), room = 32 * WORDS - skip;
        const rf_index some = n < room ? n : room;
        j->k->draw_bits(j->key, below, at / 32, (skip + some + 31) / 32, bits);
        for (rf_index i = 0; i < some; i++)
            factor[i] = bits[(skip + i) / 32] >> (skip + i) % 32 & 1 ? keep : 0;
        at += (uint64_t)some;
        factor += some;
        n -= some;
    }
}

static void draw_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index i, end, stop;
    rfi_split(j->n, GRAIN, thread, threads, &i, &end);
    for (; i < end; i = stop) {
        const rf_index run = i / j->length;
        stop = (run + 1) * j->length < end ? (run + 1) * j->length : end;
        draw_run(j, (uint64_t)(i + j->from + run * j->skip), stop - i, j->factor + i);
    }
}

/* The lanes' place among the dimensions of the mask: entries before and after it. */
static job job_make(const rf_graph *g, rf_shape mask, double p, rf_key key)
{
    const int dim = g->lane_dim;
    rf_index inner = 1;
    for (int k = dim + 1; k < mask.rank; k++) inner *= mask.dim[k];
    return (job){.k = g->device->k,
                 .key = key,
                 .p = p,
                 .n = rf_shape_count(mask),
                 .length = mask.dim[dim] * inner,
                 .skip = (g->lane_total - mask.dim[dim]) * inner,
                 .from = g->lane_from * inner};
}

rf_node rfi_dropout_lanes(rf_graph *g, rf_node x, double p, int dim, rf_key key)
{
    rf_shape s = rf_shape_of(g, x);
    char text[200], shape[RF_SHAPE_TEXT];
    if (s.rank <= g->lane_dim || s.dim[g->lane_dim] > g->lane_total - g->lane_from) {
        snprintf(text, sizeof text, "dimension %d of %s is no lanes from %lld of %lld", g->lane_dim,
                 rf_shape_text(s, shape), (long long)g->lane_from, (long long)g->lane_total);
        return rfi_poison(g, RF_ESHAPE, "dropout", text);
    }
    if (dim >= 0 && dim < s.rank) s.dim[dim] = 1;
    rf_node m = rf_zeros(g, s);
    if (m == RF_POISON) return m;
    job j = job_make(g, s, p, key);
    if (dim == g->lane_dim) j.skip = j.from = 0; /* all lanes share it */
    j.factor = rf_value(g, m).data;
    if (j.n < LONG)
        draw_part(&j, 0, 1);
    else
        rf_device_run(g->device, draw_part, &j);
    return rf_mul(g, x, m);
}
