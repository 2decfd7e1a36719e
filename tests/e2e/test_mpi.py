"""Several processes train one model together.  Skipped where mpirun or refrain-mpi.so is missing."""
import os
import shutil
import signal
import subprocess
import time
from array import array
from pathlib import Path

from harness import APPS, BUILD, LM, TEXT, Skip, lm, main, metrics, near, one_line, run, tensors

MPIRUN = shutil.which("mpirun")
PLUGIN = BUILD / "plugins" / "mpi" / "refrain-mpi.so"
ROOT = ["--allow-run-as-root"] if os.getuid() == 0 else []
# Six lanes, which four processes share unevenly; every kind of dropout, so that masks must not depend
# on how the lanes are dealt out; a gradient that is clipped; embeddings with a sparse gradient.
RUN = """--hidden=16 --layers=2 --batch=6 --bptt=16 --dropout=0.3 --weight-dropout=0.2 --clip=0.2 --epochs=0
    --schedule=constant --learning-rate=0.01 --seed=5""".split()
# Sums in another order: relative differences of 1e-7 that some dozen steps of Adam let grow.
WITHIN = 2e-4
ENV = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def mpi(n, *command):
    """The words by which n processes are started."""
    if not MPIRUN or not PLUGIN.exists():
        raise Skip("there is no mpirun" if not MPIRUN else "refrain-mpi.so was not built")
    return [MPIRUN, "--oversubscribe", "--bind-to", "none", *ROOT, "-n", str(n), *map(str, command)]


def words(model, *options):
    if not Path("text.txt").exists():
        Path("text.txt").write_text(TEXT * 2)
    return [LM, "train", "text.txt", "--model", model, *RUN, *options]


def train(ranks, model, *options, **more):
    """Train with so many processes; with one, without MPI."""
    command = words(model, *options)
    return run(*(mpi(ranks, *command) if ranks > 1 else [*command, "--threads=1"]), env=ENV, **more)


def learned(model):
    """Parameters, the optimiser's memory and carried states of a state, as numbers; and the cursor."""
    state = tensors(model + ".state")[0]
    numbers = {k: array("f", v) for k, v in state.items()
               if k.split("/")[0] in ("parameter", "first", "second") or k.startswith("slot/carried")}
    return numbers, state["slot/cursor"]


def distance(a, b):
    """The largest difference between two states."""
    (x, cx), (y, cy) = learned(a), learned(b)
    assert x.keys() == y.keys() and cx == cy and any(k.startswith("slot/carried") for k in x)
    assert all(len(x[k]) == len(y[k]) for k in x)
    return max(abs(p - q) for k in x for p, q in zip(x[k], y[k]))


def test_as_one_process():
    variants = [((2, 4), []),
                ((2, 4), ["--variational", "--tie", "--cell=gru", "--optimizer=sgd", "--learning-rate=1"]),
                ((3,), ["--unit=word", "--softmax=sampled", "--samples=8"])]
    for numbers, more in variants:
        options = ["--steps=40", "--valid-every=20", *more]
        train(1, "one", *options)
        for ranks in numbers:
            p = train(ranks, "many", *options)
            assert p.text.count("step 40, valid") == 1, p.text  # rank 0 alone speaks
            far = distance("one", "many")
            assert far <= WITHIN, f"{ranks} processes, {more}: {far}"
        train(1, "other", *options, "--seed=6")
        far = distance("one", "other")
        assert far > 100 * WITHIN, f"the tolerance would let another seed pass: {far}"


def test_the_same_losses():
    one, many = [], []
    for ranks, found in ((1, one), (3, many)):
        out = train(ranks, "m", "--steps=40", "--valid-every=10", "--format=tsv").text
        for line in out.splitlines():
            for field in line.split("\t"):
                try:
                    found.append(float(field))
                except ValueError:
                    pass
    assert len(one) == len(many) > 16
    for a, b in zip(one, many):
        near(a, b, 1e-4 * max(1, abs(a)))


def test_resume_with_other_numbers_of_processes():
    train(1, "one", "--steps=40")
    for first, then in ((4, 1), (1, 4)):
        train(first, "many", "--steps=17")
        train(then, "many", "--steps=40", "--resume")
        far = distance("one", "many")
        assert far <= WITHIN, f"{first}, then {then} processes: {far}"
        for f in Path(".").glob("many*"):
            f.unlink()


def test_resume_is_exact():
    train(2, "whole", "--steps=30")
    train(2, "halves", "--steps=13")
    train(2, "halves", "--steps=30", "--resume")
    assert learned("whole") == learned("halves")


