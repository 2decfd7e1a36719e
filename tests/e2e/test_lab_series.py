"""refrain-lab series, oscillator, agent: on tables of a few hundred rows and evolutions of a few generations."""
import gzip
import math
import random
import subprocess
import sys
import xml.dom.minidom
from pathlib import Path

from harness import LAB, SOURCE, lab, main, near, tables

WEATHER = SOURCE / "data" / "lab" / "weather.csv"
TINY = "--hidden=8 --window=12 --epochs=15 --learning-rate=0.03 --threads=1".split()


def wrong(*command):
    """The lines that a command which fails writes."""
    p = lab(*command, ok=None)
    assert p.returncode in (1, 2), p.err
    return [x.removeprefix("refrain-lab: ") for x in p.err.splitlines()]


def waves(path, rows=300, gaps=(1,)):
    """A wave of period 12 with a little noise, after each of the gaps in turn; beside it, what drives it."""
    draw = random.Random(3)
    t, lines = 0.0, ["time,y,u,word"]
    for i in range(rows):
        u = draw.uniform(-1, 1)
        y = math.sin(2 * math.pi * t / 12) + 0.02 * draw.uniform(-1, 1)
        lines.append(f"{t},{y:.4f},{u:.4f},\"a, b\"")
        t += gaps[i % len(gaps)]
    Path(path).write_text("\n".join(lines) + "\n")


def errors(out):
    return {(r["model"], r["horizon"]): r for r in out["error"]}


def is_picture(path, *words):
    text = Path(path).read_text()
    xml.dom.minidom.parseString(text)
    assert "nan" not in text and "inf" not in text
    for word in words:
        assert f">{word}<" in text, word


def test_series_beats_persistence_and_finds_the_period():
    waves("a.csv")
    out = tables("series", "a.csv", "--target=y", "--horizon=6", "--svg=a.svg", *TINY)
    (data,) = out["series"]
    assert data["period"] in (12, 24, 36, 48) and data["gaps"] == "even", data
    e = errors(out)
    assert e["network", "all"]["mae"] < 0.5 * e["persistence", "all"]["mae"], e
    assert e["linear", "all"]["mae"] < 0.1 and e["seasonal", "all"]["mae"] < 0.1, e
    near(e["persistence", "1"]["mase"], 1, 0.1)
    last = out["forecast"]
    assert [r["horizon"] for r in last] == 2 * [1, 2, 3, 4, 5, 6]
    assert last[5]["when"] == "299.0" and last[6]["when"] == "300" and last[6]["truth"] is None
    is_picture("a.svg", "truth", "network", "seasonal", "how errors grow")


def test_series_tells_all_rows_at_once():
    waves("a.csv")
    e = errors(tables("series", "a.csv", "--target=y", "--horizon=6", "--direct", *TINY))
    assert e["network", "all"]["mae"] < 0.5 * e["persistence", "all"]["mae"], e


def test_series_maps_inputs_to_the_target():
    draw = random.Random(5)
    x = [[draw.uniform(-1, 1) for _ in range(2)] for _ in range(400)]
    Path("m.csv").write_text("y,u,v\n" + "".join(f"{abs(u) - v * u:.4f},{u:.4f},{v:.4f}\n" for u, v in x))
    out = tables("series", "m.csv", "--map", "--target=y", "--input=u", "--input=v", *TINY, "--epochs=80")
    e = errors(out)
    assert set(e) == {("network", "0"), ("linear", "0"), ("mean", "0")}
    assert e["network", "0"]["mae"] < 0.5 * e["linear", "0"]["mae"], e
    assert len(out["forecast"]) == 1 and out["forecast"][0]["when"] == "400"


def test_series_in_continuous_time_reads_gaps():
    waves("g.csv", gaps=(0.5, 1, 1, 2))
    for cell in ("ctrnn", "gru"):
        out = tables("series", "g.csv", "--target=y", "--horizon=2", f"--cell={cell}", *TINY, "--epochs=60")
        assert out["series"][0]["gaps"] == "uneven"
        e = errors(out)
        assert e["network", "all"]["mae"] < 0.7 * e["persistence", "all"]["mae"], (cell, e)


