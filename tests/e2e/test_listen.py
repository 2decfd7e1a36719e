"""refrain-pinyin listen: on tones that stand for syllables, and on files that are no sound."""
import json
import math
import random
import struct
import wave
from pathlib import Path

from harness import APPS, SOURCE, main, refused, run, tensors

PINYIN = APPS / "refrain-pinyin"
# Each syllable is a sweep of its own: from, to, in Hz.
SWEEPS = {"ma1": (700, 700), "ma4": (900, 450), "shi2": (1800, 2600), "shi4": (2700, 1700), "de": (350, 350),
          "ai4": (1300, 1000)}
RATE = 8000


def sweep(low, high, seconds, rng, rate=RATE):
    phase, out = 0.0, []
    n = int(seconds * rate)
    for i in range(n):
        phase += 2 * math.pi * (low + (high - low) * i / n) / rate
        edge = min(1, i / 200, (n - i) / 200)
        out.append(0.4 * edge * (math.sin(phase) + 0.5 * math.sin(2 * phase)) + rng.gauss(0, 0.003))
    return out


def say(syllables, rng, rate=RATE):
    out = [rng.gauss(0, 0.003) for _ in range(int(0.05 * rate))]
    for s in syllables:
        shift = rng.uniform(0.97, 1.03)
        low, high = SWEEPS[s]
        out += sweep(low * shift, high * shift, rng.uniform(0.14, 0.2), rng, rate)
        out += [rng.gauss(0, 0.003) for _ in range(int(rng.uniform(0.03, 0.08) * rate))]
    return out


def write(path, x, rate=RATE, channels=1):
    with wave.open(str(path), "wb") as w:
        w.setnchannels(channels)
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes(b"".join(struct.pack("<h", max(-32768, min(32767, round(32767 * v)))) * channels
                               for v in x))


def corpus(n=60):
    """A folder of recordings of 1 to 3 syllables and their table."""
    rng = random.Random(1)
    with open("table.tsv", "w", encoding="utf-8") as f:
        f.write("file\tsplit\tspeaker\tpinyin\n")
        for i in range(n):
            words = [rng.choice(list(SWEEPS)) for _ in range(1 + i % 3)]
            write(f"r{i}.wav", say(words, rng))
            f.write(f"r{i}.wav\t{'test' if i % 5 == 0 else 'train'}\t{'ab'[i % 2]}\t{' '.join(words)}\n")


SMALL = ["--rate=8000", "--mels=24", "--hidden=24", "--layers=1", "--dropout=0", "--batch=4", "--threads=1",
         "--learning-rate=0.01", "--where=split=train"]


def train(model, *options, epochs=30, **more):
    if not Path("table.tsv").exists():
        corpus()
    return run(PINYIN, "listen-train", "table.tsv", "--model", model, *SMALL, f"--epochs={epochs}", *options, **more)


def rows(*command, **options):
    p = run(PINYIN, *command, "--format=json", **options)
    return [json.loads(line)["row"] for line in p.text.splitlines() if '"row"' in line]


def wrong(*command, **options):
    return refused(*command, program=PINYIN, **options).removeprefix("refrain-pinyin: ")


def normal(pinyin):
    return " ".join(s if s[-1].isdigit() else s + "5" for s in pinyin.split())


def test_learns_listens_and_tells():
    train("m.safetensors", "--join=2", "--valid-fraction=0.1")
    errors = rows("listen-eval", "table.tsv", "--where=split=test", "--by=speaker", "--model=m.safetensors",
                  "--templates=table.tsv", "--templates-where=split=train")
    mine = [r for r in errors if r["by"] == "network"]
    assert {r["of"] for r in mine} == {"all", "a", "b"}
    total = next(r for r in mine if r["of"] == "all")
    assert total["recordings"] == 12 and total["words"] == 24
    assert total["error"] < 0.2, errors
    nearest = next(r for r in errors if r["by"] == "nearest" and r["of"] == "all")
    assert total["error"] < nearest["error"]

    # Another rate, two channels: the same is heard.  Not in the training: two of the rarer ones in a row.
    rng = random.Random(7)
    said = ["shi4", "ma1", "de"]
    write("mono.wav", say(said, random.Random(7)))
    write("stereo.wav", say(said, rng, 44100), 44100, 2)
    for name in ("mono.wav", "stereo.wav"):
        heard = run(PINYIN, "listen", name, "--model=m.safetensors").text.strip()
        assert heard == "shi4 ma1 de5", (name, heard)
    assert run(PINYIN, "listen", "-", "--model=m.safetensors",
               stdin=Path("mono.wav").read_bytes()).text.strip() == "shi4 ma1 de5"

    best = rows("listen", "mono.wav", "--nbest=4", "--model=m.safetensors")
    assert [r["rank"] for r in best] == list(range(1, len(best) + 1)) and len(best) > 1
    assert best[0]["heard"] == "shi4 ma1 de5"
    assert all(a["score"] >= b["score"] for a, b in zip(best, best[1:]))

    # Initials and finals stand where their syllables are said.
    times = rows("listen", "mono.wav", "--times", "--plot=picture.svg", "--model=m.safetensors")
    assert [r["unit"] for r in times] == ["sh", "i4", "m", "a1", "d", "e5"]
    assert all(0 <= a["from"] < a["to"] <= b["from"] + 1e-9 for a, b in zip(times, times[1:]))
    svg = Path("picture.svg").read_text(encoding="utf-8")
    assert "mono.wav" in svg and ">i4<" in svg

    # Heard in pieces, the end is the same, and something is known before it.
    steps = rows("listen", "mono.wav", "--stream", "--chunk=0.15", "--model=m.safetensors")
    assert [r["state"] for r in steps][-1] == "final" and len(steps) > 2
    assert all(r["state"] == "partial" for r in steps[:-1])
    seconds = [r["seconds"] for r in steps]
    assert seconds == sorted(seconds)
    with wave.open("mono.wav") as w:
        raw = w.readframes(w.getnframes())
    live = rows("listen", "--raw=8000", "--chunk=0.15", "--model=m.safetensors", stdin=raw)
    assert live[-1]["heard"] == steps[-1]["heard"]


