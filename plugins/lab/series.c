/* lab/series.c -- the verb series: a table of numbers is forecast by a network and by what it has to
 * beat. */
#include "series.h"

#include <math.h>
#include <stdlib.h>

#include "lab.h"
#include "mark.h"
#include "statistics.h"

#define UNEVEN 1e-3 /* gaps that differ by more are told to the network */

enum {
    SERIES_TARGET,
    SERIES_INPUT,
    SERIES_TIME,
    SERIES_MAP,
    SERIES_HORIZON,
    SERIES_DIRECT,
    SERIES_VALID,
    SERIES_TEST,
    SERIES_PERIOD,
    SERIES_LAGS,
    SERIES_CELL,
    SERIES_HIDDEN,
    SERIES_LAYERS,
    SERIES_WINDOW,
    SERIES_EPOCHS,
    SERIES_PATIENCE,
    SERIES_BATCH,
    SERIES_RATE,
    SERIES_SHOW,
    SERIES_SVG,
    SERIES_COUNT
};

#define WHAT  "What is forecast"
#define NET   "Network"
#define LEARN "Learning"
#define SHOW  "Results"

const rf_option lab_series_options[SERIES_COUNT + 1] = {
    [SERIES_TARGET] = {.name = "target",
                       .type = RF_STRING,
                       .letter = 't',
                       .flags = RF_OPT_REQUIRED,
                       .meta = "COLUMN",
                       .group = WHAT,
                       .help = "the column to forecast"},
    [SERIES_INPUT] = {.name = "input",
                      .type = RF_STRING,
                      .letter = 'i',
                      .flags = RF_OPT_LIST,
                      .meta = "COLUMN",
                      .group = WHAT,
                      .help = "a column to be read besides"},
    [SERIES_TIME] = {.name = "time",
                     .type = RF_STRING,
                     .meta = "COLUMN",
                     .group = WHAT,
                     .help = "the column of times or dates, if it is not called date or time"},
    [SERIES_MAP] = {.name = "map",
                    .type = RF_BOOL,
                    .def = "0",
                    .group = WHAT,
                    .help =
                        "one to one: tell the target from the inputs of its own row and before"},
    [SERIES_HORIZON] = {.name = "horizon",
                        .type = RF_INT,
                        .letter = 'n',
                        .def = "7",
                        .min = 1,
                        .max = 10000,
                        .unit = "rows",
                        .group = WHAT,
                        .help = "how far to forecast"},
    [SERIES_DIRECT] = {.name = "direct",
                       .type = RF_BOOL,
                       .def = "0",
                       .group = WHAT,
                       .help = "tell all rows at once instead of feeding each back for the next"},
    [SERIES_VALID] = {.name = "valid",
                      .type = RF_REAL,
                      .def = "0.15",
                      .max = 0.9,
                      .flags = RF_OPT_ABOVE,
                      .group = WHAT,
                      .help = "part of the rows, before the test part, to choose the epoch by"},
    [SERIES_TEST] = {.name = "test",
                     .type = RF_REAL,
                     .def = "0.15",
                     .max = 0.9,
                     .flags = RF_OPT_ABOVE,
                     .group = WHAT,
                     .help = "part of the rows, at the end, to measure errors on"},
    [SERIES_PERIOD] = {.name = "period",
                       .type = RF_INT,
                       .def = "0",
                       .min = 0,
                       .max = 1e6,
                       .unit = "rows",
                       .group = WHAT,
                       .help = "of the seasonal forecast; 0: found by autocorrelation"},
    [SERIES_LAGS] = {.name = "lags",
                     .type = RF_INT,
                     .def = "0",
                     .min = 0,
                     .max = 1000,
                     .unit = "rows",
                     .group = WHAT,
                     .help = "what the linear forecast reads; 0: by Akaike's criterion"},
    [SERIES_CELL] = {.name = "cell",
                     .type = RF_STRING,
                     .letter = 'c',
                     .def = "gru",
                     .meta = "NAME",
                     .group = NET,
                     .help = "recurrent cell; the verb cell lists them all"},
    [SERIES_HIDDEN] = {.name = "hidden",
                       .type = RF_INT,
                       .letter = 'H',
                       .def = "32",
                       .min = 1,
                       .max = 65536,
                       .group = NET,
                       .help = "state of each layer"},
    [SERIES_LAYERS] = {.name = "layers",
                       .type = RF_INT,
                       .letter = 'L',
                       .def = "1",
                       .min = 1,
                       .max = 64,
                       .group = NET,
                       .help = "recurrent layers, one on the other"},
    [SERIES_WINDOW] = {.name = "window",
                       .type = RF_INT,
                       .letter = 'w',
                       .def = "48",
                       .min = 1,
                       .max = 100000,
                       .unit = "rows",
                       .group = NET,
                       .help = "how much it reads before it forecasts"},
    [SERIES_EPOCHS] = {.name = "epochs",
                       .type = RF_INT,
                       .letter = 'e',
                       .def = "150",
                       .min = 1,
                       .max = 1e6,
                       .group = LEARN,
                       .help = "times through the training part at most"},
    [SERIES_PATIENCE] = {.name = "patience",
                         .type = RF_INT,
                         .def = "40",
                         .min = 0,
                         .max = 1e6,
                         .group = LEARN,
                         .help = "stop after as many epochs without a better one; 0: never"},
    [SERIES_BATCH] = {.name = "batch",
                      .type = RF_INT,
                      .letter = 'b',
                      .def = "16",
                      .min = 1,
                      .max = 4096,
                      .unit = "windows",
                      .group = LEARN,
                      .help = "read side by side"},
    [SERIES_RATE] = {.name = "learning-rate",
                     .type = RF_REAL,
                     .letter = 'r',
                     .def = "0.01",
                     .max = 1000,
                     .flags = RF_OPT_ABOVE | RF_OPT_LOGSCALE,
                     .meta = "RATE",
                     .group = LEARN,
                     .help = "size of a step of Adam"},
    [SERIES_SHOW] = {.name = "show",
                     .type = RF_INT,
                     .def = "1",
                     .min = 0,
                     .max = 1e9,
                     .unit = "forecasts",
                     .group = SHOW,
                     .help = "how many of the test part to list, the last ones"},
    [SERIES_SVG] = {.name = "svg",
                    .type = RF_OUTFILE,
                    .meta = "FILE.svg",
                    .group = SHOW,
                    .help = "picture of forecasts and of errors"},
};

