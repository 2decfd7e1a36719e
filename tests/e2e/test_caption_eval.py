"""refrain-caption eval and baseline: metrics computed once more here from their definitions, the best constant
caption and the nearest picture found by hand, two systems compared, and what is wrong with some files."""
import gzip
import itertools
import json
import math
import random
import struct
from collections import Counter
from pathlib import Path

from harness import APPS, SOURCE, main, near, refused, run, tables

CAPTION = APPS / "refrain-caption"
ENCODER = SOURCE / "tests" / "golden" / "encoder"
STEM = {"dogs": "dog", "running": "run", "runs": "run", "jumped": "jump", "jumping": "jump", "jumps": "jump"}
WORDS = ["a", "dog", "dogs", "run", "running", "runs", "jumped", "jumps", "the", "two", "grass"]


def eval_(*command):
    return tables("eval", *command, program=CAPTION)


def baseline(*command):
    return tables("baseline", *command, program=CAPTION)["description"]


# ---- The metrics by their definitions ---------------------------------------------------------------


def grams(x, n):
    return Counter(tuple(x[i:i + n]) for i in range(len(x) - n + 1))


def bleu(pairs, order):
    right, total, length, closest = [0] * order, [0] * order, 0, 0
    for told, refs in pairs:
        length += len(told)
        closest += min((abs(len(r) - len(told)), len(r)) for r in refs)[1]
        for n in range(order):
            most = Counter()
            for r in refs:
                most |= grams(r, n + 1)
            right[n] += sum((grams(told, n + 1) & most).values())
            total[n] += sum(grams(told, n + 1).values())
    if not all(right):
        return 0
    brevity = 1 if length >= closest else math.exp(1 - closest / length)
    return 100 * brevity * math.exp(sum(math.log(r / t) for r, t in zip(right, total)) / order)


def common(a, b):
    row = [0] * (len(b) + 1)
    for x in a:
        last = row[:]
        for k, y in enumerate(b):
            row[k + 1] = last[k] + 1 if x == y else max(last[k + 1], row[k])
    return row[-1]


def rouge(pairs):
    total = 0
    for told, refs in pairs:
        p, r = (max(common(told, x) / (len(told), len(x))[k] for x in refs) for k in (0, 1))
        total += (1 + 1.44) * p * r / (r + 1.44 * p) if p else 0
    return 100 * total / len(pairs)


def pairings(told, right, done):
    """All largest sets of pairs of equal words that are not in a pair yet."""
    kinds = {}
    for side, text in enumerate((told, right)):
        for i, w in enumerate(text):
            if i not in {p[side] for p in done}:
                kinds.setdefault(w, ([], []))[side].append(i)
    ways = []
    for a, b in kinds.values():
        n = min(len(a), len(b))
        ways.append([list(zip(x, y)) for x in itertools.combinations(a, n) for y in itertools.combinations(b, n)])
    return [sum(way, []) for way in itertools.product(*ways)]


def crossings(pairs):
    return sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in itertools.combinations(pairs, 2))


def runs(pairs):
    pairs = sorted(pairs)
    return sum(not i or pairs[i - 1] != (p[0] - 1, p[1] - 1) for i, p in enumerate(pairs))


def align(told, right):
    done = []
    for key in (lambda w: w, lambda w: STEM.get(w, w)):
        ways = pairings([key(w) for w in told], [key(w) for w in right], done)
        done = done + min(ways, key=lambda w: (crossings(done + w), runs(done + w)))
    return [len(done), runs(done), len(told), len(right)]


def meteor_of(pairs, pieces, told, right):
    if not pairs:
        return 0
    p, r = pairs / told, pairs / right
    return 100 * 10 * p * r / (r + 9 * p) * (1 - (pieces / pairs) ** 3 / 2)


def meteor(pairs):
    sums = [max((align(told, r) for r in refs), key=lambda x: meteor_of(*x)) for told, refs in pairs]
    return meteor_of(*map(sum, zip(*sums)))


