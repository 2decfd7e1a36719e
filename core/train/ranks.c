/* train/ranks.c -- training by several processes: what they tell one another.
 *
 * Invariant: parameters, optimiser, schedule and counts are the same bits on every rank after each
 * step, for whatever changes them was summed or told first; what only a clock or a user knows is
 * agreed on in the message of the step.  A rank that fails on its own returns: see collective.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "train/fit.h"

/* Gradients of fewer elements travel together; of sparse ones, about so many at a time. */
enum { SMALL = 1 << 14, ROWS = 1 << 18 };

void rf_rank_share(rf_index n, int rank, int ranks, rf_index *first, rf_index *count)
{
    *first = n * rank / ranks;
    *count = n * (rank + 1) / ranks - *first;
}

bool rfi_ranks_lead(const rfi_fit *f) { return !f->ranks.c || f->ranks.rank == 0; }

/* ---- Memory ------------------------------------------------------------------------------------ */

static rf_index row_size(const rf_param *p)
{
    return rf_shape_count(p->value.shape) / p->value.shape.dim[0];
}

/* What parameter p takes in the pack. */
static rf_index packed(const rf_param *p)
{
    const rf_index n = rf_shape_count(p->value.shape);
    if (p->frozen) return 0;
    if (p->sparse) return p->value.shape.dim[0];
    return n < SMALL ? n : 0;
}

static bool make_gradients(rfi_ranks *r, const rf_params *ps)
{
    for (size_t i = 0; i < rf_params_count(ps); i++) {
        const rf_param *p = rf_params_at(ps, i);
        r->packed += packed(p);
        if (!p->sparse) continue;
        const rf_index row = row_size(p), room = ROWS > row ? ROWS : row;
        if (room > r->rows_room) r->rows_room = room;
    }
    r->pack = rf_aligned_calloc((size_t)r->packed + 1, sizeof *r->pack);
    r->rows = rf_aligned_calloc((size_t)r->rows_room + 1, sizeof *r->rows);
    return r->pack && r->rows;
}

static rf_slot whole_of(const rf_slot *s)
{
    rf_slot w = *s;
    assert(s->type == RF_SLOT_REAL && s->split <= s->shape.rank);
    w.shape.dim[s->split - 1] = s->total;
    w.data = rf_aligned_calloc((size_t)rf_shape_count(w.shape) + 1, sizeof(rf_real));
    return w;
}

/* The loop's list of slots names the whole instead of the part. */
static bool make_slots(rfi_fit *f)
{
    rfi_ranks *r = &f->ranks;
    const int own = f->n_slots - f->spec->n_slots;
    rf_index room = 1;
    r->whole = calloc((size_t)f->spec->n_slots + 1, sizeof *r->whole);
    for (int i = 0; r->whole && i < f->spec->n_slots; i++) {
        const rf_slot *s = &f->spec->slots[i];
        if (!s->split) continue;
        r->whole[i] = f->slots[own + i] = whole_of(s);
        if (!r->whole[i].data) return false;
        const rf_index n = rf_shape_count(r->whole[i].shape);
        if (n > room) room = n;
    }
    r->part = rf_aligned_calloc((size_t)room, sizeof *r->part);
    return r->whole && r->part;
}

rf_status rfi_ranks_init(rfi_fit *f, rf_error *err)
{
    const rf_collective *c = f->spec->collective;
    rfi_ranks *r = &f->ranks;
    if (!c || c->ranks(c) < 2) return RF_OK;
    *r = (rfi_ranks){.c = c, .rank = c->rank(c), .count = c->ranks(c)};
    if (make_gradients(r, f->spec->params) && make_slots(f)) return RF_OK;
    return rf_fail(err, RF_ENOMEM, "fit: no memory for the gradients of %d processes", r->count);
}

void rfi_ranks_free(rfi_fit *f)
{
    rfi_ranks *r = &f->ranks;
    for (int i = 0; r->whole && i < f->spec->n_slots; i++) rf_aligned_free(r->whole[i].data);
    free(r->whole);
    rf_aligned_free(r->part);
    rf_aligned_free(r->pack);
    rf_aligned_free(r->rows);
}

