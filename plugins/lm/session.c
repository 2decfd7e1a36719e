/* lm/session.c -- the parts of a run that all verbs have. */
#include "session.h"

rf_status lm_reader_open(lm_reader *x, const rf_run *r, rf_error *err)
{
    *x = (lm_reader){.m = lm_model_read(r->model, err)};
    if (!x->m) return err->status;
    x->d = rf_device_new((int)r->threads, err);
    x->g = x->d ? rf_graph_new(x->d) : NULL;
    return x->g ? RF_OK : rf_no_memory(err);
}

lm_means lm_reader_means(const lm_reader *x, rf_weights form)
{
    return (lm_means){.m = x->m, .g = x->g, .d = x->d, .weights = form};
}

void lm_reader_close(lm_reader *x)
{
    rf_graph_free(x->g);
    rf_device_free(x->d);
    lm_model_free(x->m);
}
