"""refrain-music: on the tunes of data/music, and on files that are none."""
import json
import os
import shutil
import struct
import subprocess
import sys
import wave
import xml.dom.minidom
from pathlib import Path

from harness import Skip, main, near, run
from music import DATA, MIDI, music, tables, wrong

OWN = "--synth=own"


def written():
    """The tunes as their text has them: {file: (title, key, metre, tempo, bars)}."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(DATA))
    import tunes
    return {t["tune"]: t for t in tunes.tunes((DATA / "tunes.txt").read_text(encoding="utf-8"))}, tunes


def test_tunes_are_what_the_text_says():
    text, _ = written()
    assert len(text) == 36
    run(sys.executable, DATA / "tunes.py", "again")
    assert sorted(p.name for p in MIDI.iterdir()) == sorted(f"{t}.mid" for t in text)
    for name, t in text.items():
        path = MIDI / f"{name}.mid"
        assert Path(f"again/{name}.mid").read_bytes() == path.read_bytes(), name
        out = tables("info", path)
        (score,) = out["score"]
        assert score["title"] == t["title"] and score["bars"] == len(t["bars"])
        assert out["metre"] == [{"bar": 1, "quarter": 0, "metre": t["metre"]}]
        assert out["key"][0]["key"] == t["key"] == score["sounds_like"] and score["fit"] > 0.8
        near(out["tempo"][0]["qpm"], int(t["tempo"]), 0.01)
        near(score["seconds"], score["quarters"] * 60 / int(t["tempo"]), 0.01)
        assert [r["name"] for r in out["track"]] == ["Melody", "Chords"] + ["Drums"] * bool(t["drums"])


def test_notes_are_those_of_the_text():
    text, tunes = written()
    out = tables("info", MIDI / "mill.mid", "--notes")
    due = [(float(on), p) for on, _, p, _ in tunes.melody(text["mill"], 3)]
    mine = [(n["on"], n["pitch"]) for n in out["notes"] if n["channel"] == 0]
    assert mine == due and len(out["notes"]) == out["score"][0]["notes"]
    assert {n["program"] for n in out["notes"] if n["channel"] == 0} == {73}


def test_an_independent_reader_finds_the_same_notes():
    if not shutil.which("midicsv"):
        raise Skip("midicsv is not installed")
    for path in sorted(MIDI.iterdir()):
        rows = [r.split(", ") for r in run("midicsv", path).text.splitlines()]
        theirs = sorted((int(r[1]), int(r[3]), int(r[4]), int(r[5])) for r in rows
                        if r[2] == "Note_on_c" and r[5] != "0")
        mine = sorted((round(n["on"] * 480), n["channel"], n["pitch"], n["velocity"])
                      for n in tables("info", path, "--notes")["notes"])
        assert theirs == mine, path.name


def test_what_is_written_is_what_was_read():
    for path in sorted(MIDI.iterdir()):
        music("convert", path, "--midi=a.mid")
        a, b = tables("info", path, "--notes"), tables("info", "a.mid", "--notes")
        for r in a["score"] + b["score"]:
            del r["file"]
        assert a == b, path.name
        if shutil.which("midicsv"):
            rows = [r.split(", ") for r in run("midicsv", "a.mid").text.splitlines()]
            assert sum(r[2] == "Note_on_c" for r in rows) == sum(r[2] == "Note_off_c" for r in rows) == len(a["notes"])
            assert [r[3] for r in rows if r[2] == "Tempo"] and rows[0][3] == "1"


def test_the_grid():
    music("convert", MIDI / "harbour.mid", "--grid=2", "--midi=a.mid")
    notes = tables("info", "a.mid", "--notes")["notes"]
    assert len(notes) == tables("info", MIDI / "harbour.mid")["score"][0]["notes"]
    assert all(n["on"] % 0.5 == 0 and n["len"] % 0.5 == 0 and n["len"] > 0 for n in notes)


def test_pictures():
    for name in ("tram", "river"):
        music("show", MIDI / f"{name}.mid", f"--svg={name}.svg")
        text = Path(f"{name}.svg").read_text()
        xml.dom.minidom.parseString(text)
        notes = tables("info", MIDI / f"{name}.mid")["score"][0]["notes"]
        assert text.count("</title></rect>") == notes and "nan" not in text
    assert ">Late Tram<" in Path("tram.svg").read_text() and ">Closed Hi-Hat<" in Path("tram.svg").read_text()
    assert ">春江小调<" in Path("river.svg").read_text()
    music("show", MIDI / "river.mid", "--from=3", "--bars=2", "--grid=2", "--svg=part.svg")
    text = Path("part.svg").read_text()
    assert ">3<" in text and ">4<" in text and ">5<" not in text and ">2<" not in text
    assert "bar 99, where there are 16" in wrong("show", MIDI / "river.mid", "--from=99", "--svg=x.svg")


def test_piano_rolls_are_read_too():
    sets = DATA / "cadences.json"
    out = tables("info", sets, "--part=test", "--piece=2", "--steps=1", "--notes")
    steps = json.loads(sets.read_text())["test"][1]
    sounding = sum(n["len"] for n in out["notes"])
    assert sounding == sum(len(s) for s in steps) and out["score"][0]["quarters"] == len(steps)
    assert wrong("info", sets, "--piece=999").endswith("piece 999 of train, where there are 72")


def frames(path):
    with wave.open(str(path)) as w:
        assert w.getnchannels() == 2 and w.getsampwidth() == 2
        n = w.getnframes()
        return struct.unpack(f"<{2 * n}h", w.readframes(n)), w.getframerate()


def heard(path, seconds, bar):
    """Length, peak, power and silence of a sound, measured here."""
    x, rate = frames(path)
    left = [max(abs(a), abs(b)) / 32768 for a, b in zip(x[::2], x[1::2])]
    near(len(left) / rate, seconds + 1.3, 1.3)
    assert 0.3 < max(left) < 0.9, max(left)
    power = sum((v / 32768) ** 2 for v in x) / len(x)
    assert 0.005 < power < 0.03, power
    loud = [i for i, v in enumerate(left) if v > 1e-3]
    assert max(b - a for a, b in zip(loud, loud[1:])) < bar * rate
    assert loud[0] < bar * rate


def test_sound_of_the_built_in_synthesiser():
    for name in ("five", "crane"):
        score = tables("info", MIDI / f"{name}.mid")["score"][0]
        (row,) = tables("render", MIDI / f"{name}.mid", OWN, "--rate=22050", f"--audio={name}.wav")["sound"]
        heard(f"{name}.wav", score["seconds"], score["seconds"] / score["bars"])
        assert row["synth"] == "own" and row["font"] is None and row["peak_db"] <= -0.99
        near(row["power_db"], -18, 1)
    music("render", MIDI / "crane.mid", OWN, "--rate=22050", "--audio=again.wav")
    assert Path("again.wav").read_bytes() == Path("crane.wav").read_bytes()
    for ending, magic in (("flac", b"fLaC"), ("ogg", b"OggS")):
        music("render", MIDI / "crane.mid", OWN, "--rate=22050", f"--audio=a.{ending}")
        first = Path(f"a.{ending}").read_bytes()
        music("render", MIDI / "crane.mid", OWN, "--rate=22050", f"--audio=a.{ending}")
        assert first.startswith(magic) and first == Path(f"a.{ending}").read_bytes()


def test_sound_of_fluidsynth():
    p = music("render", MIDI / "crane.mid", "--synth=fluidsynth", "--rate=22050", "--audio=f.wav", ok=None)
    if p.returncode and "FluidSynth" in p.err and ("not installed" in p.err or "no sound font" in p.err):
        raise Skip("FluidSynth or a sound font is not installed")
    assert p.returncode == 0, p.err
    heard("f.wav", 21.82, 21.82 / 16)
    (row,) = tables("render", MIDI / "crane.mid", "--rate=22050", "--audio=auto.wav")["sound"]
    assert row["synth"] == "fluidsynth" and row["font"]
    for data in (b"RIFF....sfbkLIST", b"RIFF\0\0\0\0DLS LIST", b""):
        Path("font.sf2").write_bytes(data)
        assert "FluidSynth cannot read this sound font" in wrong(
            "render", MIDI / "crane.mid", "--font=font.sf2", "--audio=x.wav")


def bad_files():
    head = b"MThd\0\0\0\6\0\1"
    whole = (MIDI / "mill.mid").read_bytes()
    return {
        "byte 0: no MIDI file": b"RIFF1234RMID",
        "byte 10: 65535 tracks where at most 1 have room": head + b"\xff\xff\0\x60MTrk\0\0\0\0",
        "byte 18: a chunk of 4294967295 bytes": head + b"\0\1\0\x60MTrk\xff\xff\xff\xff",
        "byte 8: type 2": b"MThd\0\0\0\6\0\2\0\1\0\x60MTrk\0\0\0\0",
        "byte 23: a key signature of 8 sharps": head + b"\0\1\0\x60MTrk\0\0\0\6\0\xff\x59\2\x08\0",
        "byte 23: 0x3c where an event is due": head + b"\0\1\0\x60MTrk\0\0\0\3\0\x3c\x40",
        "a.mid: byte ": whole[: len(whole) // 2],
    }


def test_bad_files_are_explained_in_a_line():
    for words, data in bad_files().items():
        Path("a.mid").write_bytes(data)
        assert words in wrong("info", "a.mid"), words
    Path("a.mid").write_bytes(b"")
    assert "a.mid" in wrong("info", "a.mid")
    assert "no.mid" in wrong("info", "no.mid")
    # A part without notes is a piece without notes, and cannot be played.
    Path("a.mid").write_bytes(b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0")
    assert tables("info", "a.mid")["score"][0]["notes"] == 0
    assert wrong("render", "a.mid", OWN, "--audio=a.wav") == "there are no notes to play"
    music("show", "a.mid", "--svg=a.svg")
    # A note that lasts for years is not played either.
    long = b"\0\x90\x3c\x40" + b"\xff\xff\xff\x7f\xb0\0\0" * 60
    Path("a.mid").write_bytes(b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk" + len(long).to_bytes(4, "big") + long)
    assert "seconds of sound, where at most 3600 are made" in wrong("render", "a.mid", OWN, "--audio=a.wav")
    music("show", "a.mid", "--svg=a.svg")
    assert Path("a.svg").stat().st_size < 5e6


def test_paths_that_cannot_be_written():
    tune = MIDI / "crane.mid"
    assert "a name that ends in .wav, .flac or .ogg is due" in wrong("render", tune, OWN, "--audio=a.mp3")
    assert "no such folder" in wrong("render", tune, OWN, "--audio=no/a.wav")
    os.mkdir("folder.wav")
    assert "folder.wav" in wrong("render", tune, OWN, "--audio=folder.wav")
    assert not [p for p in os.listdir() if p.endswith("-tmp")]
    Path("font.sf2").write_bytes(b"x")
    assert "--font" in wrong("render", tune, OWN, "--font=font.sf2", "--audio=a.wav")


def test_standard_input():
    data = (MIDI / "river.mid").read_bytes()
    assert tables("info", "-", stdin=data)["score"][0]["title"] == "春江小调"


if __name__ == "__main__":
    main(globals())
