"""refrain-lm from end to end: train, eval, generate, score, predict, on texts of a few lines."""
import gzip
import json
import math
import xml.dom.minidom
from pathlib import Path

from harness import SOURCE, TEXT, TINY, lm, main, metrics, near, rows, run, tensors, train


def test_training_lowers_the_loss_and_writes_a_model():
    p = train("m", "--epochs=12", "--learning-rate=0.02", "--format=json")
    valid = [json.loads(x) for x in p.text.splitlines()]
    loss = [r["value"] for r in valid if r.get("of") == "valid" and r.get("name") == "loss"]
    assert len(loss) == 12, p.text
    assert loss[-1] < 0.7 * loss[0], loss
    assert any(r.get("name") == "bits_per_char" for r in valid)
    names, meta = tensors("m")
    assert {"embedding.weight", "rnn.weight_ih_l0", "rnn.weight_hh_l0", "output.weight"} <= set(names)
    assert json.loads(meta["refrain.plugin"]) == "org.refrain.lm"
    assert json.loads(meta["refrain.options"])["hidden"] == 16
    assert "valid_loss" in json.loads(meta["refrain.metrics"])


def test_the_model_is_the_best_one():
    train("m", "--epochs=10", "--learning-rate=0.05", "--schedule=constant")
    best = json.loads(tensors("m")[1]["refrain.metrics"])["valid_loss"]
    held = TEXT[int(0.9 * len(TEXT)):]
    Path("held.txt").write_text(held)
    near(metrics("eval", "held.txt", "--model=m")["loss"], best, 2e-4)


def test_same_seed_same_model_and_other_seed_another():
    train("a", "--epochs=2", "--seed=5")
    train("b", "--epochs=2", "--seed=5")
    train("c", "--epochs=2", "--seed=6")
    assert Path("a").read_bytes() == Path("b").read_bytes()
    assert Path("a").read_bytes() != Path("c").read_bytes()


