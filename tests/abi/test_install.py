#!/usr/bin/env python3
"""A stranger builds a plugin against an installed copy, with pkg-config alone.
usage: test_install.py MESON BUILD SOURCE CC TASK..."""
import glob
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import tap  # noqa: E402

MESON, (BUILD, SOURCE), CC = shlex.split(sys.argv[1]), map(os.path.abspath, sys.argv[2:4]), shlex.split(sys.argv[4])
TASKS = sys.argv[5:]
HELLO = os.path.join(SOURCE, "tests", "plugin", "hello", "hello.c")


def find(root, *pattern):
    hits = glob.glob(os.path.join(root, "**", *pattern), recursive=True)
    assert hits, f"{os.path.join(*pattern)} was not installed"
    return hits[0]


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="refrain-install-")
        subprocess.run([*MESON, "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", cls.root],
                       check=True, stdout=subprocess.DEVNULL)
        pc = find(cls.root, "refrain.pc")
        cls.lib = os.path.dirname(os.path.dirname(pc))
        cls.env = {**os.environ, "PKG_CONFIG_PATH": os.path.dirname(pc), "PKG_CONFIG_SYSROOT_DIR": cls.root,
                   "LD_LIBRARY_PATH": cls.lib}
        cls.plugin = os.path.join(cls.lib, "refrain", "1", "refrain-hello.so")
        os.makedirs(os.path.dirname(cls.plugin), exist_ok=True)
        flags = shlex.split(cls.out("pkg-config", "--cflags", "--libs", "refrain"))
        subprocess.run([*CC, "-shared", "-fPIC", "-o", cls.plugin, HELLO, *flags], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.root)

    @classmethod
    def out(cls, *args):
        r = subprocess.run(args, env=cls.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")
        assert r.returncode == 0, (args, r.returncode, r.stdout, r.stderr)
        return r.stdout

    def program(self, name):
        return find(self.root, "bin", name)

    def test_plugin_is_clean(self):
        self.assertNotIn("not ok", self.out(self.program("rf-check"), self.plugin))

    def test_plugin_is_found_beside_the_library(self):
        self.assertEqual(self.out(self.program("refrain"), "hello", "say", "la"), "la\n")
        self.assertIn("hello", self.out(self.program("refrain"), "plugins"))

    def test_plugindir_is_told(self):
        said = self.out("pkg-config", "--variable=plugindir", "refrain").strip()
        self.assertTrue(said.endswith("/refrain/1"), said)

    def test_no_private_header(self):
        public = set(os.listdir(os.path.join(SOURCE, "core", "include", "refrain")))
        headers = glob.glob(os.path.join(self.root, "**", "*.h"), recursive=True)
        self.assertEqual({os.path.basename(h) for h in headers}, public)

    def test_man_pages(self):
        for name in ["refrain", "rf-check"] + ["refrain-" + t for t in TASKS]:
            page = find(self.root, "man1", name + ".1")
            if shutil.which("groff"):
                r = subprocess.run(["groff", "-k", "-man", "-Tutf8", "-ww", page], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
                self.assertEqual((r.returncode, r.stderr.decode()), (0, ""), page)

    def test_tasks_are_found(self):
        for task in TASKS:
            self.assertIn("usage:", self.out(self.program("refrain-" + task), "--help"))


if __name__ == "__main__":
    tap.main()
