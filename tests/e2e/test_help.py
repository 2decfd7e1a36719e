"""Help: it fits 80 columns and explains every option with its unit and default."""
import re
import unicodedata

from harness import APPS, main, run

VERBS = {
    "refrain-lm": "train eval generate score predict cells".split(),
    "refrain-lab": "graph cell trace gradients memory odyssey series oscillator agent classify-train classify-eval "
                   "classify-run classify-folds cloze".split(),
}


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_help_fits_80_columns():
    for app, verbs in VERBS.items():
        for words in ([], *[[v] for v in verbs]):
            for how in ("--help", "--help=all"):
                out = run(APPS / app, *words, how).text
                assert out.strip()
                for line in out.splitlines():
                    assert width(line) <= 80, line


def test_help_of_a_program_is_short():
    """Every verb on a line of its own, in order, and one example of each at most."""
    for app, verbs in VERBS.items():
        out = run(APPS / app, "--help").text
        listed = re.findall(r"^  ([a-z-]+)  ", out.split("Commands:")[1].split("Common options:")[0], re.M)
        assert listed == verbs, listed
        examples = [x for x in out.split("Examples:")[1].splitlines() if f"{app} " in x and not x.startswith("Every")]
        assert len(examples) <= len(verbs), examples


def test_help_explains_units_and_defaults():
    out = run(APPS / "refrain-lm", "train", "--help=all").text
    for name in ("unit", "cell", "layers", "hidden", "embed", "tie", "dropout", "bptt", "batch",
                 "epochs", "minutes", "learning-rate", "optimizer", "schedule", "clip", "valid",
                 "resume"):
        assert re.search(rf"--(\[no-\])?{name}\b", out), name
    flat = re.sub(r"\s+", " ", out)
    for default in ("lstm", "256", "adam", "cosine", "char"):
        assert default in flat, default


def test_version_and_man_page():
    assert re.search(r"\d+\.\d+\.\d+", run(APPS / "refrain-lm", "--version").text)
    assert ".TH" in run(APPS / "refrain-lm", "--man").text


main(globals())
