"""refrain-lab memory and gradients: what the tasks ask is right, small ones are learned, and the
gradient fades as it should."""
import xml.dom.minidom
from pathlib import Path

from harness import main, near, refused, tables

TINY = "--hidden=8 --batch=8 --steps=4 --every=2 --test=16 --threads=1".split()


def table(name, *command):
    """The rows of one table that a command writes."""
    return tables(*command)[name]


def sequences(task, n, *more):
    """Sequences of a task and what is asked at each step, as words."""
    rows = table("sequence", "memory", task, f"--show={n}", *more)
    assert len(rows) == n
    return [(r["sequence"].split(), r["answers"].split()) for r in rows]


# ---- What is asked ------------------------------------------------------------------------------

SINGULAR = "cat dog bird mouse horse boy girl child farmer woman".split()
PLURAL = "cats dogs birds mice horses boys girls children farmers women".split()
ADVERBS = "already often never".split()
VERBS = "ate saw chased liked found".split()
PLACES = "near behind with beside".split()
ADJECTIVES = "small old hungry black".split()


def read_phrase(words, at, nouns):
    """the ADJECTIVE* NOUN, from words[at] on; the noun goes to nouns.  Where it ends."""
    assert words[at] == "the", words[at:]
    at += 1
    while words[at] in ADJECTIVES:
        at += 1
    assert words[at] in SINGULAR + PLURAL, words[at]
    nouns.append(words[at])
    return at + 1


def read_act(words, at, nouns):
    if words[at] in ADVERBS:
        at += 1
    assert words[at] in VERBS, words[at:]
    return read_phrase(words, at + 1, nouns)


def read_sentence(words):
    """A grammatical sentence up to its verb: the subject, and the nouns between."""
    nouns = []
    assert words[0] == "the" and words[1] in SINGULAR + PLURAL, words
    assert words[2:4] == [",", "which"] and words[-1] == ",", words
    at = read_act(words, 4, nouns)
    while at < len(words) - 1:
        if words[at] == "and":
            at = read_act(words, at + 1, nouns)
        else:
            assert words[at] in PLACES, words[at:]
            at = read_phrase(words, at + 1, nouns)
    return words[1], nouns


def test_agreement_is_grammatical_and_its_verb_agrees():
    lengths, labels, misleading, all_nouns = set(), [], 0, set()
    for words, answers in sequences("agreement", 400, "--lengths=20"):
        subject, nouns = read_sentence(words)
        due = "were" if subject in PLURAL else "was"
        assert answers == ["."] * (len(words) - 1) + [due], (words, answers)
        lengths.add(len(words) - 1)  # words from the subject to the verb
        labels.append(due)
        misleading += (nouns[-1] in PLURAL) != (subject in PLURAL)
        all_nouns.update([subject, *nouns])
    assert lengths == set(range(7, 21)), lengths
    assert 150 < labels.count("were") < 250
    assert 120 < misleading < 280, misleading
    assert all_nouns == set(SINGULAR + PLURAL)


def test_brackets_are_well_formed_and_the_right_one_is_asked_for():
    pairs = dict(zip("([{", ")]}"))
    deepest = 0
    for word, answers in sequences("dyck", 100, "--lengths=30", "--kinds=3", "--depth=4"):
        assert len(word) == len(answers) == 30
        stack = []
        for t, bracket in enumerate(word):
            if bracket in pairs:
                stack.append(bracket)
                assert t == 0 or answers[t - 1] == "."
            else:
                assert pairs[stack.pop()] == bracket and answers[t - 1] == bracket
            deepest = max(deepest, len(stack))
        assert not stack and answers[-1] == "."
    assert deepest == 4


def test_copy_is_what_was_read():
    seen = set()
    for word, answers in sequences("copy", 50, "--lengths=5", "--kinds=4"):
        assert len(word) == len(answers) == 25
        assert word[10:] == ["_"] * 4 + ["!"] + ["_"] * 10
        assert answers == ["_"] * 15 + word[:10]
        seen.update(word[:10])
    assert seen == set("abcd")


def test_parity_and_order():
    for word, answers in sequences("parity", 50, "--lengths=9"):
        assert answers == [str(word[: t + 1].count("1") % 2) for t in range(9)]
    seen = set()
    for word, answers in sequences("order", 60, "--lengths=30"):
        rare = [t for t, x in enumerate(word) if x in "XY"]
        assert len(rare) == 2 and 3 <= rare[0] < 6 and 15 <= rare[1] < 18, word
        assert word[0] == "E" and word[-1] == "B" and not set(word[1:-1]) & set("EB")
        assert answers == ["."] * 29 + [word[rare[0]] + word[rare[1]]]
        seen.add(answers[-1])
    assert len(seen) == 4


def test_the_sum_is_of_one_number_in_each_half():
    total = 0
    for word, answer in sequences("adding", 200, "--lengths=11"):
        marked = [t for t, x in enumerate(word) if x.endswith("*")]
        assert len(word) == 11 and len(marked) == 2 and marked[0] < 5 <= marked[1]
        near(float(answer[0]), sum(float(word[t][:-1]) for t in marked), 0.0151)
        total += float(answer[0])
    near(total / 200, 1, 0.1)


def test_sequences_depend_on_the_seed_alone():
    a, b, c = (sequences("dyck", 20, f"--seed={s}") for s in (4, 4, 5))
    assert a == b != c
    assert len({" ".join(w) for w, _ in a}) == 20  # no two are the same


