/* lab/verdict.c -- from measurements to a table, a picture and plain words. */
#include "verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/task.h>

#include "statistics.h"

#define LEVEL 0.05

const lab_variant lab_variants[LAB_VARIANTS] = {{"lstm-peephole", "vanilla", LAB_UNTESTED},
                                                {"lstm-nig", "NIG", LAB_SAME},
                                                {"lstm-nfg", "NFG", LAB_WORSE},
                                                {"lstm-nog", "NOG", LAB_SAME},
                                                {"lstm-niaf", "NIAF", LAB_SAME},
                                                {"lstm-noaf", "NOAF", LAB_WORSE},
                                                {"lstm", "NP", LAB_SAME},
                                                {"lstm-cifg", "CIFG", LAB_SAME},
                                                {"lstm-fgr", "FGR", LAB_WORSE}};

static const char *const findings[] = {[LAB_UNTESTED] = NULL,
                                       [LAB_SAME] = "no difference",
                                       [LAB_WORSE] = "worse",
                                       [LAB_BETTER] = "better"};

const lab_variant *lab_variant_find(const char *cell)
{
    for (int i = 0; i < LAB_VARIANTS; i++)
        if (!strcmp(lab_variants[i].cell, cell)) return &lab_variants[i];
    return NULL;
}

static lab_finding paper_on(const lab_group *g)
{
    const lab_variant *v = lab_variant_find(g->cell->name);
    return v ? v->paper : LAB_UNTESTED;
}

static const lab_group *find_vanilla(const lab_group *g, int count)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(g[i].cell->name, lab_variants[0].cell) && g[i].n > 1) return &g[i];
    return NULL;
}

/* ---- Tests --------------------------------------------------------------------------------------- */

static void compare(lab_group *g, const lab_group *vanilla)
{
    g->difference = g->p[LAB_WELCH] = g->p[LAB_RANK] = NAN;
    g->finding = LAB_UNTESTED;
    if (!vanilla || g == vanilla || g->n < 2) return;
    g->difference = lab_mean(g->nll, g->n) - lab_mean(vanilla->nll, vanilla->n);
    g->p[LAB_WELCH] = lab_welch_test(g->nll, g->n, vanilla->nll, vanilla->n).p;
    g->p[LAB_RANK] = lab_rank_test(g->nll, g->n, vanilla->nll, vanilla->n);
    g->finding = LAB_SAME;
}

/* The p-values of one test, for as many comparisons as there are. */
static void correct(lab_group *g, int count, int test)
{
    double p[LAB_GROUPS] = {0}, corrected[LAB_GROUPS];
    int k = 0;
    for (int i = 0; i < count; i++)
        if (g[i].finding != LAB_UNTESTED) p[k++] = g[i].p[test];
    lab_holm(p, k, corrected);
    for (int i = 0, j = 0; i < count; i++)
        if (g[i].finding != LAB_UNTESTED) g[i].p[test] = corrected[j++];
}

void lab_verdict_judge(lab_group *g, int count)
{
    const lab_group *vanilla = find_vanilla(g, count);
    for (int i = 0; i < count; i++) compare(&g[i], vanilla);
    for (int test = 0; test < LAB_TESTS; test++) correct(g, count, test);
    for (int i = 0; i < count; i++)
        if (g[i].finding != LAB_UNTESTED && g[i].p[LAB_WELCH] < LEVEL)
            g[i].finding = g[i].difference > 0 ? LAB_WORSE : LAB_BETTER;
}

/* ---- The table ----------------------------------------------------------------------------------- */

rf_status lab_verdict_tell(const rf_host *h, const lab_group *g, int count)
{
    rf_status st = RF_OK;
    for (int i = 0; i < count && !st; i++, g++) {
        const bool any = g->n > 0;
        const rf_field row[] = {
            rf_field_string("variant", g->name),
            rf_field_string("cell", g->cell->name),
            rf_field_int("trial", g->trial),
            rf_field_int("hidden", g->hidden),
            rf_field_int("parameters", g->parameters),
            rf_field_int("seeds", g->n),
            rf_field_real("mean", any ? lab_mean(g->nll, g->n) : (double)NAN),
            rf_field_real("sd", any ? lab_deviation(g->nll, g->n) : (double)NAN),
            rf_field_real("median", any ? lab_median(g->nll, g->n) : (double)NAN),
            rf_field_real("difference", g->difference),
            rf_field_real("p_welch", g->p[LAB_WELCH]),
            rf_field_real("p_rank", g->p[LAB_RANK]),
            rf_field_string("finding", findings[g->finding]),
            rf_field_string("paper", findings[paper_on(g)])};
        st = rf_emit_record(h, i, "variant", row, sizeof row / sizeof *row);
    }
    return st;
}

/* ---- Words --------------------------------------------------------------------------------------- */

/* "NFG (+0.31), NOAF (+0.12)"; "none". */
static int put_names(rf_str *out, const lab_group *g, int count, lab_finding finding)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        if (g[i].finding == finding)
            rf_str_printf(out, "%s%s (%+.3f)", n++ ? ", " : "", g[i].name, g[i].difference);
    if (!n) rf_str_put(out, "none");
    return n;
}

