/* train/metric.c -- numbers that say how good a model is. */
#include <math.h>

#include <refrain/train.h>

void rf_mean_add(rf_mean_value *m, double value, double weight)
{
    m->sum += value * weight;
    m->weight += weight;
}

double rf_mean_get(const rf_mean_value *m)
{
    return m->weight > 0 ? m->sum / m->weight : (double)NAN;
}

double rf_perplexity(double nats) { return exp(nats); }

double rf_bits(double nats, double units) { return nats / (log(2.0) * units); }

rf_index rf_argmax(const rf_real *x, rf_index n)
{
    rf_index best = 0;
    for (rf_index k = 1; k < n; k++)
        if (x[k] > x[best]) best = k;
    return best;
}

rf_index rf_count_correct(const rf_real *scores, const int32_t *targets, rf_index rows, rf_index K,
                          rf_index *counted)
{
    rf_index right = 0, n = 0;
    for (rf_index r = 0; r < rows; r++) {
        if (targets[r] < 0) continue;
        n++;
        right += rf_argmax(scores + r * K, K) == targets[r];
    }
    *counted = n;
    return right;
}

void rf_metrics_add(rf_metrics *m, const char *name, double value)
{
    if (m->n >= RF_METRICS) return;
    m->m[m->n].name = name;
    m->m[m->n].value = value;
    m->n++;
}
