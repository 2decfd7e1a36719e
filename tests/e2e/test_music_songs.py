"""refrain-music: styles are learned, songs are composed, melodies continued and harmonised."""
import json
import time
import wave
import xml.dom.minidom
from pathlib import Path

from harness import APPS, SOURCE, main, near, refused, run, tensors

MUSIC = APPS / "refrain-music"
DATA = SOURCE / "data" / "music"
MIDI = DATA / "midi"
SMALL = ("--hidden=12 --hidden-chords=10 --hidden-drums=8 --layers=1 --batch=4 --threads=1 --epochs=0 "
         "--patience=0 --schedule=constant").split()
OF = {"Melody": 0, "Chords": 1, "Bass": 2}


def music(*command, **options):
    return run(MUSIC, *command, **options)


def wrong(*command, needed):
    return refused(*command, words=needed, program=MUSIC)


def model(steps=6, name="m.safetensors", *more):
    if not Path(name).exists() or more:
        music("train", MIDI, *SMALL, f"--steps={steps}", "--model", name, *more)
    return f"--model={name}"


def rows(*command):
    out = {}
    for line in music(*command, "--format=json").text.splitlines():
        line = json.loads(line)
        if "row" in line:
            out.setdefault(line["table"], []).append(line["row"])
    return out


def heard(path):
    """Tables of a MIDI file, and its notes by the name of their track: [(on, len, pitch)]."""
    lines = [json.loads(x) for x in music("info", "--notes", path, "--format=json").text.splitlines()]
    tables, notes = {}, {}
    for line in lines:
        if "row" in line:
            tables.setdefault(line["table"], []).append(line["row"])
    names = [t["name"] for t in tables["track"]]
    for line in lines:
        if "pitch" in line:
            notes.setdefault(names[line["item"]], []).append((line["on"], line["len"], line["pitch"]))
    return tables, notes


def test_a_song_has_tracks_form_and_an_end():
    m = model()
    song = rows("compose", m, "--bars=16", "--key=Em", "--qpm=96", "--metre=4/4", "--seed=4", "--midi=a.mid",
                "--svg=a.svg", "--audio=a.wav", "--programs=73,24,33")["song"][0]
    assert (song["key"], song["metre"], song["bars"], song["qpm"]) == ("E minor", "4/4", 16, 96)
    assert song["sections"] == "AAAAAAAABBBBAAAA"
    tables, notes = heard("a.mid")
    assert [t["name"] for t in tables["track"]] == ["Melody", "Chords", "Bass", "Drums"]
    assert tables["score"][0]["bars"] == 16 and song["notes"] == tables["score"][0]["notes"]
    assert tables["key"][0]["key"] == "E minor" and tables["metre"][0]["metre"] == "4/4"
    near(tables["tempo"][0]["qpm"], 96, 1e-3)
    assert [t["instrument"] for t in tables["track"]][0] == "Flute"
    assert notes["Melody"][-1][0] == 60 and notes["Melody"][-1][2] % 12 == 4
    assert {p % 12 for on, _, p in notes["Chords"] if on == 60} == {4, 7, 11}
    assert all(on + length <= 64 for track in notes.values() for on, length, _ in track)
    assert all(on * 4 % 1 == 0 for track in notes.values() for on, _, _ in track)
    xml.dom.minidom.parse("a.svg")
    with wave.open("a.wav") as w:
        seconds = w.getnframes() / w.getframerate()
    assert 40 <= seconds <= 43, seconds


def test_same_seed_same_song():
    m = model()
    make = ["compose", m, "--bars=12"]
    for name, seed in ("a", 1), ("b", 1), ("c", 2):
        music(*make, f"--seed={seed}", f"--midi={name}.mid")
    assert Path("a.mid").read_bytes() == Path("b.mid").read_bytes() != Path("c.mid").read_bytes()
    music(*make, "--seed=1", "--midi=many.mid", "--count=5")
    many = [Path(f"many-{i}.mid").read_bytes() for i in range(1, 6)]
    assert len(set(many)) == 5 and many[0] == Path("a.mid").read_bytes()


def test_thirty_two_bars_in_a_second():
    music("train", MIDI, *SMALL, "--hidden=192", "--hidden-chords=96", "--hidden-drums=96", "--layers=2", "--steps=1",
          "--model=large")
    best = 9
    for _ in range(3):
        start = time.monotonic()
        music("compose", "--model=large", "--bars=32", "--midi=a.mid")
        best = min(best, time.monotonic() - start)
    assert best < 1, f"{best:.2f} s"


def test_what_is_wished_for():
    m = model()
    music("compose", m, "--bars=9", "--key=C", "--chords=C G-G7 Am", "--metre=4/4", "--tracks=melody,chords", "--midi=a.mid")
    _, notes = heard("a.mid")
    assert list(notes) == ["Melody", "Chords"]
    at = lambda on: {p % 12 for o, length, p in notes["Chords"] if o <= on < o + length}
    assert at(0) == {0, 4, 7} and at(4) == {7, 11, 2} and at(6) == {7, 11, 2, 5} and at(8) == {9, 0, 4}
    assert at(12) == {0, 4, 7} and at(32) == {0, 4, 7}
    song = rows("compose", m, "--bars=12", "--scale=blues", "--form=AB", "--metre=3/4", "--midi=b.mid")["song"][0]
    assert song["sections"] == "A" * 6 + "B" * 6 and song["key"].endswith(" blues") and song["metre"] == "3/4"
    tonic = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[song["key"][0]]
    tonic += {"#": 1, "b": -1, " ": 0}[song["key"][1]]
    _, notes = heard("b.mid")
    assert {(p - tonic) % 12 for _, _, p in notes["Melody"]} <= {0, 3, 5, 6, 7, 10}


