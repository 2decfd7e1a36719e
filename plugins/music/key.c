/* music/key.c -- which key a piece is in: correlation of durations with the profiles of 24 keys. */
#include <math.h>

#include "key.h"

/* How well each pitch class above the tonic fits, as listeners judged it (Krumhansl & Kessler 1982). */
static const double profiles[2][12] = {
    {6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88},
    {6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17}};

static void add_durations(const rf_score *s, double x[12])
{
    for (size_t i = 0; i < s->tracks; i++) {
        const rf_track *t = &s->track[i];
        for (size_t k = 0; k < t->count && t->channel != RF_DRUMS; k++)
            x[t->tone[k].pitch % 12] += (double)t->tone[k].len / s->division;
    }
}

/* Pearson's correlation of x, its pitch class `tonic` first, with a profile. */
static double correlation(const double x[12], int tonic, const double profile[12])
{
    double mx = 0, mp = 0, xx = 0, pp = 0, xp = 0;
    for (int i = 0; i < 12; i++) mx += x[i] / 12, mp += profile[i] / 12;
    for (int i = 0; i < 12; i++) {
        const double a = x[(tonic + i) % 12] - mx, b = profile[i] - mp;
        xx += a * a, pp += b * b, xp += a * b;
    }
    return xx > 0 ? xp / sqrt(xx * pp) : NAN;
}

double music_key_fit(const rf_score *s, int tonic, bool minor)
{
    double x[12] = {0};
    add_durations(s, x);
    return correlation(x, tonic, profiles[minor]);
}

music_key music_key_find(const rf_score *s)
{
    double x[12] = {0};
    music_key best = {0, false, NAN};
    add_durations(s, x);
    for (int minor = 0; minor < 2; minor++)
        for (int tonic = 0; tonic < 12; tonic++) {
            const double r = correlation(x, tonic, profiles[minor]);
            if (!(r <= best.r) && !isnan(r)) best = (music_key){tonic, minor, r};
        }
    return best;
}

int music_key_sharps(const music_key *k)
{
    const int major = k->minor ? (k->tonic + 3) % 12 : k->tonic;
    const int fifths = major * 7 % 12; /* up from C */
    return fifths > 6 ? fifths - 12 : fifths;
}
