#!/usr/bin/env python3
"""What training steps ask of the kernel once they are warm: steady.py BUILD_DIR [W1 ...] [--seconds 4]

Each workload runs under strace for a short and for a long time; what the long run has more is the
steady state's.  Futex calls happen when a thread has waited longer than it spins: when another
process has its CPU.  Exit status 77: strace is not installed."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

CALLS = ("futex", "mmap", "munmap", "mremap", "brk", "madvise", "sched_yield")


def counted(program, workload, threads, seconds):
    """Calls by name of one run, and what it says itself."""
    with tempfile.NamedTemporaryFile("r") as table:
        done = subprocess.run(["strace", "-f", "-c", "-o", table.name, "-e", "trace=" + ",".join(CALLS), program,
                               "--workload", workload, "--threads", str(threads), "--seconds", str(seconds),
                               "--format", "json"], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        rows = [line.split() for line in table.read().splitlines()]
        calls = {r[-1]: int(r[3]) for r in rows if len(r) >= 5 and r[-1] in CALLS}
        return calls, json.loads(done.stdout)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("build")
    a.add_argument("workloads", nargs="*")
    a.add_argument("--seconds", type=float, default=4)
    a.add_argument("--threads", type=int, default=2)
    o = a.parse_intermixed_args()
    if not shutil.which("strace"):
        print("skipped: strace is not installed")
        sys.exit(77)
    program = os.path.join(o.build, "tests/bench/bench_rnn")
    for w in o.workloads or ["W1", "W2", "W3", "W4", "W5"]:
        short, _ = counted(program, w, o.threads, 1)
        long, result = counted(program, w, o.threads, 1 + o.seconds)
        more = {c: long.get(c, 0) - short.get(c, 0) for c in CALLS}
        rate = next(v for k, v in result.items() if k.endswith("_per_s"))
        print(f"{w}  in {o.seconds:g} more seconds at {rate:.0f} a second: {result['faults_per_step']:.2f} page faults a step, "
              + ", ".join(f"{c} {n}" for c, n in more.items()), flush=True)


main()
