"""refrain-pinyin, from a text and a lexicon to characters."""
import subprocess
import time
import xml.etree.ElementTree as xml
from pathlib import Path

import harness
from harness import APPS, SOURCE, main, run, tensors

PINYIN = APPS / "refrain-pinyin"
DATA = SOURCE / "data" / "pinyin"
TEXT, LEXICON, TESTS = DATA / "demo.txt", DATA / "demo-lexicon.txt", DATA / "demo.tsv"
SMALL = ("--hidden=48 --epochs=12 --batch=8 --bptt=16 --valid-fraction=0 --prune=0 --word-prune=0 --learning-rate=0.01 "
         "--threads=1 --seed=1").split()


def pinyin(*command, **options):
    return run(PINYIN, *command, **options)


def rows(*command, **options):
    return harness.rows(*command, program=PINYIN, **options)


def train(*more, model="m", **options):
    return pinyin("train", TEXT, "--lexicon", LEXICON, "--model", model, *SMALL, *more, **options)


def decode(text, *more, **options):
    return pinyin("decode", text, "--model=m", *more, **options).text.rstrip("\n")


def answers(text, *more):
    return [r for r in rows("decode", text, "--model=m", *more) if "rank" in r]


def wrong(*command, needed=(), **options):
    """One line that says what is wrong."""
    p = pinyin(*command, ok=None, **options)
    assert p.returncode in (1, 2), f"exit {p.returncode}: {p.err}"
    told = (" lines of text; ", ": lexicon: ", " longer", " to learn from")
    lines = [x for x in p.err.splitlines() if not x.startswith("try '") and not any(y in x for y in told)]
    assert len(lines) == 1, p.err
    for word in needed:
        assert word in lines[0], f"{word!r} is not in {lines[0]!r}"


def test_the_lecture():
    train()
    want = "他是研究生物的"
    for text in ("ta shi yan jiu sheng wu de", "tashiyanjiushengwude", "ta1 shi4 yan2jiu1 sheng1wu4 de5",
                 "tā shì yán jiū shēng wù de", "TA SHI".lower() + " yanjiu'shengwu de"):
        assert decode(text) == want, (text, decode(text))
    readings = [want, "踏实研究生物的", "他实验救生物的", "他使烟酒生物的"]
    got = [r for r in rows("score", "--model=m", "--pinyin", "ta shi yan jiu sheng wu de", *readings) if "rank" in r]
    assert got[0]["text"] == want and {r["text"] for r in got} == set(readings)
    assert all(r["score"] is not None for r in got) and got[0]["score"] > got[1]["score"], got
    # What is scored alone has the score that it has among all.
    best = answers("ta shi yan jiu sheng wu de", "--nbest=40", "--beam=60")
    assert abs(best[0]["score"] - got[0]["score"]) < 1e-3, (best[0], got[0])


def test_how_it_is_typed():
    train()
    assert decode("xi'an") == "西安"
    assert decode("wo ai Linux, 2023 nian.").count("Linux") == 1
    assert decode("hello World") .endswith("World")
    assert decode("Hello World") == "Hello World"
    assert decode("今天tianqi") == "今天天气"
    assert decode("ta shi yan jiou sheng wu de", "--correct")  # an answer, whatever it is
    assert decode("zongguo", "--fuzzy=z-zh") == "中国"
    assert decode("zhogn guo", "--correct") == "中国"
    assert decode("nh", "--fix=你_")[0] == "你"
    assert decode("tsyjswd", "--fix=_是研究") == "他是研究生物的"
    assert decode("tsyjswd", "--no-initials") == "tsyjswd"
    assert decode("yinhang", "--show-words") == "银行"
    assert decode("") == ""
    # A wrong tone costs, and does not forbid.
    assert decode("yin4 hang4") == "银行"


def test_the_best_answers():
    train()
    got = answers("tashi", "--nbest=6")
    assert [r["rank"] for r in got] == list(range(1, len(got) + 1)) and len(got) == 6
    assert len({r["text"] for r in got}) == 6
    scores = [r["score"] for r in got]
    assert scores == sorted(scores, reverse=True)
    assert "踏实" in [r["text"] for r in got]
    # A context moves them.
    alone = {r["text"]: r["score"] for r in got}
    after = {r["text"]: r["score"] for r in answers("tashi", "--nbest=6", "--context=认真学习，")}
    assert any(abs(alone[t] - after[t]) > 0.1 for t in alone if t in after)


