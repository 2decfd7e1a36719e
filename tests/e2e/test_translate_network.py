"""refrain-translate train, translate, align, score and average: a small grammar is learned and used."""
import atexit
import itertools
import json
import shutil
import struct
import tempfile
from pathlib import Path

from harness import APPS, SOURCE, main, refused, run

TRANSLATE = APPS / "refrain-translate"
FOLDER = Path(tempfile.mkdtemp(prefix="refrain-translate-"))
atexit.register(shutil.rmtree, FOLDER)
TABLE = FOLDER / "pairs.tsv"
SMALL = ["--source-language=zh", "--target-language=en", "--source-unit=word", "--target-unit=word", "--embed=32",
         "--hidden=64", "--dropout=0.1", "--dropout-input=0.1", "--dropout-hidden=0.1", "--batch=256",
         "--learning-rate=0.01", "--threads=1", "--seed=1"]


def translate(*command, **options):
    return run(TRANSLATE, *command, **options)


def rows(*command, **options):
    lines = [json.loads(x) for x in translate(*command, "--format=json", **options).text.splitlines()]
    return [x["row"] for x in lines if x["event"] == "record"]


def wrong(*command, needed=(), **options):
    refused(*command, words=needed, program=TRANSLATE, **options)


def pairs():
    """Time and place stand before the verb, or behind it."""
    who = [("我", "i"), ("你", "you"), ("他", "he"), ("她", "she"), ("我们", "we")]
    does = [("爱", "love"), ("看见", "see"), ("喜欢", "like")]
    what = [("音乐", "music"), ("红花", "red flowers"), ("大狗", "big dogs"), ("书", "books")]
    where = [("", ""), ("在公园", " in the park"), ("在家", " at home"), ("昨天", " yesterday")]
    for (a, w), (b, x), (c, y), (d, z) in itertools.product(who, does, what, where):
        yield f"{a}{d}{b}{c}。", f"{w} {x} {y}{z}."


PAIRS = list(pairs())
HELD = PAIRS[::13]
KEPT = [p for p in PAIRS if p not in HELD]


def write(name, lines):
    path = FOLDER / name
    path.write_text("".join(x + "\n" for x in lines), encoding="utf-8")
    return path


TRAIN = write("train.tsv", ["\t".join(p) for p in KEPT])
VALID = write("valid.tsv", ["\t".join(p) for p in HELD])
MODEL = FOLDER / "zh-en.safetensors"


def model():
    if not MODEL.exists():
        translate("train", TRAIN, f"--valid={VALID}", *SMALL, "--epochs=60", f"--model={MODEL}")
    return f"--model={MODEL}"


WEAK = FOLDER / "weak.safetensors"


def weak():
    """A model that has learned too little: searches differ."""
    if not WEAK.exists():
        translate("train", TRAIN, "--valid-fraction=0", *SMALL, "--epochs=5", f"--model={WEAK}")
    return f"--model={WEAK}"


def source():
    return "".join(p[0] + "\n" for p in HELD)


# ---- Learning ------------------------------------------------------------------------------------------


def test_unseen_sentences_are_translated_exactly():
    told = translate("translate", model(), stdin=source()).text.splitlines()
    assert told == [p[1] for p in HELD], told


def test_a_model_is_measured():
    """As its translations are; by the words of its language unless another kind is asked for."""
    texts, right = write("source.zh", [p[0] for p in PAIRS[:20]]), write("right.en", [p[1] for p in PAIRS[:20]])
    told = FOLDER / "told.en"
    for options, same in (["--beam=1"], ["--tokenize=13a"]), (["--tokenize=char"], ["--tokenize=char"]):
        got = rows("eval", model(), f"--source={texts}", f"--references={right}", *options)
        told.write_text(translate("translate", model(), texts, *[o for o in options if "beam" in o]).text)
        due = rows("eval", f"--hypotheses={told}", f"--references={right}", *same)
        for a, b in zip(got, due):
            assert a["system"] == str(MODEL) and {**a, "system": 0} == {**b, "system": 0}, (a, b)
    wrong("eval", model(), f"--references={right}", needed=["--model: goes with --source"])
    wrong("eval", f"--source={texts}", f"--references={right}", needed=["--source: goes with --model"])
    wrong("eval", model(), f"--source={texts}", f"--hypotheses={told}", f"--references={right}",
          needed=["--hypotheses"])


