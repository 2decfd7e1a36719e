/* fuzz_convnet.c -- any text as a list of layers: an error, or, of small ones, a network whose map is as
 * large as it says. */
#include <refrain/convnet.h>

#include "target.h"

enum { LAYERS = 8, CHANNELS = 32, WINDOW = 9, ROWS = 9, COLUMNS = 7 };

static void walk(const rf_convnet *net)
{
    static const rf_real x[ROWS * COLUMNS * 3];
    rf_index size[3];
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    const rf_node y = rf_convnet_forward(g, net, rf_borrow(g, x, RF_SHAPE(1, ROWS, COLUMNS, 3)));
    const bool fits = rf_convnet_size(net, ROWS, COLUMNS, size);
    MUST(fits == (y != RF_POISON));
    MUST(!fits || rf_shape_equal(rf_shape_of(g, y), RF_SHAPE(1, size[0], size[1], size[2])));
    rf_graph_free(g);
    rf_device_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static rf_convnet_row row[RF_CONVNET_LAYERS];
    rf_convnet_spec spec = {.input = 3, .row = row};
    rf_error err = {0};
    rf_str text = {0};
    rf_str_add(&text, (const char *)data, n);
    const rf_status st = rf_convnet_parse(text.s ? text.s : "", row, &spec.layers, &err);
    rf_str_free(&text);
    MUST(!st == !err.text[0]);
    if (st || spec.layers > LAYERS) return 0;
    for (int i = 0; i < spec.layers; i++)
        if (row[i].channels > CHANNELS || row[i].window > WINDOW) return 0;
    rf_params *ps = rf_params_new();
    rf_convnet *net = rf_convnet_new(&spec, ps, "", &err);
    MUST(net || err.text[0]);
    if (net) walk(net);
    rf_convnet_free(net);
    rf_params_free(ps);
    return 0;
}
