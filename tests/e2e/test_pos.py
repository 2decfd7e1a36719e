"""refrain-pos train, tag and eval, from tagged sentences to tags."""
import gzip
import json
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

import harness
from harness import APPS, SOURCE, interrupted, main, refused, run, tensors

POS = APPS / "refrain-pos"
DATA = SOURCE / "data" / "pos"
ZH, EN = DATA / "zh.txt", DATA / "en.conllu"
SMALL = ("--hidden=32 --layers=1 --embed=24 --embed-pair=16 --spelling=12 --embed-letter=12 --embed-affix=8 "
         "--batch=8 --dropout=0.2 --dropout-input=0.2 --learning-rate=0.01 --threads=1 --seed=1").split()


def pos(*command, **options):
    return run(POS, *command, **options)


def rows(*command, **options):
    return harness.rows(*command, program=POS, **options)


def metrics(*command, **options):
    return {r["name"]: r["value"] for r in rows(*command, **options) if "name" in r and "value" in r}


def train(model, *command, **options):
    return pos("train", "--model", model, *SMALL, *command, **options)


def chinese(model, *more):
    train(model, ZH, "--task=words", "--epochs=30", "--valid-fraction=0", *more)


def english(model, *more):
    train(model, EN, "--epochs=40", "--valid-fraction=0", *more)


def wrong(*command, needed=(), **options):
    refused(*command, words=needed, program=POS, **options)


def test_words_and_tags_of_the_lecture():
    chinese("m")
    text = "我爱购物\n我在华联购物\n"
    want = "我/n 爱/v 购物/n\n我/n 在/pre 华联/n 购物/v\n"
    assert pos("tag", "--model=m", stdin=text).text == want
    Path("a.txt").write_text(text)
    assert pos("tag", "--model=m", "a.txt").text == want
    assert pos("tag", "--model=m", "--style=tsv", "a.txt").text == (
        "我\tn\n爱\tv\n购物\tn\n\n我\tn\n在\tpre\n华联\tn\n购物\tv\n\n")
    got = [r for r in rows("tag", "--model=m", "--style=table", "a.txt") if "word" in r]
    assert [r["word"] for r in got if r["sentence"] == 2] == ["我", "在", "华联", "购物"]
    assert all(0.2 < r["p"] <= 1 for r in got), got


def test_the_best_answers():
    chinese("m")
    got = [r for r in rows("tag", "--model=m", "--nbest=4", stdin="我爱购物\n") if "answer" in r]
    assert [r["rank"] for r in got] == [1, 2, 3, 4]
    assert got[0]["answer"] == "我/n 爱/v 购物/n" and len({r["answer"] for r in got}) == 4
    p = [r["p"] for r in got]
    assert p == sorted(p, reverse=True) and 0.5 < p[0] and sum(p) <= 1 + 1e-6, p
    # All of them are as probable as everything there is.
    all_of = [r["p"] for r in rows("tag", "--model=m", "--nbest=1000", stdin="爱\n") if "answer" in r]
    assert abs(sum(all_of) - 1) < 1e-4 and len(all_of) > 5, sum(all_of)


def test_given_words_and_blanks():
    chinese("m")
    assert pos("tag", "--model=m", "--input=tokens", stdin="我 在 华联 购物\n").text == \
        "我/n 在/pre 华联/n 购物/v\n"
    # Nonsense, but given is given; a blank ends a word in raw text.
    words = [w.rsplit("/", 1)[0] for w in
             pos("tag", "--model=m", "--input=tokens", stdin="我在 华 联购物\n").text.split()]
    assert words == ["我在", "华", "联购物"], words
    words = [w.rsplit("/", 1)[0] for w in pos("tag", "--model=m", stdin="我在华 联购物\n").text.split()]
    assert "华" in "".join(words) and not any("华联" in w for w in words), words
    assert pos("tag", "--model=m", "--input=tagged", stdin="我/x [华联/x 购物/x]nt\n").text.count("/x") == 0


def test_a_lexicon_of_ones_own():
    chinese("m")
    Path("own.tsv").write_text("# names\n在华联\tn\n爱\tn\tv\n")
    got = pos("tag", "--model=m", "--lexicon=own.tsv", stdin="我在华联购物\n").text
    assert "在华联/n" in got, got
    Path("own.tsv").write_text("购物\tu\n")
    assert "购物/u" in pos("tag", "--model=m", "--lexicon=own.tsv", stdin="我爱购物\n").text
    Path("own.tsv").write_text("购物\tu\n我\tnoun\n")
    wrong("tag", "--model=m", "--lexicon=own.tsv", needed=["own.tsv:2", "noun"], stdin="我\n")


