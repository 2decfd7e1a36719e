"""refrain-music eval and info of sounds: corpora read as songs, measured, and compared; files that are none."""
import math
import shutil
import struct
import wave
import xml.dom.minidom
from pathlib import Path

from harness import SOURCE, main, near
from music import DATA, MIDI, music, tables, wrong


def by(rows, key, value):
    (row,) = [r for r in rows if r[key] == value]
    return row


def test_tunes():
    out = tables("eval", MIDI)
    cost = by(out["cost"], "by", "markov")
    assert cost["notes"] > 50 and 1 < cost["nats_per_note"] < 8 and cost["nats_per_chord"] is None
    data, train, markov = (by(out["songs"], "of", s) for s in ("data", "train", "markov"))
    # The tunes keep every rule; melodies drawn from so few notes seldom do.
    assert data["songs"] + train["songs"] <= 36 and data["valid"] == train["valid"] == 1
    assert markov["songs"] == markov["different"] == 100 and markov["valid"] < 0.9
    assert train["in_scale"] > 0.95 and train["copied"] == 0
    assert {r["rule"] for r in out["rule"] if r["of"] == "train" and r["kept"] == 1} == {
        r["rule"] for r in out["rule"] if r["of"] == "markov"}
    d = {(r["of"], r["distribution"]): r["variation"] for r in out["distance"]}
    assert all(0 <= v <= 1 for v in d.values()) and d["markov", "root"] == 0
    assert d["markov", "length"] < 0.4


def test_same_seed_same_figures():
    a, b, c = (music("eval", MIDI, "--songs=10", f"--seed={s}", "--format=json").text for s in (1, 1, 2))
    assert a == b != c


def test_longer_contexts_cost_less_on_piano_rolls():
    costs = []
    for order in (0, 3):
        out = tables("eval", DATA / "cadences.json", "--steps=1", f"--order={order}", "--songs=5")
        costs.append(by(out["cost"], "by", "markov")["nats_per_note"])
        # The parts are the file's own.
        assert by(out["songs"], "of", "train")["songs"] <= 72 and 20 <= by(out["songs"], "of", "data")["songs"] <= 24
    assert costs[1] < costs[0] - 0.3, costs


