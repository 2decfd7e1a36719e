"""refrain-music roll-train, roll-eval and roll-sample: frames of keys to a model, and back."""
import gzip
import json
import math
import shutil
import struct
import xml.dom.minidom
from pathlib import Path

from harness import APPS, SOURCE, main, near, refused, run, tables, tensors

MUSIC = APPS / "refrain-music"
DATA = SOURCE / "data" / "music"
SETS = DATA / "cadences.json"
SMALL = "--grid=1 --hidden=24 --batch=8 --threads=1 --seed=3 --learning-rate=0.01".split()


def music(*command, **options):
    return run(MUSIC, *command, **options)


def train(model, *more, data=SETS, **options):
    return music("roll-train", data, f"--model={model}", *SMALL, *more, **options)


def wrong(*command, words):
    return refused(*command, words=words, program=MUSIC)


def told(*command):
    return tables(*command, program=MUSIC)


def losses(*command):
    return told("roll-eval", *command)["metric"]


# ---- The same arithmetic once more --------------------------------------------------------------------

def numbers(model):
    """Tensors of a model as lists of rows."""
    raw, _ = tensors(model)
    return {k: struct.unpack(f"<{len(v) // 4}f", v) for k, v in raw.items()}


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def rows_times(w, x, bias):
    n = len(x)
    return [b + sum(w[i * n + j] * v for j, v in enumerate(x) if v) for i, b in enumerate(bias)]


def lstm_step(p, x, h, c):
    a = [u + v for u, v in zip(rows_times(p["rnn.weight_ih_l0"], x, p["rnn.bias_ih_l0"]),
                               rows_times(p["rnn.weight_hh_l0"], h, p["rnn.bias_hh_l0"]))]
    n = len(h)
    i, f, g, o = a[:n], a[n:2 * n], a[2 * n:3 * n], a[3 * n:]
    c = [sigmoid(f[k]) * c[k] + sigmoid(i[k]) * math.tanh(g[k]) for k in range(n)]
    return [sigmoid(o[k]) * math.tanh(c[k]) for k in range(n)], c


def odds(p, h, v):
    if "output.weight" in p:
        return rows_times(p["output.weight"], h, p["output.bias"])
    b = rows_times(p["nade.visible.weight"], h, p["nade.visible.bias"])
    a = rows_times(p["nade.hidden.weight"], h, p["nade.hidden.bias"])
    n, out = len(a), []
    for i in range(88):
        out.append(b[i] + sum(p["nade.u"][i * n + k] * sigmoid(a[k]) for k in range(n)))
        if v[i]:
            a = [a[k] + p["nade.w"][i * n + k] for k in range(n)]
    return out


def nats(p, piece):
    """Of all frames of a piece but the first."""
    n = len(p["rnn.weight_hh_l0"]) // 4
    n = int(math.sqrt(n))
    h, c, sum_ = [0.0] * n, [0.0] * n, 0.0
    frames = [[int(k + 21 in step) for k in range(88)] for step in piece]
    for x, y in zip(frames, frames[1:]):
        h, c = lstm_step(p, x, h, c)
        for z, v in zip(odds(p, h, y), y):
            sum_ += -math.log(sigmoid(z if v else -z))
    return sum_


def test_losses_are_those_of_the_formulas():
    pieces = json.loads(SETS.read_text())["test"][:3]
    Path("few.json").write_text(json.dumps({"train": [], "valid": [], "test": pieces}))
    for output in ("sigmoid", "nade"):
        train(output, "--epochs=3", f"--output={output}", "--hidden=10", "--nade-hidden=7")
        p = numbers(output)
        due = [nats(p, piece) for piece in pieces]
        out = told("roll-eval", "few.json", f"--model={output}", "--pieces")
        frames = [len(piece) - 1 for piece in pieces]
        near(out["metric"]["loss"], sum(due) / sum(frames), 1e-4)
        for row, total, n in zip(out["piece"], due, frames):
            assert row["frames"] == n and row["name"] == f"few.json, test {row['piece']}"
            near(row["per_frame"], total / n, 1e-4)
        notes = sum(len(set(b) - set(a)) for piece in pieces for a, b in zip(piece, piece[1:]))
        assert out["metric"]["notes"] == notes and out["metric"]["frames"] == sum(frames)
        near(out["metric"]["per_note"], sum(due) / notes, 1e-4)


