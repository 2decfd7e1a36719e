"""refrain-lab classify-train, -eval, -run, -folds and cloze, from files to labels."""
import gzip
import json
import random
import struct
import xml.etree.ElementTree as xml
from pathlib import Path

import harness
from harness import LAB, SOURCE, interrupted, lab, main, tensors

DATA = SOURCE / "data" / "lab"
SMALL = "--hidden=16 --embed=16 --threads=1 --seed=1".split()


def rows(*command, **options):
    return harness.rows(*command, program=LAB, **options)


def metrics(*command, **options):
    return harness.metrics(*command, program=LAB, **options)


def train(model, *command, **options):
    return metrics("classify-train", "--model", model, *SMALL, *command, of="best", **options)


def wrong(*command, needed=(), caret=None, **options):
    """One line that says what is wrong, and above it, where there is a place, the line and a caret."""
    p = lab(*command, ok=None, **options)
    assert p.returncode in (1, 2), f"exit {p.returncode}: {p.err}"
    lines = [x for x in p.err.splitlines() if "to learn from" not in x and not x.startswith("try '")]
    assert len(lines) == (1 if caret is None else 3), p.err
    for word in needed:
        assert word in lines[-1], f"{word!r} is not in {lines[-1]!r}"
    if caret is not None:
        assert lines[0].endswith(caret[0]) and lines[1].rstrip().endswith("^"), p.err
        assert lines[1].index("^") - lines[0].index(caret[0]) == caret[1], p.err


def shapes(path):
    root = xml.parse(path).getroot()
    return [e.tag.split("}")[1] for e in root.iter()]


def test_sentiment_of_english_words():
    best = train("m", DATA / "reviews.tsv", "--epochs=6", "--batch=16", "--learning-rate=0.01")
    assert best["accuracy"] >= 0.9, best
    got = metrics("classify-eval", DATA / "reviews.tsv", "--model=m", "--svg=c.svg")
    assert got["accuracy"] >= 0.95 and got["labels"] == 400 and got["macro_f1"] >= 0.95, got
    assert shapes("c.svg").count("rect") > 4
    told = rows("classify-run", "--model=m", "--attention", "--all", "--svg=a.svg",
                stdin="what a lovely film\nthe worst show of the year\n")
    told = [r for r in told if "label" in r]
    assert [r["label"] for r in told] == ["good", "bad"], told
    assert told[0]["units"] == ["what", "a", "lovely", "film"] and told[0]["p"] > 0.6
    for r in told:
        assert abs(sum(r["attention"]) - 1) < 1e-4 and abs(sum(r["probabilities"]) - 1) < 1e-4
        assert r["labels"] == ["bad", "good"] and abs(max(r["probabilities"]) - r["p"]) < 1e-6
    text = Path("a.svg").read_text()
    assert "lovely" in text and shapes("a.svg").count("title") == 10


def test_sentiment_of_chinese_characters_by_every_pooling():
    for pool in ("attention", "last", "mean", "max"):
        best = train("m", DATA / "pinglun.tsv", "--unit=char", "--epochs=6", "--batch=16", "--pool", pool,
                     "--learning-rate=0.01")
        assert best["accuracy"] >= 0.9, (pool, best)
    told = rows("classify-run", "--model=m", stdin="房间很干净，下次还住这里\n早餐很难吃\n")
    assert [r["label"] for r in told] == ["good", "bad"], told
    wrong("classify-run", "--model=m", "--attention", needed=["--pool attention"], stdin="好\n")


def test_a_column_by_name_quotes_and_gzip():
    lines = [x.split("\t") for x in (DATA / "reviews.tsv").read_text().splitlines()[1:]]
    table = "id,said,mood\n" + "".join(f'{i},"{t}",{m}\n' for i, (m, t) in enumerate(lines))
    Path("r.csv.gz").write_bytes(gzip.compress(table.encode()))
    train("m", "r.csv.gz", "--label-column=mood", "--text-column=said", "--epochs=3", "--batch=16")
    train("n", DATA / "reviews.tsv", "--epochs=3", "--batch=16")
    assert tensors("m")[0] == tensors("n")[0], "the same data by another way give another model"
    # How the columns are found is in the model.
    assert metrics("classify-eval", "r.csv.gz", "--model=m")["labels"] == 400
    assert metrics("classify-eval", DATA / "reviews.tsv", "--model=m", "--label-column=label",
                   "--text-column=text")["labels"] == 400
    Path("words").write_text("".join(f"{m} {t}\n" for m, t in lines))
    train("w", "words", "--epochs=3", "--batch=16")
    assert tensors("w")[0] == tensors("n")[0]