def test_gzip_and_standard_input_are_texts_too():
    train("plain", "--epochs=1")
    Path("text.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    train("packed", "--epochs=1", text="text.txt.gz")
    train("piped", "--epochs=1", text="-", stdin=TEXT)
    assert Path("plain").read_bytes() == Path("packed").read_bytes() == Path("piped").read_bytes()


def test_every_unit_trains_evaluates_and_writes():
    for unit in ("byte", "char", "word", "bpe"):
        more = ["--bpe-merges=30"] if unit == "bpe" else []
        train(unit, f"--unit={unit}", "--epochs=2", *more)
        m = metrics("eval", "text.txt", "--model", unit)
        near(math.log(m["perplexity"]), m["loss"], 1e-3)
        near(m["bits_per_char"], m["loss"] / math.log(2) * m["units"] / m["characters"], 1e-3)
        assert lm("generate", "--model", unit, "--length=20", "--seed=1").text.strip()


def test_every_cell_of_the_table_trains_and_writes():
    cells = [r["cell"] for r in rows("cells")]
    assert {"lstm", "lstm-peephole", "gru", "gru-torch", "elman", "jordan", "ctrnn-rk4"} <= set(cells), cells
    for cell in cells:
        train("m", f"--cell={cell}", "--steps=3", "--layers=2")
        assert lm("generate", "--model=m", "--length=10").text.strip(), cell


def test_layer_normalization_is_of_the_model():
    """Learned, stored, read again and decoded: the graph and the decoder agree on the loss."""
    Path("line.txt").write_text("the fox went up the hill\n")
    for cell in ("lstm-peephole", "gru", "ctrnn"):
        train("m", f"--cell={cell}", "--layer-norm", "--epochs=2", "--learning-rate=0.02", "--layers=2")
        names, meta = tensors("m")
        assert "rnn.weight_ln_hh_l1" in names and ("rnn.bias_ln_c_l0" in names) == ("lstm" in cell), names
        assert json.loads(meta["refrain.options"])["layer-norm"] is True
        e = metrics("eval", "line.txt", "--model=m")
        (s,) = rows("score", "line.txt", "--model=m")
        near(s["perplexity"], e["perplexity"], 1e-3 * e["perplexity"])
        assert lm("generate", "--model=m", "--length=10").text.strip(), cell


def test_every_optimizer_and_schedule():
    for o in ("sgd", "nt-asgd", "rmsprop", "adam", "adamw"):
        train("m", f"--optimizer={o}", "--epochs=1")
    for s in ("constant", "step", "cosine", "linear", "plateau"):
        train("m", f"--schedule={s}", "--epochs=2", "--warmup=2")


def test_every_softmax_learns_and_is_a_distribution():
    Path("held.txt").write_text("".join(TEXT.splitlines(True)[-3:]))
    shapes = {"full": [], "adaptive": ["--cutoffs=5,12"], "chosen": ["--softmax=adaptive"],
              "sampled": ["--samples=8"], "tied": ["--softmax=sampled", "--samples=8", "--tie"]}
    for name, more in shapes.items():
        kind = [] if any(w.startswith("--softmax") for w in more) else [f"--softmax={name}"]
        train(name, *kind, *more, "--unit=word", "--valid=held.txt", "--epochs=30", "--learning-rate=0.02")
        m = metrics("eval", "held.txt", "--model", name)
        assert m["loss"] < 1.2, (name, m)
        stored = json.loads(tensors(name)[1]["refrain.metrics"])["valid_loss"]
        near(m["loss"], stored, 2e-4)
        top = rows("predict", "the fox", "--model", name, "--top=1000")
        near(sum(r["probability"] for r in top), 1, 1e-4)
        assert len({r["unit"] for r in top}) == len(top) > 20
        assert [r["probability"] for r in top] == sorted((r["probability"] for r in top), reverse=True)
        line = rows("score", "--model", name, "--per-token", stdin="the fox went up\n")
        went = [r["log10p"] for r in rows("predict", "the fox", "--model", name, "--top=1000")
                if r["unit"] == "went"]
        near([r["log10p"] for r in line if r["unit"] == "went"][0], went[0], 1e-4)
        assert lm("generate", "--model", name, "--length=20").text.strip()
        assert rows("generate", "--model", name, "--length=6", "--beam=3", "--prompt=the")
        for weights in ("bf16", "int8"):
            few = metrics("eval", "held.txt", "--model", name, "--weights", weights)
            near(few["loss"], m["loss"], 0.05)


def test_the_files_of_every_softmax():
    train("adaptive", "--unit=word", "--softmax=adaptive", "--cutoffs=5,12", "--epochs=1")
    names, meta = tensors("adaptive")
    options = json.loads(meta["refrain.options"])
    assert options["softmax"] == "adaptive" and options["cutoffs"] == "5,12", options
    assert len(names["output.head.weight"]) == 4 * (5 + 2) * 16
    assert len(names["output.head.bias"]) == 4 * (5 + 2)
    assert len(names["output.tail.0.0.weight"]) == 4 * 4 * 16
    assert len(names["output.tail.0.1.weight"]) == 4 * (12 - 5) * 4
    assert len(names["output.tail.1.0.weight"]) == 4 * 1 * 16
    assert "output.weight" not in names
    train("chosen", "--unit=word", "--softmax=adaptive", "--epochs=1")
    cutoffs = json.loads(tensors("chosen")[1]["refrain.options"])["cutoffs"].split(",")
    assert 1 <= len(cutoffs) <= 2 and all(int(c) > 0 for c in cutoffs), cutoffs
    train("sampled", "--unit=word", "--softmax=sampled", "--epochs=1")
    train("full", "--unit=word", "--epochs=1")
    assert set(tensors("sampled")[0]) == set(tensors("full")[0])


def test_all_samples_are_the_full_softmax():
    same = ["--unit=word", "--epochs=3", "--learning-rate=0.01", "--optimizer=sgd"]
    train("sampled", *same, "--softmax=sampled")  # 1024: more than there are
    train("full", *same)
    a, b = (metrics("eval", "text.txt", f"--model={m}")["loss"] for m in ("sampled", "full"))
    near(a, b, 1e-4)


def test_all_numbers_may_begin_small():
    train("m", "--init=0.001", "--steps=1", "--learning-rate=1e-9")
    names, _ = tensors("m")
    near(metrics("eval", "text.txt", "--model=m")["loss"], math.log(len(names["output.bias"]) / 4), 1e-3)


def test_rates_may_fall_late():
    train("m", "--schedule=step", "--gamma-after=3", "--gamma=0.5", "--epochs=5", "--learning-rate=0.008",
          "--batch=2", "--bptt=8", "--log=log")
    log = [json.loads(x) for x in Path("log").read_text().splitlines()]
    rates = {int(x["epoch"]): x["rate"] for x in log if x["event"] == "step"}
    assert rates == {0: 0.008, 1: 0.008, 2: 0.008, 3: 0.004, 4: 0.002}, rates


def test_a_profile_tells_all_of_the_time_and_changes_nothing():
    train("m", "--epochs=3")
    train("n", "--epochs=3")
    assert Path("m").read_bytes() == Path("n").read_bytes()
    rows_ = rows("train", "text.txt", "--model", "n", *TINY, "--epochs=3", "--profile")
    parts = {r["part"]: r for r in rows_ if "part" in r}
    assert {"lstm", "linear_cross_entropy", "embedding", "adam", "gradient norm", "batches", "validation",
            "rest"} <= parts.keys(), parts
    near(sum(p["share"] for p in parts.values()), 1, 1e-6)
    assert all(p["share"] >= 0 for p in parts.values()), parts
    assert parts["lstm"]["calls"] == parts["adam"]["calls"] > 0
    assert parts["lstm"]["gflops"] > 0 and parts["adam"]["gflops"] == 0
    assert Path("m").read_bytes() == Path("n").read_bytes()


def test_regularisation_and_tied_vectors():
    train("m", "--tie", "--dropout=0.2", "--variational", "--weight-dropout=0.1", "--layers=2",
          "--weight-decay=0.001", "--epochs=2")
    assert "output.weight" not in tensors("m")[0]
    assert lm("generate", "--model=m", "--length=10").text.strip()


def test_storage_in_half_precision():
    train("m32", "--epochs=4")
    train("m16", "--epochs=4", "--storage=f16")
    assert len(tensors("m16")[0]["rnn.weight_hh_l0"]) * 2 == len(tensors("m32")[0]["rnn.weight_hh_l0"])
    a, b = (metrics("eval", "text.txt", f"--model={m}")["loss"] for m in ("m32", "m16"))
    near(a, b, 0.01)


def test_patience_ends_the_training():
    p = train("m", "--epochs=500", "--patience=2", "--learning-rate=0.3", "--schedule=constant")
    assert "improve" in p.err, p.err


def test_log_and_plot():
    train("m", "--epochs=3", "--log=log.jsonl", "--plot=curves.svg")
    lines = [json.loads(line) for line in Path("log.jsonl").read_text().splitlines()]
    assert lines and all(isinstance(x, dict) for x in lines)
    xml.dom.minidom.parse("curves.svg")


def test_a_sample_before_and_after():
    p = train("m", "--epochs=2", "--sample=40")
    assert "step" in p.text and len(p.text) > 120, p.text


def test_held_out_text_of_ones_own():
    Path("held.txt").write_text(TEXT[:200])
    p = train("m", "--epochs=1", "--valid=held.txt")
    assert "201 held out" in p.err, p.err


def test_eval_of_several_texts_and_unknown_units():
    train("m", "--epochs=2")
    Path("odd.txt").write_text("the 狐 and the 母鸡\n")
    out = rows("eval", "text.txt", "odd.txt", "--model=m")
    of = {r["of"] for r in out}
    assert of == {"text.txt", "odd.txt", "all texts"}, of
    unknown = [r["value"] for r in out if r["of"] == "odd.txt" and r["name"] == "unknown"]
    assert unknown == [3], unknown


def test_eval_side_by_side_is_eval_from_end_to_end():
    train("m", "--epochs=4")
    Path("long.txt").write_text(TEXT * 8)
    a = metrics("eval", "long.txt", "--model=m", "--batch=1")
    b = metrics("eval", "long.txt", "--model=m", "--batch=16")
    assert a["units"] == b["units"]
    near(a["loss"], b["loss"], 0.01)


def test_eval_score_and_predict_agree():
    train("m", "--epochs=6", "--learning-rate=0.02")
    line = "the fox went up the hill"
    Path("line.txt").write_text(line + "\n")
    e = metrics("eval", "line.txt", "--model=m")
    (s,) = rows("score", "line.txt", "--model=m")
    near(-e["loss"] * e["units"] / math.log(10), s["log10p"], 1e-3)
    near(s["perplexity"], e["perplexity"], 1e-3 * e["perplexity"])
    tokens = rows("score", "line.txt", "--model=m", "--per-token")
    assert "".join(t["unit"] for t in tokens) == line + "\\n"
    near(sum(t["log10p"] for t in tokens), s["log10p"], 1e-3)
    p = rows("predict", line[:-1], "--model=m", "--top=1000")
    near(sum(x["probability"] for x in p), 1, 1e-3)
    assert p == sorted(p, key=lambda x: x["rank"])
    assert all(a["probability"] >= b["probability"] for a, b in zip(p, p[1:]))
    last = [x for x in p if x["unit"] == "l"][0]
    near(last["log10p"], tokens[-2]["log10p"], 1e-3)


def test_fewer_bits_lose_little():
    """On a page of the part of Tiny Shakespeare that the shipped model has not learned from."""
    model, text = SOURCE / "data/lm/shakespeare.safetensors", SOURCE / "tests/e2e/shrew.txt"
    loss = {w: metrics("eval", text, "--model", model, "--weights", w)["loss"]
            for w in ("f32", "bf16", "int8")}
    assert 1 < loss["f32"] < 1.5, loss
    for w in ("bf16", "int8"):
        assert 0 < abs(loss[w] - loss["f32"]) < 0.003, loss
    line = "ROMEO: What light is that?\n"
    total = {}
    for w in loss:
        more = ["--model", model, "--weights", w]
        (score,) = rows("score", *more, stdin=line)
        each = rows("score", "--per-token", *more, stdin=line)
        near(score["log10p"], sum(r["log10p"] for r in each), 1e-4)
        first = [r for r in rows("predict", "ROMEO", *more) if r["unit"] == ":"]
        near(first[0]["log10p"], each[5]["log10p"], 1e-4)
        total[w] = score["log10p"]
        assert len(lm("generate", "--length=30", "--seed=1", *more).text.strip()) > 20
        assert rows("generate", "--beam=3", "--length=8", *more)[0]["text"]
    near(total["bf16"], total["f32"], 0.05)
    near(total["int8"], total["f32"], 0.3)


def test_score_ranks_candidates():
    train("m", "--epochs=25", "--learning-rate=0.02")
    lines = ["llih eht pu tnew xof eht", "the fox went up the hill", "xxxx"]
    text = "\n".join(lines) + "\n"
    plain = rows("score", "--model=m", stdin=text)
    assert [r["text"] for r in plain] == lines
    one_by_one = rows("score", "--model=m", "--batch=1", stdin=text)
    for a, b in zip(plain, one_by_one):
        near(a["log10p"], b["log10p"], 1e-3)
    best = rows("score", "--model=m", "--rank=mean", stdin=text)
    assert best[0]["text"] == lines[1], best
    total = rows("score", "--model=m", "--rank=total", stdin=text)
    assert [r["log10p"] for r in total] == sorted((r["log10p"] for r in total), reverse=True)


def test_generate_obeys_seed_length_lines_count_and_echo():
    train("m", "--epochs=3")
    one = lm("generate", "--model=m", "--seed=4", "--length=50", "--prompt=the ").text
    assert one == lm("generate", "--model=m", "--seed=4", "--length=50", "--prompt=the ").text
    assert one != lm("generate", "--model=m", "--seed=5", "--length=50", "--prompt=the ").text
    assert one.startswith("the ")
    silent = lm("generate", "--model=m", "--seed=4", "--length=50", "--prompt=the ", "--no-echo").text
    assert one == "the " + silent
    assert len(one.rstrip("\n")) in (53, 54), len(one)
    lines = lm("generate", "--model=m", "--seed=4", "--lines=2", "--length=5000",
               "--temperature=2").text
    assert lines.count("\n") == 2, lines
    three = rows("generate", "--model=m", "--seed=4", "--length=50", "--prompt=the ", "--count=3")
    texts = ["".join(r["text"] for r in three if r["item"] == i) for i in range(3)]
    assert texts[0] == one.rstrip("\n") or texts[0].rstrip("\n") == one.rstrip("\n"), texts
    assert len(set(texts)) == 3


def test_greedy_is_top_1_is_a_beam_of_1():
    train("m", "--epochs=6", "--learning-rate=0.02")
    common = ["generate", "--model=m", "--length=40", "--prompt=the "]
    greedy = lm(*common, "--temperature=0").text
    assert greedy == lm(*common, "--top-k=1", "--seed=9").text
    (beam,) = rows(*common, "--beam=1")
    assert beam["text"] == greedy.rstrip("\n") or beam["text"] == greedy, (beam, greedy)
    many = rows(*common, "--beam=8", "--count=4")
    assert [r["rank"] for r in many] == [1, 2, 3, 4]
    assert many[0]["log10p"] >= beam["log10p"] - 1e-6
    lm(*common, "--top-p=0.5")


def test_every_format_of_every_verb():
    train("m", "--epochs=1")
    Path("line.txt").write_text("the hen\n")
    for command in (["eval", "line.txt"], ["generate", "--length=10"], ["generate", "--beam=2"],
                    ["score", "line.txt"], ["predict", "the"]):
        for form in ("text", "tsv", "json"):
            out = lm(*command, "--model=m", f"--format={form}").text
            assert out.strip(), (command, form)
            if form == "json":
                assert all(isinstance(json.loads(x), dict) for x in out.splitlines())
            if form == "tsv":
                width = {line.count("\t") for line in out.splitlines()}
                assert len(width) == 1 and width.pop() > 0, out


def test_chinese():
    poem = "春眠不覺曉，處處聞啼鳥。\n夜來風雨聲，花落知多少。\n" * 20
    Path("poem.txt").write_text(poem)
    train("m", "--epochs=20", "--learning-rate=0.03", text="poem.txt")
    out = lm("generate", "--model=m", "--prompt=春", "--lines=1", "--temperature=0.3").text
    assert out.startswith("春") and len(out.strip()) >= 3
    best = rows("predict", "春眠不", "--model=m", "--top=1")
    assert best[0]["unit"] == "覺", best


def test_bytes_that_are_no_text():
    Path("bytes.bin").write_bytes(bytes(range(256)) * 8)
    lm("train", "bytes.bin", "--unit=byte", "--model=m", *TINY, "--epochs=1")
    out = lm("generate", "--model=m", "--length=60", "--format=json").stdout
    assert [json.loads(x) for x in out.decode("utf-8").splitlines()]


def test_the_suite_runs_the_task_and_shows_models():
    from harness import APPS
    train("m", "--epochs=1")
    assert "lm" in run(APPS / "refrain", "plugins").text
    card = run(APPS / "refrain", "model", "m").text
    assert "org.refrain.lm" in card and "rnn.weight_hh_l0" in card, card
    assert run(APPS / "refrain", "lm", "generate", "--model=m", "--length=5").text.strip()


main(globals())
