/* refrain/convnet.h -- convolutional networks that are trained: a list of layers over maps
 * [B,rows,columns,C].
 *
 *     static const rf_convnet_row rows[] = {{.channels = 32, .stride = 2, .act = RF_CONV_RELU},
 *                                           {.channels = 64, .stride = 2, .act = RF_CONV_RELU}};
 *     const rf_convnet_spec spec = {.input = 3, .layers = 2, .row = rows};
 *     rf_convnet *net = rf_convnet_new(&spec, ps, "cnn.", &err);
 *     rf_node map = rf_convnet_forward(g, net, pictures);   // [B,64,64,3] -> [B,16,16,64]
 *
 * Batch normalisation keeps running means and variances.  They are parameters that are frozen, and so
 * part of models and of training states like the rest; no optimiser moves them, but every
 * rf_convnet_forward in an RF_TRAIN graph does.  Elsewhere they stand in for the batch's own, folded
 * into weights and bias of the convolution.  Processes that train together (rf_fit_spec.collective)
 * normalise each by its own part of a batch, and rank 0's statistics are those that are written. */
#ifndef REFRAIN_CONVNET_H
#define REFRAIN_CONVNET_H

#include <refrain/graph.h>

RF_BEGIN

typedef enum rf_convnet_kind {
    RF_CONVNET_CONV,      /* convolution, batch normalisation, activation */
    RF_CONVNET_DEPTHWISE, /* the same with a window of its own for each channel */
    RF_CONVNET_MAX_POOL,
    RF_CONVNET_MEAN_POOL,
    RF_CONVNET_ADD,        /* act(output of the layer before + another's) */
    RF_CONVNET_GLOBAL_MEAN /* the mean of all cells: [B,rows,columns,C] -> [B,1,1,C] */
} rf_convnet_kind;

/* A layer; all zero but `channels`: 3x3, stride 1, normalised, linear.  Windows are square, and the
 * map is padded by (window - 1) / 2 on each side where windows overlap. */
typedef struct rf_convnet_row {
    rf_convnet_kind kind;
    int32_t channels; /* that come out of a CONV; elsewhere as many as come in */
    int32_t window;   /* 0: 3; of a pool, its stride */
    int32_t stride;   /* 0: 1; of a pool, 2 */
    int32_t groups;   /* of a CONV; 0: 1 */
    rf_conv_act act;  /* of CONV, DEPTHWISE and ADD */
    bool plain;       /* a bias instead of batch normalisation */
    int32_t back;     /* ADD: what is added is the output of the layer `back` before the one before;
                       * elsewhere: that is the input instead of the one before.  0: the one before.
                       * The pictures are the output of layer -1 */
} rf_convnet_row;

typedef struct rf_convnet_spec {
    rf_index input; /* channels of the pictures: 3 */
    int layers;     /* 1 to RF_CONVNET_LAYERS */
    const rf_convnet_row *row;
} rf_convnet_spec;
#define RF_CONVNET_LAYERS   256
/* What PyTorch's nn.BatchNorm2d has. */
#define RF_CONVNET_MOMENTUM 0.1
#define RF_CONVNET_EPS      1e-5

typedef struct rf_convnet rf_convnet;

/* Parameters, borrowed from ps, of layer i:
 *
 *   PREFIXi.conv.weight                            [O,k,k,C/groups], normal, deviation sqrt(2 / fan in)
 *   PREFIXi.conv.bias                              [O], 0; of plain layers
 *   PREFIXi.norm.weight, .bias                     [O], 1 and 0
 *   PREFIXi.norm.running_mean, .running_var        [O], 0 and 1; frozen
 *
 * NULL with err: EINVAL (a number out of its range, the message names the layer), those of
 * rf_params_add.  Source of the first values: He et al., ICCV 2015, equation 10. */
RF_API rf_convnet *rf_convnet_new(const rf_convnet_spec *spec, rf_params *ps, const char *prefix,
                                  rf_error *err);
RF_API void rf_convnet_free(rf_convnet *net);
/* Rows, columns and channels of the map that comes of pictures of rows x columns; false: a window does
 * not fit, or maps that are added differ. */
RF_API bool rf_convnet_size(const rf_convnet *net, rf_index rows, rf_index columns,
                            rf_index out[3]);
/* images [B,rows,columns,input] -> map [B,rows',columns',C].  RF_TRAIN: batch statistics, and the
 * running ones move, variances without bias, as in PyTorch; else the running ones. */
RF_API rf_node rf_convnet_forward(rf_graph *g, const rf_convnet *net, rf_node images);

/* A list of layers as text, items separated by blanks:
 *
 *   32/2     convolution to 32 channels, stride 2; k5: window 5x5, g4: 4 groups, l: linear, not relu,
 *            p: plain.  "64k1l", "32k5/2"
 *   d/2      depthwise, likewise
 *   max, mean/2, maxk3/2    pools, of window 2 and stride 2 unless said
 *   +3       relu(output before + that of the layer 3 before it), +3l without relu
 *   all      the mean of all cells
 *
 * Any item may end in @N: its input is the output of the layer N before the one before.
 * Rows into row [RF_CONVNET_LAYERS], their number into *n.  Errors: EINVAL, the message names the
 * item. */
RF_API rf_status rf_convnet_parse(const char *text, rf_convnet_row *row, int *n, rf_error *err);

#ifndef RF_NO_PLACES
#define rf_convnet_forward(g, ...) rf_convnet_forward(RF_HERE(g), __VA_ARGS__)
#endif

RF_END
#endif
