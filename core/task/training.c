/* task/training.c -- a training by options: begun or resumed, watched, saved and reported. */
#include <refrain/training.h>

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* Steps between two lines of the log. */
#define REPORT_STEPS 50

const char *const rf_training_schedules[] = {"constant", "step",    "cosine",
                                             "linear",   "plateau", NULL};
const char *const rf_training_storages[] = {"f32", "f16", "bf16", NULL};

static const rf_setting *learn(const rf_training *t, int which) { return &t->v[t->learn + which]; }

/* ---- Beginning ------------------------------------------------------------------------------- */

static rf_status foreign(const rf_training *t, rf_error *err)
{
    return rf_fail(err, RF_EFORMAT, "%s: no state of a training of %s, task %s", t->state_path.s,
                   t->plugin, t->task);
}

static rf_status take_options(rf_training *t, rf_error *err)
{
    const char *const keys[] = {RF_META_OPTIONS, t->key_others};
    for (int i = 0; i < 2; i++) {
        size_t n = 0;
        const char *json = rf_model_get_table(t->state, keys[i], &n);
        char *text = json ? rf_arena_alloc(t->texts, n + 1) : NULL;
        if (!json) return foreign(t, err);
        if (!text) return rf_no_memory(err);
        memcpy(text, json, n);
        text[n] = 0;
        rf_status st = rf_settings_read(t->table, t->v, text, t->state_path.s, t->texts, err);
        if (st) return st;
    }
    return RF_OK;
}

static rf_status take_state(rf_training *t, rf_error *err)
{
    rf_str seed = {0};
    t->state = rf_model_read(t->state_path.s, err);
    rf_status st = t->state ? take_options(t, err) : err->status;
    if (!st && rf_model_get_text(t->state, t->key_seed, &seed) && seed.s)
        t->seed = strtoull(seed.s, NULL, 10);
    rf_str_free(&seed);
    return st;
}

static rf_status check_options(const rf_training *t, rf_error *err)
{
    const rf_setting *method = learn(t, RF_LEARN_OPTIMIZER);
    if (!rf_optimizer_named(&t->table[t->learn + RF_LEARN_OPTIMIZER], method->as.s, err))
        return RF_EINVAL;
    if (learn(t, RF_LEARN_EPOCHS)->as.i || learn(t, RF_LEARN_STEPS)->as.i ||
        learn(t, RF_LEARN_MINUTES)->as.f > 0 || learn(t, RF_LEARN_PATIENCE)->as.i)
        return RF_OK;
    return rf_fail(err, RF_EINVAL,
                   "--epochs 0: the training would never end; give --minutes or --patience");
}

rf_status rf_training_begin(rf_training *t, rf_error *err)
{
    const rf_host *h = t->s->host;
    t->seed = t->r->seed;
    t->texts = rf_arena_new(0);
    if (t->r->model) rf_str_printf(&t->state_path, "%s.state", t->r->model);
    if (!t->texts || t->state_path.failed) return rf_no_memory(err);
    snprintf(t->key_others, sizeof t->key_others, "%s.training", t->task);
    snprintf(t->key_seed, sizeof t->key_seed, "%s.seed", t->task);
    t->resume = t->r->model && learn(t, RF_LEARN_RESUME)->as.i;
    if (t->resume && access(t->state_path.s, F_OK)) {
        h->log(h, RF_LOG_INFO, "there is no state to resume yet: the training begins");
        t->resume = false;
    }
    rf_status st = t->resume ? take_state(t, err) : RF_OK;
    return st ? st : check_options(t, err);
}

/* ---- Data ------------------------------------------------------------------------------------ */

int32_t *rf_training_hold_out(const rf_training *t, rf_index n, double part, rf_index *kept,
                              rf_error *err)
{
    int32_t *order = calloc((size_t)n, sizeof *order);
    if (!order) return rf_no_memory(err), NULL;
    rf_shuffle(rf_key_make(t->seed, "held out", 0), (uint32_t *)order, (uint32_t)n);
    *kept = n - (rf_index)(part * (double)n);
    if (part > 0 && *kept == n && n > 1) --*kept;
    return order;
}

rf_status rf_training_know(rf_training *t, const char *key, uint64_t hash, rf_error *err)
{
    rf_str stored = {0};
    t->data_key = key;
    snprintf(t->data_json, sizeof t->data_json, "\"%016" PRIx64 "\"", hash);
    if (!t->state) return RF_OK;
    const bool same = rf_model_get_text(t->state, key, &stored) && stored.n == 16 &&
                      !strncmp(stored.s, t->data_json + 1, 16);
    rf_str_free(&stored);
    if (same) return RF_OK;
    return rf_fail(err, RF_EINVAL, "%s: was trained on other data", t->state_path.s);
}

