#!/usr/bin/env python3
"""Makes the recordings of this folder: whistled tones that stand for syllables.  usage: tones.py FOLDER

Each syllable is a sweep of two harmonics, spoken one to three in a row, at 8 kHz; a little noise lies under
all.  The same numbers each time."""
import math
import random
import struct
import sys
import wave
from pathlib import Path

RATE = 8000
SWEEPS = {"ma1": (700, 700), "ma4": (900, 450), "shi2": (1800, 2600), "shi4": (2700, 1700)}
SAID = ["ma1", "ma4", "shi2", "shi4", "ma1 shi4", "shi2 ma4", "ma4 ma4", "shi4 ma1 shi2"]


def hush(seconds, rng):
    return [rng.gauss(0, 0.003) for _ in range(int(seconds * RATE))]


def sweep(low, high, seconds, rng):
    n, phase, out = int(seconds * RATE), 0.0, []
    for i in range(n):
        phase += 2 * math.pi * (low + (high - low) * i / n) / RATE
        edge = min(1, i / 200, (n - i) / 200)
        out.append(0.4 * edge * (math.sin(phase) + 0.5 * math.sin(2 * phase)) + rng.gauss(0, 0.003))
    return out


def main():
    folder, rng = Path(sys.argv[1]), random.Random(1)
    lines = ["file\tpinyin"]
    for i, said in enumerate(SAID):
        x = hush(0.04, rng)
        for s in said.split():
            x += sweep(*SWEEPS[s], 0.14, rng) + hush(0.04, rng)
        with wave.open(str(folder / f"{i + 1}.wav"), "wb") as w:
            w.setparams((1, 2, RATE, 0, "NONE", ""))
            w.writeframes(b"".join(struct.pack("<h", round(32767 * max(-1, min(1, v)))) for v in x))
        lines.append(f"{i + 1}.wav\t{said}")
    (folder / "tones.tsv").write_text("\n".join(lines) + "\n")


main()