def test_left_to_right_streams_are_exact():
    train("live.safetensors", "--no-bidirectional", "--normalise=running", "--valid-fraction=0", epochs=12)
    write("x.wav", say(["ma4", "ai4"], random.Random(3)))
    whole = run(PINYIN, "listen", "x.wav", "--model=live.safetensors").text.strip()
    pieces = rows("listen", "x.wav", "--stream", "--chunk=0.05", "--model=live.safetensors")
    assert whole and pieces[-1]["heard"] == whole


def test_tones_by_themselves():
    """The tone as a unit, the pitch beside the bands, a floor of noise, normalised by the training."""
    options = ["--tones-apart", "--pitch", "--noise-floor=70", "--normalise=training", "--valid-fraction=0"]
    p = train("t.safetensors", *options, "--join=2")
    assert "11 units" in p.err, p.err  # m sh d, a i e ai, 1 2 4 5
    errors = rows("listen-eval", "table.tsv", "--where=split=test", "--model=t.safetensors")
    assert errors[0]["error"] < 0.2, errors
    write("x.wav", say(["shi4", "ma1", "de"], random.Random(7)))
    times = rows("listen", "x.wav", "--times", "--plot=p.svg", "--model=t.safetensors")
    assert [r["unit"] for r in times] == ["sh", "i", "4", "m", "a", "1", "d", "e", "5"]
    assert run(PINYIN, "listen", "x.wav", "--model=t.safetensors").text.strip() == "shi4 ma1 de5"
    # From left to right it is the same in any pieces.
    train("l.safetensors", *options, "--no-bidirectional", epochs=12)
    whole = run(PINYIN, "listen", "x.wav", "--model=l.safetensors").text.strip()
    assert whole and rows("listen", "x.wav", "--stream", "--chunk=0.05", "--model=l.safetensors")[-1]["heard"] == whole


def learned(model):
    """Parameters, the optimiser's memory and the place in the data, of a state."""
    state = tensors(model + ".state")[0]
    return {k: v for k, v in state.items()
            if k.split("/")[0] in ("parameter", "first", "second") or k == "slot/cursor"}


def test_resume_is_exact():
    corpus(20)
    for cell in ("lstm", "gru"):
        same = [f"--cell={cell}", "--join=3", "--dropout=0.2", "--schedule=constant", "--valid-fraction=0.1"]
        train(f"{cell}2", *same, "--steps=3", epochs=4)
        train(f"{cell}2", *same, "--steps=7", "--resume", epochs=4)
        train(f"{cell}3", *same, "--steps=7", epochs=4)
        train(f"{cell}4", *same, "--steps=7", "--seed=2", epochs=4)
        two, three = learned(f"{cell}2"), learned(f"{cell}3")
        assert two.keys() == three.keys() and len(two) > 10
        assert all(two[k] == three[k] for k in two), [k for k in two if two[k] != three[k]]
        assert learned(f"{cell}4") != three
    Path("table.tsv").write_text(Path("table.tsv").read_text().replace("ma1", "ma4"))
    assert "other data" in wrong("listen-train", "table.tsv", "--model=lstm2", "--where=split=train", "--resume")


def test_words_and_characters():
    corpus(20)
    text = Path("table.tsv").read_text().replace("de", "gibberish!")
    Path("table.tsv").write_text(text)
    p = train("w.safetensors", "--units=words", epochs=2)
    assert "units" in p.err
    train("c.safetensors", "--units=characters", epochs=2)
    p = train("s.safetensors", epochs=2)
    assert "rows left out: their transcripts are not pinyin" in p.err
    assert "does not write syllables" in wrong("listen", "r0.wav", "--model=w.safetensors",
                                               "--characters=w.safetensors")