def test_beams_and_batches():
    """What stands side by side changes no sentence, and no score by more than rounding."""
    assert translate("translate", model(), "--beam=1", stdin=source()).text.splitlines() == [p[1] for p in HELD]
    everything = "".join(p[0] + "\n" for p in PAIRS)
    for beam in 1, 5:
        one, many = (rows("translate", weak(), f"--beam={beam}", "--nbest=1", f"--batch={batch}", stdin=everything)
                     for batch in (1, 64))
        assert len(one) == len(many) == len(PAIRS)
        for a, b in zip(one, many):
            assert a["translation"] == b["translation"] and abs(a["score"] - b["score"]) < 1e-5 * abs(a["score"]), (a, b)
        lines = translate("translate", weak(), f"--beam={beam}", stdin=everything).text.splitlines()
        assert lines == [r["translation"] for r in many]


def test_resume_is_exact():
    whole, parts = FOLDER / "whole.safetensors", FOLDER / "parts.safetensors"
    train = ["train", TRAIN, f"--valid={VALID}", *SMALL, "--valid-every=7", "--schedule=constant",
             "--metric=loss"]
    translate(*train, "--steps=20", f"--model={whole}")
    translate(*train, "--steps=9", f"--model={parts}")
    translate("train", TRAIN, f"--valid={VALID}", "--resume", "--threads=1", "--steps=20",
              f"--model={parts}")
    assert whole.read_bytes() == parts.read_bytes()


def test_ways_of_attending():
    for options in (["--attend=after", "--decoder-layers=1", "--attention=dot", "--tied", "--cell=gru"],
                    ["--attend=feed", "--attention=additive", "--coverage", "--encoder-layers=2"],
                    ["--copy", "--sampling=0.2"], ["--source-unit=bpe", "--target-unit=bpe", "--merges=40"]):
        path = FOLDER / "way.safetensors"
        translate("train", TRAIN, *SMALL, *options, "--epochs=2", f"--model={path}")
        assert translate("translate", f"--model={path}", stdin="我爱音乐。\n").text.count("\n") == 1


# ---- Using ---------------------------------------------------------------------------------------------


def test_tables():
    n = rows("translate", model(), "--nbest=4", stdin=source())
    assert len(n) == 4 * len(HELD)
    for i in range(0, len(n), 4):
        scores = [r["score"] for r in n[i:i + 4]]
        assert scores == sorted(scores, reverse=True)
        assert len({r["translation"] for r in n[i:i + 4]}) == 4
    one = rows("translate", model(), "--attention", stdin="我在家看见书。\n")[0]
    assert one["source"] == ["我", "在", "家", "看", "见", "书", "。", ""], one
    assert one["target"] == ["i", "see", "books", "at", "home", ".", ""], one
    assert [len(x) for x in one["attention"]] == [8] * 7
    for weights in one["attention"]:
        assert abs(sum(weights) - 1) < 1e-4


def test_a_beam_finds_better_ones():
    """By the score that it searches for: log p over the length penalty."""
    everything = "".join(p[0] + "\n" for p in PAIRS)
    for penalty in "0", "1":
        one, five = (rows("translate", weak(), "--nbest=1", f"--beam={beam}", f"--length-penalty={penalty}",
                          stdin=everything) for beam in (1, 5))
        better = [b["score"] - a["score"] for a, b in zip(one, five)]
        assert sum(d > 1e-5 for d in better) > 10, better
        assert sum(d > -1e-5 for d in better) >= 0.97 * len(better) and sum(better) > 0, better


def test_more_results_change_no_best_one():
    best = rows("translate", weak(), "--nbest=1", stdin=source())
    five = rows("translate", weak(), "--nbest=5", stdin=source())
    assert [r["translation"] for r in best] == [r["translation"] for r in five if r["rank"] == 1]