/* ---- Data -------------------------------------------------------------------------------------- */

static rf_status read_table(lab_study *x, rf_str *where, rf_error *err)
{
    const rf_setting *v = x->r->opt, *input = &v[SERIES_INPUT];
    x->columns = 1 + input->count;
    x->names = calloc(x->columns, sizeof *x->names);
    if (!x->names) return rf_no_memory(err);
    x->names[0] = v[SERIES_TARGET].as.s;
    for (size_t i = 1; i < x->columns; i++) x->names[i] = input->as.list[i - 1];
    for (size_t i = 1; i < x->columns; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(x->names[i], x->names[j]) == 0)
                return rf_fail(err, RF_EINVAL, "--input: %s is there already", x->names[i]);
    rf_status st = lab_table_read(&x->table, x->r->arg[0], x->names, x->columns,
                                  v[SERIES_TIME].as.s, where, err);
    x->rows = x->table.rows;
    return st;
}

static rf_status split(lab_study *x, rf_error *err)
{
    const rf_setting *v = x->r->opt;
    const double rows = (double)x->rows, valid = v[SERIES_VALID].as.f, test = v[SERIES_TEST].as.f;
    if (valid + test >= 1)
        return rf_fail(err, RF_EINVAL, "--valid and --test: nothing is left to learn from");
    x->valid = (size_t)floor(rows * (1 - test));
    x->train = (size_t)floor(rows * (1 - test - valid));
    if (x->rows - x->valid >= x->horizon && x->train >= 2) return RF_OK;
    return rf_fail(err, RF_EINVAL, "%s: %zu rows are too few: %zu to learn from and %zu to test on",
                   x->r->arg[0], x->rows, x->train, x->rows - x->valid);
}