def cider(pairs, which=None):
    df = Counter(g for _, refs in pairs for g in {g for r in refs for n in range(1, 5) for g in grams(r, n)})

    def weigh(x, n):
        return {g: c * (math.log(len(pairs)) - math.log(max(1, df[g]))) for g, c in grams(x, n).items()}

    def like(a, b, n):
        x, y = weigh(a, n), weigh(b, n)
        norm = math.sqrt(sum(v * v for v in x.values()) * sum(v * v for v in y.values()))
        return sum(min(x[g], y.get(g, 0)) * y.get(g, 0) for g in x) / norm if norm else 0

    def one(told, refs):
        # the length is counted in pairs of words, as in pycocoevalcap
        return sum(like(told, r, n) * math.exp(-(max(len(told) - 1, 0) - max(len(r) - 1, 0)) ** 2 / 72)
                   for r in refs for n in range(1, 5)) / 4 / len(refs)

    return 1000 * sum(one(*p) for p in (pairs if which is None else [pairs[which]])) / (len(pairs) if which is None else 1)


def exact(pairs):
    return 100 * sum(told in refs for told, refs in pairs) / len(pairs)


METRICS = {"bleu-1": lambda p: bleu(p, 1), "bleu-2": lambda p: bleu(p, 2), "bleu-3": lambda p: bleu(p, 3),
           "bleu-4": lambda p: bleu(p, 4), "meteor": meteor, "rouge-l-coco": rouge, "cider": cider, "exact": exact}


def made_up(count=40, seed=5):
    """Random captions: what a system says and three references a picture."""
    chance = random.Random(seed)

    def text():
        return [chance.choice(WORDS) for _ in range(chance.randrange(1, 8))]

    pairs = [(text(), [text() for _ in range(3)]) for _ in range(count)]
    pairs[3] = (pairs[3][1][2], pairs[3][1])
    Path("refs.txt").write_text("".join(f"{i:03}.png#{k}\t{' '.join(r)} .\n" for i, (_, refs) in enumerate(pairs) for k, r in enumerate(refs)))
    Path("told.txt").write_text("".join(" ".join(t) + "\n" for t, _ in pairs))
    return pairs


def test_metrics_are_what_they_are_defined_as():
    pairs = made_up()
    got = eval_("--captions=refs.txt", "--hypotheses=told.txt", "--sentences")
    (row,) = got["score"]
    assert row["pictures"] == len(pairs) and row["language"] == "en" and row["system"] == "told.txt"
    for name, metric in METRICS.items():
        near(row[name], metric(pairs), 1e-6)
        for i, (pair, one) in enumerate(zip(pairs, got["sentence"])):
            due = cider(pairs, i) if name == "cider" else metric([pair])
            assert abs(one[name] - due) < 1e-6, (name, pair, one[name], due)
    assert [r["caption"] for r in got["sentence"]] == [" ".join(t) for t, _ in pairs]
    assert row["exact"] >= 2.5 and row["bleu-4"] > 0 and "interval" not in got


def test_words():
    """Capitals and punctuation do not count; Chinese is compared by characters."""
    Path("refs.tsv").write_text("1.png\ttest\tA dog, running!\t一只狗在跑。\n2.png\ttest\tSomeone's t-shirt\t两个T恤\n")
    Path("told.tsv").write_text("file\tlanguage\tcaption\nx/1.png\ten\ta DOG running\n2.png\ten\tsomeone 's t-shirt .\n"
                                "1.png\tzh\t一只 狗 在跑\n2.png\tzh\t两 个 t 恤\n3.png\tzh\t狗\n")
    rows = eval_("--captions=refs.tsv", "--hypotheses=told.tsv", "--metric=exact,bleu-1")["score"]
    assert [(r["language"], r["exact"], r["bleu-1"]) for r in rows] == [("en", 100, 100), ("zh", 100, 100)]
    (row,) = eval_("--captions=zh:refs.tsv", "--hypotheses=told.tsv", "--metric=bleu-1")["score"]
    assert row["language"] == "zh"
    (row,) = eval_("--captions=refs.tsv", "--language=en", "--hypotheses=told.tsv")["score"]
    assert row["language"] == "en" and row["pictures"] == 2


