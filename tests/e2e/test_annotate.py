"""refrain-pinyin annotate: from characters to pinyin."""
import struct
from pathlib import Path

import harness
from harness import APPS, SOURCE, main, refused, run, tensors

PINYIN = APPS / "refrain-pinyin"
DATA = SOURCE / "data" / "pinyin"
TEXT, LEXICON = DATA / "duoyin.tsv", DATA / "demo-lexicon.txt"
SMALL = ("--hidden=16 --embed=16 --embed-pair=16 --epochs=20 --batch=4 --learning-rate=0.01 --valid-fraction=0 "
         "--min-count=1 --pair-count=1 --dropout=0.2 --dropout-input=0 --threads=1 --seed=1").split()


def pinyin(*command, **options):
    return run(PINYIN, *command, **options)


def rows(*command):
    return harness.rows(*command, program=PINYIN)


def train(*more, model="a", text=TEXT, **options):
    return pinyin("annotate-train", text, "--lexicon", LEXICON, "--model", model, *SMALL, *more, **options)


def told(text, *more, **options):
    return pinyin("annotate", text, "--model=a", *more, **options).text.rstrip("\n")


def wrong(*command, needed=()):
    refused(*command, words=needed, program=PINYIN)


def test_sentences_tell_the_reading():
    train()
    # None of these sentences is in the text.
    assert TEXT.read_text().count("我在银行工作") == 0
    assert told("我在银行工作", "--tones=digits") == "wo3 zai4 yin2 hang2 gong1 zuo4"
    assert "xing2 ren2" in told("路上有行人", "--tones=digits")
    assert told("音乐", "--tones=digits") == "yin1 yue4" and told("快乐", "--tones=digits") == "kuai4 le4"
    assert told("音乐") == "yīn yuè" and told("音乐", "--tones=none") == "yin yue"
    # The same from standard input, line for line.
    p = pinyin("annotate", "--model=a", stdin="音乐\n\n快乐\n").text.splitlines()
    assert p == ["yīn yuè", "", "kuài lè"], p


def test_what_is_not_known_passes_through():
    train()
    assert told("Linux 2023，快乐！") == "Linux 2023，kuài lè！"
    assert told("我ai你", "--tones=none").startswith("wo ai ni")
    assert told("龘") == "龘" and told("") == ""
    assert told("𠮷😀ñ") == "𠮷😀ñ"
    long = told("快乐" * 3000)
    assert len(long.split()) == 6000


def test_marks_stand_on_the_right_vowel():
    pairs = {"lü4 nü3 lüe4": "lǜ nǚ lüè", "xiong2 hui4 liu2": "xióng huì liú", "zhuang1 gou3 de5": "zhuāng gǒu de"}
    hanzi = "绿女略", "熊会流", "装狗的"
    Path("t.tsv").write_text("".join(f"{h}\t{p}\n" for h, p in zip(hanzi, pairs)) + "行人\txing2 ren2\n银行\tyin2 hang2\n")
    pinyin("annotate-train", "t.tsv", "--model", "a", *SMALL)
    for h, marked in zip(hanzi, pairs.values()):
        assert told(h) == marked, (told(h), marked)


def test_table():
    train()
    got = {r["character"]: r for r in rows("annotate", "--model=a", "--table", "--tones=digits", "在银行，龘") if "by" in r}
    assert set(got) == set("在银行龘")
    r = got["行"]
    assert r["pinyin"] == "hang2" and r["by"] == "network" and r["probability"] > 0.5
    parts = [x.split() for x in r["readings"].split(", ")]
    p = [float(x[1]) for x in parts]
    assert {x[0] for x in parts} >= {"hang2", "xing2"} and p == sorted(p, reverse=True) and abs(sum(p) - 1) < 0.01
    assert got["龘"]["by"] == "none" and got["龘"]["pinyin"] == "" and got["龘"]["probability"] is None


def test_phrases_decide_where_the_network_is_unsure():
    """Without a step of learning the network knows nothing."""
    train("--epochs=0", "--steps=1", "--learning-rate=1e-9")
    assert told("银行", "--tones=digits", "--sure=1") == "yin2 hang2"
    by = {r["character"]: r["by"] for r in rows("annotate", "--model=a", "--table", "--sure=0", "银行") if "by" in r}
    assert by["行"] == "network", by


def test_eval_counts_and_compares():
    train()
    got = rows("annotate-eval", "--model=a", TEXT, "--compare", TEXT, "--characters", "--errors=5")
    methods = {r["method"]: r for r in got if "method" in r}
    n = methods["network"]["characters"]
    assert n == methods["neighbours"]["characters"] == sum(r["count"] for r in got if r.get("name") == "character" or
                                                          ("count" in r and "character" in r))
    # 行 alone is 4 times hang2, 4 xing2 and so on: what is most frequent is not enough.
    assert methods["most frequent"]["right"] < methods["network"]["right"] <= n
    assert methods["neighbours"]["accuracy"] > methods["most frequent"]["accuracy"]
    assert methods["network"]["accuracy"] > 0.95


