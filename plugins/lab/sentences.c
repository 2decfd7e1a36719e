/* lab/sentences.c -- reading sentences of tagged words. */
#include "sentences.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* The next word at *at, n bytes; false: no more. */
static bool next_word(const char **at, size_t *n)
{
    *at += strspn(*at, BLANKS);
    *n = strcspn(*at, BLANKS);
    return *n > 0;
}

static rf_status read_vocabulary(lab_sentences *s, const char *text, rf_error *err)
{
    size_t n;
    for (const char *at = text; next_word(&at, &n); at += n)
        if (rf_vocab_add(s->words, at, n) < 0) return rf_no_memory(err);
    if (rf_vocab_size(s->words)) return RF_OK;
    return rf_fail(err, RF_EINVAL, "--vocabulary: has no words");
}

/* Where the tag's slash is, or the word's end. */
static size_t slash(const char *word, size_t n)
{
    for (size_t k = n; k-- > 0;)
        if (word[k] == '/') return k;
    return n;
}

/* One word with its tag, if any, appended to a sentence.  `open`: unknown words are added. */
static rf_status add_word(lab_sentences *s, const char *at, size_t n, bool open, rf_error *err)
{
    lab_sentence *to = &s->sentence[s->count];
    const size_t stem = slash(at, n);
    const int where = s->count + 1, k = to->n + 1;
    if (to->n == LAB_WORDS_MAX)
        return rf_fail(err, RF_EINVAL, "sentence %d: more than %d words", where, LAB_WORDS_MAX);
    if (stem == 0)
        return rf_fail(err, RF_EINVAL, "sentence %d, word %d: %.*s: nothing before the slash",
                       where, k, (int)n, at);
    if (stem + 1 == n)
        return rf_fail(err, RF_EINVAL, "sentence %d, word %d: %.*s: no tag after the slash", where,
                       k, (int)n, at);
    const int32_t word =
        open ? rf_vocab_add(s->words, at, stem) : rf_vocab_find(s->words, at, stem);
    const int32_t tag = stem < n ? rf_vocab_add(s->tags, at + stem + 1, n - stem - 1) : -1;
    if (word < 0 && !open)
        return rf_fail(err, RF_EINVAL, "sentence %d, word %d: %.*s is not in --vocabulary", where,
                       k, (int)stem, at);
    if (word < 0 || (tag < 0 && stem < n)) return rf_no_memory(err);
    s->tagged += tag >= 0;
    to->word[to->n] = word;
    to->tag[to->n++] = tag;
    return RF_OK;
}

static rf_status read_sentence(lab_sentences *s, const char *text, bool open, rf_error *err)
{
    lab_sentence *to = &s->sentence[s->count];
    size_t n;
    rf_status st = RF_OK;
    to->word = calloc(LAB_WORDS_MAX, sizeof *to->word);
    to->tag = calloc(LAB_WORDS_MAX, sizeof *to->tag);
    if (!to->word || !to->tag) return rf_no_memory(err);
    for (const char *at = text; next_word(&at, &n) && !st; at += n)
        st = add_word(s, at, n, open, err);
    if (st) return st;
    if (!to->n) return rf_fail(err, RF_EINVAL, "sentence %d: has no words", s->count + 1);
    if (to->n > s->longest) s->longest = to->n;
    s->count++;
    return RF_OK;
}

rf_status lab_sentences_read(lab_sentences *s, const char *const *text, size_t n,
                             const char *vocabulary, rf_error *err)
{
    *s = (lab_sentences){.words = rf_vocab_new(), .tags = rf_vocab_new()};
    s->sentence = calloc(n + 1, sizeof *s->sentence);
    if (!s->words || !s->tags || !s->sentence) return rf_no_memory(err);
    rf_status st = vocabulary ? read_vocabulary(s, vocabulary, err) : RF_OK;
    for (size_t i = 0; i < n && !st; i++) st = read_sentence(s, text[i], !vocabulary, err);
    if (st) return st;
    if (rf_vocab_size(s->words) > LAB_VOCABULARY_MAX)
        return rf_fail(err, RF_EINVAL, "%d different words where %d are the most",
                       rf_vocab_size(s->words), LAB_VOCABULARY_MAX);
    if (rf_vocab_size(s->tags) > LAB_TAGS_MAX)
        return rf_fail(err, RF_EINVAL, "%d different tags where %d are the most",
                       rf_vocab_size(s->tags), LAB_TAGS_MAX);
    return RF_OK;
}

void lab_sentences_free(lab_sentences *s)
{
    /* One more than were counted: reading may have ended within it. */
    for (int i = 0; s->sentence && i <= s->count; i++) {
        free(s->sentence[i].word);
        free(s->sentence[i].tag);
    }
    free(s->sentence);
    rf_vocab_free(s->words);
    rf_vocab_free(s->tags);
}

const char *lab_word(const lab_sentences *s, int32_t id) { return rf_vocab_at(s->words, id, NULL); }

const char *lab_tag(const lab_sentences *s, int32_t id)
{
    return id < 0 ? "-" : rf_vocab_at(s->tags, id, NULL);
}