def test_pieces_that_are_passed_over():
    shutil.copytree(MIDI, "tunes/deep/er")
    Path("tunes/broken.mid").write_bytes(b"MThd....")
    Path("tunes/empty.mid").write_bytes(b"")
    Path("tunes/none.mid").write_bytes(b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0")
    Path("tunes/readme.txt").write_text("no music")
    shutil.copy(MIDI / "mill.mid", "tunes/zmill.mid")
    Path("tunes/wrong.tsv").write_text("mill\t0\t1\tH:moll\n")
    out = tables("eval", "tunes", "--passed", "--songs=0")
    why = {r["piece"]: r["why"] for r in out["passed"]}
    assert sorted(why) == ["tunes/broken.mid", "tunes/empty.mid", "tunes/none.mid", "tunes/wrong.tsv", "zmill"], why
    assert "tunes/broken.mid: byte 0: no MIDI file" in why["tunes/broken.mid"] and why["tunes/none.mid"] == "no notes"
    assert why["zmill"] == "the same as a piece before" and "tunes/wrong.tsv:1:" in why["tunes/wrong.tsv"]
    assert "passed" not in tables("eval", "tunes", "--songs=0")


def test_what_is_named_must_be_right():
    Path("broken.mid").write_bytes(b"MThd....")
    assert "broken.mid: byte 0: no MIDI file" in wrong("eval", MIDI, "broken.mid")
    Path("c.tsv").write_text("mill\t0\t1\tC:maj\nmill\t1\t2\n")
    assert wrong("eval", "c.tsv", MIDI) == "c.tsv:2: fewer columns where 4 are due"
    Path("r.json").write_text('{"train": [[[140]]], "valid": [], "test": []}')
    assert "r.json: train, piece 1, step 1: 140" in wrong("eval", MIDI, "r.json")
    assert "no pieces in part" in wrong("eval", MIDI / "mill.mid")
    assert "there is no polka" in wrong("eval", MIDI, "--style=polka")
    Path("odd.mid").write_bytes((MIDI / "five.mid").read_bytes().replace(b"\xff\x58\4\5\2", b"\xff\x58\4\5\4"))
    assert "odd.mid: a metre of 5/16" in wrong("eval", MIDI, "odd.mid")


def test_chords_from_a_table():
    """All chords of the tunes are told to be C major: so is the distribution of roots in each tune's key."""
    shutil.copytree(MIDI, "tunes")
    Path("tunes/chords.tsv").write_text("".join(f"{p.stem}\t0\t9999\tC:maj\n" for p in sorted(MIDI.iterdir())))
    told, heard = (tables("eval", t, "--songs=0", "--part=train") for t in ("tunes", MIDI))
    a, b = (by(x["songs"], "of", "train") for x in (told, heard))
    assert a["notes_per_bar"] == b["notes_per_bar"] and a["in_chord"] < b["in_chord"] - 0.2


def test_tunes_as_text():
    """The text and the MIDI files made from it are the same songs."""
    text, midi = (tables("eval", f, "--songs=0", "--part=train") for f in (DATA / "tunes.txt", MIDI))
    a, b = (by(x["songs"], "of", "train") for x in (text, midi))
    for key in ("songs", "notes_per_bar", "in_scale", "interval", "lag1", "lag2", "lag4", "lag8"):
        near(a[key], b[key], 0.005)
    for body, says in {
        "| C: c4 |": "bar 1 has fewer than 4 quarter notes", "| C: c4w e |": "bar 1 has more than 4 quarter notes",
        "| C: h4w |": '"h4w" where a note like f#4h or re is due', "| H: c4w |": '"H" where a chord like Gm7 or N is due',
        "| c4w |": "where chords, a colon and notes is due", "metre 5/16": "a metre of 5/16",
        "| C: a9w |": "where a note up to g9 is due", "key H major": '"H" where a key like F# or Bb is due',
        "tempo fast": '"fast" where a tempo from 10 to 1000 is due'}.items():
        Path("bad.txt").write_text(f"# one\ntune a\n{body}\n")
        line = wrong("eval", MIDI, "bad.txt")
        assert line.startswith("bad.txt:3: ") and says in line, line


def test_music_that_was_composed():
    Path("new").mkdir()
    for name in ("mill", "river", "tram"):
        shutil.copy(MIDI / f"{name}.mid", "new")
    shutil.copy(MIDI / "mill.mid", "new/mill2.mid")
    out = tables("eval", MIDI, "--songs=0", "--generated=new", "--svg=compared.svg")
    new = by(out["songs"], "of", "generated")
    assert new["songs"] == 4 and new["different"] == 3 and new["valid"] == 0.75
    assert 0 < new["copied"] <= 3
    text = Path("compared.svg").read_text()
    xml.dom.minidom.parseString(text)
    assert all(f">{w}<" in text for w in ("data", "train", "markov", "generated", "Intervals", "Bars that recur"))
    assert "nan" not in text


def test_a_model():
    music("train", MIDI, "--epochs=2", "--hidden=8", "--hidden-chords=8", "--model=m.safetensors")
    out = tables("eval", MIDI, "--model=m.safetensors", "--songs=6", "--bars=8")
    model, chain = (by(out["cost"], "by", w) for w in ("model", "markov"))
    assert model["notes"] == chain["notes"] and model["nats_per_note"] > 0 and model["nats_per_chord"] > 0
    made = by(out["songs"], "of", "model")
    assert made["songs"] == made["different"] == 6
    rules = {r["rule"]: r["kept"] for r in out["rule"] if r["of"] == "model"}
    assert all(rules[r] == 1 for r in ("range", "ends", "grid", "single", "bars", "tonic", "cadence")), rules


def sine(path, level, seconds, gap=0, rate=48000):
    with wave.open(str(path), "wb") as w:
        w.setnchannels(2)
        w.setsampwidth(2)
        w.setframerate(rate)
        n, out = int(seconds * rate), bytearray()
        for i in range(n):
            quiet = abs(i - n / 2) < gap * rate / 2
            x = 0 if quiet else round(32767 * level * math.sin(2 * math.pi * 1000 * i / rate))
            out += struct.pack("<hh", x, x)
        w.writeframes(bytes(out))


def test_sounds_are_measured():
    sine("a.wav", 10 ** (-23 / 20), 3)
    (row,) = tables("info", "a.wav")["heard"]
    near(row["loudness_lufs"], -23, 0.1)
    near(row["peak_db"], -23, 0.01)
    near(row["rms_db"], -26.01, 0.02)
    assert row["seconds"] == 3 and row["rate"] == 48000 and row["channels"] == 2 and row["clipped"] == 0
    sine("b.wav", 1, 4, gap=1.5)
    (row,) = tables("info", "b.wav")["heard"]
    near(row["longest_silence"], 1.5, 0.01)
    assert row["clipped"] > 100 and row["from"] < 0.01 and row["to"] > 3.99
    for ending in ("wav", "flac", "ogg"):
        music("render", MIDI / "crane.mid", "--synth=own", "--rate=22050", f"--audio=crane.{ending}")
        (row,) = tables("info", f"crane.{ending}")["heard"]
        assert -20 < row["loudness_lufs"] < -12 and row["clipped"] == 0 and row["longest_silence"] < 1, row


def test_sounds_that_are_none():
    Path("a.wav").write_bytes(b"no sound")
    assert wrong("info", "a.wav").startswith("a.wav: ")
    Path("a.flac").write_bytes(b"")
    assert wrong("info", "a.flac").startswith("a.flac: ")
    head = b"RIFF" + struct.pack("<I", 52) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 3, 1, 8000, 32000, 4, 32)
    Path("n.wav").write_bytes(head + b"data" + struct.pack("<Iffff", 16, 0, 1, float("nan"), 0))
    assert wrong("info", "n.wav") == "n.wav: frame 2: a sample that is no number"


if __name__ == "__main__":
    main(globals())
