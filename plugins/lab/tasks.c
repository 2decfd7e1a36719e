/* lab/tasks.c -- the table of tasks, the small ones, and batches of any. */
#include <refrain/task.h>
#include <stdlib.h>
#include <string.h>

#include "tasks.h"

/* ---- Chance ------------------------------------------------------------------------------------ */

double lab_dice_real(lab_dice *d) { return rf_uniform(d->key, d->at++); }

int lab_dice_below(lab_dice *d, int n) { return (int)(lab_dice_real(d) * n); }

/* ---- adding: the sum of two numbers that are marked ---------------------------------------------- */

/* Numbers uniform in [0,1): the best answer without a memory is 1, whose squared error is 2/12. */
static void adding_shape(const lab_task_size *s, lab_batch *b, double *guess)
{
    b->T = s->length;
    b->I = 2;
    b->K = 1;
    *guess = 1.0 / 6;
}

static void adding_write(const lab_task_size *s, lab_dice *d, rf_index lane, lab_batch *b)
{
    const int half = (int)s->length / 2;
    const int first = lab_dice_below(d, half),
              second = half + lab_dice_below(d, (int)s->length - half);
    rf_real sum = 0;
    for (rf_index t = 0; t < b->T; t++) {
        rf_real *x = b->x + lab_batch_at(b, t, lane) * 2;
        x[0] = (rf_real)lab_dice_real(d);
        x[1] = t == first || t == second;
        sum += x[0] * x[1];
    }
    b->value[lane] = sum;
}

/* ---- copy: say again what was read, after a long silence ----------------------------------------- */

/* kinds symbols, then silence, then the sign to begin. */
enum { COPIED = 10, COPY_KINDS = 8 };

static void copy_shape(const lab_task_size *s, lab_batch *b, double *guess)
{
    b->T = s->length + 2 * COPIED;
    b->I = s->kinds + 2;
    b->K = s->kinds + 1;
    *guess = 1.0 / s->kinds;
}

static void copy_write(const lab_task_size *s, lab_dice *d, rf_index lane, lab_batch *b)
{
    const int silence = s->kinds, begin = silence + 1;
    const rf_index delay = s->length + COPIED;
    for (rf_index t = 0; t < b->T; t++) {
        b->ids[lab_batch_at(b, t, lane)] = silence;
        lab_batch_ask(b, t, lane, silence, 0);
    }
    for (rf_index t = 0; t < COPIED; t++) {
        const int symbol = lab_dice_below(d, s->kinds);
        b->ids[lab_batch_at(b, t, lane)] = symbol;
        lab_batch_ask(b, t + delay, lane, symbol, delay);
    }
    b->ids[lab_batch_at(b, delay - 1, lane)] = begin;
}