def test_many_lines_and_the_same_again():
    train()
    text = "jintian tianqi hen hao\nwomen qu gongyuan sanbu ba\n\nwo zai beijing gongzuo\n"
    first = pinyin("decode", "--model=m", stdin=text).text
    assert first == "今天天气很好\n我们去公园散步吧\n\n我在北京工作\n", first
    for line, want in zip(text.splitlines(), first.splitlines()):
        assert decode(line) == want


def test_evaluation():
    train()
    got = [r for r in rows("eval", TESTS, "--model=m", "--compare") if "system" in r]
    assert len(got) == 4 and got[0]["sentences"] == 5
    assert got[0]["characters"] > 90 and got[0]["top10"] >= got[0]["top5"] >= got[0]["right"]
    assert abs(got[0]["cer"] - (1 - got[0]["characters"] / 100)) < 1e-6  # equal lengths
    Path("t.csv").write_text("NUM,PINYIN,EXPECTED\n1,jintiantianqihenhao。,今天天气很好。\n2,xian,线\n")
    csv = [r for r in rows("eval", "t.csv", "--model=m", "--errors=5") if "system" in r]
    assert csv[-1]["characters"] >= 700 / 8 - 1e-6 and csv[-1]["sentences"] == 2
    said = {r["name"]: r["value"] for r in rows("eval", TESTS, "--model=m", "--training", TEXT) if "value" in r}
    assert said["lines_with_a_test_sentence"] >= 1


def test_sentences_are_left_out():
    p = train("--exclude", TESTS)
    assert "left out for" in p.err and " 0 left out" not in p.err, p.err
    Path("other.tsv").write_text("a\t这一句话不在课文里面\n")
    assert " 0 left out for 1 sentences" in train("--exclude", "other.tsv").err


def test_one_file_small():
    train("--bytes", "--storage=f16")
    t, _ = tensors("m")
    many = len(t["output.bias"]) // 2  # f16
    assert len(t["embedding.weight"]) == 48 * many and len(t["embedding.weight.scale"]) == 4 * many
    assert decode("tashiyanjiushengwude") == "他是研究生物的"
    train("--no-network", model="n")
    assert pinyin("decode", "yinhang", "--model=n").text == "银行\n"


def test_stopping_changes_nothing():
    train("--checkpoint=0", model="whole")
    train("--checkpoint=0", "--steps=20", "--schedule=constant", model="a")
    train("--checkpoint=0", "--steps=10", "--schedule=constant", model="b")
    train("--checkpoint=0", "--steps=20", "--schedule=constant", "--resume", model="b")
    assert Path("a").read_bytes() == Path("b").read_bytes()
    wrong("train", TESTS, "--lexicon", LEXICON, "--model=b", *SMALL, "--resume", needed=["b.state"])


def test_held_out_lines_choose_the_weights():
    p = train("--valid-fraction=0.2", "--tune=5")
    assert "weight of words 0.50" in p.err and "perplexity of a held-out character" in p.err, p.err
    assert "word_weight" in p.text


def test_typing():
    train()
    p = pinyin("type", "--model=m", stdin="tashi\nyanjiu\n1\nshengwude\n1\n\n").text.splitlines()
    assert p[0].startswith("|tashi   1 ") and p[-1] == "他是研究生物的", p
    # A word of the beginning leaves the rest typed.
    p = pinyin("type", "--model=m", stdin="yinhang\n").text.splitlines()
    number = [i for i, x in enumerate(p[0].split()) if x == "银"]
    assert number, p
    pick = p[0].split()[number[0] - 1]
    p = pinyin("type", "--model=m", stdin=f"yinhang\n{pick}\n").text.splitlines()
    assert p[1].startswith("银|hang "), p
    p = pinyin("type", "--model=m", stdin="nihao\n-\n--\n99\nnihao\n99\n").text.splitlines()
    assert p[1].startswith("|niha ") and p[2] == "" and "no candidate" in p[-2], p


def test_key_by_key_is_the_whole():
    """States that are kept from key to key change nothing."""
    train()
    keys = "\n".join("jintiantianqihenhao") + "\n"
    one = pinyin("type", "--model=m", stdin=keys).text.splitlines()[-2]
    assert one == pinyin("type", "--model=m", stdin="jintiantianqihenhao\n").text.splitlines()[0]


def test_the_picture():
    train()
    decode("ta shi yan jiu sheng wu de", "--lattice=l.svg")
    text = "".join(xml.parse("l.svg").getroot().itertext())
    for word in ("他", "是", "研究", "生物", "的", "ta", "sheng wu"):
        assert word in text, word


