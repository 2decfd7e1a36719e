"""A training that is interrupted goes on as if nothing had happened."""
import random
import signal
import subprocess
import time
from pathlib import Path

from harness import LM, TEXT, main, one_line, tensors, train

RUN = ["--epochs=30", "--dropout=0.2", "--layers=2", "--seed=3", "--checkpoint=0.05",
       "--learning-rate=0.01"]


def start(model, *options):
    from harness import TINY
    command = [str(LM), "train", "text.txt", "--model", model, *TINY, *RUN, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def learned(model):
    """Parameters and the optimiser's memory of a state, without the clock's readings."""
    state = tensors(model + ".state")[0]
    return {k: v for k, v in state.items() if k.split("/")[0] in ("parameter", "first", "second")
            or k == "slot/cursor" or k.startswith("slot/carried")}


def same(a, b):
    assert Path(a).read_bytes() == Path(b).read_bytes(), "the best models differ"
    x, y = learned(a), learned(b)
    assert x and x.keys() == y.keys()
    for name in x:
        assert x[name] == y[name], f"{name} differs"


def whole(model):
    """An uninterrupted training, and how long it took."""
    Path("text.txt").write_text(TEXT * 3)
    before = time.monotonic()
    train(model, *RUN)
    return time.monotonic() - before


def test_resuming_in_the_middle_gives_the_same_bits():
    whole("one")
    train("two", *RUN, "--steps=0", "--epochs=11", "--schedule=constant")
    train("two", *RUN, "--schedule=constant", "--resume")
    train("three", *RUN, "--schedule=constant")
    same("two", "three")


def test_resuming_keeps_the_softmax_and_its_samples():
    for more in (["--softmax=adaptive"], ["--softmax=sampled", "--samples=6"],
                 ["--softmax=sampled", "--samples=6", "--tie", "--optimizer=sgd"]):
        rest = ["--unit=word", "--seed=3", "--dropout=0.2", "--schedule=constant"]
        train("two", *rest, *more, "--steps=5")
        train("two", *rest, "--resume", "--steps=12")
        train("three", *rest, *more, "--steps=12")
        same("two", "three")
        for f in Path(".").glob("t[wh]*"):
            f.unlink()


def test_resuming_keeps_layer_normalization():
    rest = ["--seed=3", "--schedule=constant"]
    train("two", *rest, "--layer-norm", "--steps=5")
    train("two", *rest, "--resume", "--steps=12")
    train("three", *rest, "--layer-norm", "--steps=12")
    same("two", "three")
    train("four", *rest, "--steps=5")
    one_line(train("four", *rest, "--resume", "--layer-norm", ok=None), "--layer-norm")


def test_interrupt_saves_and_exits_with_130():
    took = whole("one")
    for sig in (signal.SIGINT, signal.SIGTERM):
        p = start("two")
        time.sleep(took / 2)
        p.send_signal(sig)
        p.communicate(timeout=60)
        assert p.returncode in (130, 0), p.returncode
        if p.returncode == 130:
            assert Path("two.state").exists()
        train("two", *RUN, "--resume")
        same("one", "two")
        for f in Path(".").glob("two*"):
            f.unlink()


def test_kill_at_20_random_moments_then_resume_gives_the_same_bits():
    took = whole("one")
    chance = random.Random(20)
    kills = 0
    while kills < 20:
        p = start("two", "--resume")
        time.sleep(chance.uniform(0.01, max(0.2, took / 4)))
        if p.poll() is None:
            p.kill()
            kills += 1
        err = p.communicate()[1].decode()
        assert p.returncode in (0, -signal.SIGKILL), err
        if p.returncode == 0:  # it got through: begin anew, until there were 20 kills
            same("one", "two")
            for f in Path(".").glob("two*"):
                f.unlink()
    train("two", *RUN, "--resume")
    same("one", "two")
    left = [f.name for f in Path(".").iterdir() if f.name not in
            ("text.txt", "one", "one.state", "two", "two.state") and "refrain-tmp" not in f.name]
    assert not left, left


def test_resume_keeps_the_options_of_the_state():
    whole("one")
    one_line(train("one", *RUN, "--resume", "--hidden=32", ok=None), "--hidden")
    one_line(train("one", *RUN, "--resume", "--cell=gru", ok=None), "--cell")
    Path("other.txt").write_text("something else\n" * 100)
    one_line(train("one", *RUN, "--resume", text="other.txt", ok=None), "other data")


def test_resume_of_a_damaged_state_is_refused():
    whole("one")
    data = bytearray(Path("one.state").read_bytes())
    data[len(data) // 2] ^= 1
    Path("one.state").write_bytes(data)
    one_line(train("one", *RUN, "--resume", ok=None), "one.state")
    Path("one.state").write_bytes(data[: len(data) // 3])
    one_line(train("one", *RUN, "--resume", ok=None), "one.state")


def test_more_epochs_after_the_end():
    train("m", "--epochs=2", "--schedule=constant")
    train("m", "--epochs=5", "--schedule=constant", "--resume")
    train("n", "--epochs=5", "--schedule=constant")
    a, b = learned("m"), learned("n")
    assert all(a[k] == b[k] for k in a)


main(globals())
