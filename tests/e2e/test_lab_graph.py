"""refrain graph: every example of the lecture's first chapter, to the letter, both modes and a check."""
import math
import os
import random
import re
import unicodedata
import xml.dom.minidom
from pathlib import Path

import harness
from harness import APPS, SOURCE, main, near, run


def graph(*words, **options):
    return run(APPS / "refrain", "graph", *words, **options)


def tables(*words):
    """The rows of every table, by its name; what is derived agrees with central differences."""
    out = harness.tables("graph", *words, program=APPS / "refrain")
    near(out["metric"]["largest relative difference"], 0, 1e-5)
    return out


def column(rows, key, value):
    return {r[key]: r[value] for r in rows}


def derivatives(*words):
    """{"dy/dx": (reverse, forward)}; both agree with central differences, or tables() has raised."""
    return {r["derivative"]: (r["reverse"], r["forward"]) for r in tables(*words)["check"]}


def test_composition():
    """y = f(g(h(x))), u = h(x), v = g(u), y = f(v): here h = x², g = exp, f = log(1 + v)."""
    t = tables("u=x^2; v=exp(u); y=log(1+v)", "x=0.5")
    assert column(t["node"], "node", "operation") == {
        "x": "input", "u": "x²", "v": "exp(u)", "v1": "1 + v", "y": "log(v1)"}
    (path,) = [p for p in t["path"] if p["input"] == "x"]
    assert path["path"].startswith("x → u → v → ") and path["path"].endswith(" → y")
    assert path["product"] == "2x·v/(1+v)", path
    v = math.exp(0.25)
    near(path["value"], 2 * 0.5 * v / (1 + v), 1e-6)


def test_chain_rule_case_1_a_chain():
    t = tables("y=h^3; z=sqrt(y)", "h=4")
    edges = {(e["from"], e["to"]): e for e in t["edge"]}
    assert edges["h", "y"]["formula"] == "3h²" and edges["h", "y"]["value"] == 48
    assert edges["y", "z"]["formula"] == "1/(2z)", edges["y", "z"]
    near(edges["y", "z"]["value"], 1 / 16, 1e-7)
    near(t["path"][0]["value"], 3, 1e-5)


def test_chain_rule_case_2_the_sum_over_the_paths():
    """s -> x = g(s), s -> y = h(s), z = k(x, y): dz/ds = ∂z/∂x dx/ds + ∂z/∂y dy/ds."""
    t = tables("x=s^2; y=exp(s); z=x*y", "s=0.5")
    paths = column(t["path"], "path", "product")
    assert paths["s → x → z"] == "2s·y" and paths["s → y → z"] == "y·x", paths
    values = column(t["path"], "path", "value")
    near(values["s → x → z"] + values["s → y → z"], values["sum"], 1e-6)
    near(values["sum"], (2 * 0.5 + 0.25) * math.exp(0.5), 1e-5)


def test_the_worked_example():
    """e = (a+b)(b+1), a = 2, b = 1: c = 3, d = 2, e = 6; de/da = d = 2; de/db = d + c = 5."""
    text = graph("c=a+b; d=b+1; e=c*d", "a=2", "b=1").text
    t = tables("c=a+b; d=b+1; e=c*d", "a=2", "b=1")
    assert column(t["node"], "node", "value") == {"a": 2, "b": 1, "c": 3, "d": 2, "e": 6}
    assert "  de/da = d = 2\n" in text and "  de/db = d + c = 5\n" in text, text
    short = tables("e=(a+b)*(b+1)", "a=2", "b=1")
    assert column(short["check"], "derivative", "reverse") == {"de/da": 2, "de/db": 5}
    assert tables("e=(a+b)(b+1)", "a=2", "b=1") == short


def test_sharing():
    """y = x·exp(x²): dy/dx = 2x·exp(x²)·x + exp(x²), two contributions that sum to 3e at 1."""
    for text in ("y=x*exp(x^2)", "y=x·exp(x²)"):
        t = tables(text, "x=1")
        assert [n["node"] for n in t["node"]].count("x") == 1
        products = column(t["path"], "product", "value")
        near(products["2x·exp(x²)·x"], 2 * math.e, 1e-6)
        near(products["exp(x²)"], math.e, 1e-6)
        near(products["2x·exp(x²)·x"] + products["exp(x²)"], 3 * math.e, 1e-6)
        near(products["2x·exp(x²)·x + exp(x²)"], 3 * math.e, 1e-6)
        assert "  dy/dx = 2x·exp(x²)·x + exp(x²) = 8.15485\n" in graph(text, "x=1").text