def test_marked_sentences():
    """The form of CPP: a mark, and a file of labels beside it."""
    lines = [x.split("\t")[0] for x in TEXT.read_text().splitlines() if "行" in x]
    labels = ["hang2" if "银" in x else "xing2" for x in lines]
    Path("s.sent").write_text("".join(x.replace("行", "▁行▁", 1) + "\n" for x in lines))
    Path("s.lb").write_text("".join(x + "\n" for x in labels))
    pinyin("annotate-train", "s.sent", "--model=a", "--members=2", *SMALL)
    assert any(name.startswith("1.") for name in tensors("a")[0])
    got = {r["method"]: r for r in rows("annotate-eval", "--model=a", "s.sent", "--compare", "s.sent") if "method" in r}
    assert got["network"]["characters"] == len(lines) and got["network"]["right"] == len(lines), got
    Path("s.lb").write_text("hang2\n")
    wrong("annotate-eval", "--model=a", "s.sent", needed=["s.lb", "1 lines", "s.sent"])


def test_resume():
    stop = [x for x in SMALL if "epochs" not in x]
    pinyin("annotate-train", TEXT, "--lexicon", LEXICON, "--model=whole", *stop, "--epochs=4", "--schedule=constant")
    pinyin("annotate-train", TEXT, "--lexicon", LEXICON, "--model=part", *stop, "--epochs=2", "--schedule=constant")
    pinyin("annotate-train", TEXT, "--lexicon", LEXICON, "--model=part", *stop, "--epochs=4", "--schedule=constant", "--resume")
    a, b = tensors("whole")[0], tensors("part")[0]
    assert len(a) > 10 and a.keys() == b.keys() and all(a[k] == b[k] for k in a)
    Path("other.tsv").write_text(TEXT.read_text() + "银行\tyin2 hang2\n")
    wrong("annotate-train", "other.tsv", "--lexicon", LEXICON, "--model=part", *stop, "--epochs=6", "--resume",
          needed=["part.state"])


PLAIN = "我在银行工作。路上有行人！他在银行里；行人很多\n音乐很好听，快乐的人听音乐。\n" * 12


def test_plain_text_teaches_what_phrases_tell():
    """No sentence is told: the phrases of the lexicon are, and are hidden while training."""
    Path("plain.txt").write_text(PLAIN)
    p = pinyin("annotate-train", "--plain", "plain.txt", "--lexicon", LEXICON, "--model=a", *SMALL)
    assert " sentences to learn from" in p.err
    for text, reading in (("银行", "yin2 hang2"), ("行人", "xing2 ren2"), ("音乐", "yin1 yue4")):
        assert told(text, "--tones=digits", "--sure=0") == reading
    by = {r["character"]: r["by"] for r in rows("annotate", "--model=a", "--table", "--sure=0", "银行") if "by" in r}
    assert by["行"] == "network", by
    wrong("annotate-train", "--lexicon", LEXICON, "--model=x", *SMALL, needed=["TEXT", "--plain"])
    Path("bad.txt").write_bytes(b"\xe4\xbb\x96\n\xff\n")
    wrong("annotate-train", "--plain=bad.txt", "--lexicon", LEXICON, "--model=x", *SMALL, needed=["bad.txt:2", "UTF-8"])
    Path("none.txt").write_text("天\n")
    wrong("annotate-train", "--plain=none.txt", "--lexicon", LEXICON, "--model=x", *SMALL, needed=["none.txt"])


def test_begin_with_another_model():
    train(model="first")
    still = "--epochs=0 --steps=1 --learning-rate=1e-9".split()
    texts = ("在银行，", "行人", "快乐", "音乐")

    def probabilities(model):
        got = rows("annotate", "--model", model, "--table", *texts)
        return [r["probability"] for r in got if r.get("by") == "network"]

    train(*still, model="new")
    p = train(*still, "--begin=first", model="second")
    assert "rows to begin with" in p.err
    first, new, second = (probabilities(x) for x in ("first", "new", "second"))
    assert len(first) >= 4 and all(abs(a - b) < 1e-3 for a, b in zip(first, second)), (first, second)
    assert any(abs(a - b) > 0.1 for a, b in zip(first, new)), (first, new)
    # It knows characters that are not in this text.
    Path("few.tsv").write_text("银行\tyin2 hang2\n行人\txing2 ren2\n")
    train(*still, "--begin=first", model="few", text="few.tsv")
    assert pinyin("annotate", "快乐音乐", "--model=few", "--tones=digits", "--sure=0").text.strip() == "kuai4 le4 yin1 yue4"
    train(*still, "--begin=first", "--hidden=8", model="smaller")
    Path("empty").touch()
    wrong("annotate-train", TEXT, "--begin=empty", "--model=x", *SMALL, needed=["empty"])
    wrong("annotate-train", TEXT, "--begin=no-such", "--model=x", *SMALL, needed=["no-such"])


