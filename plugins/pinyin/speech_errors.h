/* pinyin/speech_errors.h -- how far what was understood is from what was said. */
#ifndef PINYIN_SPEECH_ERRORS_H
#define PINYIN_SPEECH_ERRORS_H

#include <refrain/text.h>

typedef struct speech_errors {
    int64_t words, put, taken,
        replaced;          /* that there are; more, fewer, others that were understood */
    int64_t sounds, right; /* recordings; those without an error */
} speech_errors;

/* Count those of one recording: clean transcripts.  False: no memory. */
bool speech_errors_add(speech_errors *e, const char *said, const char *heard);
/* Errors per word, NaN of none; wrong recordings per recording. */
double speech_errors_rate(const speech_errors *e);
double speech_errors_wrong(const speech_errors *e);

#endif