def test_factoring():
    """Nine paths from X to Z, dZ/dX = (α+β+γ)(δ+ε+ζ), each edge visited once."""
    words = ["Y=α*X+β*X+γ*X; Z=δ*Y+ε*Y+ζ*Y", "X=1", "α=2; β=3; γ=4; δ=5; ε=6; ζ=7"]
    t = tables(*words, "--by=X")
    assert [(p["from"], p["to"], p["paths"], p["edges"]) for p in t["paths"]] == [("X", "Z", 9, 14)]
    assert sorted(p["product"] for p in t["path"] if p["path"] != "sum") == sorted(
        a + "·" + b for a in "αβγ" for b in "δεζ")
    assert t["path"][-1]["product"] == "(α+β+γ)(δ+ε+ζ)" and t["path"][-1]["value"] == 162
    work = {w["mode"]: w for w in t["work"]}
    assert work["reverse"]["edges"] == work["forward"]["edges"] == 14
    assert "  dZ/dX = (α+β+γ)(δ+ε+ζ) = 162\n" in graph(*words).text
    few = tables(*words, "--by=X", "--paths=8")["path"]
    assert [p["path"] for p in few] == ["sum"]


def test_both_modes_on_the_worked_example():
    t = tables("e=(a+b)*(b+1)", "a=2", "b=1")
    forward = [(r["derivative"], r["value"]) for r in t["forward"]]
    assert forward == [("∂a/∂a", 1), ("∂b/∂a", 0), ("∂v1/∂a", 1), ("∂v2/∂a", 0), ("∂e/∂a", 2),
                       ("∂a/∂b", 0), ("∂b/∂b", 1), ("∂v1/∂b", 1), ("∂v2/∂b", 1), ("∂e/∂b", 5)]
    reverse = [(r["derivative"], r["value"]) for r in t["reverse"]]
    assert reverse == [("∂e/∂e", 1), ("∂e/∂v2", 3), ("∂e/∂v1", 2), ("∂e/∂b", 5), ("∂e/∂a", 2)]
    assert column(t["reverse"], "derivative", "sum")["∂e/∂b"] == "1·2 + 1·3"
    work = {w["mode"]: (w["sweeps"], w["edges"], w["multiplications"], w["additions"]) for w in t["work"]}
    assert work == {"forward": (2, 6, 6, 1), "reverse": (1, 5, 5, 1)}
    only = tables("e=(a+b)*(b+1)", "a=2", "b=1", "--mode=forward")
    assert "reverse" not in only and [w["mode"] for w in only["work"]] == ["forward"]
    only = tables("e=(a+b)*(b+1)", "a=2", "b=1", "--mode=reverse")
    assert "forward" not in only and only["reverse"] == t["reverse"]


def softmax(z):
    e = [math.exp(x) for x in z]
    return [x / sum(e) for x in e]


def test_classifier_loss():
    """C = -Σ y_i log ŷ_i = -log ŷ_r, written in three ways; dC/dz = ŷ - y."""
    z, p = [0.5, -1, 2], softmax([0.5, -1, 2])
    due = [p[0], p[1] - 1, p[2]]
    for text in ("ŷ=softmax(z); C=-sum([0,1,0]*log(ŷ))", "ŷ=softmax(z); C=-log(pick(ŷ,2))",
                 "C=cross_entropy(z,2)"):
        t = tables(text, "z=[0.5,-1,2]")
        near(column(t["node"], "node", "value")["C"], -math.log(p[1]), 1e-6)
        for k, (reverse, forward) in enumerate(derivatives(text, "z=[0.5,-1,2]").values()):
            near(reverse, due[k], 1e-6)
            near(forward, due[k], 1e-6)
    t = tables("ŷ=softmax(z); C=-log(pick(ŷ,2))", "z=[0.5,-1,2]")
    assert t["path"][0]["product"] == "−1/ŷ₂·e₂ᵀ·(diag(ŷ)−ŷ·ŷᵀ)", t["path"][0]
    (jacobian,) = [e["value"] for e in t["edge"] if e["to"] == "ŷ"]
    for i in range(3):
        for j in range(3):
            near(jacobian[i][j], p[i] * (i == j) - p[i] * p[j], 1e-6)


