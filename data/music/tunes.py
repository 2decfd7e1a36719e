#!/usr/bin/env python3
"""MIDI files of the tunes in tunes.txt: tunes.py [FOLDER]  (midi/ beside this file)

Melody, chords with their roots as bass, and drums where the tune says so; one bar's last chord is held
and the last note dies away.  The same text makes the same files."""
import re
import sys
from fractions import Fraction
from pathlib import Path

TICKS = 480  # per quarter note
LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
LENGTHS = {"w": Fraction(4), "h": Fraction(2), "q": Fraction(1), "e": Fraction(1, 2), "s": Fraction(1, 4)}
NOTE = re.compile(r"(?:([a-g])([#b]?)([0-9])|r)([whqes]?)(\.?)$")
CHORD = re.compile(r"([A-G])([#b]?)(m?)(7?)$")
MAJOR = {"Cb": -7, "Gb": -6, "Db": -5, "Ab": -4, "Eb": -3, "Bb": -2, "F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4,
         "B": 5, "F#": 6, "C#": 7}
MINOR = {"Ab": -7, "Eb": -6, "Bb": -5, "F": -4, "C": -3, "G": -2, "D": -1, "A": 0, "E": 1, "B": 2, "F#": 3, "C#": 4,
         "G#": 5, "D#": 6, "A#": 7}
KICK, SNARE, HAT = 36, 38, 42


def accidental(letter, sign):
    return LETTERS[letter.lower()] + {"#": 1, "b": -1, "": 0}[sign]


def note(word):
    """(pitch or None, quarter notes)"""
    m = NOTE.match(word)
    if not m:
        raise ValueError(f"{word}: no note")
    letter, sign, octave, length, dot = m.groups()
    quarters = LENGTHS[length or "q"] * (Fraction(3, 2) if dot else 1)
    return (accidental(letter, sign) + 12 * (int(octave) + 1) if letter else None), quarters


def chord(word):
    """Root as a bass note, and three or four notes around middle C."""
    m = CHORD.match(word)
    if not m:
        raise ValueError(f"{word}: no chord")
    root = accidental(m[1], m[2]) % 12
    classes = [root, root + (3 if m[3] else 4), root + 7] + ([root + 10] if m[4] else [])
    return 36 + root if root >= 4 else 48 + root, sorted(53 + (c - 53) % 12 for c in classes)


def tunes(text):
    """Dictionaries with the fields of each tune and its bars: [(chords, notes)]."""
    tune = None
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word or word == "#" or word.startswith("#"):
            continue
        if word == "tune":
            if tune:
                yield tune
            tune = {"tune": rest, "bars": [], "drums": None}
        elif word == "|":
            for bar in rest.strip(" |").split("|"):
                chords, notes = bar.split(":")
                tune["bars"].append((chords.split(), notes.split()))
        else:
            tune[word] = rest or True
    yield tune


def melody(tune, bar):
    at, out = Fraction(0), []
    for k, (_, words) in enumerate(tune["bars"]):
        begin = at
        for word in words:
            pitch, quarters = note(word)
            if pitch is not None:
                out.append((at, quarters * Fraction(15, 16), pitch, 96 if at == begin else 84))
            at += quarters
        if at - begin != bar:
            raise ValueError(f"{tune['tune']}: bar {k + 1} has {at - begin} quarter notes where {bar} are due")
    return out


def beats(tune, bar):
    """When the bass and when the chords are struck within a bar, in quarter notes."""
    if tune["metre"] == "6/8":
        return [Fraction(0), Fraction(3, 2)], [Fraction(k, 2) for k in (1, 2, 4, 5)]
    if bar in (2, 4):
        return [Fraction(k) for k in range(0, int(bar), 2)], [Fraction(k) for k in range(1, int(bar), 2)]
    return [Fraction(0)] + ([Fraction(3)] if bar == 5 else []), [Fraction(k) for k in (1, 2, 4) if k < bar]