/* ---- Metadata -------------------------------------------------------------------------------- */

static size_t append(const char **to, size_t n, const char *const *pairs)
{
    for (; pairs && pairs[0] && n < RF_TRAINING_META; pairs += 2, n++) {
        to[2 * n] = pairs[0];
        to[2 * n + 1] = pairs[1];
    }
    to[2 * n] = NULL;
    return n;
}

/* What changes nothing of the model is not of the model: a resumed one is the same file. */
static rf_status write_options(rf_training *t, rf_error *err)
{
    const char *without[16] = {"resume", "checkpoint", "profile"};
    for (int i = 0; t->passing && t->passing[i] && i < 12; i++) without[3 + i] = t->passing[i];
    rf_status st = rf_settings_write(t->table, t->v, true, without, &t->options, err);
    return st ? st : rf_settings_write(t->table, t->v, false, without, &t->others, err);
}

rf_status rf_training_describe(rf_training *t, const char *const *more, rf_error *err)
{
    rf_status st = write_options(t, err);
    if (st) return st;
    snprintf(t->seed_json, sizeof t->seed_json, "\"%" PRIu64 "\"", t->seed);
    snprintf(t->plugin_json, sizeof t->plugin_json, "\"%s\"", t->plugin);
    snprintf(t->task_json, sizeof t->task_json, "\"%s\"", t->task);
    const char *const own[] = {RF_META_PLUGIN,  t->plugin_json, RF_META_TASK,  t->task_json,
                               RF_META_OPTIONS, t->options.s,   t->key_others, t->others.s,
                               t->key_seed,     t->seed_json,   NULL};
    const char *const only[] = {t->data_key, t->data_json, NULL};
    append(t->meta, append(t->meta, 0, own), more);
    append(t->only, append(t->only, 0, only), t->meta);
    return RF_OK;
}

/* ---- Fitting --------------------------------------------------------------------------------- */

static double usual_rate(const rf_training *t, const rf_optimizer_row *method)
{
    return t->rate > 0 && !strncmp(method->name, "adam", 4) ? t->rate : method->rate;
}

static rf_schedule make_schedule(const rf_training *t, const rf_optimizer_row *method)
{
    const double rate = learn(t, RF_LEARN_RATE)->as.f;
    const int64_t per_epoch = t->per_epoch, steps = learn(t, RF_LEARN_STEPS)->as.i;
    const int64_t epochs = learn(t, RF_LEARN_EPOCHS)->as.i * per_epoch;
    return (rf_schedule){.kind = (rf_schedule_kind)learn(t, RF_LEARN_SCHEDULE)->as.i,
                         .rate = rate > 0 ? rate : usual_rate(t, method),
                         .warmup = learn(t, RF_LEARN_WARMUP)->as.i,
                         .every = learn(t, RF_LEARN_GAMMA_EVERY)->as.i * per_epoch,
                         .after = learn(t, RF_LEARN_GAMMA_AFTER)->as.i * per_epoch,
                         .total = steps && (!epochs || steps < epochs) ? steps : epochs,
                         .gamma = learn(t, RF_LEARN_GAMMA)->as.f,
                         .floor = learn(t, RF_LEARN_FLOOR)->as.f,
                         .patience = (int)learn(t, RF_LEARN_GAMMA_EVERY)->as.i};
}

rf_status rf_training_fit(rf_training *t, rf_fit_task task, rf_graph *g, const rf_slot *slots,
                          int n_slots, rf_fit_result *result, rf_error *err)
{
    const rf_optimizer_row *method = rf_optimizer_find(learn(t, RF_LEARN_OPTIMIZER)->as.s);
    t->measured = task.validate ? "valid" : "train";
    rf_optimizer_spec optimizer = rf_optimizer_defaults(method);
    optimizer.momentum = learn(t, RF_LEARN_MOMENTUM)->as.f;
    optimizer.decay = learn(t, RF_LEARN_DECAY)->as.f;
    const rf_fit_spec spec = {.task = task,
                              .params = t->params,
                              .graph = g,
                              .optimizer = optimizer,
                              .schedule = make_schedule(t, method),
                              .clip = learn(t, RF_LEARN_CLIP)->as.f,
                              .seed = t->seed,
                              .epochs = learn(t, RF_LEARN_EPOCHS)->as.i,
                              .steps = learn(t, RF_LEARN_STEPS)->as.i,
                              .steps_per_epoch = t->per_epoch,
                              .minutes = learn(t, RF_LEARN_MINUTES)->as.f,
                              .valid_every = learn(t, RF_LEARN_VALID_EVERY)->as.i,
                              .patience = (int)learn(t, RF_LEARN_PATIENCE)->as.i,
                              .higher = t->higher,
                              .state_path = t->state_path.s,
                              .resume = t->resume,
                              .save_seconds = learn(t, RF_LEARN_CHECKPOINT)->as.f,
                              .meta = t->only,
                              .slots = slots,
                              .n_slots = n_slots,
                              .report_steps = REPORT_STEPS,
                              .log_path = learn(t, RF_LEARN_LOG)->as.s,
                              .plot_path = learn(t, RF_LEARN_PLOT)->as.s,
                              .title = t->r->model,
                              .collective = t->ranks};
    rf_status st = rf_graph_profile(g, learn(t, RF_LEARN_PROFILE)->as.i, err);
    if (!st) st = rf_fit(&spec, result, err);
    /* An output that is lost has been explained; stopping for it was no failure of its own. */
    return st == RF_ECANCELLED && t->stopped ? t->stopped : st;
}

