/* caption/encoder.h -- convolutional networks that are described by a list of layers.
 *
 * A folder with model.json (input, layers, outputs), model.safetensors (the tensors that it names) and,
 * where it classifies, labels.txt (class k is line k + 1).  A layer is
 *
 *     {"op": "conv2d", "inputs": ["input"], "output": "conv00", "weight": "conv00.weight",
 *      "bias": "conv00.bias", "kernel": [3, 3], "stride": [2, 2], "pad": [0, 0, 1, 1], "groups": 1,
 *      "activation": "relu6"}
 *
 * op: conv2d, depthwise_conv2d, max_pool, avg_pool, global_avg_pool, linear, add, softmax;
 * activation: none, relu, relu6; pad: top, left, bottom, right.  Stored weights are
 * [O,C/groups,kh,kw]. */
#ifndef CAPTION_ENCODER_H
#define CAPTION_ENCODER_H

#include <refrain/graph.h>
#include <refrain/text.h>

#include "image.h"

typedef struct cap_encoder cap_encoder;

/* What is wanted of it: names of layers that model.json gives under "outputs". */
enum { CAP_MAP, CAP_FEATURES, CAP_PROB, CAP_OUTPUTS };

/* NULL with err: EIO, EFORMAT (a file of the folder is missing or wrong; the message names it). */
cap_encoder *cap_encoder_open(const char *folder, rf_error *err);
void cap_encoder_free(cap_encoder *e);
const char *cap_encoder_name(const cap_encoder *e);
/* Rows and columns of the pictures that it takes. */
void cap_encoder_size(const cap_encoder *e, int *height, int *width);
/* How many classes have a name; the name of class k. */
rf_index cap_encoder_labels(const cap_encoder *e);
const char *cap_encoder_label(const cap_encoder *e, rf_index k);
/* Its weights, frozen. */
rf_params *cap_encoder_params(cap_encoder *e);

/* A picture of its size as numbers [height,width,3]. */
void cap_encoder_scale(const cap_encoder *e, const cap_image *im, rf_real *x);
/* Pictures x [B,height,width,3] through the layers; out: the map [B,H,W,C], the features [B,C], the
 * probabilities [B,K], RF_NONE where model.json names no such output.  Layers that `most`, one of
 * CAP_OUTPUTS, does not need are left out. */
void cap_encoder_build(cap_encoder *e, rf_graph *g, rf_node x, int most, rf_node out[CAP_OUTPUTS]);

#endif
