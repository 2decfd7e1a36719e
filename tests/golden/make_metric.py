#!/usr/bin/env python3
"""Make what tests/e2e/test_translate.py compares with: scores of sacreBLEU on the texts in metric/.

Made once with sacreBLEU 2.6.0 and committed.  The texts were written for this project; they have what
tokenizers stumble over: entities, numbers, dashes, quotes, empty lines, full-width letters.

scores.json is a list of {"hypotheses", "references", "options", "score", "signature", "sentences",
"precisions", "bp", "against"?}: options are those of `refrain-translate eval`.

usage: make_metric.py [FOLDER]
"""
import json
import os
import sys

from sacrebleu.metrics import BLEU, CHRF

HERE = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "metric")
SETS = [("en.hyp", ["en.ref0"]), ("en.hyp", ["en.ref0", "en.ref1"]), ("other.hyp", ["en.ref0"]),
        ("zh.hyp", ["zh.ref0"])]


def lines(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return f.read().split("\n")[:-1]


def case(hypotheses, references, options, make, **more):
    h, refs = lines(hypotheses), [lines(r) for r in references]
    metric, single = make(False), make(True)
    score = metric.corpus_score(h, refs)
    sentences = [single.sentence_score(a, list(b)).score for a, *b in zip(h, *refs)]
    row = {"hypotheses": hypotheses, "references": references, "options": options, "title": score.name,
           "score": score.score, "signature": metric.get_signature().format(), "sentences": sentences}
    if score.name == "BLEU":
        row.update(precisions=score.precisions, bp=score.bp, sys_len=score.sys_len, ref_len=score.ref_len)
    return row


def main():
    out = []
    for h, r in SETS:
        for tok in ["13a", "zh", "intl", "char", "none"]:
            out.append(case(h, r, ["--metric=bleu", f"--tokenize={tok}"],
                            lambda one, tok=tok: BLEU(tokenize=tok, effective_order=one)))
        for smooth, value in [("floor", None), ("floor", 0.5), ("add-k", None), ("add-k", 0.25), ("none", None)]:
            options = ["--metric=bleu", f"--smooth={smooth}"] + ([f"--smooth-value={value}"] if value else [])
            out.append(case(h, r, options, lambda one, s=smooth, v=value: BLEU(
                smooth_method=s, smooth_value=v, effective_order=one)))
        out.append(case(h, r, ["--metric=bleu", "--lowercase"], lambda one: BLEU(lowercase=True, effective_order=one)))
        out.append(case(h, r, ["--metric=chrf"], lambda one: CHRF()))
        out.append(case(h, r, ["--metric=chrf++"], lambda one: CHRF(word_order=2)))
        out.append(case(h, r, ["--metric=chrf", "--lowercase", "--whitespace", "--char-order=4", "--beta=1",
                               "--word-order=1"],
                        lambda one: CHRF(lowercase=True, whitespace=True, char_order=4, beta=1, word_order=1)))
    with open(os.path.join(HERE, "scores.json"), "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(x, ensure_ascii=False) for x in out) + "\n]\n")


if __name__ == "__main__":
    main()
