#!/usr/bin/env python3
"""Refrain beside PyTorch, in turn: compare.py BUILD_DIR [--pairs 9] [--seconds 3] [--threads 2] [--weights f32]
    [W1 ...]

Both sides of a pair run right after one another; the ratio is taken pair by pair and its median,
minimum and maximum are printed.  PyTorch runs in its best setting: a fast OpenBLAS core with
OpenBLAS's own threads (training), memory kept by malloc."""
import argparse, json, os, statistics, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
BEST = {"OPENBLAS_CORETYPE": "SkylakeX", "MALLOC_MMAP_THRESHOLD_": "4294967296",
        "MALLOC_TRIM_THRESHOLD_": "8589934592", "MALLOC_TOP_PAD_": "268435456"}


def rate(command, env):
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode == 77:
        print(done.stdout.strip())
        sys.exit(77)
    if done.returncode:
        sys.exit(done.stderr)
    return next(v for k, v in json.loads(done.stdout).items() if k.endswith("_per_s"))


def fast_core():
    """SkylakeX where the CPU has AVX-512; otherwise OpenBLAS chooses by itself."""
    try:
        return "avx512f" in open("/proc/cpuinfo").read()
    except OSError:
        return False


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("workloads", nargs="*", default=["W1", "W2", "W3", "W4", "W5", "W6"])
    a.add_argument("--pairs", type=int, default=9)
    a.add_argument("--seconds", type=float, default=3)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--weights", default="f32", help="ours of W6: f32, bf16 or int8; PyTorch's are f32")
    o = a.parse_args()
    env = dict(os.environ)
    if fast_core():
        env.update(BEST)
    for w in o.workloads:
        common = ["--workload", w, "--seconds", str(o.seconds)]
        torch_threads = 1 if w != "W6" else o.threads
        env["OPENBLAS_NUM_THREADS"] = str(o.threads)
        ours = [os.path.join(o.build, "tests/bench/bench_rnn"), "--threads", str(o.threads), "--format", "json",
                "--weights", o.weights] + common
        theirs = [sys.executable, os.path.join(HERE, "pytorch.py"), "--threads", str(torch_threads)] + common
        pairs = [(rate(ours, os.environ), rate(theirs, env)) for _ in range(o.pairs)]
        ratio = [x / y for x, y in pairs]
        print(f"{w}  {o.threads} threads  {o.weights if w == 'W6' else 'f32'}  refrain {statistics.median(p[0] for p in pairs):10.1f}/s  "
              f"pytorch {statistics.median(p[1] for p in pairs):10.1f}/s  ratio {statistics.median(ratio):.2f} "
              f"[{min(ratio):.2f} - {max(ratio):.2f}]  {len(pairs)} pairs", flush=True)


main()
