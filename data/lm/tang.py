#!/usr/bin/env python3
"""Poems for the model tang.safetensors: tang.py train.tsv[.gz] > tang.txt

Reads lines of author TAB title TAB verses, verses joined by "|" (the Quan Tang Shi of
github.com/chinese-poetry/chinese-poetry, MIT, in simplified characters).  Keeps regular verse: couplets
of 5 + 5 or 7 + 7 characters, 2 to 8 of them, without lacunae.  One couplet a line, an empty line between poems."""
import gzip
import re
import sys

COUPLET = re.compile(r"^(\w{5}，\w{5}|\w{7}，\w{7})[。？！]$")


def poems(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as f:
        for line in f:
            verses = line.rstrip("\n").split("\t")[2].split("|")
            if 2 <= len(verses) <= 8 and all(COUPLET.match(v) for v in verses):
                yield "\n".join(verses)


for poem in poems(sys.argv[1]):
    print(poem + "\n")
