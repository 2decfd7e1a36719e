"""refrain-translate eval, baseline and bpe, and the sentences that were written for it."""
import json
import os
import subprocess
import sys
from pathlib import Path

import harness
from harness import APPS, SOURCE, main, refused, run

TRANSLATE = APPS / "refrain-translate"
DATA = SOURCE / "data" / "translate"
GOLDEN = SOURCE / "tests" / "golden" / "metric"


def translate(*command, **options):
    return run(TRANSLATE, *command, **options)


def rows(*command, **options):
    return harness.rows(*command, program=TRANSLATE, **options)


def wrong(*command, needed=(), **options):
    refused(*command, words=needed, program=TRANSLATE, **options)


def files(case):
    return [f"--hypotheses={GOLDEN / case['hypotheses']}"] + [f"--references={GOLDEN / r}" for r in case["references"]]


# ---- Scores ------------------------------------------------------------------------------------------


def test_scores_are_those_of_sacrebleu():
    """Of texts and of each sentence, with every tokenizer and smoothing, one and two references."""
    cases = json.loads((GOLDEN / "scores.json").read_text())
    assert len(cases) == 56
    for case in cases:
        first, *sentences = rows("eval", *files(case), *case["options"], "--sentences")
        assert abs(first["score"] - case["score"]) < 1e-9, (case, first)
        assert first["signature"] == case["signature"] and first["metric"] == case["title"], (case, first)
        assert len(sentences) == len(case["sentences"])
        for line, (a, b) in enumerate(zip(sentences, case["sentences"]), 1):
            assert a["line"] == line and abs(a["score"] - b) < 1e-9, (case["options"], a, b)
        if case["title"] == "BLEU":
            due = "/".join(f"{p:.1f}" for p in case["precisions"])
            due += f" (BP = {case['bp']:.3f} ratio = {case['sys_len'] / case['ref_len']:.3f} "
            due += f"hyp_len = {case['sys_len']} ref_len = {case['ref_len']})"
            assert first["details"] == due, (first["details"], due)


def test_captions():
    """CIDEr-D as pycocoevalcap (cider_scorer.py) computes it, in percent, of words between blanks."""
    due = {("en.hyp", "en.ref0", "en.ref1"): 298.88543058316196, ("other.hyp", "en.ref0"): 193.64764486239375}
    for (told, *right), score in due.items():
        cider, rouge = rows("eval", "-i", GOLDEN / told, *[f"--references={GOLDEN / r}" for r in right],
                            "--metric=cider,rouge-l", "--tokenize=none")
        assert abs(cider["score"] - score) < 1e-9 and cider["signature"].endswith("|case:mixed|tok:none"), cider
        assert 40 < rouge["score"] < 70 and rouge["metric"] == "ROUGE-L"


def test_of_standard_input():
    text = (GOLDEN / "zh.hyp").read_text()
    a = translate("eval", "--references", GOLDEN / "zh.ref0", "--tokenize=zh", stdin=text).text
    b = translate("eval", "-i", GOLDEN / "zh.hyp", "-r", GOLDEN / "zh.ref0", "--tokenize=zh").text
    assert "standard input" in a and a.split("BLEU")[1].split()[0] == b.split("BLEU")[1].split()[0]


def test_which_system_is_better():
    good, bad, right = GOLDEN / "en.hyp", GOLDEN / "other.hyp", GOLDEN / "en.ref0"
    command = ["eval", "-i", good, "-a", bad, "-r", right, "--metric=chrf"]
    one, two = rows(*command)
    assert one["score"] > two["score"] and one["p"] == two["p"] < 0.05
    for x in (one, two):
        assert x["low"] < x["score"] < x["high"]
    assert rows(*command) == [one, two] and rows(*command, "--seed=2") != [one, two]
    same = rows("eval", "-i", good, "-a", good, "-r", right, "--metric=bleu")
    assert all(x["p"] == 1 for x in same)
    alone, = rows("eval", "-i", good, "-r", right, "--metric=bleu", "--samples=200")
    assert alone["low"] < alone["score"] < alone["high"] and alone["p"] is None
    plain, = rows("eval", "-i", good, "-r", right, "--metric=bleu")
    assert plain["low"] is None and plain["score"] == alone["score"]


def test_interval_holds_what_it_should():
    """Of many equal halves: the mean of a 0 or 1 with p = 1/2 over n sentences, 95 % within 1.96 s."""
    n = 400
    Path("h").write_text("a b c d\n" * n)
    Path("r").write_text("".join("a b c d\n" if i % 2 else "e f g h\n" for i in range(n)))
    x, = rows("eval", "-i", "h", "-r", "r", "--metric=bleu", "--samples=2000")
    s = 100 * 0.5 / n ** 0.5
    assert abs(x["score"] - 50) < 1e-9
    assert abs(x["low"] - (50 - 1.96 * s)) < 0.5 and abs(x["high"] - (50 + 1.96 * s)) < 0.5, x


def test_what_is_wrong_with_scores():
    Path("a").write_text("x\ny\nz\n")
    Path("b").write_text("x\ny\n")
    Path("c").write_bytes(b"x\ny\xff\nz\n")
    Path("empty").write_text("")
    wrong("eval", "-i", "a", "-r", "b", needed=["b:3: 2 lines, where a has 3"])
    wrong("eval", "-i", "b", "-r", "a", needed=["a:3: 3 lines, where b has 2"])
    wrong("eval", "-i", "a", "-a", "b", "-r", "a", needed=["b:3: 2 lines, where a has 3"])
    wrong("eval", "-i", "a", "-r", "c", needed=["c:2:2: byte 0xff is not UTF-8"])
    wrong("eval", "-i", "a", "-r", "a", "--metric=blue", needed=["blue", "did you mean bleu?"])
    wrong("eval", "-i", "a", needed=["--references"])
    wrong("eval", "-i", "empty", "-r", "empty", needed=["empty: no lines"])