def test_long_and_odd_input():
    train()
    begin = time.time()
    assert len(decode("tashi" * 2000)) == 4000
    assert time.time() - begin < 60
    assert decode("a" * 3000)
    assert decode("zzzz qqq ' 5 x9")
    p = subprocess.run([PINYIN, "decode", "--model=m"], input=b"ta \xff shi\n", capture_output=True)
    assert p.returncode == 1 and b"not UTF-8" in p.stderr, p.stderr


def test_what_is_wrong():
    train()
    wrong("decode", "ta", "--model=m", "--fuzzy=x-y", needed=["--fuzzy", "x-y", "z-zh"])
    wrong("decode", "ta shi", "--model=m", "--fix=银行", needed=["--fix", "line 1"])
    wrong("decode", "ta", "--model", TEXT, needed=["demo.txt"])
    wrong("train", TEXT, "--model=x", needed=["--lexicon"])
    Path("bad.txt").write_text("中国 many\n")
    wrong("train", TEXT, "--lexicon=bad.txt", "--model=x", needed=["bad.txt:1", "phrase: pinyin"])
    Path("empty.txt").write_text("no Chinese\n")
    wrong("train", "empty.txt", "--lexicon", LEXICON, "--model=x", needed=["no Chinese character"])
    Path("bad.tsv").write_text("ta shi\n")
    wrong("eval", "bad.tsv", "--model=m", needed=["bad.tsv:1"])
    wrong("train", TEXT, "--lexicon", LEXICON, "--model=x", "--cell=lsmt", needed=["lstm"])
    got = [r for r in rows("score", "--model=m", "--pinyin=ta shi", "他是", "研究") if "rank" in r]
    assert got[1]["text"] == "研究" and got[1]["score"] is None and "not a reading" in got[1]["note"]


# Strings with several readings, each of which a sentence as a whole decides.
READ = [
    ("ta shi yi ge lao shi", "他是一个老师"),
    ("ta zai yi jia gong si gong zuo", "他在一家公司工作"),
    ("xian zai ji dian le", "现在几点了"),
    ("yi sheng shuo ta xu yao xiu xi", "医生说他需要休息"),
    ("lao shi rang wo men hui da wen ti", "老师让我们回答问题"),
    ("ta de yi jian hen you dao li", "他的意见很有道理"),
    ("wo mai le yi jian xin yi fu", "我买了一件新衣服"),
    ("ta xian zou le", "他先走了"),
    ("nan jing shi chang jiang da qiao", "南京市长江大桥"),
    ("ji qi ren neng bang zhu ren men gong zuo", "机器人能帮助人们工作"),
    ("ta men zheng zai tao lun zhe ge wen ti", "他们正在讨论这个问题"),
    ("zhe ben shu hen you yi si", "这本书很有意思"),
    ("qing ba men guan shang", "请把门关上"),
    ("ta mei tian zao shang liu dian qi chuang", "他每天早上六点起床"),
    ("wo xiang gen ni tan tan", "我想跟你谈谈"),
    ("ta hui shuo ying yu he han yu", "他会说英语和汉语"),
    ("jin tian de tian qi fei chang hao", "今天的天气非常好"),
    ("wo men yi qi qu kan dian ying ba", "我们一起去看电影吧"),
    ("ta shi wo zui hao de peng you", "他是我最好的朋友"),
    ("ni shi shen me shi hou lai de", "你是什么时候来的"),
    ("tu shu guan li you hen duo shu", "图书馆里有很多书"),
    ("ta dui yin yue gan xing qu", "他对音乐感兴趣"),
    ("gong ren zheng zai xiu lu", "工人正在修路"),
    ("zhe shi yi zhang shi jie di tu", "这是一张世界地图")]


def test_the_installed_model():
    model = ["--model", DATA / "zh.safetensors", "--quiet"]
    sounds = "ta shi yan jiu sheng wu de"
    right, *others = ["他是研究生物的", "踏实研究生物的", "他实验救生物的", "他使烟酒生物的"]
    best = pinyin("decode", sounds, sounds.replace(" ", ""), *model).text.split()
    assert best == [right, right], best
    read = [r for r in rows("score", "--pinyin", sounds, *others, right, *model) if "rank" in r]
    assert read[0]["text"] == right and all(r["score"] is not None for r in read), read
    assert len(READ) >= 20
    got = pinyin("decode", *(x for x, _ in READ), *model).text.split()
    assert got == [y for _, y in READ], [(x, y) for x, (_, y) in zip(got, READ) if x != y]
    joined = pinyin("decode", *(x.replace(" ", "") for x, _ in READ), *model).text.split()
    assert joined == [y for _, y in READ], [(x, y) for x, (_, y) in zip(joined, READ) if x != y]


main(globals())