def test_kinds_of_files():
    """The same captions as token lines, packed, as rows and as JSON have the same scores."""
    made_up()
    lines = [x.split("#0\t", 1) if "#0\t" in x else x.split("\t", 1) for x in Path("refs.txt").read_text().splitlines()]
    names = [x[0].split("#")[0] for x in lines]
    Path("refs.gz").write_bytes(gzip.compress(Path("refs.txt").read_bytes()))
    Path("refs.tsv").write_text("".join(f"{n}\t{x[1]}\n" for n, x in zip(names, lines)))
    Path("coco.json").write_text(json.dumps({
        "images": [{"id": i, "file_name": n} for i, n in enumerate(dict.fromkeys(names))],
        "annotations": [{"image_id": list(dict.fromkeys(names)).index(n), "caption": x[1]} for n, x in zip(names, lines)]}))
    Path("told.json").write_text(json.dumps({"images": [
        {"filename": n, "sentences": [{"raw": x}]}
        for n, x in zip(dict.fromkeys(names), Path("told.txt").read_text().splitlines())]}))
    due = eval_("--captions=refs.txt", "--hypotheses=told.txt")["score"][0]
    for refs, told in [("refs.gz", "told.txt"), ("refs.tsv", "told.json"), ("coco.json", "told.txt")]:
        got = eval_(f"--captions={refs}", f"--hypotheses={told}")["score"][0]
        assert {**got, "system": 0} == {**due, "system": 0}, (refs, told)


def test_splits():
    made_up(6)
    Path("splits.tsv").write_text("".join(f"{i:03}.png\t{'test' if i % 2 else 'train'}\n" for i in range(6)))
    told = Path("told.txt").read_text().splitlines()
    Path("odd.txt").write_text("\n".join(told[1::2]) + "\n")
    command = ["--captions=refs.txt", "--splits=splits.tsv"]
    (row,) = eval_(*command, "--split=test", "--hypotheses=odd.txt")["score"]
    assert row["pictures"] == 3
    refused("eval", *command, "--split=tset", "--hypotheses=odd.txt", words=["--split", "tset", "did you mean test"], program=CAPTION)
    refused("eval", *command, "--hypotheses=odd.txt", words=["odd.txt:4", "3 lines", "6"], program=CAPTION)


def test_two_systems():
    pairs = made_up(60)
    Path("good.txt").write_text("".join(" ".join(refs[0]) + "\n" for _, refs in pairs))
    got = eval_("--captions=refs.txt", "--hypotheses=good.txt", "--against=told.txt")
    assert [r["system"] for r in got["score"]] == ["good.txt", "told.txt"]
    for row in got["difference"]:
        good, bad = (r[row["metric"]] for r in got["score"])
        near(row["better_by"], good - bad, 1e-9)
        assert row["low"] < row["better_by"] < row["high"] and row["low"] > 0 and row["p"] < 0.01, row
    for row in got["interval"]:
        score = next(r[row["metric"]] for r in got["score"] if r["system"] == row["system"])
        assert row["score"] == score and row["low"] <= score <= row["high"]
    same = eval_("--captions=refs.txt", "--hypotheses=told.txt", "--against=told.txt", "--metric=bleu-2,cider")
    assert all(r["better_by"] == r["low"] == r["high"] == 0 and r["p"] == 1 for r in same["difference"])
    (one,) = eval_("--captions=refs.txt", "--hypotheses=told.txt", "--samples=50", "--metric=cider")["interval"]
    assert one["low"] < one["score"] < one["high"]


# ---- Baselines -----------------------------------------------------------------------------------------


