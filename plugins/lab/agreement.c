/* lab/agreement.c -- "The cat, which already ate the fish near the dogs, was full": sentences whose
 * verb agrees with a subject far before it, with nouns of either number between.
 *
 *     sentence  = the NOUN , which CLAUSE , -> was | were
 *     CLAUSE    = ACT (and ACT | PLACE)*
 *     ACT       = [ADVERB] VERB the ADJECTIVE* NOUN
 *     PLACE     = PREPOSITION the ADJECTIVE* NOUN
 *
 * Verbs of the clause are in the past tense: nothing but the subject tells its number.  The clause
 * has as many words as make the verb stand at the distance from the subject that is wanted.
 *
 * Source: the lecture's sentence; as a test of networks, Linzen, Dupoux, Goldberg, TACL 2016. */
#include "tasks.h"

enum { ACT = 3, PLACE = 3, AROUND = 4 }; /* words at least; around: ", which" and "," */
_Static_assert(LAB_AGREEMENT_NEAREST == AROUND + ACT, "the shortest sentence");

static const char *const words[] = {
    ",",       "the",     "which",  "and",                                           /* 0 */
    "already", "often",   "never",                                                   /* 4 */
    "ate",     "saw",     "chased", "liked",  "found",                               /* 7 */
    "near",    "behind",  "with",   "beside",                                        /* 12 */
    "small",   "old",     "hungry", "black",                                         /* 16 */
    "cat",     "cats",    "dog",    "dogs",   "bird",  "birds", "mouse", "mice",     /* 20 */
    "horse",   "horses",  "boy",    "boys",   "girl",  "girls", "child", "children", /* 28 */
    "farmer",  "farmers", "woman",  "women"};                                        /* 36 */
enum { WORDS = sizeof words / sizeof *words };

/* The first word of each kind. */
enum { COMMA, THE, WHICH, AND, ADVERB, VERB = 7, PREPOSITION = 12, ADJECTIVE = 16, NOUN = 20 };

void lab_agreement_shape(const lab_task_size *s, lab_batch *b, double *guess)
{
    b->T = s->length + 1;
    b->I = WORDS;
    b->K = 2;
    *guess = 0.5;
}

/* Where the next word goes. */
typedef struct pen {
    lab_dice *d;
    lab_batch *b;
    rf_index lane, t;
} pen;

static void put(pen *p, int word) { p->b->ids[lab_batch_at(p->b, p->t++, p->lane)] = word; }

/* One of the words from `kind` up to the next kind. */
static void put_any(pen *p, int kind, int next)
{
    put(p, kind + lab_dice_below(p->d, next - kind));
}

static void put_noun(pen *p, int plural)
{
    put(p, NOUN + 2 * lab_dice_below(p->d, (WORDS - NOUN) / 2) + plural);
}

static void put_phrase(pen *p, int adjectives)
{
    put(p, THE);
    while (adjectives--) put_any(p, ADJECTIVE, NOUN);
    put_noun(p, lab_dice_below(p->d, 2));
}

static void put_act(pen *p, int more)
{
    if (more && lab_dice_below(p->d, 2)) {
        put_any(p, ADVERB, VERB);
        more--;
    }
    put_any(p, VERB, PREPOSITION);
    put_phrase(p, more);
}

static void put_place(pen *p, int more)
{
    put_any(p, PREPOSITION, ADJECTIVE);
    put_phrase(p, more);
}

/* Words beyond the shortest form, where `left` are to come: what is left over makes another part of
 * the clause, or nothing. */
static int choose_more(lab_dice *d, rf_index left)
{
    if (left < PLACE) return (int)left;
    return left > PLACE ? lab_dice_below(d, 2) : 0;
}

static void put_clause(pen *p, rf_index left)
{
    for (bool first = true; left > 0; first = false) {
        const bool act = first || (left > ACT && lab_dice_below(p->d, 2));
        if (act && !first) put(p, AND);
        left -= act ? ACT + !first : PLACE;
        const int more = choose_more(p->d, left);
        left -= more;
        if (act)
            put_act(p, more);
        else
            put_place(p, more);
    }
}

void lab_agreement_write(const lab_task_size *s, lab_dice *d, rf_index lane, lab_batch *b)
{
    const int free = s->fixed ? 0 : (int)s->length - LAB_AGREEMENT_NEAREST,
              plural = lab_dice_below(d, 2);
    const rf_index distance = s->length - (free ? lab_dice_below(d, free + 1) : 0);
    pen p = {d, b, lane, 0};
    put(&p, THE);
    put_noun(&p, plural);
    put(&p, COMMA);
    put(&p, WHICH);
    put_clause(&p, distance - AROUND);
    put(&p, COMMA);
    lab_batch_ask(b, distance, lane, plural, distance);
    b->steps[lane] = (int32_t)p.t;
}

const char *lab_agreement_symbol(const lab_task_size *s, int32_t id)
{
    (void)s;
    return words[id];
}

const char *lab_agreement_answer(const lab_task_size *s, int32_t number)
{
    (void)s;
    return number ? "were" : "was";
}
