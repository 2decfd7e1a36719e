"""The lab's verbs cell and trace: what a person sees of the lecture's formulas and examples."""
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from harness import lab, main, near, refused, rows, tables, train

def marked(values, at, words):
    """Bad --values: the text, a caret under the place, and what is wrong."""
    p = lab("cell", "lstm", f"--values={values}", ok=2)
    text, caret, why = [x.removeprefix("refrain-lab:").removeprefix(" ") for x in p.err.splitlines()]
    assert text == values and caret == " " * at + "^", p.err
    assert words in why and "--values: " in why, why


def labels(svg):
    """The texts of a picture, which is well-formed XML."""
    return [e.text for e in ElementTree.parse(svg).iter() if e.tag.endswith("}text")]


# ---- cell ---------------------------------------------------------------------------------------


def cells():
    return [row["cell"] for row in tables("cell", "--all")["cell"]]


def test_every_cell_is_shown():
    for cell in cells():
        t = tables("cell", cell, "--svg=graph.svg", "--steps=2")
        assert len(t["equation"]) > 0 and t["cell"][0]["source"]
        near(t["metric"]["furthest from its equations"], 0, 1e-5)
        named = {n["node"] for n in t["node"]}
        shown = {s["what"] for s in t["step"]}
        assert shown <= named, f"{cell}: {shown - named} is in no node of the graph"
        drawn = labels("graph.svg")
        assert shown <= set(drawn), f"{cell}: {drawn}"
        gates = {e["equation"].split(" = ")[0] for e in t["equation"]}
        assert {g for g in gates if g in shown}, f"{cell}: {gates}"


def test_parameters_are_counted():
    rows = {r["parameter"]: r for r in tables("cell", "gru", "--input=5", "--hidden=10")["parameter"]}
    assert rows["weight_ih_l0"]["shape"] == "[30,5]" and rows["weight_ih_l0"]["lstm_shape"] == "[40,5]"
    assert rows["total"]["count"] == 3 * 10 * (5 + 10 + 2)
    assert rows["total"]["lstm_count"] == 4 * 10 * (5 + 10 + 2)
    full = {r["parameter"]: r for r in tables("cell", "lstm-full-peephole", "--hidden=4")["parameter"]}
    assert full["weight_co_l0"]["shape"] == "[4,4]" and full["weight_co_l0"]["lstm_shape"] is None


def shapes(*command):
    return {r["tensor"]: r["shape"] for r in tables("cell", *command)["interface"]}


def test_the_standard_interface():
    rnn = shapes("elman", "--input=5", "--hidden=10", "--layers=2", "--steps=6", "--batch=3")
    assert rnn == {"x": "[6,3,5]", "out": "[6,3,10]", "h": "[2,3,10]"}
    lstm = shapes("lstm", "--input=50", "--hidden=100", "--layers=2", "--steps=10", "--batch=3")
    assert lstm == {"x": "[10,3,50]", "out": "[10,3,100]", "h": "[2,3,100]", "c": "[2,3,100]"}
    both = shapes("gru", "--hidden=10", "--layers=2", "--bidirectional", "--steps=6")
    assert both == {"x": "[6,1,3]", "out": "[6,1,20]", "h": "[4,1,10]"}


def test_steps_follow_the_equations():
    steps = tables("cell", "elman-identity", "--values=1,0;0,1;1,1", "--weights=ones")["step"]
    h = [s["values"] for s in steps if s["what"] == "h_t"]
    assert h == [[1, 1], [3, 3], [8, 8]], h  # x1 + x2 + h1 + h2
    zero = tables("cell", "lstm", "--values=1,0;0,1", "--weights=zero")["step"]
    value = {(s["step"], s["what"]): s["values"] for s in zero}
    assert value[1, "x_t"] == [1, 0] and value[2, "x_t"] == [0, 1]
    assert value[2, "i_t"] == [0.5, 0.5] and value[2, "C_t"] == [0, 0]


def test_both_directions_are_stepped():
    steps = tables("cell", "elman", "--bidirectional", "--layers=2", "--values=1;2;3")["step"]
    ways = {(s["layer"], s["direction"]) for s in steps if s["what"] == "h_t"}
    assert ways == {(0, "→"), (0, "←"), (1, "→"), (1, "←")}
    h = {(s["step"], s["layer"], s["direction"]): s["values"] for s in steps if s["what"] == "h_t"}
    x = {(s["step"], s["layer"]): s["values"] for s in steps if s["what"] == "x_t"}
    for t in (1, 2, 3):  # layer 1 reads both directions of layer 0
        assert x[t, 1] == h[t, 0, "→"] + h[t, 0, "←"]