/* ---- Batches, a device and a graph ----------------------------------------------------------- */

static rf_status open_batches(rf_training *t, const rf_bucket_spec *spec, rf_error *err)
{
    rf_bucket_spec seeded = *spec;
    seeded.seed = t->seed;
    t->batches = rf_bucket_batches_new(&seeded, err);
    if (!t->batches) return err->status;
    t->cursor = rf_bucket_batches_cursor(t->batches);
    t->per_epoch = rf_bucket_batches_per_epoch(t->batches);
    return RF_OK;
}

rf_status rf_training_open(rf_training *t, const rf_bucket_spec *spec, rf_params *params,
                           rf_error *err)
{
    const rf_status st = spec ? open_batches(t, spec, err) : RF_OK;
    if (st) return st;
    t->params = params;
    t->device = rf_device_new((int)t->r->threads, err);
    t->graph = t->device ? rf_graph_new(t->device) : NULL;
    return t->graph ? RF_OK : rf_no_memory(err);
}

static int next_batch(void *self, rf_error *err)
{
    rf_training *t = self;
    (void)err;
    return rf_bucket_batches_next(t->batches, &t->batch);
}

rf_status rf_training_learn(rf_training *t, rf_fit_task task, rf_fit_result *result, rf_error *err)
{
    const rf_carried none = {0}, *s = t->carried ? t->carried : &none;
    const int split = t->lanes ? 2 : 0, slots = 1 + !!s->h + !!s->c;
    const rf_slot slot[] = {{"cursor", RF_SLOT_I64, RF_SHAPE(2), t->cursor, 0, 0},
                            {"carried_h", RF_SLOT_REAL, s->shape, s->h, split, t->lanes},
                            {"carried_c", RF_SLOT_REAL, s->shape, s->c, split, t->lanes}};
    task.self = t;
    if (!task.next) task.next = next_batch;
    if (!task.save) task.save = rf_training_save;
    if (!task.report) task.report = rf_training_report;
    if (!t->r->model) task.save = NULL, task.report = NULL;
    task.stop = rf_training_stop;
    return rf_training_fit(t, task, t->graph, slot, slots, result, err);
}

/* ---- While it goes on ------------------------------------------------------------------------ */

void rf_training_heed(rf_training *t, rf_status st)
{
    if (st && !t->stopped) t->stopped = st;
}

bool rf_training_stop(void *self)
{
    rf_training *t = self;
    const double done = (double)(t->cursor->epoch * t->per_epoch + t->cursor->position);
    rf_training_heed(
        t, t->s->host->progress(t->s->host, done, t->total > done ? t->total : 0, "steps"));
    return t->stopped != RF_OK;
}

rf_status rf_training_watch(void *self, double done, double total)
{
    (void)done;
    (void)total;
    rf_training_stop(self);
    return RF_OK;
}

static const char *unit_of(const char *metric)
{
    if (!strcmp(metric, "loss")) return "nats";
    return strncmp(metric, "bits", 4) ? NULL : "bits";
}

rf_status rf_training_tell(const rf_training *t, int64_t step, const char *of, const rf_metrics *m)
{
    rf_status st = RF_OK;
    for (int i = 0; m && i < m->n && !st; i++)
        st = rf_emit_metric(t->s->host, step, of, m->m[i].name, m->m[i].value,
                            unit_of(m->m[i].name));
    return st;
}

