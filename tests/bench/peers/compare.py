#!/usr/bin/env python3
"""Refrain beside a peer, in turn: compare.py BUILD_DIR [W1 ...] [--peer pytorch|onednn] [--pairs 9]

Both sides of a pair run right after one another, in processes of their own, and take turns in
beginning; the ratio is taken pair by pair, and its median, minimum and maximum are printed.

pytorch   whole training steps (W6: generation), in PyTorch's best setting: a fast OpenBLAS core with
          OpenBLAS's own threads, memory kept by malloc.  --sparse: with sparse gradients of
          embeddings where its optimiser allows them (W1, W2)
onednn    the recurrent layers alone, by oneDNN's rnn primitive; threads bound to cores
--busy    instead of ratios between the two: each one's rate beside a busy loop, relative to its rate
          without; fails when ours falls below a third

Exit status 77: the peer is not installed."""
import argparse
import json
import os
import statistics
import subprocess
import sys

from common import HERE, python_with_torch, skip, torch_environment

TRAINING = ["W1", "W2", "W3", "W4", "W5"]
LEAST_BESIDE_A_LOOP = 1 / 3


class PyTorch:
    name, workloads, ours = "pytorch", TRAINING + ["W6"], "bench_rnn"

    def __init__(self, o):
        self.python, self.threads, self.sparse = python_with_torch(), o.threads, o.sparse

    def command(self, w):
        threads = self.threads if w == "W6" else 1  # in training OpenBLAS's threads serve it better
        extra = ["--sparse"] if self.sparse and w in ("W1", "W2") else []
        return [self.python, os.path.join(HERE, "pytorch.py"), "--threads", str(threads), *extra]

    def environment(self):
        return torch_environment(self.threads)


class OneDNN:
    name, workloads, ours = "onednn", TRAINING, "bench_cells"

    def __init__(self, o):
        self.program, self.threads = os.path.join(o.build, "tests/bench/onednn"), o.threads
        if not os.path.exists(self.program):
            skip(f"{self.program} is not built: it needs libdnnl-dev")

    def command(self, w):
        return [self.program, "--format", "json"]

    def environment(self):
        return {**os.environ, "OMP_NUM_THREADS": str(self.threads), "OMP_PROC_BIND": "close", "OMP_PLACES": "cores"}


def rate(command, environment, w, seconds):
    done = subprocess.run([*command, "--workload", w, "--seconds", str(seconds)], env=environment,
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return next(v for k, v in json.loads(done.stdout).items() if k.endswith("_per_s"))


def both(o, peer, w, turn):
    """Rates of one pair: ours, the peer's."""
    ours = [os.path.join(o.build, "tests/bench", peer.ours), "--threads", str(o.threads), "--format", "json",
            *(["--weights", o.weights] if w == "W6" else [])]
    sides = [(ours, os.environ), (peer.command(w), peer.environment())]
    found = {}
    for k in (0, 1) if turn % 2 == 0 else (1, 0):
        found[k] = rate(*sides[k], w, o.seconds)
    return found[0], found[1]


def beside_a_loop(o, peer, w, turn):
    loop = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        return both(o, peer, w, turn)
    finally:
        loop.kill()
        loop.wait()


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "pairs": list(values)}


def text(s):
    return f"{s['median']:.2f} [{s['min']:.2f} - {s['max']:.2f}]"


def compare(o, peer, w):
    pairs = [both(o, peer, w, turn) for turn in range(o.pairs)]
    ours, theirs = (statistics.median(p[k] for p in pairs) for k in (0, 1))
    ratio = summary([a / b for a, b in pairs])
    line = (f"{w}  {o.threads} threads  {o.weights if w == 'W6' else 'f32'}  refrain {ours:10.1f}/s  {peer.name} {theirs:10.1f}/s  ratio {text(ratio)}"
            f"  {len(pairs)} pairs")
    return line, {"refrain_per_s": ours, peer.name + "_per_s": theirs, "ratio": ratio}, True


def compare_busy(o, peer, w):
    kept = ([], [])
    for turn in range(o.pairs):
        alone, beside = both(o, peer, w, turn), beside_a_loop(o, peer, w, turn)
        for k in (0, 1):
            kept[k].append(beside[k] / alone[k])
    ours, theirs = map(summary, kept)
    line = f"{w}  {o.threads} threads  beside a busy loop: refrain {text(ours)}  {peer.name} {text(theirs)}  of its rate"
    return line, {"refrain_kept": ours, peer.name + "_kept": theirs}, ours["median"] >= LEAST_BESIDE_A_LOOP


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("build")
    a.add_argument("workloads", nargs="*")
    a.add_argument("--peer", choices=("pytorch", "onednn"), default="pytorch")
    a.add_argument("--pairs", type=int, default=9)
    a.add_argument("--seconds", type=float, default=3, help="of each side in a pair")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--weights", default="f32", help="ours of W6: f32, bf16 or int8; PyTorch's are f32")
    a.add_argument("--sparse", action="store_true")
    a.add_argument("--busy", action="store_true")
    a.add_argument("--format", choices=("text", "json"), default="text")
    o = a.parse_intermixed_args()
    peer = {"pytorch": PyTorch, "onednn": OneDNN}[o.peer](o)
    well = True
    for w in o.workloads or peer.workloads:
        line, numbers, good = (compare_busy if o.busy else compare)(o, peer, w)
        well = well and good
        if o.format == "json":
            line = json.dumps({"workload": w, "threads": o.threads, "peer": peer.name,
                               "weights": o.weights if w == "W6" else "f32", "seconds": o.seconds, **numbers})
        print(line, flush=True)
    sys.exit(0 if well else 1)


main()