# ---- Learning -------------------------------------------------------------------------------------

def test_adding_over_ten_steps_is_learned():
    command = ["memory", "adding", "--lengths=10", "--cell=gru", "--hidden=16", "--steps=2000",
               "--learning-rate=0.02", "--plot=p.svg"]
    (r,) = table("result", *command)
    assert r["solved"] == "yes" and r["mse"] < 0.01 and r["steps"] < 2000, r
    near(r["guess"], 1 / 6, 1e-6)
    curve = table("curve", *command)
    assert curve[0]["mse"] > curve[-1]["mse"] == r["mse"]
    assert curve[-1]["step"] == r["steps"]  # it stops when it is solved
    assert Path("p.svg").read_text().count("gru") == 1


def test_agreement_is_learned_by_lstm_and_told_by_distance():
    out = tables("memory", "agreement", "--lengths=12", "--cell=lstm", "--hidden=16", "--steps=1500",
                 "--distances", "--svg-distances=d.svg")
    (r,), groups = out["result"], out["distance"]
    assert r["solved"] == "yes" and r["accuracy"] >= 0.99, r
    assert [(g["from"], g["to"]) for g in groups] == [(7, 8), (9, 12)], groups
    assert sum(g["answers"] for g in groups) == 512
    near(sum(g["answers"] * g["accuracy"] for g in groups) / 512, r["accuracy"], 1e-6)
    xml.dom.minidom.parse("d.svg")


def test_every_cell_and_length_is_tried_with_every_seed():
    command = ["memory", "parity", "--cell=elman,irnn:0.001", "--lengths=3,6", "--seeds=2", *TINY,
               "--plot=p.svg", "--svg-lengths=l.svg"]
    rows = table("result", *command)
    tried = [(r["cell"], r["length"], r["seed"]) for r in rows]
    assert tried == [(c, n, s) for c in ("elman", "irnn") for n in (3, 6) for s in (1, 2)]
    assert len(table("summary", *command)) == 4
    assert table("curve", *command) == table("curve", *command)
    text = Path("p.svg").read_text()
    assert "elman, 3" in text and "irnn, 6" in text
    assert xml.dom.minidom.parse("l.svg").getElementsByTagName("path").length == 6


def test_a_training_that_diverges_is_a_result():
    (r,) = table("result", "memory", "adding", "--lengths=40", "--cell=elman-identity:1e30", "--clip=0",
                 "--optimizer=sgd", *TINY)
    assert r["solved"] == "diverged", r


def test_the_tasks_are_listed():
    rows = {r["task"]: r for r in table("task", "memory")}
    assert {"adding", "copy", "parity", "dyck", "agreement", "order"} <= set(rows)
    assert rows["adding"]["measured"] == "mse" and rows["adding"]["solved_at"] == 0.01


# ---- Gradients ------------------------------------------------------------------------------------

def test_the_gradient_of_elman_falls_a_thousand_times_further_than_lstm():
    command = ["gradients", "--cell=elman,lstm", "--sequences=16", "--steps=2", "--moments=1",
               "--svg=g.svg", "--plot=t.svg"]
    falls = table("fall", *command)
    assert [(f["cell"], f["step"]) for f in falls] == [("elman", 0), ("lstm", 0), ("elman", 2),
                                                       ("lstm", 2)]
    for elman, lstm in (falls[:2], falls[2:]):
        assert elman["fall"] > 1000 * lstm["fall"] > 1000, (elman, lstm)
        near(elman["fall"], elman["at_0"] / elman["at_lag"], 1e-6 * elman["fall"])
    lags = table("gradient", *command)
    assert [r["lag"] for r in lags[:7]] == [0, 1, 2, 5, 10, 20, 50]
    assert all(r["mean_c"] is None for r in lags if r["cell"] == "elman")
    for r in lags:
        assert r["mean"] <= r["mean_h"] + (r["mean_c"] or 0) + 1e-12, r
    for f in ("g.svg", "t.svg"):
        assert xml.dom.minidom.parse(f).getElementsByTagName("path").length == 4


def test_at_its_beginning_irnn_keeps_what_reaches_it():
    rows = table("fall", "gradients", "order", "--cell=irnn", "--steps=0", "--sequences=16")
    assert rows[0]["fall"] < 3, rows


# ---- Bad input ------------------------------------------------------------------------------------

def test_bad_input_is_one_clear_line():
    refused("memory", "adding", "--cell=lstm,grru", words=["--cell", "grru", "gru?"])
    refused("memory", "addng", words=["addng", "adding?"])
    refused("memory", "adding", "--cell=lstm:fast", words=["--cell", "fast", "learning rate"])
    refused("memory", "adding", "--lengths=10,,20", words=["--lengths", "10,,20"])
    refused("memory", "adding", "--kinds=3", words=["--kinds", "adding"])
    refused("memory", "dyck", "--kinds=9", words=["--kinds", "4 at most"])
    refused("memory", "agreement", "--lengths=3", words=["length 3", "7"])
    refused("memory", "adding", "--optimizer=adma", words=["--optimizer", "adma"])
    refused("gradients", "dyck", words=["dyck", "last step"])
    refused("gradients", "--lag=60", words=["--lag", "60"])
    refused("gradients", "--cell=lstm-fgr", "--steps=0", words=["lstm-fgr"])


main(globals())