def test_the_sums_of_bptt_are_the_gradients():
    t = tables("cell", "elman", "--bptt", "--steps=6", "--hidden=4")
    assert [(r["t"], r["k"]) for r in t["term"][:3]] == [(1, 1), (2, 2), (2, 1)]
    assert len(t["term"]) == 6 * 7 // 2
    for row in t["gradient"]:
        near(row["furthest_apart"], 0, 1e-6)
        assert max(abs(x) for r in row["reverse_sweep"] for x in r) > 0.01
    refused("cell", "lstm", "--bptt", words=["--bptt", "elman"])


def test_bad_cells_and_values():
    refused("cell", "lsmt", words=["lsmt", "did you mean lstm?"])
    refused("cell", words=["--all"])
    marked("1,0;0,x", 6, "a number is due")
    marked("1,0;0", 5, "another length")
    marked("", 0, "a number is due")
    refused("cell", "lstm", "--values=1,2", "--input=3", words=["--input"])
    refused("cell", "lstm", "--svg=graph.svg", "--hidden=0", words=["--hidden"])
    assert not Path("graph.svg").exists()


def test_layer_normalization_is_an_option():
    plain = tables("cell", "lstm", "--hidden=4")
    normed = tables("cell", "lstm", "--hidden=4", "--layer-norm")
    near(normed["metric"]["furthest from its equations"], 0, 1e-5)
    names = {r["parameter"] for r in normed["parameter"] if r["count"] and not r["lstm_count"]}
    assert names == {f"{a}_ln_{b}_l0" for a in ("weight", "bias") for b in ("ih", "hh", "c")}
    assert any("LN(a)" in e["equation"] for e in normed["equation"])
    assert "layer_norm" in {n["op"] for n in normed["node"]} - {n["op"] for n in plain["node"]}


# ---- trace: words -------------------------------------------------------------------------------


def test_the_lectures_sentences_step_by_step():
    rows = tables("trace", "--epochs=0")["memory"]
    words = [r["word"] for r in rows]
    assert words == ["我", "爱", "购物", "我", "在", "华联", "购物"]
    assert [r["memory"] for r in rows] == [[0, 0], [1, 1], [3, 3], [0, 0], [1, 1], [3, 3], [7, 7]]
    assert [r["output"][0] for r in rows] == [2, 6, 14, 2, 6, 14, 30]
    for r in rows:  # one-hot, and the memory of the next step
        assert sorted(r["input"]) == [0, 0, 0, 0, 1]
        assert r["state"] == [1 + sum(r["memory"])] * 2
    assert rows[2]["input"] == rows[6]["input"] and rows[2]["output"] != rows[6]["output"]


def test_embeddings_can_be_followed_by_hand():
    t = tables("trace", "--inputs=embedding", "--epochs=0", "--embed=2", "--seed=7")
    vector = {r["word"]: r["vector"] for r in t["embedding"]}
    assert all(abs(10 * x - round(10 * x)) < 1e-5 for v in vector.values() for x in v)
    for r in t["memory"]:
        assert r["input"] == vector[r["word"]]
        near(r["state"][0], sum(r["input"]) + sum(r["memory"]), 1e-5)
        near(r["output"][0], sum(r["state"]), 1e-5)


def tags(*command):
    t = tables("trace", *command)
    return t, {(r["sentence"], r["word"]): r for r in t["tag"]}


def test_the_tagger_needs_its_memory():
    for more in ([], ["--inputs=embedding"], ["--cell=gru"], ["--cell=jordan"], ["--seed=2"]):
        t, row = tags(*more)
        assert row[1, "购物"]["guess"] == "n" and row[1, "购物"]["n"] > 0.95, more
        assert row[2, "购物"]["guess"] == "v" and row[2, "购物"]["v"] > 0.95, more
        assert t["metric"]["accuracy"] == 100
    t, row = tags("--no-memory")
    one, two = row[1, "购物"], row[2, "购物"]
    assert {k: one[k] for k in ("guess", "n", "v", "pre")} == {k: two[k] for k in ("guess", "n", "v", "pre")}
    near(one["n"], 0.5, 0.01)
    near(t["metric"]["accuracy"], 600 / 7, 1e-3)
    assert all(r["memory"] == [0, 0] for r in t["memory"])


def test_a_tagger_that_reads_from_both_ends():
    right = "the/d saw/v cut/x", "the/d saw/n is/x"  # only what follows tells v from n
    t, row = tags(*right)
    assert row[1, "saw"]["guess"] == row[2, "saw"]["guess"]
    t, row = tags(*right, "--bidirectional", "--layers=2", "--what=h")
    assert (row[1, "saw"]["guess"], row[2, "saw"]["guess"]) == ("v", "n")
    assert [r["what"] for r in t["state"][:2]] == ["→ h_t", "← h_t"]