def features(path, vectors):
    """A file as encode writes it."""
    data = b"".join(struct.pack(f"<{len(v)}f", *v) for v in vectors.values())
    head = {"__metadata__": {"caption.files": json.dumps([f"photos/{n}" for n in vectors])},
            "features": {"dtype": "F32", "shape": [len(vectors), len(next(iter(vectors.values())))], "data_offsets": [0, len(data)]}}
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def test_best_constant():
    """Every caption of the pictures that are learned from is tried."""
    pairs = made_up(30, seed=8)
    Path("splits.tsv").write_text("".join(f"{i:03}.png\t{'test' if i < 10 else 'train'}\n" for i in range(30)))
    command = ["--captions=refs.txt", "--splits=splits.tsv", "--split=test"]
    learn = [refs for _, refs in pairs[10:]]
    for metric in ("bleu-1", "bleu-4", "cider"):
        rows = baseline(*command, "--method=constant", f"--choose={metric}", "--finalists=1000")
        assert len(rows) == 10 and len({r["caption"] for r in rows}) == 1 and "cosine" not in rows[0]
        score = {" ".join(r): METRICS[metric]([(r, refs) for refs in learn]) for refs in learn for r in refs}
        near(score[rows[0]["caption"]], max(score.values()), 1e-9)
    rows = baseline(*command, "--method=constant")  # BLEU-4 of the table is that of the metric
    score = {" ".join(r): bleu([(r, refs) for refs in learn], 4) for refs in learn for r in refs}
    near(score[rows[0]["caption"]], max(score.values()), 1e-9)
    got = eval_(*command, "--baseline=constant")["score"][0]
    near(got["bleu-4"], bleu([(rows[0]["caption"].split(), refs) for _, refs in pairs[:10]], 4), 1e-6)


def test_nearest_picture():
    Path("refs.tsv").write_text(
        "a.png\ttrain\ta dog runs\t狗跑\na.png\ttrain\ta dog runs fast\t\na.png\ttrain\ta cat\t\n"
        "b.png\ttrain\ttwo birds\t两只鸟\nb.png\ttrain\tbirds\t\nc.png\ttest\tone dog\t一只狗\nd.png\ttest\ta bird\t鸟\n")
    features("f.safetensors", {"d.png": [0, 3, 0.1], "a.png": [2, 0.5, 0], "b.png": [0.1, 1, 0], "c.png": [1, 0, 0]})
    command = ["--captions=refs.tsv", "--split=test", "--features=f.safetensors"]
    rows = baseline(*command)
    assert [(r["file"], r["language"], r["nearest"], r["caption"]) for r in rows] == [
        ("c.png", "en", "a.png", "a dog runs"), ("d.png", "en", "b.png", "two birds"),
        ("c.png", "zh", "a.png", "狗跑"), ("d.png", "zh", "b.png", "两只鸟")]
    near(rows[0]["cosine"], 2 / math.hypot(2, 0.5), 1e-6)
    assert baseline(*command, "--neighbours=2")[1]["caption"] == "a dog runs"  # of all five captions
    run(CAPTION, "baseline", *command, "--format=tsv", stdout=open("near.tsv", "wb"))
    got = eval_(*command, "--hypotheses=near.tsv", "--against=nearest", "--samples=10")
    assert len(got["score"]) == 4 and all(r["better_by"] == 0 for r in got["difference"])
    refused("baseline", *command[:2], words=["--features"], program=CAPTION)
    refused("baseline", *command[:1], "--features=f.safetensors", words=["--split"], program=CAPTION)
    features("few.safetensors", {"a.png": [1.0], "c.png": [1.0]})
    refused("baseline", *command[:2], "--features=few.safetensors", words=["few.safetensors", "d.png"], program=CAPTION)
    refused("baseline", *command, "--train-split=none", words=["--train-split", "none", "test"], program=CAPTION)


# ---- Models -------------------------------------------------------------------------------------------