def test_it_learns():
    """Better than knowing how often each key sounds after it did, or did not, the step before."""
    parts = json.loads(SETS.read_text())
    count = [[[0.5, 1.0] for _ in range(2)] for _ in range(88)]
    for piece in parts["train"]:
        for a, b in zip(piece, piece[1:]):
            for k in range(88):
                cell = count[k][k + 21 in a]
                cell[0] += k + 21 in b
                cell[1] += 1
    total = frames = 0
    for piece in parts["test"]:
        for a, b in zip(piece, piece[1:]):
            frames += 1
            for k in range(88):
                cell = count[k][k + 21 in a]
                p = cell[0] / cell[1]
                total -= math.log(p if k + 21 in b else 1 - p)
    train("plain", "--epochs=25", "--patience=0", "--dropout=0.1", "--dropout-input=0")
    train("order", "--epochs=25", "--patience=0", "--dropout=0.1", "--dropout-input=0", "--output=nade",
          "--nade-hidden=24")
    plain, order = (losses(SETS, f"--model={m}")["loss"] for m in ("plain", "order"))
    assert plain < total / frames - 0.3, (plain, total / frames)
    assert order < plain - 1, (order, plain)


def test_resume_is_exact():
    same = ("--transpose=5 --dropout-weight=0.2 --output=nade --nade-hidden=9 --cell=gru --layers=2 "
            "--schedule=constant").split()
    train("once", "--epochs=4", *same)
    train("twice", "--epochs=1", *same)
    assert tensors("once")[0] != tensors("twice")[0]
    train("twice", "--epochs=4", "--resume", *same)
    assert tensors("once")[0] == tensors("twice")[0]
    wrong("roll-train", SETS, "--model=twice", "--resume", "--hidden=8", words=["--hidden"])
    set_ = json.loads(SETS.read_text())
    set_["train"][0][0] = [60]
    Path("other.json").write_text(json.dumps(set_))
    wrong("roll-train", "other.json", "--model=twice", "--resume", words=["twice.state", "other data"])


def test_midi_folders():
    shutil.copytree(DATA / "midi", "songs/many")
    Path("songs/read.me").write_text("no music")
    Path("songs/broken.mid").write_bytes(b"MThd\0\0")
    p = music("roll-train", "songs", "--model=m", "--hidden=8", "--epochs=1", "--threads=1", "--grid=2")
    assert "passed over: songs/broken.mid" in p.err and "11 pieces of" in p.err and " 1 of " in p.err, p.err
    p = music("roll-train", "songs", "--valid=songs/many/five.mid", "--model=m", "--hidden=8", "--epochs=1",
              "--threads=1", "--grid=2")
    assert "12 pieces of" in p.err and " 1 of " in p.err, p.err
    out = told("roll-eval", "songs/many/five.mid", "--model=m", "--pieces")
    (row,) = out["piece"]
    score = told("info", DATA / "midi" / "five.mid")["score"][0]
    assert abs(row["frames"] + 1 - 2 * score["quarters"]) <= 1 and row["name"] == "songs/many/five.mid"
    wrong("roll-train", "songs/broken.mid", "--model=n", words=["songs/broken.mid", "byte"])


def test_sampling():
    train("m", "--epochs=4", "--output=nade", "--nade-hidden=8")
    same = ["roll-sample", SETS, "--model=m", "--prime=6", "--length=20", "--part=test", "--piece=2"]
    (row,) = told(*same, "--seed=4", "--midi=a.mid", "--svg=a.svg")["sample"]
    assert row["given"] == 6 and row["frames"] == 20
    xml.dom.minidom.parse("a.svg")
    music(*same, "--seed=4", "--midi=b.mid")
    music(*same, "--seed=5", "--midi=c.mid")
    a, b, c = (Path(f"{x}.mid").read_bytes() for x in "abc")
    assert a == b and a != c
    piece = json.loads(SETS.read_text())["test"][1]
    notes = [json.loads(x) for x in music("info", "a.mid", "--notes", "--format=json").text.splitlines()]
    for t in range(6):
        sounding = {n["pitch"] for n in notes if "pitch" in n and n["on"] <= t < n["on"] + n["len"]}
        assert sounding == set(piece[t]), t
    (score,) = told("info", "a.mid")["score"]
    assert score["quarters"] <= 26 and score["title"] == "cadences.json, test 2"
    (row,) = told("roll-sample", "--model=m", "--midi=d.mid", "--length=8")["sample"]
    assert row["given"] == 0 and row["frames"] == 8 and row["per_frame"] > 0
    (row,) = told("roll-sample", SETS, "--model=m", "--midi=d.mid", "--prime=0", "--length=1")["sample"]
    assert row["given"] == len(json.loads(SETS.read_text())["test"][0])