def test_scores_are_those_of_the_search():
    found = rows("translate", model(), "--nbest=1", stdin=source())
    given = rows("score", model(), write("found.tsv", [f"{p[0]}\t{r['translation']}" for p, r in zip(HELD, found)]))
    for a, b in zip(found, given):
        assert abs(a["log_p"] - b["log_p"]) < 1e-4 * (1 + abs(a["log_p"])), (a, b)


def test_constraints():
    line = "我在家看见书。\n"
    assert translate("translate", model(), "--prefix=we", stdin=line).text.startswith("we ")
    long = rows("translate", model(), "--attention", "--min-length=9", stdin=line)[0]
    assert len(long["target"]) >= 10
    short = rows("translate", model(), "--attention", "--max-length=3", stdin=line)[0]
    assert len(short["target"]) <= 4
    loop = rows("translate", model(), "--attention", "--min-length=30", "--max-length=40", "--block-ngrams=2",
                "--coverage-penalty=0.2", stdin=line)[0]["target"]
    assert len(set(zip(loop, loop[1:]))) == len(loop) - 1


def test_lines():
    text = translate("translate", model(), stdin="\n我爱书。\n\n").text
    assert text == "\ni love books.\n\n", repr(text)
    for beam in 1, 5:
        assert translate("translate", model(), f"--beam={beam}", stdin="我爱书。" * 125 + "\n").text.count("\n") == 1
    unknown = translate("translate", model(), stdin="我爱猫。\n").text
    assert "<unk>" not in unknown, unknown


def test_a_memory_answers_what_it_knows():
    known, near, other = HELD[0][0], HELD[1][0], HELD[2][0]
    table = write("memory.tsv", [f"REMEMBERED\t{known}", f"NEARLY\t{near}{other}"])
    asked = "\n".join([other, known, "", near, known]) + "\n"
    ask = ["translate", model(), f"--memory={table}", "--memory-columns=2,1"]
    told = translate(*ask, stdin=asked).text.splitlines()
    assert told == [HELD[2][1], "REMEMBERED", "", HELD[1][1], "REMEMBERED"], told
    assert translate(*ask, "--memory-least=0.5", "--batch=2", stdin=asked).text.splitlines()[3] == "NEARLY"
    told = rows(*ask, "--nbest=2", stdin=f"{known}\n{other}\n")
    assert [(r["line"], r["translation"], r["score"] is None) for r in told][:2] == [(1, "REMEMBERED", True), (2, HELD[2][1], False)]
    wrong("translate", model(), f"--memory={table}", "--memory-columns=1,3", needed=["memory.tsv:1: 2 columns where 3 are due"])


def test_copies():
    """What neither side knows is copied or replaced, never written as unknown."""
    table = write("names.tsv", [f"叫 n{i} 的 人\tthe man called n{i}" for i in range(60)])
    path = FOLDER / "copy.safetensors"
    translate("train", table, *SMALL[2:], "--copy", "--min-count=2", "--epochs=80", "--valid-fraction=0.05",
              f"--model={path}")
    told = translate("translate", f"--model={path}", stdin="叫 小明 的 人\n叫 n3 的 人\n").text
    assert told == "the man called 小明\nthe man called n3\n", told
    table = rows("translate", f"--model={path}", "--attention", "--nbest=2", stdin="叫 小明 的 人\n")
    assert table[0]["target"] == ["the", "man", "called", "小明", ""]


def test_align():
    picture = FOLDER / "a.svg"
    table = rows("align", "我在家看见书。", model(), f"--svg={picture}")
    assert [r["token"] for r in table] == ["i", "see", "books", "at", "home", ".", "⏎"]
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    given = rows("align", "我在家看见书。", model(), "--target=i see books at home.")
    assert [r["token"] for r in given] == [r["token"] for r in table]
    other = rows("align", "我在家看见书。", model(), "--target=she love music.")
    assert [r["token"] for r in other] == ["she", "love", "music", ".", "⏎"]
    never = rows("align", "我在家看见书。", model(), "--target=xyzzy see books.")
    assert [r["token"] for r in never] == ["<unk>", "see", "books", ".", "⏎"]