def test_series_is_the_same_for_a_seed_and_packed():
    waves("a.csv")
    Path("a.csv.gz").write_bytes(gzip.compress(Path("a.csv").read_bytes()))
    one = lab("series", "a.csv", "--target=y", *TINY, "--epochs=2").text
    assert one == lab("series", "a.csv.gz", "--target=y", *TINY, "--epochs=2").text
    assert one != lab("series", "a.csv", "--target=y", *TINY, "--epochs=2", "--seed=9").text


def test_series_points_at_what_is_wrong():
    Path("r.csv").write_text("date,a\n2020-01-01,1\n2020-01-02,2,3\n")
    assert wrong("series", "r.csv", "--target=a") == [
        "2020-01-02,2,3", "             ^", "r.csv:3:14: 3 fields where 2 are due"]
    Path("n.csv").write_text("date,a\n2020-01-01,1\n2020-01-02,mild\n")
    assert wrong("series", "n.csv", "--target=a") == [
        "2020-01-02,mild", "           ^", "n.csv:3:12: 'mild' where a number is due"]
    Path("q.csv").write_text('a\n"1\n2\n')
    assert wrong("series", "q.csv", "--target=a")[-1] == "q.csv:2:1: the quote is not closed"
    assert wrong("series", WEATHER, "--target=presure")[-1].endswith(
        "weather.csv:1: no column presure; did you mean pressure?")
    assert wrong("series", WEATHER, "--target=rain", "--cell=gruu") == ["--cell: there is no gruu; did you mean gru?"]
    assert wrong("series", WEATHER, "--target=rain", "--map") == ["--map: at least one --input is due"]
    assert "--window and --horizon need 5001" in wrong("series", WEATHER, "--target=rain", "--window=4999")[-1]


def test_the_weather_is_what_its_script_writes():
    written = subprocess.run([sys.executable, WEATHER.with_suffix(".py")], capture_output=True, check=True).stdout
    assert written == WEATHER.read_bytes()


def test_oscillator_has_a_cycle():
    out = tables("oscillator", "--starts=2", "--svg=o.svg")
    assert len(out["cycle"]) == 6
    for r in out["cycle"]:
        near(r["period"], 29.0, 0.15)
        near(r["amplitude_1"], 1.456, 0.02)
    euler, rk4 = out["cycle"][0]["furthest"], out["cycle"][2]["furthest"]
    assert rk4 < 1e-3 * euler, (euler, rk4)
    is_picture("o.svg", "dy1/dt = 0", "y2")
    still = tables("oscillator", "--starts=1", "--weights=4.5,0.1,-0.1,4.5")["cycle"]
    assert all(r["period"] is None for r in still), still


def test_oscillator_points_at_what_is_wrong():
    assert wrong("oscillator", "--weights=4.5,,1") == [
        "4.5,,1", "    ^", "--weights: 4.5,,1: 4 numbers are due, with commas between"]
    assert wrong("oscillator", "--tau=1,0") == ["--tau: 1,0: above 0 is due"]
    assert wrong("oscillator", "--step=1e-9")[0].startswith("--step: more than")


def test_oscillator_follows_a_cycle_by_itself():
    out = tables("oscillator", "--train", "--harmonics=1", "--steps=800", "--free=4", "--threads=1", "--svg=f.svg")
    trained, free = out["followed"]
    assert trained["rmse"] < 0.1 and free["rmse"] < 0.3, out
    near(free["period"], 20, 0.5)
    is_picture("f.svg", "due", "network")


def test_agent_catches_and_is_kept():
    small = ["--generations=16", "--held-out=200", "--enough=99"]
    out = tables("agent", *small, "--save=c", "--svg=p.svg", "--plot=e.svg", "--neurons=n.svg", "--threads=2")
    caught = {r["agent"]: r["caught_percent"] for r in out["held_out"]}
    assert caught["network"] >= 90, out
    assert caught["still"] < 30 and caught["random"] < 30, out
    assert out == tables("agent", *small, "--threads=1")
    again = tables("agent", "--model=c", "--held-out=200")
    assert again["held_out"] == out["held_out"] and "generation" not in again
    is_picture("p.svg", "ball", "agent")
    is_picture("e.svg", "best candidate")
    is_picture("n.svg", "left motor")


def test_agent_refuses_what_is_no_controller():
    Path("x").write_bytes(b"nothing")
    assert len(wrong("agent", "--model=x")) == 1
    lab("agent", "--generations=1", "--held-out=1", "--save=c")
    assert wrong("agent", "--model=c", "--plot=e.svg") == ["--plot: with --model there is no evolution to be seen"]


main(globals())