/* By mean and deviation of the training part; what does not vary there stays 0. */
static rf_status standardise(lab_study *x, rf_error *err)
{
    const size_t C = x->columns;
    x->z = calloc((x->rows + 2) * C, sizeof *x->z);
    if (!x->z) return rf_fail(err, RF_ENOMEM, "no memory for %zu rows", x->rows);
    x->mean = x->z + x->rows * C;
    x->deviation = x->mean + C;
    for (size_t c = 0; c < C; c++) {
        double sum = 0, square = 0;
        for (size_t t = 0; t < x->train; t++) sum += x->table.x[t * C + c];
        x->mean[c] = sum / (double)x->train;
        for (size_t t = 0; t < x->train; t++) square += pow(x->table.x[t * C + c] - x->mean[c], 2);
        const double deviation = sqrt(square / (double)x->train);
        x->deviation[c] = deviation > 1e-12 * fabs(x->mean[c]) ? deviation : 1;
        for (size_t t = 0; t < x->rows; t++)
            x->z[t * C + c] = (x->table.x[t * C + c] - x->mean[c]) / x->deviation[c];
    }
    return RF_OK;
}

/* Gaps in the unit of their median; none where all are alike. */
static rf_status measure_gaps(lab_study *x, rf_error *err)
{
    const size_t n = x->rows - 1;
    const double *time = x->table.time;
    bool even = true;
    x->gap = calloc(x->rows, sizeof *x->gap);
    for (size_t t = 0; x->gap && t < n; t++) x->gap[t] = time[t + 1] - time[t];
    x->unit = x->gap ? lab_median(x->gap, (rf_index)n) : (double)NAN;
    if (isnan(x->unit)) return rf_fail(err, RF_ENOMEM, "no memory for %zu rows", x->rows);
    x->gap[n] = x->unit; /* behind the last row */
    for (size_t t = 0; t < x->rows; t++) {
        x->gap[t] /= x->unit;
        even = even && fabs(x->gap[t] - 1) < UNEVEN;
    }
    if (!even) return RF_OK;
    free(x->gap);
    x->gap = NULL;
    return RF_OK;
}

/* ---- Models ------------------------------------------------------------------------------------ */

static rf_status make_network(lab_study *x, rf_error *err)
{
    const rf_setting *v = x->r->opt;
    const rf_cell *cell = rf_cell_find(v[SERIES_CELL].as.s);
    const lab_forecast_spec spec = {.kind = x->kind,
                                    .cell = cell,
                                    .hidden = (rf_index)v[SERIES_HIDDEN].as.i,
                                    .layers = (int)v[SERIES_LAYERS].as.i,
                                    .window = (size_t)v[SERIES_WINDOW].as.i,
                                    .horizon = x->horizon,
                                    .z = x->z,
                                    .rows = x->rows,
                                    .columns = x->columns,
                                    .gap = x->gap,
                                    .train = x->train,
                                    .valid = x->valid,
                                    .batch = (size_t)v[SERIES_BATCH].as.i,
                                    .epochs = v[SERIES_EPOCHS].as.i,
                                    .patience = (int)v[SERIES_PATIENCE].as.i,
                                    .rate = v[SERIES_RATE].as.f,
                                    .seed = x->r->seed,
                                    .threads = (int)x->r->threads};
    x->net = lab_forecaster_new(&spec, x->s, err);
    return x->net ? lab_forecaster_train(x->net, err) : err->status;
}

static rf_status choose_rows(lab_study *x, rf_error *err)
{
    const bool map = x->kind == LAB_MAP;
    const size_t first = map ? x->valid : x->valid - 1;
    x->count = map ? x->rows - first : x->rows - first - x->horizon;
    x->last = calloc(x->count + 1, sizeof *x->last);
    for (int m = 0; m < LAB_MODELS; m++) {
        if (m == LAB_SEASONAL && (map || !x->period)) continue;
        x->told[m] = calloc((x->count + 1) * x->horizon, sizeof *x->told[m]);
        if (!x->told[m] || !x->last) return rf_fail(err, RF_ENOMEM, "no memory for forecasts");
    }
    for (size_t i = 0; i < x->count; i++) x->last[i] = first + i;
    x->last[x->count] = x->rows - 1;
    return RF_OK;
}

/* A map has the mean of the training part, which is 0, for persistence. */
static bool run_baselines(lab_study *x, size_t i)
{
    const size_t h = x->horizon, C = x->columns, t = x->last[i];
    if (x->kind == LAB_MAP) {
        x->told[LAB_LINEAR][i] = lab_linear_map(&x->linear, x->z, t);
        return isfinite(x->told[LAB_LINEAR][i]);
    }
    for (size_t k = 0; k < h; k++) {
        x->told[LAB_PERSISTENCE][i * h + k] = lab_persistence(x->z, C, t);
        if (x->period)
            x->told[LAB_SEASONAL][i * h + k] = lab_seasonal(x->z, C, t, k + 1, x->period);
    }
    return lab_linear_forecast(&x->linear, x->z, t, h, x->told[LAB_LINEAR] + i * h);
}