def test_models():
    """What eval hears of a model is what describe writes, in both languages."""
    Path("scenes").mkdir()
    run(CAPTION, "scenes", "scenes", "--count=16", "--size=32")
    small = ["--hidden=16", "--embed=8", "--threads=1", "--valid-fraction=0", "--learning-rate=0.02", "--batch=4"]
    run(CAPTION, "train", "scenes", *small, "--size=32", "--network=8/2 8/2", "--epochs=30", "--model=m.safetensors")
    run(CAPTION, "train", "scenes", *small, "--blind", "--epochs=12", "--model=blind.safetensors")
    pictures = sorted(str(p) for p in Path("scenes").glob("*.png"))
    run(CAPTION, "describe", "--model=m.safetensors", *pictures, "--format=tsv", stdout=open("told.tsv", "wb"))
    command = ["--captions=scenes/captions.tsv", "--pictures=scenes"]
    got = eval_(*command, "--model=m.safetensors", "--against=told.tsv", "--samples=10", "--batch=3")
    assert [r["language"] for r in got["score"]] == ["en", "en", "zh", "zh"]
    assert all(r["better_by"] == 0 for r in got["difference"]) and got["score"][0]["bleu-1"] > 10
    got = eval_(*command, "--model=m.safetensors", "--against=blind.safetensors", "--samples=10", "--language=zh")
    assert [r["system"] for r in got["score"]] == ["m.safetensors", "blind.safetensors"]
    several(pictures, command, small)
    refused("eval", *command[:1], "--model=m.safetensors", "--features=m.safetensors", "--hypotheses=told.tsv",
            words=["only one"], program=CAPTION)
    refused("eval", *command[:1], "--model=m.safetensors", words=["000001.png"], program=CAPTION)
    run(CAPTION, "train", "scenes", *small, "--blind", "--language=en", "--epochs=1", "--model=en.safetensors")
    refused("eval", *command, "--model=en.safetensors", words=["en.safetensors", "zh", "--language"], program=CAPTION)


def several(pictures, command, small):
    """A model with itself is itself, with another it is neither; those that do not fit are refused; what most
    agree with is what its definition says."""
    def said(*how):
        got = tables("describe", "--model=m.safetensors", *pictures, *how, program=CAPTION)["description"]
        return [tuple(r[k] for k in ("file", "language", "caption")) for r in got]

    run(CAPTION, "train", "scenes", *small, "--size=32", "--network=8/2 8/2", "--epochs=30", "--seed=2", "--model=n.safetensors")
    alone, other = said(), said("--with=m.safetensors", "--with=n.safetensors")
    assert said("--with=m.safetensors", "--with=m.safetensors") == alone != other
    Path("other.tsv").write_text("file\tlanguage\tcaption\n" + "".join("\t".join(x) + "\n" for x in other))
    got = eval_(*command, "--model=m.safetensors", "--with=m.safetensors", "--with=n.safetensors", "--against=other.tsv", "--samples=10")
    assert all(r["better_by"] == 0 for r in got["difference"])
    got = eval_(*command, "--model=m.safetensors", "--with=n.safetensors", "--against=m.safetensors", "--samples=10")
    told = eval_(*command, "--model=m.safetensors")["score"]
    assert [r["cider"] for r in got["score"] if r["system"] == "m.safetensors"][1::2] == [r["cider"] for r in told]
    for model, words in ("blind", ["another way"]), ("en", ["languages"]):
        if model == "en":
            run(CAPTION, "train", "scenes", *small, "--size=32", "--network=8/2 8/2", "--language=en", "--epochs=1", "--begin=m.safetensors", "--model=en.safetensors")
        refused("describe", "--model=m.safetensors", f"--with={model}.safetensors", *pictures, words=words + ["--with", model], program=CAPTION)

    names = ["--model=m.safetensors", "--model=n.safetensors"]
    lists = [tables("describe", n, *pictures, "--nbest=5", "--language=en", program=CAPTION)["description"] for n in names]
    votes = {}
    for rows_ in lists:
        for file in {r["file"] for r in rows_}:
            mine = [r for r in rows_ if r["file"] == file]
            top = max(r["log_p"] for r in mine)
            weight = [math.exp(0.3 * (r["log_p"] - top)) for r in mine]
            for r, w in zip(mine, weight):
                at = votes.setdefault(file, {})
                at[r["caption"]] = at.get(r["caption"], 0) + w / sum(weight)
    agreed = said("--with=n.safetensors", "--consensus=5", "--language=en")
    for file, _, caption in agreed:
        def expected(x):
            return sum(v * 2 * sum((Counter(x.split()) & Counter(y.split())).values()) / len(x.split() + y.split())
                       for y, v in votes[file].items())

        assert expected(caption) > max(map(expected, votes[file])) - 1e-6, (file, caption)
    assert len(agreed) == len(pictures)