def test_evaluation_of_raw_text():
    chinese("m")
    got = metrics("eval", ZH, "--model=m", "--svg=c.svg", "--confusion")
    assert got["word_f1"] > 0.98 and got["tag_f1"] > 0.97 and got["words"] == 218, got
    assert any(e.tag.endswith("rect") for e in xml.parse("c.svg").getroot().iter())
    given = metrics("eval", ZH, "--model=m", "--given-words")
    assert given["accuracy"] > 0.97 and "word_f1" not in given, given
    raw = metrics("eval", ZH, "--model=m", "--raw")
    assert raw["sentence_f1"] == 1 and abs(raw["word_f1"] - got["word_f1"]) < 0.02, raw
    # Counted by hand: 3 words where 2 are told, one of them the same.
    Path("one.txt").write_text("我/n 爱/v 购物/n\n")
    Path("own").write_text("我爱\tn\n购物\tn\n")
    got = metrics("eval", "one.txt", "--model=m", "--lexicon=own")
    assert abs(got["word_f1"] - 0.4) < 1e-6 and abs(got["tag_f1"] - 0.4) < 1e-6, got
    assert got["word_precision"] == 0.5 and abs(got["word_recall"] - 1 / 3) < 1e-6
    assert got["sentence_accuracy"] == 0
    # Words that the training did not have.
    Path("two.txt").write_text("我/n 爱/v 购物/n\n我们/n 爱/v 北京/n\n")
    got = metrics("eval", "two.txt", "--model=m", "--seen=one.txt")
    assert got["words_unknown"] == 2, got


def test_english_keeps_what_it_does_not_tag():
    english("m")
    got = metrics("eval", EN, "--model=m")
    assert got["accuracy"] > 0.97 and got["words"] == 238 and got["words_unknown"] == 0, got
    text = EN.read_text()
    assert pos("tag", "--model=m", stdin=text).text.count("\n") == text.count("\n")
    # Multiword tokens, empty nodes, comments and other columns come out as they were.
    lines = ["# sent_id = x-1", "# text = She didn't like it", "1\tShe\tshe\t_\tPRP\tA=b\t2\tnsubj\t2:nsubj\t_",
             "2-3\tdidn't\t_\t_\t_\t_\t_\t_\t_\tX=1", "2\tdid\tdo\tNOUN\tVBD\t_\t4\taux\t_\t_",
             "3\tn't\tnot\t_\tRB\t_\t4\tadvmod\t_\t_", "4\tlike\tlike\t_\tVB\t_\t0\troot\t_\t_",
             "4.1\tlike\tlike\tVERB\tVB\t_\t_\t_\t0:root\t_", "5\tit\tit\t_\tPRP\t_\t4\tobj\t_\tEnd=Yes", "", ""]
    Path("x.conllu").write_text("\n".join(lines))
    got = pos("tag", "--model=m", "x.conllu").text.split("\n")
    tags = ["PRON", "AUX", "PART", "VERB", "PRON"]
    for a, b in zip(lines, got, strict=True):
        if a[:1].isdigit() and a.split("\t")[0].isdigit():
            want = a.split("\t")
            want[3] = tags[int(want[0]) - 1]
            assert b.split("\t") == want, (a, b)
        else:
            assert a == b, (a, b)
    assert pos("tag", "--model=m", "--column=xpos", "x.conllu").text.split("\n")[2].split("\t")[3:5] == ["_", "PRON"]
    assert pos("tag", "--model=m", "--input=conllu", stdin="\n".join(lines)).text.split("\n") == got
    assert pos("tag", "--model=m", "--style=slash", "x.conllu").text == \
        "She/PRON did/AUX n't/PART like/VERB it/PRON\n"


def test_english_raw_text():
    english("m")
    got = pos("tag", "--model=m", "--style=conllu", stdin="She didn't like the film. We walk home.\n").text
    assert "# newpar\n# sent_id = 1\n# text = She didn't like the film.\n1\tShe\t" in got, got
    assert "\n2-3\tdidn't\t_\t_\t_\t_\t_\t_\t_\t_\n2\tdid\t" in got and "\n3\tn't\t_\tPART\t" in got, got
    assert "\n6\tfilm\t_\tNOUN\t_\t_\t_\t_\t_\tSpaceAfter=No\n7\t.\t_\tPUNCT\t" in got, got
    assert "# sent_id = 2\n# text = We walk home.\n" in got, got
    # Sentences go on over the lines of a file.
    Path("a.txt").write_text("She did not like\nthe film.\n\nWe walk home.\n")
    assert len(pos("tag", "--model=m", "a.txt").text.splitlines()) == 2
    raw = metrics("eval", EN, "--raw", "--model=m")
    assert raw["word_f1"] > 0.97 and raw["tag_f1"] > 0.95 and raw["sentence_f1"] > 0.9, raw


def test_other_outputs_and_cells():
    for more in (["--output=softmax"], ["--cell=gru"], ["--no-bidirectional", "--spelling=0", "--affixes=0"]):
        english("m", *more)
        assert metrics("eval", EN, "--model=m")["accuracy"] > 0.8, more
    train("s", ZH, "--task=words", "--output=softmax", "--epochs=30", "--valid-fraction=0")
    assert pos("tag", "--model=s", stdin="我在华联购物\n").text == "我/n 在/pre 华联/n 购物/v\n"
    names = tensors("s")[0]
    assert "crf.transitions" not in names and "pair.weight" in names, sorted(names)


