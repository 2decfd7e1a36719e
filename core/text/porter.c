/* text/porter.c -- see porter.h.  A step is a table of endings; the longest that fits is the one that
 * counts, whether or not what stands before it lets it be replaced. */
#include "text/porter.h"

#include <string.h>

enum { LONGEST = 64 };

static bool is_consonant(const char *w, size_t i)
{
    if (strchr("aeiou", w[i])) return false;
    return w[i] != 'y' || i == 0 || !is_consonant(w, i - 1);
}

/* m of [C](VC)^m[V]: how often a vowel is followed by a consonant in the first n letters. */
static int measure(const char *w, size_t n)
{
    int m = 0;
    for (size_t i = 1; i < n; i++) m += is_consonant(w, i) && !is_consonant(w, i - 1);
    return m;
}

static bool has_vowel(const char *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_consonant(w, i)) return true;
    return false;
}

static bool ends_double(const char *w, size_t n)
{
    return n >= 2 && w[n - 1] == w[n - 2] && is_consonant(w, n - 1);
}

/* Consonant, vowel, consonant other than w, x, y: hop, wil(ing). */
static bool ends_cvc(const char *w, size_t n)
{
    return n >= 3 && is_consonant(w, n - 3) && !is_consonant(w, n - 2) && is_consonant(w, n - 1) &&
           !strchr("wxy", w[n - 1]);
}

/* ---- Steps --------------------------------------------------------------------------------------- */

typedef struct ending {
    const char *from, *to;
} ending;

/* The longest of the endings, which are ordered so, that the word has; NULL: none. */
static const ending *find_ending(const ending *list, const char *w, size_t n)
{
    for (const ending *e = list; e->from; e++) {
        const size_t k = strlen(e->from);
        if (n >= k && !memcmp(w + n - k, e->from, k)) return e;
    }
    return NULL;
}

static size_t put_ending(char *w, size_t stem, const char *to)
{
    memcpy(w + stem, to, strlen(to));
    return stem + strlen(to);
}

/* Replace the ending if the measure of what stands before it is at least `least`. */
static size_t replace(const ending *list, int least, char *w, size_t n)
{
    const ending *e = find_ending(list, w, n);
    if (!e) return n;
    const size_t stem = n - strlen(e->from);
    return measure(w, stem) >= least ? put_ending(w, stem, e->to) : n;
}

static size_t drop_plural(char *w, size_t n)
{
    static const ending plurals[] = {
        {"sses", "ss"}, {"ies", "i"}, {"ss", "ss"}, {"s", ""}, {NULL, NULL}};
    return replace(plurals, 0, w, n);
}

/* What is left of -ed and -ing may need its e again, or lose a doubled letter. */
static size_t mend(char *w, size_t n)
{
    static const ending open[] = {{"at", "ate"}, {"bl", "ble"}, {"iz", "ize"}, {NULL, NULL}};
    if (find_ending(open, w, n)) return replace(open, 0, w, n);
    if (ends_double(w, n) && !strchr("lsz", w[n - 1])) return n - 1;
    return measure(w, n) == 1 && ends_cvc(w, n) ? put_ending(w, n, "e") : n;
}

static size_t drop_past(char *w, size_t n)
{
    static const ending past[] = {{"eed", "ee"}, {"ing", ""}, {"ed", ""}, {NULL, NULL}};
    const ending *e = find_ending(past, w, n);
    if (!e) return n;
    const size_t stem = n - strlen(e->from);
    if (*e->to) return measure(w, stem) > 0 ? put_ending(w, stem, e->to) : n;
    return has_vowel(w, stem) ? mend(w, stem) : n;
}

static size_t turn_y(char *w, size_t n)
{
    if (n && w[n - 1] == 'y' && has_vowel(w, n - 1)) w[n - 1] = 'i';
    return n;
}

static const ending doubles[] = {{"ational", "ate"}, {"ization", "ize"}, {"iveness", "ive"},
                                 {"fulness", "ful"}, {"ousness", "ous"}, {"tional", "tion"},
                                 {"biliti", "ble"},  {"entli", "ent"},   {"ousli", "ous"},
                                 {"ation", "ate"},   {"alism", "al"},    {"aliti", "al"},
                                 {"iviti", "ive"},   {"enci", "ence"},   {"anci", "ance"},
                                 {"izer", "ize"},    {"abli", "able"},   {"alli", "al"},
                                 {"ator", "ate"},    {"eli", "e"},       {NULL, NULL}};
static const ending thirds[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
                                {"ical", "ic"},  {"ness", ""},  {"ful", ""},     {NULL, NULL}};
static const ending lasts[] = {
    {"ement", ""}, {"ance", ""},  {"ence", ""}, {"able", ""}, {"ible", ""}, {"ment", ""},
    {"sion", "s"}, {"tion", "t"}, {"ant", ""},  {"ent", ""},  {"ism", ""},  {"ate", ""},
    {"iti", ""},   {"ous", ""},   {"ive", ""},  {"ize", ""},  {"al", ""},   {"er", ""},
    {"ic", ""},    {"ou", ""},    {NULL, NULL}};

/* The s or t before -ion belongs to the stem whose measure counts. */
static size_t drop_last(char *w, size_t n)
{
    const ending *e = find_ending(lasts, w, n);
    if (!e) return n;
    const size_t stem = n - strlen(e->from) + strlen(e->to);
    return measure(w, stem) > 1 ? stem : n;
}

static size_t tidy(char *w, size_t n)
{
    if (n && w[n - 1] == 'e') {
        const int m = measure(w, n - 1);
        if (m > 1 || (m == 1 && !ends_cvc(w, n - 1))) n--;
    }
    return ends_double(w, n) && w[n - 1] == 'l' && measure(w, n) > 1 ? n - 1 : n;
}

size_t rfi_porter_stem(char *word, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (word[i] < 'a' || word[i] > 'z') return n;
    if (n < 3 || n > LONGEST) return n;
    n = drop_plural(word, n);
    n = drop_past(word, n);
    n = turn_y(word, n);
    n = replace(doubles, 1, word, n);
    n = replace(thirds, 1, word, n);
    n = drop_last(word, n);
    return tidy(word, n);
}