def test_jacobians_of_vector_functions():
    t = tables("y=[a*b, a+b, exp(a)]", "a=2", "b=3")
    assert {(e["from"], e["to"]): e["value"] for e in t["edge"]}["v1", "y"] == [1, 0, 0]
    d = derivatives("y=[a*b, a+b, exp(a)]", "a=2", "b=3")
    assert d["dy₁/da"] == (3, 3) and d["dy₁/db"] == (2, 2) and d["dy₂/da"] == (1, 1)
    assert d["dy₃/db"] == (0, 0)
    (edge,) = [e for e in tables("y=W@x", "W=[1,2;3,4;5,6]", "x=[1,-1]")["edge"] if e["from"] == "x"]
    assert edge["formula"] == "W" and edge["value"] == [[1, 2], [3, 4], [5, 6]]


def test_elementwise_jacobians_are_diagonal():
    """∂ŷ_i/∂z_j = 0 for i ≠ j and σ'(z_i) for i = j."""
    z = [0.5, -1, 2]
    for name, formula, slope in (
            ("sigmoid", "diag(ŷ·(1−ŷ))", lambda x: 1 / (1 + math.exp(-x)) * (1 - 1 / (1 + math.exp(-x)))),
            ("tanh", "diag(1−ŷ²)", lambda x: 1 - math.tanh(x) ** 2),
            ("relu", "diag([z>0])", lambda x: float(x > 0)),
            ("exp", "diag(ŷ)", math.exp)):
        (edge,) = tables(f"ŷ={name}(z)", "z=[0.5,-1,2]")["edge"]
        assert edge["formula"] == formula, edge
        for i in range(3):
            for j in range(3):
                near(edge["value"][i][j], slope(z[i]) if i == j else 0, 1e-6)


def test_random_expressions_agree_with_differences():
    chance = random.Random(4)

    def term(depth):
        if depth == 0:
            return chance.choice(["x", "y", "z", "2", "0.5", "(x+y)"])
        a, b = term(depth - 1), term(depth - 1)
        return chance.choice([f"({a}+{b})", f"({a}-{b})", f"{a}*{b}", f"tanh({a})", f"sigmoid({b})*{a}",
                              f"{a}/(2+({b})^2)", f"exp(-({a})^2)", f"log(1+({b})^2)", f"sqrt(1+({a})^2)"])

    for _ in range(15):
        tables(f"f={term(3)}+x*y*z", "x=0.7", "y=-1.2", "z=0.4", "--paths=0", "--mode=reverse")


def test_large_tensors_are_told_by_their_shape():
    row = ",".join("0.1" for _ in range(20))
    x = "[" + ";".join([row] * 10) + "]"
    t = tables("y=tanh(x); s=sum(y*y)", f"x={x}")
    assert column(t["node"], "node", "value")["y"] == "[10,20]"
    work = {w["mode"]: w for w in t["work"]}
    assert work["forward"]["sweeps"] == 200 and work["reverse"]["sweeps"] == 1
    assert work["forward"]["multiplications"] > 50 * work["reverse"]["multiplications"]


def boxes(svg):
    """(x, y, width, height) of what stands in the picture: boxes, and texts by a cautious measure."""
    dom = xml.dom.minidom.parseString(svg)
    number = lambda node, name: float(node.getAttribute(name))
    rects = [tuple(number(r, n) for n in ("x", "y", "width", "height"))
             for r in dom.getElementsByTagName("rect") if r.getAttribute("rx")]
    labels = []
    for text in dom.getElementsByTagName("text"):
        words = text.firstChild.data if text.firstChild else ""
        width = 6.2 * sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1
                          for c in words)
        if text.getAttribute("text-anchor") == "start":
            labels.append((number(text, "x"), number(text, "y") - 10, width, 12))
    return rects, labels


def apart(a, b):
    return a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]


def test_pictures():
    for words, nodes in ((["e=(a+b)*(b+1)", "a=2", "b=1"], 5), (["y=x*exp(x^2)", "x=1"], 4),
                         (["Y=α*X+β*X+γ*X; Z=δ*Y+ε*Y+ζ*Y", "X=1; α=2; β=3; γ=4; δ=5; ε=6; ζ=7"], 17),
                         (["ŷ=softmax(W@x); C=-log(pick(ŷ,2))", "W=[1,2;0,1;1,1]", "x=[1,-1]"], 7),
                         (["总价=单价*数量*(1+税率)", "单价=3", "数量=4", "税率=0.1"], 6)):
        p = graph(*words, "--svg=g.svg")
        assert "wrote g.svg" in p.err
        svg = Path("g.svg").read_text()
        assert graph(*words, "--svg=-").text.strip() == svg.strip()
        rects, labels = boxes(svg)
        assert len(rects) == nodes, (words, len(rects))
        everything = rects + labels
        for i, a in enumerate(everything):
            for b in everything[:i]:
                assert apart(a, b), (words, a, b)