def test_from_sound_to_characters():
    """The ten best answers become characters, by a model of the verb train."""
    data = SOURCE / "data"
    run(PINYIN, "listen-train", data / "speech" / "tones.tsv", "--model=tones", "--rate=8000", "--mels=24",
        "--hidden=24", "--layers=1", "--dropout=0", "--batch=4", "--join=2", "--epochs=150", "--learning-rate=0.01",
        "--valid-fraction=0", "--threads=1")
    run(PINYIN, "train", data / "pinyin" / "demo.txt", "--lexicon", data / "pinyin" / "demo-lexicon.txt",
        "--model=demo", "--hidden=8", "--epochs=1", "--batch=8", "--valid-fraction=0", "--prune=0", "--word-prune=0",
        "--threads=1")
    sound = data / "speech" / "8.wav"
    assert run(PINYIN, "listen", sound, "--model=tones").text.strip() == "shi4 ma1 shi2"
    text = run(PINYIN, "listen", sound, "--model=tones", "--characters=demo").text.strip()
    assert len(text) == 3 and all("\u4e00" <= c <= "\u9fff" for c in text), text
    best = rows("listen", sound, "--model=tones", "--characters=demo", "--nbest=3")
    assert best[0]["characters"] == text and best[0]["heard"] == "shi4 ma1 shi2"
    assert [r["score"] for r in best] == sorted((r["score"] for r in best), reverse=True)
    Path("c.tsv").write_text(f"file\tpinyin\thanzi\n{sound}\tshi4 ma1 shi2\t{text}\n{sound}\tshi4 ma1 shi2\t他\n",
                             encoding="utf-8")
    errors = rows("listen-eval", "c.tsv", "--model=tones", "--characters=demo")
    characters = next(r for r in errors if r["by"] == "characters")
    assert characters["recordings"] == 2 and characters["words"] == 4
    assert (characters["replaced"], characters["missing"], characters["added"]) == (1, 0, 2)
    shown = [r for r in rows("listen-eval", "c.tsv", "--model=tones", "--characters=demo", "--show",
                             f"--templates={data / 'speech' / 'tones.tsv'}") if "said" in r]
    assert [r["characters"] for r in shown] == [text, text] and all(r["nearest"] for r in shown)


def test_what_is_no_sound():
    corpus(20)
    train("m.safetensors", "--valid-fraction=0", epochs=1)
    model = "--model=m.safetensors"
    Path("text.wav").write_text("not a sound\n" * 30)
    write("none.wav", [])
    write("one.wav", [0.5])
    write("silent.wav", [0.0] * 8000)
    Path("cut.wav").write_bytes(Path("r0.wav").read_bytes()[:30])
    for name, why in (("text.wav", "not a sound file that can be read (WAV, FLAC, OGG, MP3)"),
                      ("cut.wav", "not a sound file"), ("none.wav", "there is no sample in it")):
        assert wrong("listen", name, model).startswith(f"{name}: {why}"), name
    for name in ("one.wav", "silent.wav"):
        assert run(PINYIN, "listen", name, model).text.strip() == "" or name == "one.wav"
    assert run(PINYIN, "listen", "silent.wav", "--times", "--plot=silent.svg", model).text.strip().count("\n") <= 1
    assert wrong("listen", model) == "a recording is due, or --raw"
    assert wrong("listen", "r0.wav", "--model=table.tsv").startswith("table.tsv: not a safetensors file")

    Path("bad.tsv").write_text("file\tsplit\tpinyin\nr0.wav\ttrain\tma1\ntext.wav\ttrain\tma1\n")
    assert wrong("listen-train", "bad.tsv", model).startswith("bad.tsv:3: text.wav: not a sound file")
    Path("short.tsv").write_text("file\tpinyin\none.wav\tma1 ma2\n")
    alone = ["--valid-fraction=0", "--epochs=1", "--hidden=4", "--threads=1", "--quiet", model]
    assert wrong("listen-train", "short.tsv", *alone) == "one.wav: too short for its transcript, as all are"
    Path("short.tsv").write_text("file\tpinyin\none.wav\tma1 ma2\nr0.wav\tma1\n")
    p = run(PINYIN, "listen-train", "short.tsv", *alone)
    assert "1 recordings are too short for their transcripts, first one.wav" in p.err
    Path("few.tsv").write_text("r0.wav\n")
    assert wrong("listen-train", "few.tsv", model) == "few.tsv:1: 1 columns where 2 are due"
    assert wrong("listen-train", "table.tsv", "--where=spilt=train", model) == (
        "table.tsv: has no column spilt; it has file, split, speaker, pinyin")
    assert "where column=value is due" in wrong("listen-train", "table.tsv", "--where=split", model)
    assert wrong("listen-train", "table.tsv", "--where=split=dev", model) == "table.tsv: no recording to learn from"
    assert wrong("listen-train", "table.tsv", "--cell=lsmt", model).startswith("--cell: there is no lsmt; did you mean lstm")


if __name__ == "__main__":
    main(globals())
