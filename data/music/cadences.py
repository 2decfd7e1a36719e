#!/usr/bin/env python3
"""Four-part cadences in all keys, as piano rolls: cadences.py > cadences.json

Writes what a pupil of harmony writes: phrases of eight quarter notes whose chords follow one another by a
few rules, in major or minor, each phrase ending in a cadence on two beats.  The voices move to the nearest
notes of the next chord, within their ranges, and do not run in parallel fifths or octaves; now and then
there is a breath between two phrases.  Nothing is taken from any piece.  The same program writes the same
file."""
import itertools
import json
import random

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11)
# What may follow each degree, with how often.
AFTER = {
    1: {4: 4, 5: 3, 6: 3, 2: 2, 3: 1},
    2: {5: 6, 7: 1},
    3: {6: 3, 4: 2},
    4: {5: 4, 1: 2, 2: 2},
    5: {1: 4, 6: 2},
    6: {2: 3, 4: 3, 5: 1},
    7: {1: 1},
}
CADENCES = {"half": [1, 5], "full": [5, 1], "plagal": [4, 1], "deceptive": [5, 6]}
# Lowest and highest pitch of bass, tenor, alto, soprano.
RANGES = ((40, 60), (48, 67), (55, 74), (60, 81))


def choose(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


def degrees(rng, cadence):
    """Eight chords: a walk from the tonic, then the cadence on beats 7 and 8."""
    walk = [1]
    while len(walk) < 6:
        walk.append(choose(rng, AFTER[walk[-1]]))
    return walk + CADENCES[cadence]


def chord(scale, degree):
    """Pitch classes of root, third and fifth, above the tonic."""
    return [scale[(degree - 1 + k) % 7] for k in (0, 2, 4)]


def voicings(tonic, notes):
    """All ways to sing the chord, root in the bass, voices not crossing, the upper three no more than an
    octave apart."""
    classes = [(tonic + n) % 12 for n in notes]
    sung = [[p for p in range(low, high + 1) if p % 12 in (classes if i else classes[:1])]
            for i, (low, high) in enumerate(RANGES)]
    for v in itertools.product(*sung):
        upper = all(0 <= b - a <= 12 for a, b in zip(v[1:], v[2:]))
        if v[0] <= v[1] and upper and {p % 12 for p in v} == set(classes):
            yield v


def parallel(a, b):
    """Two voices that move together at the distance of a fifth or an octave."""
    return any(a[i] != b[i] and a[j] - a[i] > 0 and (a[j] - a[i]) % 12 in (0, 7)
               and a[j] - a[i] == b[j] - b[i] for i in range(4) for j in range(i))


def distance(rng, a, b):
    return sum(abs(x - y) for x, y in zip(a[1:], b[1:])) + abs(a[0] - b[0]) / 3 + rng.random() * 3


def sing(rng, tonic, scale, walk, before):
    out = []
    for degree in walk:
        ways = list(voicings(tonic, chord(scale, degree)))
        if before:
            ways = [v for v in ways if not parallel(before, v)] or ways
            before = min(ways, key=lambda v: distance(rng, before, v))
        else:
            before = rng.choice([v for v in ways if 64 <= v[3] <= 74] or ways)
        out.append(before)
    return out


def piece(rng):
    tonic, scale = rng.randrange(12), rng.choice((MAJOR, MAJOR, MINOR))
    ends = [rng.choice(("half", "deceptive", "full")) for _ in range(rng.choice((1, 2, 3)))]
    ends.append(rng.choice(("full", "full", "full", "plagal")))
    steps, last = [], None
    for k, end in enumerate(ends):
        phrase = sing(rng, tonic, scale, degrees(rng, end), last)
        last = phrase[-1]
        steps += [sorted(set(v)) for v in phrase]
        if k + 1 < len(ends) and rng.random() < 0.3:
            steps.append([])  # a breath
    steps.append(steps[-1])
    return steps


def main():
    rng = random.Random(1685)
    parts = {"train": 72, "valid": 24, "test": 24}
    text = []
    for name, n in parts.items():
        lines = ",\n".join(json.dumps(piece(rng), separators=(",", ":")) for _ in range(n))
        text.append(f'"{name}": [\n{lines}]')
    print("{" + ",\n".join(text) + "}")


if __name__ == "__main__":
    main()