def test_dot():
    dot = graph("y=x*exp(x^2)", "x=1", "--dot=-").text
    assert dot.startswith("digraph ") and 'label="v1 = x²\\n= 1\\n∂y/∂v1 = 2.71828"' in dot
    assert len(re.findall("->", dot)) == 4
    graph("y=x*exp(x^2)", "x=1", "--dot=g.dot")
    assert Path("g.dot").read_text().strip() == dot.strip()


def test_choices():
    words = ["u=x*z; y=u^2; w=y+u", "x=2", "z=3"]
    assert column(tables(*words)["check"], "derivative", "reverse") == {"dw/dx": 39, "dw/dz": 26}
    assert column(tables(*words, "--of=y")["check"], "derivative", "reverse") == {"dy/dx": 36, "dy/dz": 24}
    assert column(tables(*words, "--of=y", "--by=z")["check"], "derivative", "reverse") == {"dy/dz": 24}
    assert column(tables("x^2", "x=3")["check"], "derivative", "reverse") == {"dy/dx": 6}


def test_lines_fit_80_columns():
    for line in graph("--help=all").text.splitlines():
        assert sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) <= 80, line
    for words in (["e=(a+b)*(b+1)", "a=2", "b=1"], ["y=x*exp(x^2)", "x=1"]):
        for line in graph(*words).text.splitlines():
            assert len(line) <= 80, line


def test_errors_point_at_the_place():
    for words, line, mark, message in (
            (["e=(a+b*(b+1)", "a=2"], "e=(a+b*(b+1)", "            ^",
             "expression 1, column 13: ')' is due before the end"),
            (["y=softmx(z)", "z=[1,2]"], "y=softmx(z)", "  ^~~~~~",
             "expression 1, column 3: no function softmx; did you mean softmax?"),
            (["总价=单价+数量", "单价=1"], "总价=单价+数量", "          ^~~~",
             "expression 1, column 7: 数量 has no value: add 数量=NUMBER"),
            (["y=W@x", "W=[1,2;3,4]", "x=[1,2,3]"], "y=W@x", "   ^",
             "expression 1, column 4: [2,2] and [3] where columns of the first and rows of the second should be as "
             "many"),
            (["y=x^2", "x=1", "z=2"], "z=2", "^", "expression 3, column 1: no expression uses z")):
        p = graph(*words, ok=2)
        assert p.text == "" and p.err.splitlines() == [
            f"refrain: {line}", f"refrain: {mark}", f"refrain: {message}"], p.err
    p = graph("y=x^2", "x=1", "--of=z", ok=2)
    assert p.err.startswith("refrain: no variable z") and len(p.err.splitlines()) == 1, p.err
    p = graph("y=x^2", "x=1", "--by=y", ok=2)
    assert "y is no input but computed" in p.err


def test_the_readme_is_true():
    text = (SOURCE / "plugins" / "lab" / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"`(refrain graph '.*?)`", text)
    commands += re.findall(r"^(refrain graph (?:.*\\\n)*.*)$", text, re.M)
    assert len(commands) >= 12
    shown = re.findall(r"`(refrain (?:cell|trace)\b[^`.]*)`", text)
    assert len(shown) >= 20, shown
    commands += sorted(set(shown) - {"refrain cell NAME"})
    path = {**os.environ, "PATH": f"{APPS}:{os.environ['PATH']}"}
    for command in commands:
        run("bash", "-c", command, env=path)
    said = re.search(r"^```\n((refrain: .*\n)+)```", text, re.M).group(1)
    assert graph("e=(a+b*(b+1)", "a=2", ok=2).err == said


def test_short_and_long_forms_agree():
    words = ["e=(a+b)*(b+1)", "a=2", "b=1"]
    assert graph(*words).text == run(APPS / "refrain-lab", "graph", *words).text
    assert "graph       refrain lab graph" in run(APPS / "refrain", "--help").text


main(globals())