def test_the_same_seed_gives_the_same_table():
    a, b = (lab("trace", "--seed=3", "--what=h", "--format=json").text for _ in range(2))
    assert a == b and a != lab("trace", "--seed=4", "--what=h", "--format=json").text


def test_other_sentences():
    t, row = tags("the/d cat/n sleeps/v", "the/d sleeps/n", "the cat", "--svg=words.svg", "--what=h")
    assert (row[1, "sleeps"]["guess"], row[2, "sleeps"]["guess"]) == ("v", "n")
    assert row[3, "cat"]["tag"] == "-" and row[3, "cat"]["guess"] == "n"
    assert [r["unit"] for r in t["state"]] == "the cat sleeps the sleeps the cat".split()
    assert {"the", "cat", "sleeps", "h_t: hidden state"} <= set(labels("words.svg"))
    untagged = tables("trace", "a b", "--vocabulary=b a c")
    assert untagged["memory"][0]["input"] == [0, 1, 0] and "tag" not in untagged


def test_bad_words():
    refused("trace", "a/n /v", words=["sentence 1, word 2", "before the slash"])
    refused("trace", "a/n", "b/", words=["sentence 2, word 1", "no tag"])
    refused("trace", "  ", words=["sentence 1", "no words"])
    refused("trace", "a b", "--vocabulary=a c", words=["word 2", "b is not in --vocabulary"])
    refused("trace", "--cell=elmann", words=["did you mean elman?"])
    refused("trace", "--what=h,k", words=["no k", "h_t"])
    refused("trace", "--units=3-9", "--svg=x.svg", words=["3-9", "8 units"])
    refused("trace", "--units=a", words=["--units", "0-7"])
    refused("trace", "--layer=1", words=["last layer is 0"])
    refused("trace", "a b", "--svg=x.svg", words=["nothing to draw"])
    assert not Path("x.svg").exists()


# ---- trace: models ------------------------------------------------------------------------------


def test_a_language_model_is_traced():
    train("m.safetensors", "--epochs=1", "--cell=gru", "--layers=2")
    t = tables("trace", "--model=m.safetensors", "the fox", "--units=2-5", "--svg=m.svg")
    assert "".join(r["unit"] for r in t["reading"]) == "↵the␣fox"
    assert [r["what"] for r in t["state"][:4]] == ["r_t", "z_t", "h̃_t", "h_t"]
    assert all(len(r["values"]) == 4 for r in t["state"])
    drawn = labels("m.svg")
    assert "z_t: update gate" in drawn and "␣" in drawn and "5" in drawn
    below = tables("trace", "--model=m.safetensors", "the fox", "--layer=0", "--what=z,h")["state"]
    assert [r["what"] for r in below[:2]] == ["z_t", "h_t"]
    # What it expects next is what refrain-lm expects.
    last = t["reading"][-1]
    best = rows("predict", "the fox", "--model=m.safetensors", "--top=1")[0]
    near(best["probability"], last["probability"], 1e-5)
    second = rows("predict", "t", "--model=m.safetensors", "--top=30")
    near(next(r["probability"] for r in second if r["unit"] == "h"), t["reading"][1]["of_what_comes"], 1e-5)


def test_chinese_labels():
    Path("poem.txt").write_text("春眠不觉晓\n处处闻啼鸟\n" * 20)
    train("m.safetensors", "--epochs=1", "--layers=1", "--tie", text="poem.txt")
    tables("trace", "--model=m.safetensors", "春眠不觉晓", "处处", "--svg=m.svg", "--what=i,f,o,c,h")
    drawn = labels("m.svg")
    assert set("春眠不觉晓处") <= set(drawn)
    panels = [x for x in drawn if ": " in x]
    assert [p.split(":")[0] for p in panels] == ["i_t", "f_t", "C_t", "o_t", "h_t"]


def test_bad_models():
    Path("x.safetensors").write_text("no model")
    refused("trace", "--model=x.safetensors", "a", words=["x.safetensors"])
    refused("trace", "--model=none.safetensors", "a", words=["none.safetensors"])
    train("m.safetensors", "--epochs=1")
    refused("trace", "--model=m.safetensors", words=["a TEXT is due"])
    refused("trace", "--model=m.safetensors", "a", "--cell=gru", words=["--cell"])
    refused("trace", "--model=m.safetensors", "", "a" * 500, words=["501 units where 400"])


if __name__ == "__main__":
    main(globals())