/* ---- Agreement --------------------------------------------------------------------------------- */

rf_status rfi_ranks_begin(rfi_fit *f, rf_error *err)
{
    rfi_ranks *r = &f->ranks;
    if (!r->c) return RF_OK;
    double said[2] = {(double)f->count.step, r->rank == 0 && rfi_fit_is_late(f)};
    rf_status status = r->c->sum(r->c, said, 2, err);
    for (size_t i = 0; i < rf_params_count(f->spec->params) && !status; i++) {
        const rf_tensor *w = &rf_params_at(f->spec->params, i)->value;
        const int64_t bytes = rf_shape_count(w->shape) * (int64_t)sizeof *w->data;
        status = r->c->broadcast(r->c, w->data, bytes, 0, err);
    }
    if (status) return status;
    r->late = said[1] > 0;
    if (said[0] == (double)(f->count.step * r->count)) return RF_OK;
    return rf_fail(err, RF_EINVAL, "%s: the processes do not begin at the same step",
                   f->spec->state_path ? f->spec->state_path : "fit");
}

rf_status rfi_ranks_agree(rfi_fit *f, double *loss, double *units, rf_error *err)
{
    enum { UNITS, LOSS, STOP, LATE, SAVE, SAID };
    rfi_ranks *r = &f->ranks;
    if (!r->c) return RF_OK;
    double said[SAID] = {[UNITS] = *units,
                         [LOSS] = *loss * *units,
                         [STOP] = r->wants_stop,
                         [LATE] = r->rank == 0 && rfi_fit_is_late(f),
                         [SAVE] = r->rank == 0 && rfi_fit_save_is_due(f)};
    rf_status status = r->c->sum(r->c, said, SAID, err);
    if (status) return status;
    r->stop = said[STOP] > 0;
    r->late = said[LATE] > 0;
    r->save = said[SAVE] > 0;
    *units = said[UNITS];
    *loss = *units > 0 ? said[LOSS] / *units : said[LOSS];
    return RF_OK;
}

rf_status rfi_ranks_settle(rfi_fit *f, rf_status status, rf_error *err)
{
    const rf_collective *c = f->ranks.c;
    double failed = status != RF_OK;
    if (!c) return status;
    rf_status told = c->sum(c, &failed, 1, err);
    if (status || told) return status ? status : told;
    return failed > 0 ? rf_fail(err, RF_EIO, "another process failed") : RF_OK;
}

rf_status rfi_ranks_tell(rfi_fit *f, rf_metrics *m, rf_error *err)
{
    const rf_collective *c = f->ranks.c;
    double value[RF_METRICS] = {0};
    if (!c) return RF_OK;
    for (int i = 0; i < m->n; i++) value[i] = m->m[i].value;
    rf_status status = c->broadcast(c, value, (int64_t)sizeof value, 0, err);
    for (int i = 0; i < m->n && !status; i++) m->m[i].value = value[i];
    return status;
}

/* ---- Gradients --------------------------------------------------------------------------------- */

/* Small gradients as they are; of sparse ones, 1 for each row that is named. */
static void fill_pack(rfi_ranks *r, const rf_params *ps)
{
    rf_real *at = r->pack;
    for (size_t i = 0; i < rf_params_count(ps); i++) {
        const rf_param *p = rf_params_at(ps, i);
        const rf_index n = packed(p);
        if (n && p->sparse)
            for (rf_index k = 0; k < n; k++) at[k] = p->touched[k];
        else if (n)
            memcpy(at, p->grad, (size_t)n * sizeof *at);
        at += n;
    }
}

/* The rows that any rank named, in order. */
static void take_rows(rf_param *p, const rf_real *named, rf_index n)
{
    p->rows = 0;
    for (rf_index k = 0; k < n; k++) {
        p->touched[k] = named[k] > 0;
        if (p->touched[k]) p->row[p->rows++] = (int32_t)k;
    }
}

static void take_pack(const rfi_ranks *r, rf_params *ps)
{
    const rf_real *at = r->pack;
    for (size_t i = 0; i < rf_params_count(ps); i++) {
        rf_param *p = rf_params_at(ps, i);
        const rf_index n = packed(p);
        if (n && p->sparse)
            take_rows(p, at, n);
        else if (n)
            memcpy(p->grad, at, (size_t)n * sizeof *at);
        at += n;
    }
}