def test_what_is_drawn_is_as_probable_as_it_says():
    """Steps without a graph, and drawing, against the measuring of what was written."""
    for output in ("sigmoid", "nade"):
        train("m", "--epochs=3", "--layers=2", f"--output={output}", "--nade-hidden=8")
        for seed in range(20):
            (row,) = told("roll-sample", SETS, "--model=m", "--prime=1", "--length=30", f"--seed={seed}",
                          "--midi=a.mid")["sample"]
            (piece,) = told("roll-eval", "a.mid", "--model=m", "--pieces")["piece"]
            if piece["frames"] == row["frames"]:  # silence in the end is not written
                break
        near(row["per_frame"], piece["per_frame"], 1e-4 * row["per_frame"])
        assert row["notes"] == piece["notes"]


def test_pictures():
    for output in ("sigmoid", "nade"):
        train("m", "--epochs=1", f"--output={output}")
        music("roll-eval", SETS, "--model=m", "--svg=a.svg", "--piece=3", "--frames=12")
        text = Path("a.svg").read_text()
        xml.dom.minidom.parseString(text)
        assert "what sounds" in text and "how probable" in text and "nan" not in text
        assert ("given lower keys" in text) == (output == "nade")


def test_gzip_and_standard_input():
    train("m", "--epochs=1")
    Path("set.json.gz").write_bytes(gzip.compress(SETS.read_bytes()))
    due = losses(SETS, "--model=m")
    assert losses("set.json.gz", "--model=m") == due
    assert tables("roll-eval", "-", "--model=m", program=MUSIC, stdin=SETS.read_bytes())["metric"] == due


def test_mistakes():
    train("m", "--epochs=1")
    wrong("roll-train", SETS, "--model=n", "--cell=lstn", words=["--cell", "did you mean lstm"])
    wrong("roll-eval", SETS, "--model=m", "--svg=a.svg", "--piece=99", words=["--piece", "99", "24"])
    wrong("roll-eval", SETS, "--model=m", "--svg=a.svg", "--from=9999", words=["--from"])
    wrong("roll-sample", SETS, "--model=m", "--midi=a.mid", "--piece=99", words=["piece 99 of test", "24"])
    wrong("roll-sample", SETS, "--model=m", "--midi=no/a.mid", words=["no"])
    Path("empty.json").write_text('{"train": [], "valid": [], "test": [[[60]]]}')
    wrong("roll-train", "empty.json", "--model=n", words=["empty.json", "no piece"])
    wrong("roll-eval", "empty.json", "--model=m", words=["empty.json", "test", "no piece"])
    Path("bad.json").write_text('{"train": [[[60], [200]]], "valid": [], "test": []}')
    wrong("roll-train", "bad.json", "--model=n", words=["bad.json", "piece 1", "step 2", "200"])
    lm = SOURCE / "data" / "lm" / "tang.safetensors"
    if lm.exists():
        wrong("roll-eval", SETS, f"--model={lm}", words=["tang.safetensors"])
    data, meta = Path("m").read_bytes(), tensors("m")[1]
    (n,) = struct.unpack("<Q", data[:8])
    meta.pop("refrain.checksum")
    for change in ({"hidden": 16000}, {"layers": 64}, {"cell": "gru"}, {"cell": "x"}, {"output": "nade"},
                   {"output": 3}, {"grid": 0}, {"hidden": 0}):
        options = json.dumps(json.loads(meta["refrain.options"]) | change)
        head = json.dumps(json.loads(data[8:8 + n]) | {"__metadata__": meta | {"refrain.options": options}}).encode()
        head += b" " * (-len(head) % 8)
        Path("lies").write_bytes(struct.pack("<Q", len(head)) + head + data[8 + n:])
        wrong("roll-eval", SETS, "--model=lies", words=["lies"])


if __name__ == "__main__":
    main(globals())
