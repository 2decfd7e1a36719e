"""refrain-lab odyssey from end to end, on the cadences that come with the project and on pieces of a few notes."""
import json
import math
import os
import signal
import subprocess
import time
import xml.dom.minidom
from pathlib import Path

from harness import LAB, SOURCE, lab, main, near, refused, tables

# Small enough that a training takes a tenth of a second.
SMALL = "--epochs=3 --hidden=8:12 --batch=8 --learning-rate=0.1:0.5".split()
GIVEN = ("--trials=0 --epochs=3 --hidden=8 --batch=4 --learning-rate=0.1 "
         "--dropout=0.1 --dropout-input=0 --dropout-weight=0").split()


def odyssey(*command, **options):
    return lab("odyssey", *command, **options)


def rows(*command):
    """The rows of each table, and the words."""
    out = tables("odyssey", *command)
    return out, out.pop("text", "")


def small_set(path, pieces=8, steps=12):
    """Pieces that climb a scale, each from a note of its own."""
    part = [[[40 + i + 2 * (t % 8), 60 + i] for t in range(steps)] for i in range(pieces)]
    Path(path).write_text(json.dumps({"train": part, "valid": part[:3], "test": part[3:5]}))


def test_all_cells_get_the_same_budget_and_are_judged():
    found, words = rows("--trials=2", "--seeds=2", "--svg=o.svg", *SMALL)
    names = ["vanilla", "NIG", "NFG", "NOG", "NIAF", "NOAF", "NP", "CIFG", "FGR"]
    assert [r["variant"] for r in found["variant"]] == names
    assert len(found["trial"]) == 18 and len(found["training"]) == 18
    for t in (1, 2):  # the same settings with every cell
        drawn = {(r["hidden"], r["learning-rate"], r["dropout"]) for r in found["trial"] if r["trial"] == t}
        assert len(drawn) == 1, drawn
    for name in names:  # the better trial on the validation part is repeated, and nothing else
        tried = {r["trial"]: r["valid"] for r in found["trial"] if r["variant"] == name}
        again = {r["trial"] for r in found["training"] if r["variant"] == name}
        assert again == {min(tried, key=tried.get)}, (name, tried, again)
    for r in found["variant"]:
        tests = [x["test"] for x in found["training"] if x["variant"] == r["variant"]]
        near(r["mean"], sum(tests) / 2, 1e-6)
        near(r["sd"], abs(tests[0] - tests[1]) / math.sqrt(2), 1e-6)
    vanilla, nig = found["variant"][0], found["variant"][1]
    near(nig["difference"], nig["mean"] - vanilla["mean"], 1e-6)
    assert vanilla["p_welch"] is None and 0 <= nig["p_welch"] <= 1
    for phrase in ("The vanilla LSTM", "Significantly better than vanilla: ", "Greff et al. on JSB",
                   "Agreement with the paper: ", "With 2 seeds the rank test cannot"):
        assert phrase in words, words
    svg = Path("o.svg").read_text()
    xml.dom.minidom.parseString(svg)
    assert all(f">{n}<" in svg for n in names) and svg.count("<circle") == 18


def test_what_a_setting_does_is_told():
    """One epoch learns more at a higher rate, whichever cell."""
    found, _ = rows("--cells=vanilla,np", "--trials=6", "--seeds=1", "--epochs=1", "--hidden=8", "--learning-rate=1e-4:0.1",
                     "--batch=8",
                     "--dropout=0.1", "--dropout-input=0", "--dropout-weight=0:0.01")
    found = {r["setting"]: r["correlation"] for r in found["influence"]}
    assert set(found) == {"learning-rate", "dropout-weight"} and found["learning-rate"] < -0.5, found


