/* decode/generate.c -- sampled text, many samples side by side; and the probability of a given one.
 *
 * Invariant: what sample i draws at step t depends on (seed, i, t) and its own past only, as long as
 * the scorer's rows do not influence each other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/decode.h>

static rf_status check_tokens(const rf_scorer *scorer, const int32_t *tokens, rf_index n,
                              const char *what, rf_error *err)
{
    if (n < 1) return rf_fail(err, RF_EINVAL, "%s: is empty; at least one token is due", what);
    for (rf_index i = 0; i < n; i++)
        if (tokens[i] < 0 || tokens[i] >= scorer->vocabulary)
            return rf_fail(err, RF_EINVAL, "%s: token %lld is %d; 0 to %d is due", what,
                           (long long)i + 1, (int)tokens[i], (int)scorer->vocabulary - 1);
    return RF_OK;
}

static rf_status scorer_failed(rf_error *err)
{
    return rf_fail(err, RF_EINTERNAL, "decoding: the model gave no scores");
}

/* ---- A group of samples ------------------------------------------------------------------------ */

/* Rows of the scorer that are alive, in order of samples. */
typedef struct group {
    const rf_scorer *scorer;
    const rf_generate_spec *spec;
    rf_sampler *sampler;
    double *logp;     /* [V] */
    uint8_t *forbid;  /* [V] the caller's, and the end token while it is too early for it */
    rf_index *sample; /* [rows] number of the sample in each row */
    int32_t *token;   /* [rows] */
    int32_t *from;    /* [rows] */
    rf_index rows;
} group;

static rf_status feed_prompt(group *g, const rf_real **scores, rf_error *err)
{
    const rf_generate_spec *spec = g->spec;
    g->scorer->reset(g->scorer->self, g->rows);
    for (rf_index t = 0; t < spec->prompts; t++) {
        for (rf_index r = 0; r < g->rows; r++) g->token[r] = spec->prompt[t];
        *scores = g->scorer->step(g->scorer->self, g->token, g->rows);
        if (!*scores) return scorer_failed(err);
    }
    return RF_OK;
}

static rf_status stopped(rf_error *err)
{
    return rf_fail(err, RF_ECANCELLED, "generating: stopped");
}

/* Choose row r's token t and report it.  *alive: the sample goes on. */
static rf_status choose(group *g, const rf_real *scores, rf_index r, rf_index t, bool *alive,
                        rf_error *err)
{
    const rf_generate_spec *spec = g->spec;
    rf_sample_spec how = spec->sample;
    how.forbid = g->forbid;
    const rf_index i = g->sample[r];
    const double u = rf_uniform(rf_key_make(how.seed, "sample", (uint64_t)i), (uint64_t)t);
    const int32_t token = rf_sampler_pick(g->sampler, scores, &how, u);
    if (token < 0)
        return rf_fail(err, RF_EDIVERGED, "sample %lld: no token has a finite score",
                       (long long)i + 1);
    const bool ended = spec->end >= 0 && token == spec->end;
    if (!ended && spec->token) {
        rf_log_probabilities(scores, g->scorer->vocabulary, g->logp);
        if (!spec->token(spec->ctx, i, t, token, g->logp[token])) return stopped(err);
    }
    *alive = !ended && t + 1 < spec->length;
    g->token[r] = token;
    if (!*alive && spec->done && !spec->done(spec->ctx, i, ended)) return stopped(err);
    return RF_OK;
}

/* One token for every row; rows that are done are dropped from `from`, tokens and samples. */
static rf_status choose_all(group *g, const rf_real *scores, rf_index t, rf_index *left,
                            rf_error *err)
{
    const rf_generate_spec *spec = g->spec;
    const int32_t V = g->scorer->vocabulary;
    if (spec->end >= 0)
        g->forbid[spec->end] =
            t < spec->min_length || (spec->sample.forbid && spec->sample.forbid[spec->end]);
    *left = 0;
    for (rf_index r = 0; r < g->rows; r++) {
        bool alive;
        rf_status status = choose(g, scores + r * V, r, t, &alive, err);
        if (status) return status;
        if (!alive) continue;
        g->from[*left] = (int32_t)r;
        g->token[*left] = g->token[r];
        g->sample[*left] = g->sample[r];
        ++*left;
    }
    return RF_OK;
}