def test_a_label_for_each_frame_and_baselines():
    frames = [DATA / "waving.csv", "--input=frames", "--label-of=frame", "--sequence-column=recording",
              "--window=60", "--batch=4", "--learning-rate=0.02"]
    got = rows("classify-folds", *frames, "--folds=4", "--epochs=60", *SMALL)
    f1 = {r["of"]: r["value"] for r in got if r.get("name") == "macro_f1"}
    assert f1["recurrent"] > 0.8 > f1["logistic"] > f1["majority"], f1
    assert sum("left_out" in r for r in got) == 12
    frequent = [r for r in got if r.get("network") == "majority"]
    assert all(r["accuracy"] < 0.5 for r in frequent)
    train("m", *frames, "--epochs=60", "--patience=0", "--valid-fraction=0.25")
    table = (DATA / "waving.csv").read_text().splitlines()
    Path("new.csv").write_text("\n".join(x.rsplit(",", 1)[0] for x in table[:80]) + "\n")
    told = rows("classify-run", "new.csv", "--model=m")
    true = [x.rsplit(",", 1)[1] for x in table[1:80]]
    right = sum(r["label"] == t for r, t in zip(told, true))
    assert len(told) == 79 and right >= 65, right


def test_blocks_of_frames_and_counted_labels():
    chance = random.Random(1)
    text = ""
    for label in range(2):
        for _ in range(20):
            for t in range(chance.randrange(4, 9)):
                text += f"{(t if label else -t) + chance.gauss(0, 0.3):.3f} {chance.gauss(0, 1):.3f} \r\n"
            text += "1.0 1.0 \r\n"
    Path("blocks").write_text(text)
    count = ["blocks", "--input=frames", "--end-row=1", "--epochs=20", "--batch=8", "--learning-rate=0.02"]
    train("m", *count, "--label-counts=20,20", "--standardise=sequence")
    assert train("m", *count, "--label-counts=20,20")["accuracy"] == 1
    assert metrics("classify-eval", "blocks", "--label-counts=20,20", "--model=m")["accuracy"] >= 0.95
    wrong("classify-eval", "blocks", "--label-counts=20,21", "--model=m", needed=["41", "40"])
    wrong("classify-eval", "blocks", "--label-counts=20,10,10", "--model=m", needed=["label 3"])
    Path("blocks").write_text(text.replace("1.0 1.0 \r\n", "\r\n"))
    assert metrics("classify-eval", "blocks", "--label-counts=20,20", "--model=m")["accuracy"] >= 0.95


