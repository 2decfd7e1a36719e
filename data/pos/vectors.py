#!/usr/bin/env python3
"""Text for vectors of characters and of pairs of them; and their vectors, made fit for refrain-pos train.

    vectors.py text FILE...                       every line as its characters and pairs, in turn
    vectors.py choose VECTORS FILE... --pairs N   of word2vec's text, the characters and the N most frequent pairs

FILE: plain text; TSV with :COLUMN behind its name (from 1); JSON in the form of SQuAD.  .gz is unpacked.
"""
import argparse
import collections
import gzip
import json
import re
import sys


def lines(name):
    path, _, column = name.partition(":")
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as f:
        if re.search(r"\.json(\.gz)?$", path):
            for article in json.load(f)["data"]:
                for paragraph in article["paragraphs"]:
                    yield paragraph["context"]
                    yield from (q["question"] for q in paragraph["qas"])
            return
        for line in f:
            yield line.rstrip("\n").split("\t")[int(column) - 1] if column else line


def folded(files):
    """As the tagger sees characters: all digits are one, blanks are none."""
    for name in files:
        for line in lines(name):
            yield re.sub(r"[0-9０-９]", "0", line.strip()).replace(" ", "")


def write_text(files):
    for line in folded(files):
        tokens = []
        for i, c in enumerate(line):
            tokens += [c, line[i:i + 2]] if i + 1 < len(line) else [c]
        print(" ".join(tokens))


def choose(vectors, files, most):
    count = collections.Counter(line[i:i + 2] for line in folded(files) for i in range(len(line) - 1))
    kept = {pair for pair, _ in count.most_common(most)}
    with open(vectors, encoding="utf-8") as f:
        size = next(f).split()[1]
        rows = [row for row in f if len(row.split(" ")[0]) == 1 or row.split(" ")[0] in kept]
    print(len(rows), size)
    sys.stdout.writelines(rows)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["text", "choose"])
    p.add_argument("files", nargs="+")
    p.add_argument("--pairs", type=int, default=30000)
    a = p.parse_args()
    if a.what == "text":
        write_text(a.files)
    else:
        choose(a.files[0], a.files[1:], a.pairs)


main()