/* Rows first .. first+n-1 of those named, to or from one block. */
static void move_rows(const rf_param *p, rf_index first, rf_index n, rf_real *block, bool out)
{
    const rf_index size = row_size(p);
    for (rf_index k = 0; k < n; k++, block += size) {
        rf_real *row = p->grad + p->row[first + k] * size;
        memcpy(out ? block : row, out ? row : block, (size_t)size * sizeof *row);
    }
}

static rf_status sum_rows(rfi_ranks *r, const rf_param *p, rf_error *err)
{
    const rf_index size = row_size(p), most = r->rows_room / size;
    rf_status status = RF_OK;
    for (rf_index k = 0; k < p->rows && !status; k += most) {
        const rf_index n = p->rows - k < most ? p->rows - k : most;
        move_rows(p, k, n, r->rows, true);
        status = r->c->sum_reals(r->c, r->rows, n * size, err);
        move_rows(p, k, n, r->rows, false);
    }
    return status;
}

rf_status rfi_ranks_sum_gradients(rfi_fit *f, rf_error *err)
{
    rfi_ranks *r = &f->ranks;
    rf_params *ps = f->spec->params;
    if (!r->c) return RF_OK;
    fill_pack(r, ps);
    rf_status status = r->c->sum_reals(r->c, r->pack, r->packed, err);
    if (!status) take_pack(r, ps);
    for (size_t i = 0; i < rf_params_count(ps) && !status; i++) {
        rf_param *p = rf_params_at(ps, i);
        if (p->frozen) continue;
        p->zero = false;
        if (p->sparse)
            status = sum_rows(r, p, err);
        else if (!packed(p))
            status = r->c->sum_reals(r->c, p->grad, rf_shape_count(p->value.shape), err);
    }
    return status;
}

/* ---- Slots that are split ------------------------------------------------------------------------ */

/* The part of `rank` in a whole, to or from one block. */
static void move_part(const rf_slot *whole, int rank, int ranks, rf_real *block, bool out)
{
    const int dim = whole->split - 1;
    rf_index outer = 1, inner = 1, first, count;
    for (int k = 0; k < dim; k++) outer *= whole->shape.dim[k];
    for (int k = dim + 1; k < whole->shape.rank; k++) inner *= whole->shape.dim[k];
    rf_rank_share(whole->total, rank, ranks, &first, &count);
    rf_real *at = (rf_real *)whole->data + first * inner;
    for (rf_index o = 0; o < outer; o++, at += whole->total * inner, block += count * inner)
        memcpy(out ? block : at, out ? at : block, (size_t)(count * inner) * sizeof *at);
}

static rf_status gather_slot(rfi_ranks *r, const rf_slot *whole, const rf_slot *own, rf_error *err)
{
    const rf_index n = rf_shape_count(whole->shape) / whole->total;
    rf_status status = RF_OK;
    for (int rank = 0; rank < r->count && !status; rank++) {
        rf_index first, count;
        rf_rank_share(whole->total, rank, r->count, &first, &count);
        rf_real *block = rank == r->rank ? own->data : r->part;
        status = r->c->broadcast(r->c, block, n * count * (int64_t)sizeof *block, rank, err);
        if (!status) move_part(whole, rank, r->count, block, false);
    }
    return status;
}

rf_status rfi_ranks_gather(rfi_fit *f, rf_error *err)
{
    rfi_ranks *r = &f->ranks;
    rf_status status = RF_OK;
    for (int i = 0; r->c && i < f->spec->n_slots && !status; i++)
        if (r->whole[i].data) status = gather_slot(r, &r->whole[i], &f->spec->slots[i], err);
    return status;
}

void rfi_ranks_scatter(rfi_fit *f)
{
    rfi_ranks *r = &f->ranks;
    for (int i = 0; r->c && i < f->spec->n_slots; i++)
        if (r->whole[i].data)
            move_part(&r->whole[i], r->rank, r->count, f->spec->slots[i].data, true);
}
