/* lab/search.c -- ranges of settings, and what is drawn from them. */
#include "search.h"

#include <math.h>
#include <string.h>

const lab_draw_row lab_draw_rows[DRAWS] = {
    [DRAW_HIDDEN] = {"hidden", 1, 4096, LAB_FACTOR, true},
    [DRAW_RATE] = {"learning-rate", 1e-9, 10, LAB_FACTOR, false},
    [DRAW_DROPOUT] = {"dropout", 0, 0.95, LAB_EVEN, false},
    [DRAW_DROPOUT_INPUT] = {"dropout-input", 0, 0.95, LAB_EVEN, false},
    [DRAW_DROPOUT_WEIGHT] = {"dropout-weight", 0, 0.95, LAB_EVEN, false},
    [DRAW_NOISE] = {"noise", 0, 10, LAB_EVEN, false},
    [DRAW_MOMENTUM] = {"momentum", 0, 0.999, LAB_REMAINDER, false}};

static bool parse(const char *text, lab_range *out)
{
    const char *colon = strchr(text, ':');
    const size_t n = colon ? (size_t)(colon - text) : strlen(text);
    if (!rf_number_parse(text, n, &out->low)) return false;
    out->high = out->low;
    return !colon || rf_number_parse(colon + 1, strlen(colon + 1), &out->high);
}

rf_status lab_range_parse(int k, const char *text, lab_range *out, rf_error *err)
{
    const lab_draw_row *row = &lab_draw_rows[k];
    if (!parse(text, out))
        return rf_fail(err, RF_EINVAL, "--%s: %s: a number or LOW:HIGH is due", row->name, text);
    if (out->low > out->high)
        return rf_fail(err, RF_EINVAL, "--%s: %s: the lower end comes first", row->name, text);
    if (out->low < row->min || out->high > row->max)
        return rf_fail(err, RF_EINVAL, "--%s: %s: out of range: from %g to %g", row->name, text,
                       row->min, row->max);
    if (row->whole && (out->low != floor(out->low) || out->high != floor(out->high)))
        return rf_fail(err, RF_EINVAL, "--%s: %s: whole numbers are due", row->name, text);
    return RF_OK;
}

static double between(double low, double high, double u) { return low + u * (high - low); }

static double draw(const lab_draw_row *row, const lab_range *r, double u)
{
    if (r->low == r->high) return r->low;
    if (row->scale == LAB_FACTOR) return exp(between(log(r->low), log(r->high), u));
    if (row->scale == LAB_REMAINDER) return 1 - exp(between(log1p(-r->low), log1p(-r->high), u));
    return between(r->low, r->high, u);
}

void lab_search_draw(const lab_range range[DRAWS], uint64_t seed, int64_t trial,
                     double value[DRAWS])
{
    const rf_key key = rf_key_make(seed, "odyssey.trial", (uint64_t)trial);
    for (int k = 0; k < DRAWS; k++) {
        const double x = draw(&lab_draw_rows[k], &range[k], rf_uniform(key, (uint64_t)k));
        value[k] = lab_draw_rows[k].whole ? round(x) : x;
    }
}