def children(pid):
    """In the order of their start, which is that of the ranks."""
    found = [f.read_text().split() for f in Path(f"/proc/{pid}/task").glob("*/children")]
    return sorted(int(x) for some in found for x in some)


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def started(ranks, model):
    """A training that does not end by itself, its state written a few times: mpirun and the ranks."""
    p = subprocess.Popen(mpi(ranks, *words(model, "--checkpoint=0.05", "--valid-every=30", "--minutes=2")), env=ENV,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while not (Path(model).exists() and Path(model + ".state").exists()):
        assert time.monotonic() < until and p.poll() is None, "no state is written"
        time.sleep(0.05)
    time.sleep(0.3)
    ranks_of = children(p.pid)
    assert len(ranks_of) == ranks, ranks_of
    return p, ranks_of


def ended(p, pids, within):
    """It ends soon, and nothing is left; its exit status and standard error."""
    before = time.monotonic()
    err = p.communicate(timeout=60)[1].decode()
    took = time.monotonic() - before
    assert took < within, f"{took} s"
    until = time.monotonic() + 5
    while not all(map(gone, pids)):
        assert time.monotonic() < until, "a process is left"
        time.sleep(0.05)
    return p.returncode, err


def steps(model):
    return array("q", tensors(model + ".state")[0]["slot/fit.counts"])[1]


def goes_on(model):
    """Model and state are whole: the one can be used, the other resumed."""
    assert metrics("eval", "text.txt", "--model", model, "--batch=4")["loss"] > 0
    step = steps(model)
    train(1, model, "--resume", f"--steps={step + 5}")
    assert step > 0 and steps(model) == step + 5


def test_a_killed_rank_ends_all():
    for victim in (0, 3):
        p, pids = started(4, "m")
        os.kill(pids[victim], signal.SIGKILL)
        status, err = ended(p, pids, 10)
        assert status != 0
        assert "on signal 9 (Killed)" in err, err
        goes_on("m")
        for f in Path(".").glob("m*"):
            f.unlink()


def test_a_signal_to_one_rank_stops_all():
    p, pids = started(3, "m")
    os.kill(pids[2], signal.SIGTERM)
    status, err = ended(p, pids, 10)
    assert status == 130, (status, err)
    assert err.count("saved in m.state") == 1, err
    goes_on("m")


def said(p):
    """What our own program wrote, one line of a failure among what mpirun has to say."""
    p.err = "".join(x + "\n" for x in p.err.splitlines() if x.startswith("refrain-lm: "))
    p.args = ["refrain-lm"]
    return p


def test_failures_are_one_line():
    one_line(said(train(4, "m", "--steps=5", "--batch=3", ok=None)), "--batch", "4 processes")
    train(1, "m", "--steps=5")
    one_line(said(run(*mpi(2, LM, "eval", "text.txt", "--model=m"), ok=None, env=ENV)), "one process")
    # Every rank sees the loss go: none waits for the others.
    p = train(2, "d", "--optimizer=sgd", "--learning-rate=1000", "--clip=0", "--cell=elman-identity", "--steps=300",
              ok=None)
    assert p.returncode == 1
    one_line(said(p), "step ")


def test_a_failure_of_one_rank_ends_all():
    """Rank 1 has another text, which is none; rank 0 waits for it, but not for ever."""
    Path("bad.txt").write_bytes(b"\xff\xfe" * 1000)
    good = words("m", "--steps=1000")
    bad = ["bad.txt" if w == "text.txt" else str(w) for w in good]
    before = time.monotonic()
    p = run(*mpi(1, *good), ":", "-n", "1", *bad, ok=None, env=ENV)
    assert p.returncode == 1, p.returncode
    one_line(said(p), "bad.txt")
    assert time.monotonic() - before < 15


def test_ranks():
    out = run(*mpi(3, APPS / "refrain-mpi", "ranks", "--format=tsv"), env=ENV).text.splitlines()
    assert [x.split("\t")[1] for x in out] == ["rank", "0", "1", "2"], out
    mpi(1)
    assert len(run(APPS / "refrain-mpi", "ranks", "--format=tsv").text.splitlines()) == 2


def alone(*command, **env):
    """Our program outside of the build tree, where it finds the language model's plugin only."""
    lib = Path("lib")
    lib.mkdir(exist_ok=True)
    shutil.copy(BUILD / "core" / "librefrain.so.1", lib)
    env = {**ENV, "LD_LIBRARY_PATH": str(lib.resolve()), "REFRAIN_PLUGIN_PATH": str(BUILD / "plugins" / "lm"), **env}
    return run(*command, env=env, ok=None)


def test_without_the_plugin():
    """No MPI is needed for this one."""
    p = alone(*words("m", "--steps=2"), OMPI_COMM_WORLD_SIZE="1")
    assert p.returncode == 0, p.err
    for env in ({"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "0"}, {"PMI_SIZE": "4"}):
        p = alone(*words("n", "--steps=2"), **env)
        one_line(p, "MPI started 4 processes", "refrain-mpi.so")
        assert not Path("n").exists()


def test_a_launcher_of_another_kind():
    mpi(1)
    p = run(*words("m", "--steps=2"), env={**ENV, "PMI_SIZE": "2", "PMI_RANK": "0"}, ok=None)
    one_line(p, "sees 1 processes where 2 were started")


main(globals())
