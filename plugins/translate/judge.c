/* translate/judge.c -- see judge.h. */
#include "judge.h"

rf_status tr_judge_loss(rf_graph *g, const rf_seq2seq *m, const tr_set *set, rf_index cells,
                        rf_status (*tell)(void *ctx, double done, double total), void *ctx,
                        double *loss, rf_error *err)
{
    const rf_bucket_spec spec = {.lengths = set->lengths[1],
                                 .also = set->lengths[0],
                                 .n = set->n,
                                 .B = set->n,
                                 .cells = cells};
    rf_bucket_batches *batches = rf_bucket_batches_new(&spec, err);
    rf_bucket_batch b;
    rf_mean_value mean = {0};
    rf_index done = 0;
    rf_status st = batches ? RF_OK : err->status;
    while (!st && rf_bucket_batches_next(batches, &b)) {
        rf_seq2seq_batch batch;
        double units = 0;
        rf_graph_begin(g, RF_INFER, (rf_key){0});
        if (!tr_set_batch(g, set, b.item, b.B, &batch)) st = rf_fail(err, RF_ENOMEM, "no memory");
        for (rf_index k = 0; k < b.B; k++) units += b.lengths[k];
        const rf_node node = st ? RF_POISON : rf_seq2seq_loss(g, m, &batch);
        if (!st) st = rf_graph_status(g, err);
        if (!st) rf_mean_add(&mean, (double)rf_value(g, node).data[0], units);
        done += b.B;
        if (!st && tell) st = tell(ctx, (double)done, (double)set->n);
    }
    rf_bucket_batches_free(batches);
    *loss = rf_mean_get(&mean);
    return st;
}

rf_text_metric *tr_judge_bleu(int language, bool lowercase, rf_error *err)
{
    static const rf_text_tokens how[] = {
        [TR_NONE] = RF_TOKENS_NONE, [TR_EN] = RF_TOKENS_13A, [TR_ZH] = RF_TOKENS_ZH};
    rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    o.tokens = how[language];
    o.lowercase = lowercase;
    return rf_text_metric_new(rf_text_metric_find("bleu"), &o, err);
}
