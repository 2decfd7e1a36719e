/* music/voice.h -- one note of the built-in synthesiser, made block by block. */
#ifndef MUSIC_VOICE_H
#define MUSIC_VOICE_H

#include <refrain/music.h>

#define VOICE_PARTIALS 24

/* How a sound is made. */
typedef enum voice_kind { VOICE_SINES, VOICE_FM, VOICE_STRING, VOICE_DRUM } voice_kind;

/* Times in seconds; those of decays until a factor of e. */
typedef struct voice_timbre {
    voice_kind kind;
    double gain;
    double attack, decay, sustain, release; /* the envelope; sustain is a share of 1 */
    int partials;                           /* VOICE_SINES: how many */
    double slope;                           /* partial k has k^-slope */
    double even;                            /* what even partials are multiplied by */
    double fade;                      /* the more, the sooner high partials die away, per second */
    double stretch;                   /* inharmonicity of stiff strings and bars */
    double spread;                    /* cents between two players; 0: one alone */
    double ratio, index, index_decay; /* VOICE_FM: of the modulator */
    double bright;                    /* VOICE_STRING: 0 dull .. 1 */
} voice_timbre;

/* The timbre of a program. */
const voice_timbre *voice_timbre_of(int program);

/* A drum: a sine that falls from one frequency to another, and noise. */
typedef struct voice_drum {
    double gain, tone, from, to, fall, tone_decay; /* Hz, seconds */
    double noise, noise_decay, high;               /* high: 0 all of the noise .. 1 only hiss */
    double pan;                                    /* -1 left .. 1 right */
} voice_drum;
const voice_drum *voice_drum_of(int pitch);

typedef struct voice {
    voice_kind kind;
    const voice_timbre *t;
    const voice_drum *drum;
    double rate, f;   /* frames per second, Hz */
    int64_t at, held; /* frames made; frames until the key is let go */
    double amplitude;
    double level, end; /* the envelope: now, and when it was let go; -1 before */
    int sines;
    double re[VOICE_PARTIALS], im[VOICE_PARTIALS], cos[VOICE_PARTIALS], sin[VOICE_PARTIALS];
    double phase, modulator;
    float *loop; /* VOICE_STRING: [period] */
    int64_t period;
    double fraction, last, low;
    uint32_t noise;
} voice;

/* Begin a note of `held` frames.  `noise` chooses the noise.  False: no memory. */
bool voice_begin(voice *v, int program, bool drum, const rf_tone *tone, int64_t held, double rate,
                 uint32_t noise);
/* The next n frames, [n], replaced.  False: the note is over, and nothing was made. */
bool voice_next(voice *v, double *out, int n);
void voice_end(voice *v);

#endif