static rf_status run_group(group *g, rf_error *err)
{
    const rf_scorer *scorer = g->scorer;
    const rf_real *scores = NULL;
    rf_status status = feed_prompt(g, &scores, err);
    for (rf_index t = 0; !status && g->rows > 0; t++) {
        rf_index left;
        status = choose_all(g, scores, t, &left, err);
        if (status || left == 0) return status;
        if (left < g->rows) scorer->gather(scorer->self, g->from, left);
        g->rows = left;
        scores = scorer->step(scorer->self, g->token, g->rows);
        if (!scores) status = scorer_failed(err);
    }
    return status;
}

static bool make_group(group *g, rf_index rows)
{
    const size_t V = (size_t)g->scorer->vocabulary, n = (size_t)rows;
    g->logp = calloc(V, sizeof *g->logp);
    g->forbid = calloc(V, 1);
    g->sample = calloc(n, sizeof *g->sample);
    g->token = calloc(n, sizeof *g->token);
    g->from = calloc(n, sizeof *g->from);
    if (!g->logp || !g->forbid || !g->sample || !g->token || !g->from) return false;
    if (g->spec->sample.forbid) memcpy(g->forbid, g->spec->sample.forbid, V);
    return true;
}

static void free_group(group *g)
{
    free(g->logp);
    free(g->forbid);
    free(g->sample);
    free(g->token);
    free(g->from);
    rf_sampler_free(g->sampler);
}

static rf_status check_generate(const rf_scorer *scorer, const rf_generate_spec *spec,
                                rf_error *err)
{
    rf_status status = check_tokens(scorer, spec->prompt, spec->prompts, "prompt", err);
    if (!status && (spec->end >= scorer->vocabulary || spec->length < 0 || spec->count < 0))
        status = rf_fail(err, RF_EINVAL, "generating: end token %d, length %lld, count %lld",
                         (int)spec->end, (long long)spec->length, (long long)spec->count);
    return status;
}

rf_status rf_generate(const rf_scorer *scorer, const rf_generate_spec *spec, rf_error *err)
{
    rf_status status = check_generate(scorer, spec, err);
    if (status || spec->length == 0) return status;
    const rf_index count = spec->count > 0 ? spec->count : 1;
    const rf_index most = scorer->rows < count ? scorer->rows : count;
    group g = {.scorer = scorer, .spec = spec};
    g.sampler = rf_sampler_new(scorer->vocabulary, err);
    if (!g.sampler || !make_group(&g, most))
        status = rf_fail(err, RF_ENOMEM, "generating: no memory");
    for (rf_index i = 0; i < count && !status; i += most) {
        g.rows = count - i < most ? count - i : most;
        for (rf_index r = 0; r < g.rows; r++) g.sample[r] = spec->first + i + r;
        status = run_group(&g, err);
    }
    free_group(&g);
    return status;
}

/* ---- Scoring ----------------------------------------------------------------------------------- */

rf_status rf_score_tokens(const rf_scorer *scorer, const int32_t *tokens, rf_index n, double *logp,
                          rf_error *err)
{
    const int32_t V = scorer->vocabulary;
    rf_status status = check_tokens(scorer, tokens, n, "text", err);
    if (status || n == 1) return status;
    double *row = calloc((size_t)V, sizeof *row);
    if (!row) return rf_fail(err, RF_ENOMEM, "scoring: no memory");
    scorer->reset(scorer->self, 1);
    for (rf_index i = 0; i + 1 < n && !status; i++) {
        const rf_real *scores = scorer->step(scorer->self, &tokens[i], 1);
        if (!scores) {
            status = scorer_failed(err);
            break;
        }
        rf_log_probabilities(scores, V, row);
        logp[i] = row[tokens[i + 1]];
    }
    free(row);
    return status;
}
