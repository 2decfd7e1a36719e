#!/usr/bin/env python3
"""The direction of dependencies, read from the #includes.  usage: test_includes.py SOURCE"""
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import tap  # noqa: E402

SOURCE = os.path.abspath(sys.argv[1])
BASE = {"base"}
TENSOR = BASE | {"tensor"}
GRAPH = TENSOR | {"graph"}
MODEL = GRAPH | {"cells", "layers"}
# What each part may include, besides itself.
ALLOWED = {
    "base": set(),
    "tensor": BASE,
    "graph": TENSOR,
    "cells": GRAPH,
    "layers": GRAPH,
    "io": TENSOR,
    "text": TENSOR | {"io"},  # of io the public headers: input, models
    "train": MODEL | {"io"},  # likewise: checkpoints, plots
    "decode": MODEL,
    "seq2seq": MODEL | {"decode"},
    "host": BASE | {"io"},  # of io model.h alone
    "task": MODEL | {"io", "text", "train", "decode", "seq2seq", "host"},  # of host plugin.h alone
}
# Where a public header belongs.
PART = {
    "config.h": "base", "status.h": "base", "base.h": "base", "collective.h": "base", "tensor.h": "tensor", "graph.h": "graph", "op.h": "graph",
    "cell.h": "cells", "convnet.h": "layers", "layers.h": "layers", "train.h": "train", "decode.h": "decode", "seq2seq.h": "seq2seq", "text.h": "text", "conllu.h": "text", "segment.h": "text", "metric_text.h": "text", "io.h": "io",
    "diagram.h": "io", "model.h": "io", "music.h": "io", "plot.h": "io", "words.h": "io",
    "plugin.h": "host", "hear.h": "host", "live.h": "host", "host.h": "host", "confusion.h": "task", "task.h": "task", "training.h": "task", "refrain.h": "all",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def files(*folder):
    for top, _, names in os.walk(os.path.join(SOURCE, *folder)):
        for name in sorted(names):
            if name.endswith((".c", ".h", ".inc", ".def")):
                yield os.path.join(top, name)


def includes(path):
    """(public, name): public is True for <refrain/...>."""
    with open(path, encoding="utf-8") as f:
        for bracket, name in INCLUDE.findall(f.read()):
            if bracket == "<" and name.startswith("refrain/"):
                yield True, name[len("refrain/"):]
            elif bracket == '"':
                yield False, name


class Includes(unittest.TestCase):
    def wrong(self, path, name, why):
        self.fail(f"{os.path.relpath(path, SOURCE)}: includes {name}: {why}")

    def check_part(self, part, path):
        allowed = ALLOWED[part] | {part}
        for public, name in includes(path):
            if public:
                self.assertIn(name, PART, f"{path}: a header that this test does not know yet")
                owner = PART[name]
                if part == "task" and owner == "host" and name != "plugin.h":
                    self.wrong(path, name, "task sees plugin.h only")
                if part == "host" and owner == "io" and name != "model.h":
                    self.wrong(path, name, "host sees model.h only")
            else:
                owner = name.split("/")[0] if "/" in name else part
                if owner == "io" and part != "io":
                    self.wrong(path, name, f"{part} sees the public headers of io only")
            if owner not in allowed:
                self.wrong(path, name, f"{part} stands on {', '.join(sorted(allowed - {part})) or 'nothing'}")

    def test_parts(self):
        for part in sorted(os.listdir(os.path.join(SOURCE, "core"))):
            if part == "include" or not os.path.isdir(os.path.join(SOURCE, "core", part)):
                continue
            self.assertIn(part, ALLOWED, "a folder of core/ that this test does not know yet")
            for path in files("core", part):
                with self.subTest(path=path):
                    self.check_part(part, path)

    def test_public_headers(self):
        for path in files("core", "include"):
            part = PART[os.path.basename(path)]
            if part == "all":
                continue
            for public, name in includes(path):
                self.assertTrue(public, f"{path}: a private header {name}")
                with self.subTest(path=path, name=name):
                    self.assertIn(PART[name], ALLOWED[part] | {part})

    def test_plugins_see_public_headers_only(self):
        for path in files("plugins"):
            for public, name in includes(path):
                mine = os.path.exists(os.path.join(os.path.dirname(path), name))
                self.assertTrue(public or mine, f"{path}: {name}")
                self.assertNotEqual(public and name, "host.h", path)

    def test_apps_see_the_host_only(self):
        for path in files("apps"):
            for public, name in includes(path):
                mine = os.path.exists(os.path.join(os.path.dirname(path), name))
                self.assertTrue(name == "host.h" if public else mine, f"{path}: {name}")


if __name__ == "__main__":
    tap.main()
