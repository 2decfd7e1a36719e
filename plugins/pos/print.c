/* pos/print.c -- see print.h. */
#include "print.h"

#include <math.h>
#include <string.h>

#include "keys.h"

static const int columns[] = {[POS_UPOS] = RF_UPOS, [POS_XPOS] = RF_XPOS, [POS_FEATS] = RF_FEATS};

static rf_status send(pos_printer *p, rf_error *err)
{
    if (p->out.failed) return rf_no_memory(err);
    return rf_emit_text(p->host, p->item, p->out.s ? p->out.s : "", p->out.n, (double)NAN);
}

/* ---- Copies ---------------------------------------------------------------------------------- */

static bool copy_row(pos_batch *b, rf_row *to, const rf_row *from)
{
    *to = *from;
    for (int c = 0; c < RF_COLUMNS; c++) {
        if (!from->column[c]) continue;
        to->column[c] = pos_batch_keep(b, from->column[c], strlen(from->column[c]));
        if (!to->column[c]) return false;
    }
    return true;
}

rf_sentence *pos_sentence_copy(pos_batch *b, const rf_sentence *s)
{
    rf_sentence *to = rf_arena_alloc(b->texts, sizeof *to);
    rf_row *row = rf_arena_alloc(b->texts, (s->rows + 1) * sizeof *row);
    const char **comment = rf_arena_alloc(b->texts, (s->comments + 1) * sizeof *comment);
    int32_t *word = rf_arena_alloc(b->texts, (s->words + 1) * sizeof *word);
    if (!to || !row || !comment || !word) return NULL;
    *to = *s;
    to->row = row;
    to->comment = comment;
    to->word = word;
    memcpy(word, s->word, s->words * sizeof *word);
    for (size_t i = 0; i < s->comments; i++)
        if (!(comment[i] = pos_batch_keep(b, s->comment[i], strlen(s->comment[i])))) return NULL;
    for (size_t i = 0; i < s->rows; i++)
        if (!copy_row(b, &row[i], &s->row[i])) return NULL;
    return to;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void put_slashes(const pos_batch *b, rf_index i, rf_index k, rf_str *out)
{
    pos_told w;
    for (int32_t at = 0; pos_batch_told(b, i, k, at, &w); at = w.next) {
        if (at) rf_str_put(out, " ");
        rf_str_add(out, w.form, w.n);
        rf_str_printf(out, "/%s", w.tag);
    }
}

static rf_status print_slash(pos_printer *p, const pos_waiting *w, rf_error *err)
{
    if (w->number >= 0) put_slashes(p->b, w->number, 0, &p->out);
    rf_str_put(&p->out, "\n");
    return send(p, err);
}

static rf_status print_tsv(pos_printer *p, const pos_waiting *w, rf_error *err)
{
    pos_told t;
    for (int32_t at = 0; w->number >= 0 && pos_batch_told(p->b, w->number, 0, at, &t);
         at = t.next) {
        rf_str_add(&p->out, t.form, t.n);
        rf_str_printf(&p->out, "\t%s\n", t.tag);
    }
    rf_str_put(&p->out, "\n");
    return send(p, err);
}

/* ---- CoNLL-U --------------------------------------------------------------------------------- */

/* Whether a form has something beside white space: only then it was tagged. */
static bool is_tagged(const pos_batch *b, const char *form)
{
    int32_t code;
    if (b->m->lexis.task == POS_TAGS) return true;
    for (size_t i = 0, n = strlen(form); i < n;) {
        const int k = rf_utf8_next(form + i, n - i, &code);
        if (!pos_is_blank(code)) return true;
        i += k > 0 ? (size_t)k : 1;
    }
    return false;
}

static rf_status print_rows(pos_printer *p, const pos_waiting *w, rf_error *err)
{
    rf_sentence *s = w->conllu;
    pos_told t;
    int32_t at = 0;
    for (size_t i = 0; i < s->words; i++) {
        rf_row *row = &s->row[s->word[i]];
        if (w->number < 0 || !is_tagged(p->b, row->column[RF_FORM])) continue;
        if (!pos_batch_told(p->b, w->number, 0, at, &t)) break;
        row->column[columns[p->column]] = t.tag;
        at = t.next;
    }
    rf_conllu_write(s, &p->out);
    return send(p, err);
}

/* A token of several words, if the word that begins at `at` is the first of one: its row, as the word
 * with number `id`.  The number of the last of them, or id - 1. */
static int put_range(pos_printer *p, rf_index i, const pos_told *first, int id)
{
    pos_told t = *first, last = t;
    int to = id - 1;
    for (; pos_batch_told(p->b, i, 0, last.next, &t) && t.inside; last = t) to += to < id ? 2 : 1;
    if (to < id) return to;
    rf_str_printf(&p->out, "%d-%d\t", id, to);
    rf_str_add(&p->out, first->form, (size_t)(last.form + last.n - first->form));
    const bool glued = last.glued && last.next < p->b->set.lengths[i];
    rf_str_printf(&p->out, "\t_\t_\t_\t_\t_\t_\t_\t%s\n", glued ? "SpaceAfter=No" : "_");
    return to;
}

static rf_status print_conllu(pos_printer *p, const pos_waiting *w, rf_error *err)
{
    pos_told t;
    int id = 0, range = 0;
    if (w->conllu) return print_rows(p, w, err);
    if (w->number < 0) return RF_OK;
    if (w->opens) rf_str_put(&p->out, "# newpar\n");
    rf_str_printf(&p->out, "# sent_id = %lld\n", (long long)p->item + 1);
    if (w->text) rf_str_printf(&p->out, "# text = %s\n", w->text);
    for (int32_t at = 0; pos_batch_told(p->b, w->number, 0, at, &t); at = t.next) {
        const char *of[] = {"_", "_", "_"};
        of[p->column] = t.tag;
        if (++id > range) range = put_range(p, w->number, &t, id);
        rf_str_printf(&p->out, "%d\t", id);
        rf_str_add(&p->out, t.form, t.n);
        const bool glued = t.glued && t.next < p->b->set.lengths[w->number] && id > range;
        rf_str_printf(&p->out, "\t_\t%s\t%s\t%s\t_\t_\t_\t%s\n", of[0], of[1], of[2],
                      glued ? "SpaceAfter=No" : "_");
    }
    rf_str_put(&p->out, "\n");
    return send(p, err);
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static rf_status print_table(pos_printer *p, const pos_waiting *w, rf_error *err)
{
    pos_told t;
    rf_status st = RF_OK;
    int id = 0;
    for (int32_t at = 0; w->number >= 0 && !st && pos_batch_told(p->b, w->number, 0, at, &t);
         at = t.next) {
        rf_str_clear(&p->out);
        rf_str_add(&p->out, t.form, t.n);
        if (p->out.failed) return rf_no_memory(err);
        const rf_field row[] = {rf_field_int("sentence", p->item + 1), rf_field_int("id", ++id),
                                rf_field_string("word", p->out.s), rf_field_string("tag", t.tag),
                                rf_field_real("p", t.p)};
        st = rf_emit_record(p->host, p->item, "word", row, sizeof row / sizeof *row);
    }
    return st;
}

static rf_status print_best(pos_printer *p, const pos_waiting *w, rf_error *err)
{
    rf_status st = RF_OK;
    for (rf_index k = 0; w->number >= 0 && k < p->b->found[w->number] && !st; k++) {
        rf_str_clear(&p->out);
        put_slashes(p->b, w->number, k, &p->out);
        if (p->out.failed) return rf_no_memory(err);
        const double logp = p->b->logp[p->b->best * w->number + k];
        const rf_field row[] = {rf_field_int("sentence", p->item + 1), rf_field_int("rank", k + 1),
                                rf_field_real("p", exp(logp)), rf_field_string("answer", p->out.s)};
        st = rf_emit_record(p->host, p->item, "answer", row, sizeof row / sizeof *row);
    }
    return st;
}

rf_status pos_print(pos_printer *p, const pos_waiting *w, rf_error *err)
{
    static rf_status (*const print[])(pos_printer *, const pos_waiting *,
                                      rf_error *) = {[POS_STYLE_AUTO] = print_slash,
                                                     [POS_STYLE_CONLLU] = print_conllu,
                                                     [POS_STYLE_SLASH] = print_slash,
                                                     [POS_STYLE_TSV] = print_tsv,
                                                     [POS_STYLE_TABLE] = print_table};
    rf_str_clear(&p->out);
    const rf_status st = p->nbest ? print_best(p, w, err) : print[p->style](p, w, err);
    p->item++;
    return st;
}