def test_the_error_is_that_of_what_is_known():
    """Steps that never change are learned until little is left; the first step does not count."""
    part = [[[60], [64], [67]]] * 4
    Path("s.json").write_text(json.dumps({"train": part * 8, "valid": part, "test": part}))
    found, _ = rows("s.json", "--cells=vanilla", "--seeds=2", *GIVEN, "--epochs=200", "--patience=200",
                     "--hidden=24", "--dropout=0")
    assert found["variant"][0]["mean"] < 0.05, found["variant"]


def test_padding_does_not_count():
    """A long piece in the same batch changes nothing of what is said of a short one."""
    short, long_ = [[60], [64]], [[50 + t % 5] for t in range(40)]
    base = {"train": [short, long_], "valid": [short], "test": [short]}
    Path("a.json").write_text(json.dumps(base))
    found, _ = rows("a.json", "--cells=lstm", "--seeds=1", *GIVEN, "--epochs=1")
    alone = found["training"][0]["test"]
    base["test"] = [short] * 3 + [long_]
    Path("b.json").write_text(json.dumps(base))
    together = rows("b.json", "--cells=lstm", "--seeds=1", *GIVEN, "--epochs=1")[0]["training"][0]["test"]
    base["test"] = [long_]
    Path("c.json").write_text(json.dumps(base))
    other = rows("c.json", "--cells=lstm", "--seeds=1", *GIVEN, "--epochs=1")[0]["training"][0]["test"]
    near(together, (3 * alone + 39 * other) / 42, 1e-4)


def test_threads_change_nothing():
    one = odyssey("--cells=lstm,nfg", "--trials=2", "--seeds=2", "--threads=1", "--seed=3", *SMALL).text
    two = odyssey("--cells=lstm,nfg", "--trials=2", "--seeds=2", "--threads=3", "--seed=3", *SMALL).text
    other = odyssey("--cells=lstm,nfg", "--trials=2", "--seeds=2", "--seed=4", *SMALL).text
    assert one == two and one != other


def test_a_search_goes_on_where_it_was():
    more = ["--cells=vanilla,cifg", "--log=log", "--resume", *SMALL]
    whole = odyssey("--cells=vanilla,cifg", "--trials=3", "--seeds=2", *SMALL).text
    odyssey("--trials=2", "--seeds=1", *more)
    lines = Path("log").read_text().splitlines()
    assert len(lines) == 1 + 4 + 2
    Path("log").write_text("\n".join(lines[:4]) + "\n")  # as if it had been stopped after three
    p = odyssey("--trials=3", "--seeds=2", *more)
    assert p.text == whole and "3 of them known" in p.err, p.err
    p = odyssey("--trials=3", "--seeds=2", *more)
    assert p.text == whole and len(Path("log").read_text().splitlines()) == 1 + 6 + 4
    assert all(json.loads(x) for x in Path("log").read_text().splitlines())


def test_control_c_keeps_what_is_finished():
    command = [LAB, "odyssey", "--cells=vanilla,np", "--trials=400", "--log=log", "--resume", *SMALL]
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.time() + 30
    while time.time() < end and (not Path("log").exists() or Path("log").read_text().count("\n") < 4):
        time.sleep(0.02)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=30)
    kept = Path("log").read_text().splitlines()
    assert p.returncode == 130 and len(kept) >= 4, (p.returncode, err)
    assert b"--resume goes on" in err and all(json.loads(x)["seed"] is not None for x in kept)


