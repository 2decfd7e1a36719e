/* pinyin/speech_set.h -- recordings with their transcripts, from tables of files. */
#ifndef PINYIN_SPEECH_SET_H
#define PINYIN_SPEECH_SET_H

#include <refrain/plugin.h>

#include "audio.h"
#include "speech_units.h"

/* Which rows of a table are read, and what of them. */
typedef struct speech_query {
    const char *folder; /* where the files are; NULL: beside the table */
    const char *column; /* of the transcript; NULL: pinyin, transcript, or text; or the second */
    const char *const
        *where;          /* "column=value" or "column!=value", all of which hold; NULL-terminated */
    const char *keep[2]; /* columns to be kept, or NULL */
    int kind;            /* SPEECH_WORDS ... */
    int rate;            /* samples per second */
    double most;         /* longer recordings, in seconds, are an error; 0: none */
} speech_query;

/* Item i has samples pcm[at[i] .. at[i+1]) of 16 bits, and the clean transcript text + clean[i]. */
typedef struct speech_set {
    rf_index n, cap;
    int rate;
    int16_t *pcm;
    size_t *at; /* [n+1] */
    size_t pcm_cap;
    rf_str text;
    size_t *name, *clean, *kept; /* [n] [n] [n,2] in text: file, transcript, columns; NUL-ended */
    rf_index left_out;           /* rows whose transcripts are not of the kind */
} speech_set;

/* Add the rows of a table: lines of columns between tabs.  A first line that begins with "file" names
 * the columns; else they are file and transcript.  h: for progress.
 * Errors: EIO, EFORMAT (line and column are named; a recording that cannot be read), ENOMEM. */
rf_status speech_set_read(speech_set *s, const char *path, const speech_query *q, const rf_host *h,
                          rf_error *err);
void speech_set_free(speech_set *s);

static inline const char *speech_set_name(const speech_set *s, rf_index i)
{
    return s->text.s + s->name[i];
}
static inline const char *speech_set_clean(const speech_set *s, rf_index i)
{
    return s->text.s + s->clean[i];
}
static inline const char *speech_set_kept(const speech_set *s, rf_index i, int which)
{
    return s->text.s + s->kept[2 * i + which];
}
static inline size_t speech_set_samples(const speech_set *s, rf_index i)
{
    return s->at[i + 1] - s->at[i];
}
/* Its samples behind those of `out`.  False: no memory. */
bool speech_set_put(const speech_set *s, rf_index i, speech_sound *out);
/* A number that tells sets apart. */
uint64_t speech_set_hash(const speech_set *s);

#endif