def test_primers_are_kept():
    m = model()
    _, given = heard(MIDI / "mill.mid")
    n = len(given["Melody"])
    for command in (["compose", m, f"--primer={MIDI / 'mill.mid'}", "--bars=24"], ["continue", m, "--bars=8", MIDI / "mill.mid"]):
        music(*command, "--midi=a.mid")
        tables, notes = heard("a.mid")
        assert tables["score"][0]["bars"] == 24 and tables["metre"][0]["metre"] == "3/4"
        assert [(on, p) for on, _, p in notes["Melody"][:n]] == [(on, p) for on, _, p in given["Melody"]]
        assert notes["Melody"][-1][2] % 12 == 7
    music("harmonize", m, MIDI / "mill.mid", "--midi=h.mid")
    tables, notes = heard("h.mid")
    assert tables["score"][0]["bars"] == 16
    assert [(on, p) for on, _, p in notes["Melody"]] == [(on, p) for on, _, p in given["Melody"]]
    assert len(notes["Chords"]) > 3 * 16 and {p % 12 for _, _, p in notes["Chords"][-3:]} == {7, 11, 2}


def test_training_goes_on_where_it_was():
    model(8, "all.safetensors")
    model(3, "part.safetensors")
    model(8, "part.safetensors", "--resume")
    assert tensors("all.safetensors")[0] == tensors("part.safetensors")[0]
    wrong("train", MIDI / "mill.mid", *SMALL, "--steps=9", "--model=part.safetensors", "--resume", needed=["other data"])


def test_a_song_is_learned():
    """The loss of a longer training is far below that of a short one."""
    loss = []
    for steps in 2, 80:
        text = music("train", MIDI, *SMALL, "--hidden=48", f"--steps={steps}", "--learning-rate=0.01", "--dropout=0",
                     "--dropout-input=0", f"--model=m{steps}", "--format=json").text
        values = [json.loads(x) for x in text.splitlines()]
        loss += [[v["value"] for v in values if v.get("name") == "loss"][-1]]
    assert loss[1] < 0.65 * loss[0], loss


def test_styles_without_drums():
    music("train", MIDI, *SMALL, "--steps=2", "--drums=none", "--qpm=70", "--programs=52,52,52", "--model=m")
    song = rows("compose", "--model=m", "--bars=4", "--midi=a.mid")["song"][0]
    assert 65 <= song["qpm"] <= 75
    tables, notes = heard("a.mid")
    assert list(notes) == ["Melody", "Chords", "Bass"]
    assert {t["instrument"] for t in tables["track"]} == {"Choir Aahs"}
    wrong("compose", "--model=m", "--tracks=drums", needed=["--tracks", "no drums"])


def test_what_cannot_be():
    m = model()
    Path("text.mid").write_text("no music")
    Path("drums.txt").write_text("groove a\nmetre 4/4\nbar\nkick x...\n")
    Path("broken").write_bytes(Path("m.safetensors").read_bytes()[:4000])
    for options, needed in (
            (["--style=jaz"], ["--style", "jaz", "there is no"]),
            (["--style=../m"], ["--style", "no name"]),
            ([m, "--style=pop"], ["--style", "--model"]),
            ([m, "--key=H"], ["--key", "H"]),
            ([m, "--scale=pentatonik"], ["--scale", "did you mean pentatonic"]),
            ([m, "--chords=C H"], ["--chords", "H is no chord"]),
            ([m, "--chords= "], ["--chords"]),
            ([m, "--tracks=melody,drumz"], ["--tracks", "did you mean drums"]),
            ([m, "--form=aaba"], ["--form", "AABA"]),
            ([m, "--metre=7"], ["--metre", "7"]),
            ([m, "--metre=7/8"], ["--metre", "it has"]),
            ([m, "--programs=1,2"], ["--programs", "73,24,32"]),
            ([m, "--programs=1,2,128"], ["--programs"]),
            ([m, "--primer=text.mid"], ["text.mid"]),
            ([m, f"--primer={MIDI / 'mill.mid'}", "--metre=4/4"], ["--metre", "3/4"]),
            ([m, "--audio=a.mp3"], ["a.mp3", ".wav"]),
            ([m, "--midi=nowhere/a.mid"], ["nowhere"]),
            (["--model=broken"], ["broken"]),
            (["--model=text.mid"], ["text.mid"])):
        wrong("compose", *options, needed=needed)
    wrong("harmonize", m, "text.mid", needed=["text.mid"])
    wrong("train", "text.mid", *SMALL, "--steps=1", "--model=n", needed=["text.mid"])
    wrong("train", MIDI, *SMALL, "--steps=1", "--model=n", "--drums=drums.txt", needed=["drums.txt:4", "4 steps", "16"])
    wrong("train", MIDI, *SMALL, "--steps=1", "--model=n", "--cell=lsmt", needed=["--cell", "did you mean lstm"])


main(globals())
