"""Help: it fits 80 columns and explains every option with its unit and default."""
import re
import unicodedata

from harness import APPS, main, run

VERBS = ("train", "eval", "generate", "score", "predict", "cells")


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_help_fits_80_columns():
    for words in ([], *[[v] for v in VERBS]):
        for how in ("--help", "--help=all"):
            out = run(APPS / "refrain-lm", *words, how).text
            assert out.strip()
            for line in out.splitlines():
                assert width(line) <= 80, line


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
