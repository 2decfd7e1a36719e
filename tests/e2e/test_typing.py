"""Typing at a terminal: each key is answered, and the terminal is left as it was."""
import os
import pty
import select
import signal
import subprocess
import termios
import time
from pathlib import Path

from harness import APPS, SOURCE, main, run

PINYIN = APPS / "refrain-pinyin"
DATA = SOURCE / "data" / "pinyin"
LEXICON = DATA / "demo-lexicon.txt"
SMALL = ("--hidden=48 --epochs=12 --batch=8 --bptt=16 --valid-fraction=0 --prune=0 --word-prune=0 --learning-rate=0.01 "
           "--threads=1 --seed=1").split()


class Terminal:
    """The verb type at a terminal of its own."""

    def __init__(self, *more, stdout=None):
        self.own, side = pty.openpty()
        self.side, self.before = side, termios.tcgetattr(side)
        self.p = subprocess.Popen([PINYIN, "type", "--model=m", "--verbose", *more], stdin=side, stdout=stdout or side, stderr=side)
        self.told = ""
        self.wait("Ctrl-D ends")
        for _ in range(200):
            if not termios.tcgetattr(side)[3] & termios.ICANON:
                return
            time.sleep(0.02)
        raise AssertionError("the terminal is not raw")

    def wait(self, text, seconds=20):
        """Read until a text comes; what came."""
        end, got = time.monotonic() + seconds, ""
        while text not in got:
            if not select.select([self.own], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"{text!r} is not in {got!r}")
            got += os.read(self.own, 65536).decode(errors="replace")
        self.told += got
        return got

    def keys(self, text, wanted):
        os.write(self.own, text.encode())
        return self.wait(wanted)

    def end(self, code):
        got = self.p.wait(20)
        assert got == code, got
        assert termios.tcgetattr(self.side) == self.before, "the terminal is not as it was"
        os.close(self.own)
        os.close(self.side)


def learn():
    run(PINYIN, "train", DATA / "demo.txt", "--lexicon", LEXICON, "--model=m", *SMALL)


def test_typing_at_a_terminal():
    learn()
    t = Terminal()
    # Each key is answered: no line end is sent.
    t.keys("n", "|n")
    assert "1 " in t.keys("i", "|ni  ")
    t.keys("\x7f", "|n  ")
    t.keys("ihao", "|nihao   1 你好")
    t.keys("1", "你好  ")
    t.keys("yinhang", "你好|yinhang   1 银行")
    t.keys("\r", "你好银行\r\n")
    t.keys("xian", "|xian")
    t.keys("\x1b", "\r\x1b[K  ")
    t.keys("ta", "|ta")
    t.keys("\x1b[B", "|ta")
    t.keys("\x1b[A", "|ta")
    t.keys("\x15", "\r\x1b[K  ")
    t.keys("shi", "|shi")
    t.keys(" ", "是  ")
    os.write(t.own, b"\x04")
    got = t.wait("the slowest answered in")
    assert "是\r\n" in got
    t.end(0)


def test_interrupted_typing_leaves_the_terminal_as_it_was():
    learn()
    t = Terminal()
    t.keys("ni", "|ni")
    os.write(t.own, b"\x03")
    t.end(130)
    t = Terminal()
    t.keys("ni", "|ni")
    t.p.send_signal(signal.SIGTERM)
    t.end(130)


def test_answers_go_to_standard_output_alone():
    learn()
    with open("out.txt", "wb") as f:
        t = Terminal(stdout=f)
        t.keys("nihao", "|nihao   1 你好")
        t.keys("\r", "\r\x1b[K  ")
        t.keys("9x", "|9x")
        os.write(t.own, b"\x15\x04")
        t.end(0)
    assert Path("out.txt").read_text() == "你好\n"


main(globals())