def test_a_log_is_not_mixed_up():
    odyssey("--cells=np", "--seeds=1", "--log=log", *GIVEN)
    refused("odyssey", "--cells=np", "--seeds=1", "--log=log", *GIVEN, words=["log: exists", "--resume"])
    refused("odyssey", "--cells=np", "--seeds=1", "--log=log", "--resume", *GIVEN, "--epochs=4",
          words=["log: ", "--epochs 3, not 4"])
    refused("odyssey", "--cells=np", "--seeds=1", "--log=log", "--resume", *GIVEN, "--learning-rate=0.2",
          words=["--learning-rate \"0.1:0.1\", not \"0.2:0.2\""])
    small_set("s.json")
    refused("odyssey", "s.json", "--cells=np", "--seeds=1", "--log=log", "--resume", *GIVEN, words=["other data"])
    lines = Path("log").read_text().splitlines()
    Path("log").write_text(lines[0] + "\n{\"cell\": 3}\n")
    refused("odyssey", "--cells=np", "--log=log", "--resume", *GIVEN, words=["log:2: not the result of a training"])
    Path("log").write_text("\n".join(lines))
    refused("odyssey", "--cells=np", "--log=log", "--resume", *GIVEN, words=["log:2: the line is cut off"])
    Path("log").write_text("{}\n")
    refused("odyssey", "--cells=np", "--log=log", "--resume", *GIVEN, words=["log:1: not the log of an odyssey"])


def test_every_setting_works():
    small_set("s.json")
    for more in (["--layers=2", "--variational"], ["--noise=0.3"], ["--dropout-weight=0.4"], ["--transpose=3"],
                 ["--optimizer=adam", "--learning-rate=0.01"], ["--momentum=0"], ["--clip=0"], ["--cells=gru,elman"]):
        command = ["s.json", "--cells=vanilla,fgr", "--seeds=2", *GIVEN, "--epochs=2", *more]
        found, _ = rows(*command)
        assert all(math.isfinite(r["mean"]) for r in found["variant"]), more


def test_a_training_that_explodes_is_no_result():
    small_set("s.json")
    found, words = rows("s.json", "--cells=vanilla,elman-relu", "--seeds=2", *GIVEN, "--learning-rate=10", "--clip=0",
                         "--layers=3", "--hidden=64")
    lost = [r["test"] for r in found["training"] if r["variant"] == "elman-relu"]
    assert lost == [None, None] and found["variant"][1]["seeds"] == 0, tables
    assert "elman-relu: 2 of 2 trainings came to no finite number" in words, words
    p = odyssey("s.json", "--cells=elman-relu,vanilla", "--trials=1", "--seeds=2", *GIVEN[1:], "--learning-rate=10", "--clip=0",
                "--layers=3", "--hidden=64")
    assert "elman-relu came to no finite number in any trial" in p.err, p.err


def test_bad_requests_name_the_place():
    Path("pitch.json").write_text('{"train": [[[60], [140]]], "valid": [], "test": []}')
    Path("cut.json").write_text('{"train": [[[60], ')
    Path("short.json").write_text('{"train": [[[60], [62]]], "valid": [[[60]]], "test": []}')
    refused("odyssey", "pitch.json", words=["pitch.json: train, piece 1, step 2: 140 where a pitch"])
    refused("odyssey", "cut.json", words=["cut.json:1:"])
    refused("odyssey", "short.json", words=['short.json: "valid": a piece of two or more time steps'])
    refused("odyssey", "none.json", words=["none.json"])
    refused("odyssey", "--cells=lstm-nfq", words=["--cells: there is no lstm-nfq; did you mean lstm-nfg?"])
    refused("odyssey", "--cells=np,lstm", words=["lstm is named twice"])
    refused("odyssey", "--cells=,", words=["--cells: a name is due"])
    refused("odyssey", "--learning-rate=1:0.1", words=["--learning-rate: 1:0.1: the lower end comes first"])
    refused("odyssey", "--learning-rate=0.1:", words=["--learning-rate: 0.1:: a number or LOW:HIGH is due"])
    refused("odyssey", "--learning-rate=0", words=["--learning-rate: 0: out of range"])
    refused("odyssey", "--hidden=10.5", words=["--hidden: 10.5: whole numbers are due"])
    refused("odyssey", "--trials=0", words=["--hidden: 60:200: without --trials one number is due"])
    refused("odyssey", "--resume", words=["--resume: needs --log FILE"])
    refused("odyssey", "--log=-", words=["--log: a file is due"])


main(globals())