def test_members_begin_with_models_by_turns():
    """Member i begins with model i modulo their number, and all is known that one of them knows."""
    train(model="first")
    Path("other.tsv").write_text("银行\tyin2 hang2\n行人\txing2 ren2\n音乐\tyin1 yue4\n快乐\tkuai4 le4\n橘子\tju2 zi5\n")
    train("--seed=5", model="second", text="other.tsv")
    still = "--epochs=0 --steps=1 --learning-rate=1e-9 --members=3 --begin=first --begin=second".split()
    train(*still, model="both")
    first, second, both = (tensors(x)[0] for x in ("first", "second", "both"))
    same = [x for x in first if x.startswith("rnn.")]
    assert len(same) >= 6
    for x in same:
        for member, source in (("", first), ("1.", second), ("2.", first)):
            a, b = both[member + x], source[x]
            assert len(a) == len(b) and all(abs(i[0] - j[0]) < 1e-6 for i, j in zip(struct.iter_unpack("<f", a),
                                                                                     struct.iter_unpack("<f", b)))
    assert any(first[x] != second[x] for x in same)
    # A character that the second model alone knows.
    assert "橘" in tensors("both")[1]["annotate.chars"] and "橘" not in tensors("first")[1]["annotate.chars"]

    # Stopped and resumed as if nothing had happened; with other models it is other data.
    stop = [x for x in SMALL if "epochs" not in x] + ["--schedule=constant", "--members=2"]
    begin = ["--begin=first", "--begin=second"]
    for model, epochs in (("whole", "--epochs=4"), ("part", "--epochs=2")):
        pinyin("annotate-train", TEXT, "--lexicon", LEXICON, "--model", model, *stop, *begin, epochs)
    again = ["annotate-train", TEXT, "--lexicon", LEXICON, "--model=part", *stop, "--epochs=4", "--resume"]
    wrong(*again, "--begin=first", needed=["part.state"])
    pinyin(*again, *begin)
    a, b = tensors("whole")[0], tensors("part")[0]
    assert a.keys() == b.keys() and all(a[k] == b[k] for k in a)
    wrong("annotate-train", TEXT, "--begin=first", "--begin=no-such", "--model=x", *SMALL, needed=["no-such"])


def test_test_sentences_are_left_out():
    Path("test.tsv").write_text("路上的行人，他们在银行里！\tx\n")
    Path("text.tsv").write_text(TEXT.read_text() + "路上的行人他们在银行里\tlu4 shang4 de5 xing2 ren2 ta1 men5 zai4 yin2 hang2 li3\n")
    Path("plain.txt").write_text(PLAIN + "昨天路上的行人他们在银行里说话。\n")
    p = train("--plain=plain.txt", "--exclude=test.tsv", text="text.tsv")
    assert "2 lines left out for 1 sentences" in p.err, p.err
    q = train("--plain=plain.txt", model="b", text="text.tsv")
    assert "left out for" not in q.err
    assert tensors("a")[0]["char.weight"] != tensors("b")[0]["char.weight"]


def test_bad_input():
    for text, needed in (("他行\tta1\n", ["bad.tsv:1", "1 syllables for 2 characters"]), ("他行\n", ["bad.tsv:1", "tab"]),
                         ("银行\tyin2 hang2\n▁行\n", ["bad.tsv.lb"]), ("hello\thello\n", ["bad.tsv:1", "1 syllables for 0"]),
                         ("爱\tai4\n", ["bad.tsv", "several readings"])):
        Path("bad.tsv").write_text(text)
        wrong("annotate-train", "bad.tsv", "--model=x", *SMALL, needed=needed)
    Path("bad.sent").write_text("他▁行人▁\n")
    Path("bad.lb").write_text("xing2\n")
    wrong("annotate-train", "bad.sent", "--model=x", *SMALL, needed=["bad.sent:1", "one character"])
    Path("bad.tsv").write_bytes(b"\xe4\xbb\x96\t\xff\n")
    wrong("annotate-train", "bad.tsv", "--model=x", *SMALL, needed=["bad.tsv:1", "UTF-8"])
    wrong("annotate-train", TEXT, "--cell=lsmt", "--model=x", needed=["lstm"])
    Path("empty").touch()
    wrong("annotate", "--model=empty", "行", needed=["empty"])
    train()
    wrong("decode", "--model=a", "ni", needed=["a"])


main(globals())