def test_models_of_features():
    """Features from a file, or through an encoder on the way, are the same to a model and to eval."""
    Path("scenes").mkdir()
    run(CAPTION, "scenes", "scenes", "--count=6", "--size=32")
    pictures = sorted(str(p) for p in Path("scenes").glob("*.png"))
    run(CAPTION, "encode", f"--encoder={ENCODER}", "--top=0", "--crop=0", "--map", "--features=f.safetensors", *pictures)
    run(CAPTION, "train", "--captions=scenes/captions.tsv", "--features=f.safetensors", "--hidden=16", "--embed=8", "--epochs=20",
        "--valid-fraction=0", "--learning-rate=0.02", "--threads=1", "--model=m.safetensors")
    command = ["--model=m.safetensors", "--captions=en:scenes/captions.tsv", "--metric=bleu-1,meteor"]
    given = eval_(*command, "--features=f.safetensors")["score"][0]
    made = eval_(*command, f"--encoder={ENCODER}", "--pictures=scenes")["score"][0]
    assert given == made and given["bleu-1"] > 0 and given["pictures"] == 6
    refused("eval", *command, words=["--features", "--encoder"], program=CAPTION)


# ---- What is wrong --------------------------------------------------------------------------------------


def test_bad_files():
    made_up(4)
    good = ["--captions=refs.txt"]

    def wrong(name, text, words, *command):
        Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
        refused("eval", *(command or [*good, f"--hypotheses={name}"]), words=words, program=CAPTION)

    wrong("a.tsv", "000.png\ta dog\n000.png\tdogs\n", ["a.tsv", "000.png", "twice"])
    wrong("a.tsv", "000.png\ta dog\n", ["a.tsv", "001.png", "not described"])
    wrong("a.tsv", "000.png\ta dog\n001.png\n", ["a.tsv:2", "1 column", "2"])
    wrong("a.txt", "a dog\n\xff\n".encode("latin-1"), ["a.txt:2:1", "UTF-8"])
    wrong("a.json", '{"images": [{"id": 1}]}', ["a.json", "images[0]", "file_name"])
    for text, words in [("1.png#0 a\n2.png\n", ["c.txt:2", "PICTURE#NUMBER"]), ("a dog\n", ["c.txt:1", "JSON"]),
                        ("1.png\ttrain\ta\n1.png\ttest\tb\n", ["c.txt:2", "train", "test"]), ('{"images": 1}', ["c.txt", "images"])]:
        wrong("c.txt", text, words, "--captions=c.txt", "--hypotheses=told.txt")
    refused("eval", *good, words=["--model", "--hypotheses", "--baseline"], program=CAPTION)
    refused("eval", *good, "--hypotheses=told.txt", "--metric=blue-4", words=["blue-4", "did you mean bleu-4"], program=CAPTION)
    refused("eval", *good, "--hypotheses=told.txt", "--language=zh", words=["--language", "zh"], program=CAPTION)
    refused("eval", *good, "--hypotheses=told.txt", "--against=no.txt", words=["no.txt"], program=CAPTION)
    refused("eval", "--captions=no.txt", "--hypotheses=told.txt", words=["no.txt"], program=CAPTION)
    refused("eval", "--hypotheses=told.txt", words=["--captions"], program=CAPTION)


main(globals())