def test_vectors_to_begin_with():
    words = {"music": [1.0] * 24, "zither": [2.0] * 24}
    Path("v.txt").write_text("2 24\n" + "".join(f"{w} {' '.join(map(str, x))}\n" for w, x in words.items()))
    p = train("m", EN, "--vectors=v.txt", "--epochs=0", "--steps=1")
    assert "2 vectors to begin with" in p.err, p.err
    vocabulary = json.loads(tensors("m")[1]["pos.unit"])
    assert "zither" in vocabulary and "music" in vocabulary
    Path("v.txt").write_text("2 24\nmusic 1 2\n")
    wrong("train", EN, "--model=n", *SMALL, "--vectors=v.txt", needed=["v.txt:2", "number 3 of 24"])
    Path("v.txt").write_text("1 3\nmusic 1 2 3\n")
    wrong("train", EN, "--model=n", *SMALL, "--vectors=v.txt", needed=["--embed", "24", "3"])
    Path("v.txt").write_text("music 1 2 3\n")
    wrong("train", EN, "--model=n", *SMALL, "--vectors=v.txt", needed=["v.txt:1"])


def learned(model):
    state = tensors(model + ".state")[0]
    return {k: v for k, v in state.items() if k.split("/")[0] in ("parameter", "first", "second")
            or k == "slot/cursor"}


def test_resuming_gives_the_same_bits():
    for task, data in (("tags", EN), ("words", ZH)):
        same = [data, "--task", task, "--schedule=constant", "--valid-fraction=0.2"]
        train(task + "1", *same, "--epochs=4")
        train(task + "2", *same, "--epochs=2")
        train(task + "2", *same, "--epochs=4", "--resume")
        assert Path(task + "1").read_bytes() == Path(task + "2").read_bytes()
        a, b = learned(task + "1"), learned(task + "2")
        assert a and a == b
    wrong("train", ZH, "--model=tags2", *SMALL, "--resume", needed=["other data"])
    wrong("train", EN, "--model=tags2", *SMALL, "--resume", "--task=words", needed=["--task"])


def test_an_interrupt_saves():
    interrupted(POS, "train", EN, "--model=m", "--epochs=100000", "--patience=0", "--checkpoint=0.05", *SMALL,
                state="m.state")
    train("m", EN, "--resume", "--steps=1", "--patience=0")


def test_answers_come_line_by_line():
    chinese("m")
    p = subprocess.Popen([str(POS), "tag", "--model=m"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for text, want in (("我爱购物", "我/n 爱/v 购物/n"), ("我在华联购物", "我/n 在/pre 华联/n 购物/v")):
        p.stdin.write(text.encode() + b"\n")
        p.stdin.flush()
        assert p.stdout.readline().decode().strip() == want
    p.stdin.close()
    assert p.wait(timeout=60) == 0
    many = "我爱购物\n我在华联购物\n" * 100
    assert pos("tag", "--model=m", stdin=many).text == "我/n 爱/v 购物/n\n我/n 在/pre 华联/n 购物/v\n" * 100


def test_storage_and_gzip():
    Path("zh.txt.gz").write_bytes(gzip.compress(ZH.read_bytes()))
    train("a", "zh.txt.gz", "--task=words", "--epochs=2", "--valid=" + str(ZH))
    train("b", ZH, "--task=words", "--epochs=2", "--valid=" + str(ZH), "--storage=f16")
    a, b = tensors("a")[0], tensors("b")[0]
    assert len(a["unit.weight"]) == 2 * len(b["unit.weight"])
    assert pos("tag", "--model=a", "zh.txt.gz", "--input=tagged").text


def test_bad_input_is_pointed_at():
    english("m", "--epochs=1")
    Path("a.conllu").write_text("1\tShe\t_\n")
    wrong("tag", "--model=m", "a.conllu", "--input=conllu", needed=["a.conllu:1", "3 columns where 10 are due"])
    wrong("eval", "--model=m", "a.conllu", "--input=conllu", needed=["a.conllu:1", "3 columns"])
    Path("a.txt").write_bytes("fine\nbad \xff\n".encode("latin-1"))
    wrong("tag", "--model=m", "a.txt", needed=["a.txt:2:5", "0xff"])
    Path("b.txt").write_text("我/n 爱/v\n我 爱/v\n")
    wrong("train", "b.txt", "--model=n", *SMALL, needed=["b.txt:2"])
    Path("b.txt").write_text("我/n 爱/n\n")
    wrong("train", "b.txt", "--model=n", *SMALL, needed=["nothing to tell"])
    wrong("train", EN, "--model=n", *SMALL, "--cell=lsmt", needed=["did you mean lstm"])
    wrong("eval", EN, "--model=m", "--raw", "--given-words", needed=["--given-words"])
    assert pos("tag", "--model=m", stdin="").text == ""
    assert pos("tag", stdin="").text == ""
    assert pos("tag", "--model=m", stdin="\n \n").text == ""


main(globals())