def chords(tune, bar):
    bass_at, chord_at = beats(tune, bar)
    out = []
    for k, (names, _) in enumerate(tune["bars"]):
        share, last = bar / len(names), k + 1 == len(tune["bars"])
        for i, name in enumerate(names):
            root, notes = chord(name)
            begin, end = i * share, (i + 1) * share
            if last:
                out += [(k * bar + begin, share, p, 64) for p in [root] + notes]
                continue
            struck = [b for b in bass_at if begin <= b < end] or [begin]
            rest = [b for b in chord_at if begin <= b < end and b not in struck]
            times = sorted(struck + rest) + [end]
            for b, until in zip(times, times[1:]):
                out += [(k * bar + b, (until - b) * Fraction(7, 8), p, 70 if b in struck else 56)
                        for p in ([root] if b in struck else notes)]
    return sorted(out)


def drums(tune, bar):
    out = []
    for k in range(len(tune["bars"]) - 1):
        for half in range(int(2 * bar)):
            at = k * bar + Fraction(half, 2)
            if half % 2 == 0:
                out.append((at, Fraction(1, 4), SNARE if half // 2 % 2 else KICK, 84))
            out.append((at, Fraction(1, 4), HAT, 70 if half % 2 == 0 else 50))
    end = (len(tune["bars"]) - 1) * bar
    return sorted(out) + [(end, Fraction(1), KICK, 96), (end, Fraction(1), 49, 80)]


def length(n):
    out = [n & 0x7F]
    while n > 0x7F:
        n >>= 7
        out.insert(0, n & 0x7F | 0x80)
    return bytes(out)


def meta(kind, data):
    return bytes([0xFF, kind]) + length(len(data)) + data


def part(events):
    """A chunk of (quarter note, rank, bytes)."""
    out, now = b"", 0
    for at, _, data in sorted(events, key=lambda e: e[:2]):
        tick = int(at * TICKS)
        out, now = out + length(tick - now) + data, tick
    out += length(0) + meta(0x2F, b"")
    return b"MTrk" + len(out).to_bytes(4, "big") + out


def played(name, channel, program, notes):
    events = [(0, 0, meta(3, name.encode())), (0, 1, bytes([0xC0 | channel, program]))]
    for at, quarters, pitch, velocity in notes:
        events.append((at, 3, bytes([0x90 | channel, pitch, velocity])))
        events.append((at + quarters, 2, bytes([0x80 | channel, pitch, 64])))
    return part(events)


def midi(tune):
    beats_, unit = (int(x) for x in tune["metre"].split("/"))
    bar = Fraction(4 * beats_, unit)
    tonic, mode = tune["key"].split()
    sharps = (MINOR if mode == "minor" else MAJOR)[tonic]
    lead, comp = (int(x) for x in tune["programs"].split())
    head = [(0, 0, meta(3, tune["title"].encode())),
            (0, 1, meta(0x51, round(60e6 / int(tune["tempo"])).to_bytes(3, "big"))),
            (0, 2, meta(0x58, bytes([beats_, unit.bit_length() - 1, 24, 8]))),
            (0, 3, meta(0x59, bytes([sharps & 0xFF, mode == "minor"])))]
    parts = [part(head), played("Melody", 0, lead, melody(tune, bar)),
             played("Chords", 1, comp, chords(tune, bar))]
    if tune["drums"]:
        parts.append(played("Drums", 9, 0, drums(tune, bar)))
    return b"MThd" + bytes([0, 0, 0, 6, 0, 1, 0, len(parts)]) + TICKS.to_bytes(2, "big") + b"".join(parts)


def main():
    here = Path(__file__).resolve().parent
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else here / "midi"
    folder.mkdir(exist_ok=True)
    for tune in tunes((here / "tunes.txt").read_text(encoding="utf-8")):
        (folder / f"{tune['tune']}.mid").write_bytes(midi(tune))


if __name__ == "__main__":
    main()
