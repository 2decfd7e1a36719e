/* refrain/refrain.h -- all of the library.  A program that learns a song with a refrain:
 *
 *     #include <refrain/refrain.h>
 *     #include <stdio.h>
 *
 *     int main(void)
 *     {
 *         const int32_t x[] = {0, 1, 2, 0, 1, 2, 3}, y[] = {1, 2, 0, 1, 2, 3, 0}; // what follows
 *         rf_graph *g = rf_graph_new(rf_device_new(0, NULL));
 *         rf_params *ps = rf_params_new();
 *         rf_param *e = rf_params_add(ps, "e", RF_SHAPE(4, 8), (rf_init){RF_INIT_NORMAL, 1}, NULL);
 *         rf_rnn_spec spec = {.cell = rf_cell_find("lstm"), .input = 8, .hidden = 8, .layers = 1};
 *         rf_rnn *rnn = rf_rnn_new(&spec, ps, "rnn.", NULL);
 *         rf_optimizer_spec adam = rf_optimizer_defaults(rf_optimizer_find("adam"));
 *         rf_optimizer *o = rf_optimizer_new(&adam, ps, NULL);
 *         rf_params_init(ps, 1);
 *         for (uint64_t step = 0; step < 300; step++) {
 *             rf_graph_begin(g, RF_TRAIN, rf_key_make(1, "train", step));
 *             rf_node w = rf_parameter(g, e), in = rf_embedding(g, w, x, RF_SHAPE(7, 1));
 *             rf_sequence s = rf_rnn_apply(g, rnn, in, RF_NONE, RF_NONE, NULL);
 *             rf_node loss = rf_linear_cross_entropy(g, s.out, w, RF_NONE, y);
 *             rf_adjoint(g, loss);
 *             rf_optimizer_step(o, rf_graph_device(g), 0.02, 1);
 *             if (step % 100 == 99) printf("loss %.4f\n", (double)rf_value(g, loss).data[0]);
 *         }
 *     }
 *
 * Not here: plugin.h, by which tasks are made, and host.h, by which programs load them. */
#ifndef REFRAIN_REFRAIN_H
#define REFRAIN_REFRAIN_H

#include <refrain/base.h>
#include <refrain/cell.h>
#include <refrain/collective.h>
#include <refrain/conllu.h>
#include <refrain/convnet.h>
#include <refrain/decode.h>
#include <refrain/diagram.h>
#include <refrain/graph.h>
#include <refrain/io.h>
#include <refrain/layers.h>
#include <refrain/model.h>
#include <refrain/music.h>
#include <refrain/op.h>
#include <refrain/plot.h>
#include <refrain/segment.h>
#include <refrain/seq2seq.h>
#include <refrain/tensor.h>
#include <refrain/text.h>
#include <refrain/train.h>
#include <refrain/words.h>

#endif
