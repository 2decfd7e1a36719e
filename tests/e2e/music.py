"""What the tests of refrain-music share."""
import json

from harness import APPS, SOURCE, run

MUSIC = APPS / "refrain-music"
DATA = SOURCE / "data" / "music"
MIDI = DATA / "midi"


def music(*command, **options):
    return run(MUSIC, *command, **options)


def tables(*command, **options):
    """The records of a command, by the name of their table, and its notes."""
    out = {"notes": []}
    for line in music(*command, "--format=json", **options).text.splitlines():
        line = json.loads(line)
        if "row" in line:
            out.setdefault(line["table"], []).append(line["row"])
        elif "pitch" in line:
            out["notes"].append(line)
    return out


def wrong(*command):
    """The one line that a command which fails writes."""
    p = music(*command, ok=None)
    assert p.returncode in (1, 2), p.err
    lines = [x for x in p.err.splitlines() if not x.startswith("try '")]
    assert len(lines) == 1 and lines[0].startswith("refrain-music: "), p.err
    return lines[0].removeprefix("refrain-music: ")