static const char *copy_word(const lab_task_size *s, int32_t id)
{
    static const char *const words[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    return id < s->kinds ? words[id] : id == s->kinds ? "_" : "!";
}

/* ---- parity: whether the ones so far are odd in number ------------------------------------------- */

static void parity_shape(const lab_task_size *s, lab_batch *b, double *guess)
{
    b->T = s->length;
    b->I = b->K = 2;
    *guess = 0.5;
}

static void parity_write(const lab_task_size *s, lab_dice *d, rf_index lane, lab_batch *b)
{
    int odd = 0;
    (void)s;
    for (rf_index t = 0; t < b->T; t++) {
        const int one = lab_dice_below(d, 2);
        odd ^= one;
        b->ids[lab_batch_at(b, t, lane)] = one;
        lab_batch_ask(b, t, lane, odd, t + 1);
    }
}

/* ---- order: which of two rare symbols came first --------------------------------------------------- */

/* a b c d are noise, E begins, B ends; X or Y stands once in the second tenth and once in the sixth. */
enum { NOISE = 4, RARE = 4, BEGIN = 6, END = 7 };

static void order_shape(const lab_task_size *s, lab_batch *b, double *guess)
{
    b->T = s->length;
    b->I = 8;
    b->K = 4;
    *guess = 0.25;
}

static void order_write(const lab_task_size *s, lab_dice *d, rf_index lane, lab_batch *b)
{
    const int tenth = (int)s->length / 10, first = lab_dice_below(d, 2),
              second = lab_dice_below(d, 2);
    const rf_index at = tenth + lab_dice_below(d, tenth),
                   later = 5 * tenth + lab_dice_below(d, tenth);
    for (rf_index t = 0; t < b->T; t++) b->ids[lab_batch_at(b, t, lane)] = lab_dice_below(d, NOISE);
    b->ids[lab_batch_at(b, 0, lane)] = BEGIN;
    b->ids[lab_batch_at(b, b->T - 1, lane)] = END;
    b->ids[lab_batch_at(b, at, lane)] = RARE + first;
    b->ids[lab_batch_at(b, later, lane)] = RARE + second;
    lab_batch_ask(b, b->T - 1, lane, 2 * first + second, b->T - 1 - at);
}

static const char *order_symbol(const lab_task_size *s, int32_t id)
{
    (void)s;
    static const char *const words[] = {"a", "b", "c", "d", "X", "Y", "E", "B"};
    return words[id];
}

static const char *order_answer(const lab_task_size *s, int32_t class)
{
    (void)s;
    static const char *const words[] = {"XX", "XY", "YX", "YY"};
    return words[class];
}

/* ---- The table ------------------------------------------------------------------------------------- */

static const lab_task tasks[] = {
    {.name = "adding",
     .summary = "the sum of the two marked numbers of a sequence",
     .source =
         "Hochreiter & Schmidhuber 1997, section 5.4; numbers and marks as Arjovsky et al. 2016",
     .unit = "steps",
     .metric = LAB_MSE,
     .solved = 0.01,
     .usual = {.length = 100},
     .shortest = 2,
     .last = true,
     .shape = adding_shape,
     .write = adding_write},
    {.name = "copy",
     .summary = "ten symbols, to be said again after a delay",
     .source = "Arjovsky et al. 2016, section 4.1; Hochreiter & Schmidhuber 1997",
     .unit = "steps of delay",
     .metric = LAB_ACCURACY,
     .solved = 0.99,
     .usual = {.length = 20, .kinds = COPY_KINDS},
     .shortest = 1,
     .most_kinds = COPY_KINDS,
     .last = true,
     .shape = copy_shape,
     .write = copy_write,
     .symbol = copy_word,
     .answer = copy_word},
    {.name = "parity",
     .summary = "whether the ones so far are odd in number, asked at each step",
     .source = "Hochreiter & Schmidhuber 1997, section 3",
     .unit = "steps",
     .metric = LAB_ACCURACY,
     .solved = 0.99,
     .usual = {.length = 50},
     .shortest = 2,
     .last = true,
     .shape = parity_shape,
     .write = parity_write},
    {.name = "order",
     .summary = "which of two rare symbols among noise came first, and which second",
     .source = "Hochreiter & Schmidhuber 1997, section 5.6 (experiment 6a)",
     .unit = "steps",
     .metric = LAB_ACCURACY,
     .solved = 0.99,
     .usual = {.length = 100},
     .shortest = 10,
     .last = true,
     .shape = order_shape,
     .write = order_write,
     .symbol = order_symbol,
     .answer = order_answer},
    {.name = "dyck",
     .summary = "words of several kinds of brackets: which kind closes next",
     .source = "Hewitt et al. 2020 (Dyck-(k,m))",
     .unit = "brackets",
     .metric = LAB_ACCURACY,
     .solved = 0.99,
     .usual = {.length = 60, .kinds = 2, .depth = 8},
     .shortest = 4,
     .most_kinds = LAB_BRACKET_KINDS,
     .most_depth = LAB_BRACKET_DEPTH,
     .shape = lab_brackets_shape,
     .write = lab_brackets_write,
     .symbol = lab_brackets_symbol,
     .answer = lab_brackets_answer},
    {.name = "agreement",
     .summary = "the cat(s), which already ate ..., was or were",
     .source = "Linzen, Dupoux, Goldberg, TACL 2016; sentences written for this program",
     .unit = "words from subject to verb",
     .metric = LAB_ACCURACY,
     .solved = 0.99,
     .usual = {.length = 30},
     .shortest = LAB_AGREEMENT_NEAREST,
     .last = true,
     .shape = lab_agreement_shape,
     .write = lab_agreement_write,
     .symbol = lab_agreement_symbol,
     .answer = lab_agreement_answer},
};
enum { TASKS = sizeof tasks / sizeof *tasks };

const lab_task *lab_task_at(int i) { return i >= 0 && i < TASKS ? &tasks[i] : NULL; }

rf_status lab_task_find(const char *name, const lab_task **out, rf_error *err)
{
    const char *names[TASKS + 1] = {NULL};
    *out = NULL;
    for (int i = 0; i < TASKS; i++) {
        names[i] = tasks[i].name;
        if (strcmp(names[i], name) == 0) *out = &tasks[i];
    }
    return *out ? RF_OK : rf_word_unknown(RF_EINVAL, "there is no task", name, names, err);
}

static rf_status fit_choice(const char *option, const char *task, int most, int usual, int *n,
                            rf_error *err)
{
    if (*n && !most) return rf_fail(err, RF_EINVAL, "--%s: %s has no such choice", option, task);
    if (*n > most)
        return rf_fail(err, RF_EINVAL, "--%s: %d: %s has %d at most", option, *n, task, most);
    if (!*n) *n = usual;
    return RF_OK;
}

rf_status lab_task_fit(const lab_task *t, lab_task_size *s, rf_error *err)
{
    if (!s->length) s->length = t->usual.length;
    if (s->length < t->shortest)
        return rf_fail(err, RF_EINVAL, "length %lld: %s has %lld %s at least", (long long)s->length,
                       t->name, (long long)t->shortest, t->unit);
    rf_status st = fit_choice("kinds", t->name, t->most_kinds, t->usual.kinds, &s->kinds, err);
    return st ? st : fit_choice("depth", t->name, t->most_depth, t->usual.depth, &s->depth, err);
}

/* ---- Batches ----------------------------------------------------------------------------------------- */

rf_status lab_batch_init(lab_batch *b, const lab_task *t, const lab_task_size *s, rf_index B,
                         rf_error *err)
{
    double guess;
    *b = (lab_batch){.B = B};
    t->shape(s, b, &guess);
    const size_t n = (size_t)(b->T * B);
    b->ids = calloc(n, sizeof *b->ids);
    b->x = calloc(b->K > 1 ? 1 : n * (size_t)b->I, sizeof *b->x);
    b->target = calloc(n, sizeof *b->target);
    b->distance = calloc(n, sizeof *b->distance);
    b->steps = calloc((size_t)B, sizeof *b->steps);
    b->value = calloc((size_t)B, sizeof *b->value);
    if (b->ids && b->x && b->target && b->distance && b->steps && b->value) return RF_OK;
    lab_batch_free(b);
    return rf_no_memory(err);
}

void lab_batch_free(lab_batch *b)
{
    free(b->ids);
    free(b->x);
    free(b->target);
    free(b->distance);
    free(b->steps);
    free(b->value);
    *b = (lab_batch){0};
}

/* Each lane has numbers of its own, whatever the others use. */
void lab_batch_draw(lab_batch *b, const lab_task *t, const lab_task_size *s, rf_key key)
{
    const rf_index n = b->T * b->B;
    memset(b->ids, 0, (size_t)n * sizeof *b->ids);
    memset(b->distance, 0, (size_t)n * sizeof *b->distance);
    for (rf_index i = 0; i < n; i++) b->target[i] = -1;
    for (rf_index lane = 0; lane < b->B; lane++) {
        lab_dice d = {key, (uint64_t)lane << 32};
        b->steps[lane] = (int32_t)b->T;
        t->write(s, &d, lane, b);
    }
}