static void put_paper_names(rf_str *out, lab_finding finding)
{
    int n = 0;
    for (int i = 1; i < LAB_VARIANTS; i++)
        if (lab_variants[i].paper == finding)
            rf_str_printf(out, "%s%s", n++ ? ", " : "", lab_variants[i].name);
}

static void put_agreement(rf_str *out, const lab_group *g, int count)
{
    int compared = 0, agree = 0;
    rf_str other = {0};
    for (int i = 0; i < count; i++) {
        const lab_finding paper = paper_on(&g[i]);
        if (paper == LAB_UNTESTED || g[i].finding == LAB_UNTESTED) continue;
        compared++;
        agree += paper == g[i].finding;
        if (paper != g[i].finding)
            rf_str_printf(&other, "%s%s (%s; in the paper %s)", other.n ? ", " : "", g[i].name,
                          findings[g[i].finding], findings[paper]);
    }
    if (compared) rf_str_printf(out, "Agreement with the paper: %d of %d", agree, compared);
    if (other.n) rf_str_printf(out, "; otherwise: %s", other.s);
    if (compared) rf_str_put(out, ".\n");
    rf_str_free(&other);
}

/* The rank test cannot find anything in few seeds, however far apart they are. */
static void put_limits(rf_str *out, const lab_group *g, int count, const lab_group *vanilla)
{
    int compared = 0, fewest = vanilla->n;
    for (int i = 0; i < count; i++)
        if (g[i].finding != LAB_UNTESTED) {
            compared++;
            fewest = g[i].n < fewest ? g[i].n : fewest;
        }
    const double least = fmin(1, compared * lab_rank_least(fewest, vanilla->n));
    if (compared && least >= LEVEL)
        rf_str_printf(out,
                      "With %d seeds the rank test cannot come below p = %.3f: take more seeds "
                      "to use it.\n",
                      fewest, least);
}

static void put_vanilla(rf_str *out, const lab_group *v)
{
    rf_str_printf(out,
                  "The vanilla LSTM (%s): %.3f nats per frame, deviation %.3f over %d seeds.\n",
                  v->cell->name, lab_mean(v->nll, v->n), lab_deviation(v->nll, v->n), v->n);
}

static void put_lost(rf_str *out, const lab_group *g, int count)
{
    for (int i = 0; i < count; i++)
        if (g[i].lost)
            rf_str_printf(out,
                          "%s: %d of %d trainings came to no finite number and are left out.\n",
                          g[i].name, g[i].lost, g[i].n + g[i].lost);
}

void lab_verdict_words(const lab_group *g, int count, rf_str *out)
{
    const lab_group *vanilla = find_vanilla(g, count);
    put_lost(out, g, count);
    if (!vanilla) {
        rf_str_put(out,
                   "No comparison: that needs two seeds of lstm-peephole, the vanilla LSTM.\n");
        return;
    }
    put_vanilla(out, vanilla);
    if (count < 2) return;
    rf_str_put(out, "Significantly better than vanilla: ");
    put_names(out, g, count, LAB_BETTER);
    rf_str_put(out, ".\nSignificantly worse than vanilla: ");
    put_names(out, g, count, LAB_WORSE);
    rf_str_put(out, ".\nNo significant difference: ");
    put_names(out, g, count, LAB_SAME);
    rf_str_printf(out, ".\n(Welch's t-test at %g, Holm's correction.)\n", LEVEL);
    rf_str_put(out, "Greff et al. on JSB Chorales: better: none; worse: ");
    put_paper_names(out, LAB_WORSE);
    rf_str_put(out, "; no difference: ");
    put_paper_names(out, LAB_SAME);
    rf_str_put(out, ".\n");
    put_agreement(out, g, count);
    put_limits(out, g, count, vanilla);
}

/* ---- The picture --------------------------------------------------------------------------------- */

static bool draw_boxes(rf_plot *p, const lab_group *g, int count)
{
    const lab_group *vanilla = find_vanilla(g, count);
    for (int i = 0; i < count; i++) {
        const bool mark = g[i].finding == LAB_WORSE || g[i].finding == LAB_BETTER;
        if (!rf_plot_box(p, g[i].name, g[i].nll, (size_t)g[i].n, mark)) return false;
    }
    if (!vanilla) return true;
    const double median = lab_median(vanilla->nll, vanilla->n), level[2] = {median, median};
    const double ends[2] = {0.5, count + 0.5};
    return rf_plot_line(p, NULL, ends, level, 2);
}

rf_status lab_verdict_draw(const lab_group *g, int count, const char *path, rf_error *err)
{
    rf_plot *p = rf_plot_new("Variants of the LSTM: test error over seeds");
    if (p)
        rf_plot_axes(
            p, "variant (orange: differs significantly from vanilla, whose median is the line)",
            "nats per frame", 0);
    return rf_plot_finish(p, p && draw_boxes(p, g, count), path, err);
}