def idx(path, shape, elements):
    head = bytes([0, 0, 8, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape)
    Path(path).write_bytes(gzip.compress(head + bytes(elements)))


def test_images_by_rows_columns_and_pixels():
    chance = random.Random(2)
    images, labels = [], []
    for _ in range(120):
        label = chance.randrange(2)
        for y in range(4):
            for x in range(6):
                images.append(chance.randrange(60) + (180 if (x < 3) == (label == 0) else 0))
        labels.append(label)
    idx("x", (120, 4, 6), images)
    idx("y", (120,), labels)
    files = ["--input=images", "--images=x", "--labels=y"]
    for step, size in (("rows", 6), ("columns", 4), ("pixels", 1)):
        best = train("m", *files, "--step", step, "--epochs=8", "--pool=last", "--no-bidirectional",
                     "--batch=8", "--learning-rate=0.02")
        assert best["accuracy"] >= 0.9, (step, best)
        assert len(tensors("m")[0]["input.mean"]) == 4 * size
    got = metrics("classify-eval", "--images=x", "--labels=y", "--model=m")
    assert got["accuracy"] >= 0.9, got
    assert len(rows("classify-run", "--images=x", "--model=m")) == 120
    best = train("i", *files, "--cell=elman-relu", "--identity", "--epochs=2", "--learning-rate=0.001")
    assert best["accuracy"] > 0
    idx("y", (119,), labels[:119])
    wrong("classify-train", "--model=m", *files, needed=["y", "119", "120"])
    Path("x").write_bytes(b"\0\0\x08\x03" + b"\xff" * 12 + b"12")
    wrong("classify-train", "--model=m", *files, needed=["x: ", "fewer"])


def learned(model):
    state = tensors(model + ".state")[0]
    return {k: v for k, v in state.items() if k.split("/")[0] in ("parameter", "first", "second")
            or k == "slot/cursor"}


def test_resuming_gives_the_same_bits():
    data = [DATA / "reviews.tsv", "--batch=16", "--schedule=constant", "--dropout-units=0.1", "--balance"]
    train("one", *data, "--epochs=4", "--log=one.log", "--plot=one.svg")
    train("two", *data, "--epochs=2")
    train("two", *data, "--epochs=4", "--resume")
    assert Path("one").read_bytes() == Path("two").read_bytes()
    a, b = learned("one"), learned("two")
    assert a and a == b
    assert "valid_macro_f1" in Path("one.log").read_text() and "path" in shapes("one.svg")
    wrong("classify-train", "--model=two", *SMALL, *data, "--resume", "--hidden=8", needed=["--hidden"])
    wrong("classify-train", DATA / "pinglun.tsv", "--model=two", "--resume", needed=["other data"])


def test_an_interrupt_saves():
    interrupted(LAB, "classify-train", DATA / "reviews.tsv", "--model=m", "--epochs=100000", "--patience=0",
                "--checkpoint=0.05", *SMALL, state="m.state")
    train("m", DATA / "reviews.tsv", "--resume", "--steps=1", "--patience=0")


def test_bad_tables_are_pointed_at():
    model = ["--model=m", *SMALL]
    Path("a.csv").write_text("label,text\ngood,fine\nbad,dull,very\n")
    wrong("classify-train", "a.csv", *model, needed=["a.csv:3:10: 3 fields where 2 are due"],
          caret=("bad,dull,very", 9))
    Path("a.csv").write_text('label,text\ngood,"fine\n')
    wrong("classify-train", "a.csv", *model, needed=["a.csv:2:6: the quote is not closed"],
          caret=('good,"fine', 5))
    Path("f.csv").write_text("x,y,phase\n1,2,rest\n3,weit,rise\n")
    wrong("classify-train", "f.csv", *model, "--input=frames", "--label-of=frame",
          needed=["f.csv:3:3: 'weit' where a number is due"], caret=("3,weit,rise", 2))
    Path("f.csv").write_text("x,y,phase\n1,2,rest\n3,4,rise\n")
    wrong("classify-train", "f.csv", *model, "--input=frames", needed=["f.csv:3:5", "--label-of frame"],
          caret=("3,4,rise", 4))
    wrong("classify-train", "f.csv", *model, "--input=frames", "--label-column=fase",
          needed=["fase", "x, y, phase"], caret=("x,y,phase", 0))
    wrong("classify-train", "f.csv", *model, "--cell=lsmt", needed=["did you mean lstm"])
    wrong("classify-train", "f.csv", *model, "--identity", needed=["--identity"])
    wrong("classify-train", *model, "--input=images", needed=["--images"])
    Path("one").write_text("good\ta\ngood\tb\n")
    wrong("classify-train", "one", *model, needed=["one label"])


def test_labels_and_models_that_are_not_known():
    train("m", DATA / "reviews.tsv", "--epochs=1", "--batch=64")
    Path("new.tsv").write_text("label\ttext\ngood\tfine\nso so\tfine\n")
    wrong("classify-eval", "new.tsv", "--model=m",
          needed=["new.tsv:3:1: label so so was never seen in training, which had bad, good"],
          caret=("so so fine", 0))
    meta = tensors("m")[1]
    data = Path("m").read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + n])
    meta.pop("refrain.checksum")
    for change in ({"hidden": 60000}, {"embed": 3}, {"layers": 5}, {"cell": "gru"}, {"cell": "x"},
                   {"input": "frames"}, {"network": "majority"}, {"pool": 7}, {"unit": "bits"}):
        options = json.dumps(json.loads(meta["refrain.options"]) | change)
        text = json.dumps(header | {"__metadata__": meta | {"refrain.options": options}}).encode()
        text += b" " * (-len(text) % 8)
        Path("lie").write_bytes(struct.pack("<Q", len(text)) + text + data[8 + n :])
        p = lab("classify-run", "--model=lie", stdin="fine\n", ok=None)
        # A majority needs nothing but what is there.
        assert p.returncode == (0 if "network" in change else 1), (change, p.err)
        assert p.returncode == 0 or "lie" in p.err, p.err


def test_baselines_of_texts():
    most = train("m", DATA / "reviews.tsv", "--network=majority", "--valid-fraction=0.3")
    linear = train("l", DATA / "reviews.tsv", "--network=logistic", "--epochs=10", "--learning-rate=0.03",
                   "--valid-fraction=0.3")
    assert most["accuracy"] < 0.6 and linear["accuracy"] > 0.9, (most, linear)
    assert sorted(tensors("m")[0]) == ["output.bias"]
    assert metrics("classify-eval", DATA / "reviews.tsv", "--model=m")["accuracy"] == 0.5


def test_cloze_needs_both_sides():
    # Alone the left side cannot know which beast it was.
    got = rows("cloze", "our old ___ barked at the postman", "--text", DATA / "cloze-en.txt", "--threads=1",
               "--hidden=24", "--embed=24", "--epochs=8", "--top=3")
    both, left = (r for r in got if "accuracy" in r)
    assert both["network"] == "both sides" and both["parameters"] < left["parameters"]
    assert both["accuracy"] > left["accuracy"] + 0.15 and both["loss"] < left["loss"] - 0.3, (both, left)
    first = [r for r in got if r.get("rank") == 1][0]
    assert first["both_sides"] == "dog" and first["p_both"] > 0.8 > 0.5 > first["p_left"], first
    assert sum("rank" in r for r in got) == 3
    wrong("cloze", "no blank here", "--text", DATA / "cloze-en.txt", needed=["no blank"])


def test_cloze_in_chinese():
    got = rows("cloze", "我们的黑___抓住了老鼠", "--unit=char", "--text", DATA / "cloze-zh.txt", "--threads=1",
               "--hidden=24", "--embed=24", "--epochs=8", "--top=1")
    both, left = (r for r in got if "accuracy" in r)
    assert both["accuracy"] > left["accuracy"] + 0.1, (both, left)
    assert [r["both_sides"] for r in got if "rank" in r] == ["猫"]


main(globals())