void rf_training_report(void *self, const rf_fit_event *e)
{
    rf_training *t = self;
    const rf_host *h = t->s->host;
    t->total = e->left >= 0 && e->elapsed > 0 && e->steps <= 0
                   ? (double)e->step * (e->elapsed + e->left) / e->elapsed
                   : (double)e->steps;
    if (e->kind == RF_FIT_STEP && t->tell && e->step % t->tell == 0)
        rf_training_heed(t, rf_emit_metric(h, e->step, "train", "loss", e->loss, "nats"));
    if (e->kind != RF_FIT_VALID) return;
    rf_training_heed(t, rf_training_tell(t, e->step, t->measured, e->metrics));
    if (isfinite(e->learned) && !strcmp(t->measured, "valid"))
        rf_training_heed(t, rf_emit_metric(h, e->step, "valid", "train_loss", e->learned, "nats"));
}

/* ---- The model's file ------------------------------------------------------------------------ */

static rf_status set_metrics(rf_model *f, const char *of, const rf_metrics *m, rf_error *err)
{
    json_t *object = json_object();
    for (int i = 0; object && m && i < m->n; i++) {
        rf_str name = {0};
        rf_str_printf(&name, "%s_%s", of, m->m[i].name);
        if (name.s && isfinite(m->m[i].value))
            json_object_set_new(object, name.s, json_real(m->m[i].value));
        rf_str_free(&name);
    }
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    rf_status st = text ? rf_model_set(f, RF_META_METRICS, text, err) : rf_no_memory(err);
    free(text);
    json_decref(object);
    return st;
}

rf_dtype rf_training_storage(const rf_training *t)
{
    static const rf_dtype storage[] = {RF_F32, RF_F16, RF_BF16};
    return storage[learn(t, RF_LEARN_STORAGE)->as.i];
}

rf_status rf_training_write(const rf_training *t, const char *path, const rf_metrics *m,
                            rf_error *err)
{
    rf_model *f = rf_model_new();
    rf_status st = f ? RF_OK : rf_no_memory(err);
    for (const char *const *k = t->meta; *k && !st; k += 2)
        st = rf_model_set_table(f, k[0], k[1], strlen(k[1]), err);
    if (!st) st = set_metrics(f, t->measured ? t->measured : "valid", m, err);
    if (!st && !t->bare) st = rf_params_store(t->params, f, rf_training_storage(t), err);
    if (!st && t->store) st = t->store(t, f, err);
    if (!st) st = rf_model_write(f, path, err);
    rf_model_free(f);
    return st;
}

rf_status rf_training_save(void *self, const rf_metrics *m, rf_error *err)
{
    const rf_training *t = self;
    return rf_training_write(t, t->r->model, m, err);
}

/* ---- The end --------------------------------------------------------------------------------- */

/* A row for each op and span, and one for what they lack. */
static rf_status tell_profile(const rf_training *t, rf_graph *g)
{
    int n;
    double seconds;
    const rf_profile_row *rows = rf_graph_profile_rows(g, &n, &seconds);
    rf_profile_row rest = {.name = "rest", .forward = seconds};
    rf_status st = RF_OK;
    for (int i = 0; rows && i <= n && !st; i++) {
        const rf_profile_row *p = i < n ? &rows[i] : &rest;
        const double own = p->forward + p->backward;
        rest.forward -= i < n ? own : 0;
        const rf_field row[] = {rf_field_string("part", p->name),
                                rf_field_int("calls", p->calls),
                                rf_field_real("forward_ms", 1e3 * p->forward),
                                rf_field_real("backward_ms", 1e3 * p->backward),
                                rf_field_real("share", seconds > 0 ? own / seconds : 0),
                                rf_field_real("gflops", own > 0 ? p->flop / own * 1e-9 : 0)};
        st = rf_emit_record(t->s->host, i, "profile", row, sizeof row / sizeof *row);
    }
    return st;
}

rf_status rf_training_finish(rf_training *t, rf_graph *g, const rf_fit_result *result)
{
    const rf_host *h = t->s->host;
    rf_status st = rf_training_tell(t, result->best_step, "best", &result->metrics);
    if (!st && result->why[0]) h->log(h, RF_LOG_INFO, result->why);
    if (!st) st = rf_emit_file(h, t->r->model, "model", "application/x-safetensors");
    if (!st && learn(t, RF_LEARN_PLOT)->as.s) st = rf_emit_plot(h, learn(t, RF_LEARN_PLOT)->as.s);
    return st ? st : tell_profile(t, g);
}

void rf_training_end(rf_training *t)
{
    rf_bucket_batches_free(t->batches);
    rf_graph_free(t->graph);
    rf_device_free(t->device);
    rf_model_free(t->state);
    rf_arena_free(t->texts);
    rf_str_free(&t->state_path);
    rf_str_free(&t->options);
    rf_str_free(&t->others);
}