def numbers(path):
    """Name -> the numbers of a tensor, which is of f32."""
    text = Path(path).read_bytes()
    size, = struct.unpack("<Q", text[:8])
    head, data = json.loads(text[8:8 + size]), text[8 + size:]
    return {name: struct.unpack(f"<{(t['data_offsets'][1] - t['data_offsets'][0]) // 4}f", data[slice(*t["data_offsets"])])
            for name, t in head.items() if t != head["__metadata__"] and t["dtype"] == "F32"}


def test_average():
    """Of the models of the last validations, which a training keeps; a resumed one goes on with them."""
    path, mean = FOLDER / "kept.safetensors", FOLDER / "mean.safetensors"
    train = ["train", TRAIN, f"--valid={VALID}", f"--model={path}", "--valid-every=20", "--metric=loss", "--keep=3"]
    translate(*train, *SMALL, "--steps=30", "--schedule=constant")
    kept = [Path(f"{path}.{i}") for i in (1, 2, 3)]
    assert [k.exists() for k in kept] == [True, True, False]
    translate(*train, "--resume", "--steps=100", "--threads=1")  # 20: .1; 40: .2; 60: .3; 80: .1; 100: .2
    translate("average", *kept, f"--model={mean}")
    parts, got = [numbers(k) for k in kept], numbers(mean)
    assert len(got) > 10 and len({p["output.bias"] for p in parts}) == 3
    assert numbers(path)["output.bias"] in [p["output.bias"] for p in parts]  # the best is one of the last
    for name, values in got.items():
        for i, value in enumerate(values):
            due = sum(p[name][i] for p in parts) / 3
            assert abs(value - due) < 1e-6 * (1 + abs(due)), (name, i, value, due)
    assert translate("translate", f"--model={mean}", stdin=source()).text.count("\n") == len(HELD)


# ---- What is wrong -------------------------------------------------------------------------------------


def test_errors():
    out = f"--model={FOLDER / 'no.safetensors'}"
    wrong("train", write("one.tsv", ["a\tb", "c"]), out, needed=["one.tsv:2"])
    wrong("train", write("three.tsv", ["a\tb", "c\td\te"]), out, needed=["three.tsv:2", "3 columns", "2"])
    longer, shorter = write("a.zh", ["a", "b"]), write("a.en", ["a"])
    for texts in [longer, shorter], [shorter, longer]:
        wrong("train", *texts, out, needed=["a.zh:2: no line of", "a.en is its translation: that has 1"])
        wrong("score", *texts, model(), needed=["a.zh:2: no line of"])
    wrong("train", TRAIN, out, f"--valid={longer}", f"--valid={shorter}", needed=["a.zh:2: no line of"])
    wrong("eval", model(), f"--source={longer}", f"--references={shorter}", needed=["a.en:2: 1 lines", "has 2"])
    other = SOURCE / "data" / "pos" / "zh.safetensors"
    for command in (["translate", longer], ["align", "我"], ["score", TRAIN],
                    ["eval", f"--source={longer}", f"--references={longer}"]):
        wrong(*command, f"--model={other}", needed=["zh.safetensors: a model of org.refrain.pos, where one of",
                                                    "translate is due"])
    model()
    wrong("average", MODEL, other, out, needed=["zh.safetensors: a model of org.refrain.pos"])
    wrong("train", TRAIN, out, "--hidden=63", needed=["--hidden"])
    wrong("train", TRAIN, out, "--decoder-layers=1", needed=["--attend"])
    wrong("train", TRAIN, out, "--coverage", needed=["--coverage"])
    wrong("train", TRAIN, out, "--cell=lsmt", needed=["did you mean lstm"])
    wrong("translate", f"--model={TRAIN}", stdin="a\n", needed=["train.tsv"])
    wrong("translate", model(), stdin=b"\xff\n", needed=["1:1"])
    wrong("translate", model(), "--prefix=we xyzzy", stdin="我\n", needed=["--prefix", "cannot write xyzzy"])
    wrong("align", "我", model(), "--target=", needed=["--target"])
    wrong("align", "", model(), needed=["empty"])


main(globals())