static rf_status forecast(lab_study *x, rf_error *err)
{
    rf_status st = choose_rows(x, err);
    if (st) return st;
    for (size_t i = 0; i <= x->count; i++)
        if (!run_baselines(x, i)) return rf_fail(err, RF_ENOMEM, "no memory for forecasts");
    return lab_forecaster_run(x->net, x->last, x->count + 1, x->told[LAB_NETWORK]);
}

static rf_status tell_data(const lab_study *x)
{
    const rf_field row[] = {rf_field_int("rows", (int64_t)x->rows),
                            rf_field_int("train", (int64_t)x->train),
                            rf_field_int("valid", (int64_t)(x->valid - x->train)),
                            rf_field_int("test", (int64_t)(x->rows - x->valid)),
                            rf_field_int("period", (int64_t)x->period),
                            rf_field_int("lags", (int64_t)x->linear.lags),
                            rf_field_string("gaps", x->gap ? "uneven" : "even"),
                            rf_field_int("parameters", lab_forecaster_parameters(x->net))};
    return rf_emit_record(x->s->host, -1, "series", row, sizeof row / sizeof *row);
}

/* ---- The verb ---------------------------------------------------------------------------------- */

static rf_status check_options(lab_study *x, rf_error *err)
{
    const rf_setting *v = x->r->opt;
    const bool map = v[SERIES_MAP].as.i;
    x->kind = map ? LAB_MAP : v[SERIES_DIRECT].as.i ? LAB_DIRECT : LAB_RECURSIVE;
    x->horizon = map ? 1 : (size_t)v[SERIES_HORIZON].as.i;
    if (map && !v[SERIES_INPUT].count)
        return rf_fail(err, RF_EINVAL, "--map: at least one --input is due");
    if (map && (v[SERIES_DIRECT].as.i || v[SERIES_HORIZON].set))
        return rf_fail(err, RF_EINVAL,
                       "--map: tells no rows to come: no --direct and no --horizon");
    const rf_option *cell = &lab_series_options[SERIES_CELL];
    return rf_cell_named(cell, v[SERIES_CELL].as.s, err) ? RF_OK : RF_EINVAL;
}

static rf_status prepare(lab_study *x, rf_str *where, rf_error *err)
{
    const rf_setting *v = x->r->opt;
    rf_status st = check_options(x, err);
    if (!st) st = read_table(x, where, err);
    if (!st) st = split(x, err);
    if (!st) st = standardise(x, err);
    if (!st) st = measure_gaps(x, err);
    if (st) return st;
    x->period = (size_t)v[SERIES_PERIOD].as.i;
    if (!x->period && x->kind != LAB_MAP) x->period = lab_find_period(x->z, x->train, x->columns);
    return lab_linear_fit(&x->linear, x->z, x->train, x->columns, (size_t)v[SERIES_LAGS].as.i,
                          x->kind == LAB_MAP, err);
}

static void end(lab_study *x)
{
    lab_forecaster_free(x->net);
    for (int m = 0; m < LAB_MODELS; m++) free(x->told[m]);
    free(x->last);
    free(x->linear.w);
    free(x->gap);
    free(x->z);
    lab_table_free(&x->table);
    free(x->names);
}

rf_status lab_series(rf_session *s, const rf_run *r)
{
    lab_study x = {.s = s, .r = r};
    rf_error err = {0};
    rf_str where = {0};
    const char *svg = r->opt[SERIES_SVG].as.s;
    rf_status st = prepare(&x, &where, &err);
    if (!st) st = make_network(&x, &err);
    if (!st) st = forecast(&x, &err);
    if (!st) st = tell_data(&x);
    if (!st) st = lab_study_tell(&x, (size_t)r->opt[SERIES_SHOW].as.i);
    if (!st && svg) st = lab_study_plot(&x, svg, &err);
    if (!st && svg) st = rf_emit_plot(s->host, svg);
    end(&x);
    st = lab_end_marked(s, st, &where, &err);
    rf_str_free(&where);
    return st;
}