# ---- Baselines ---------------------------------------------------------------------------------------


def test_dictionary_learns_words():
    got = {r["word"]: r["translation"] for r in rows(
        "baseline", "--train", DATA / "train.tsv", "--columns=2,1", "--source-language=en", "--target-language=zh",
        "--list")}
    assert len(got) > 150
    for en, zh in {"cat": "猫", "he": "他", "three": "三", "i": "我", "she": "她", "black": "黑", "two": "两"}.items():
        assert zh in got[en], (en, got[en])
    out = translate("baseline", "--train", DATA / "train.tsv", "--source-language=zh", "--target-language=en",
                    stdin="她喝茶x。\n\n猫\n").text.split("\n")
    assert out[0] == "She drink tea x." and out[1] == "" and out[2].lower() in ("cat", "cats") and out[3:] == [""]


def test_nearest_sentence():
    known = [line.split("\t") for line in (DATA / "train.tsv").read_text().splitlines()[:50]]
    out = translate("baseline", "--method=nearest", "--train", DATA / "train.tsv", "--source-language=zh",
                    "--target-language=en", stdin="".join(a + "\n" for a, _ in known)).text
    assert out.splitlines() == [b for _, b in known]
    x, none = rows("baseline", "--method=nearest", "--list", "--train", DATA / "train.tsv", "--source-language=zh",
                   stdin=known[0][0] + "\nxyz\n")
    assert x["nearest"] == known[0][0] and abs(x["cosine"] - 1) < 1e-5
    assert none["nearest"] is None and none["cosine"] == 0


def test_what_is_wrong_with_parallel_text():
    Path("a").write_text("x\ny\nz\n")
    Path("b").write_text("x\ny\n")
    Path("tabs.tsv").write_text("x\ty\nx y\n")
    Path("more.tsv").write_text("x\ty\nx\ty\tz\n")
    Path("bytes.tsv").write_bytes(b"x\ty\nx\t\xfe\n")
    wrong("baseline", "--train=a", "--target=b", needed=["a:3: no line of b is its translation: that has 2"])
    wrong("baseline", "--train=tabs.tsv", needed=["tabs.tsv:2: 1 column where 2 are due"])
    wrong("baseline", "--train=more.tsv", needed=["more.tsv:2: 3 columns where the first row has 2"])
    wrong("baseline", "--train=bytes.tsv", needed=["bytes.tsv:2:3: byte 0xfe is not UTF-8"])
    wrong("baseline", "--train=more.tsv", "--columns=1,1,1", needed=["--columns"])
    wrong("baseline", needed=["--train"])


# ---- Pieces ------------------------------------------------------------------------------------------


def test_pieces_learned_applied_undone():
    text = "low low lower lowest\n\nnewest newest widest wider\n今天天气很好 今天很好\n"
    Path("t").write_text(text)
    translate("bpe", "t", "--merges=20", "--write=codes")
    codes = Path("codes").read_text().splitlines()
    assert codes[0] == "#version: 0.2" and "lo w</w>" in codes and len(codes) == 13
    cut = translate("bpe", "t", "--codes=codes").text
    assert cut.splitlines()[0] == "low low lo@@ we@@ r lo@@ west"
    assert translate("bpe", "--undo", stdin=cut).text == text
    Path("known").write_text("low 5\nlow@@ 5\nwest 1\n")
    again = translate("bpe", "t", "--codes=codes", "--vocabulary=known", "--threshold=2").text
    assert again.splitlines()[0] == "low low l@@ o@@ w@@ e@@ r l@@ o@@ w@@ e@@ s@@ t"
    assert translate("bpe", "--undo", stdin=again).text == text


def test_what_is_wrong_with_pieces():
    Path("t").write_text("a b\n")
    Path("codes").write_text("#version: 0.2\na b c\n")
    Path("known").write_text("a\n")
    Path("good").write_text("#version: 0.2\na b\n")
    wrong("bpe", "t", needed=["one of --write, --codes and --undo is due"])
    wrong("bpe", "t", "--codes=codes", needed=["codes:2: 3 units where 2 are due"])
    wrong("bpe", "t", "--codes=good", "--vocabulary=known", needed=["known:1: a piece and its count are due"])
    wrong("bpe", "--write=x", needed=["--write"])


# ---- The sentences -----------------------------------------------------------------------------------


def test_sentences_are_what_the_grammar_writes():
    os.mkdir("again")
    subprocess.run([sys.executable, DATA / "sentences.py", "again"], check=True)
    seen = []
    for name, count in ("train", 3000), ("valid", 200), ("test", 300):
        text = (DATA / f"{name}.tsv").read_text()
        assert text == Path("again", f"{name}.tsv").read_text()
        pairs = [line.split("\t") for line in text.splitlines()]
        assert len(pairs) == count and all(len(p) == 2 for p in pairs)
        seen += pairs
    for side in 0, 1:
        assert len({p[side] for p in seen}) == len(seen)


main(globals())
