#!/usr/bin/env python3
"""Write train.tsv, valid.tsv and test.tsv: sentences in Chinese and English, made by a small grammar.

Each frame below makes a kind of sentence in both languages at once, with what makes translation more
than a change of words: time and place stand before the verb in Chinese and behind it in English, verbs
change their form in English only, numbers need measure words in Chinese only, questions are made in
quite different ways.  No sentence of either language has two translations.

usage: sentences.py [FOLDER]
"""
import os
import random
import sys

SIZES = {"train": 3000, "valid": 200, "test": 300}

# ---- Words -----------------------------------------------------------------------------------------

# Chinese, English, its object form, and whether verbs take an s.
PEOPLE = [("我", "I", "me", False), ("你", "you", "you", False), ("他", "he", "him", True),
          ("她", "she", "her", True), ("我们", "we", "us", False), ("他们", "they", "them", False),
          ("我爸爸", "my father", "my father", True), ("我妈妈", "my mother", "my mother", True),
          ("老师", "the teacher", "the teacher", True), ("孩子们", "the children", "the children", False),
          ("玛丽", "Mary", "Mary", True), ("汤姆", "Tom", "Tom", True)]

OTHERS = [p for p in PEOPLE if p[1] not in ("I", "we")]  # of whom one asks

HOME, PARK, SCHOOL = ("家里", "at home"), ("公园里", "in the park"), ("学校里", "at school")
LIBRARY, KITCHEN, GARDEN = ("图书馆里", "in the library"), ("厨房里", "in the kitchen"), ("花园里", "in the garden")
# Chinese; English: plain, with s, past, with ing; what follows; where one does it.
DEEDS = [("喝茶", "drink", "drinks", "drank", "drinking", "tea", [HOME, GARDEN, KITCHEN]),
         ("喝牛奶", "drink", "drinks", "drank", "drinking", "milk", [HOME, SCHOOL, KITCHEN]),
         ("喝咖啡", "drink", "drinks", "drank", "drinking", "coffee", [HOME, GARDEN, KITCHEN]),
         ("吃米饭", "eat", "eats", "ate", "eating", "rice", [HOME, SCHOOL]),
         ("吃苹果", "eat", "eats", "ate", "eating", "apples", [HOME, PARK, GARDEN]),
         ("吃面条", "eat", "eats", "ate", "eating", "noodles", [HOME, SCHOOL, KITCHEN]),
         ("看书", "read", "reads", "read", "reading", "books", [HOME, PARK, SCHOOL, LIBRARY, GARDEN]),
         ("看报纸", "read", "reads", "read", "reading", "newspapers", [HOME, PARK, LIBRARY]),
         ("看电影", "watch", "watches", "watched", "watching", "films", [HOME, SCHOOL]),
         ("写信", "write", "writes", "wrote", "writing", "letters", [HOME, LIBRARY]),
         ("画画", "paint", "paints", "painted", "painting", "pictures", [HOME, PARK, SCHOOL, GARDEN]),
         ("唱歌", "sing", "sings", "sang", "singing", "songs", [HOME, PARK, SCHOOL, KITCHEN]),
         ("听音乐", "listen", "listens", "listened", "listening", "to music", [HOME, PARK, GARDEN]),
         ("学中文", "learn", "learns", "learned", "learning", "Chinese", [HOME, SCHOOL, LIBRARY]),
         ("学英文", "learn", "learns", "learned", "learning", "English", [HOME, SCHOOL, LIBRARY]),
         ("弹钢琴", "play", "plays", "played", "playing", "the piano", [HOME, SCHOOL]),
         ("踢足球", "play", "plays", "played", "playing", "football", [PARK, SCHOOL]),
         ("打篮球", "play", "plays", "played", "playing", "basketball", [PARK, SCHOOL]),
         ("跳舞", "dance", "dances", "danced", "dancing", "", [HOME, PARK, SCHOOL]),
         ("做饭", "cook", "cooks", "cooked", "cooking", "", [HOME, KITCHEN])]

NUMBERS = [("一", "one"), ("两", "two"), ("三", "three"), ("四", "four"), ("五", "five"), ("六", "six"),
           ("七", "seven"), ("八", "eight"), ("九", "nine"), ("十", "ten")]
# Chinese, its measure word, English: one, several; where such things are; what they are like.
ON_TABLE, IN_BOX, IN_ROOM = ("桌子上", "on the table"), ("盒子里", "in the box"), ("房间里", "in the room")
UNDER_TREE, UP_TREE, IN_GARDEN = ("树下", "under the tree"), ("树上", "in the tree"), ("花园里", "in the garden")
AT_DOOR, IN_WATER = ("门前", "in front of the door"), ("水里", "in the water")
NEW, OLD, BIG, SMALL = ("新", "new", "newer"), ("旧", "old", "older"), ("大", "big", "bigger"), ("小", "small", "smaller")
DEAR, CHEAP = ("贵", "expensive", "more expensive"), ("便宜", "cheap", "cheaper")
CUTE, FINE = ("可爱", "cute", "cuter"), ("漂亮", "beautiful", "more beautiful")
FAST, SWEET, CLEAN = ("快", "fast", "faster"), ("甜", "sweet", "sweeter"), ("干净", "clean", "cleaner")
THINGS = [("书", "本", "book", "books", [ON_TABLE, IN_BOX, IN_ROOM], [NEW, OLD, DEAR, CHEAP]),
          ("杯子", "个", "cup", "cups", [ON_TABLE, IN_BOX, IN_ROOM], [NEW, OLD, BIG, SMALL, CLEAN]),
          ("苹果", "个", "apple", "apples", [ON_TABLE, IN_BOX, UP_TREE, UNDER_TREE], [BIG, SMALL, SWEET]),
          ("信", "封", "letter", "letters", [ON_TABLE, IN_BOX], [OLD]),
          ("照片", "张", "photo", "photos", [ON_TABLE, IN_BOX, IN_ROOM], [NEW, OLD, FINE]),
          ("椅子", "把", "chair", "chairs", [IN_ROOM, IN_GARDEN, UNDER_TREE, AT_DOOR], [NEW, OLD, DEAR, CHEAP, CLEAN]),
          ("花", "朵", "flower", "flowers", [ON_TABLE, IN_ROOM, IN_GARDEN, AT_DOOR], [BIG, SMALL, FINE]),
          ("猫", "只", "cat", "cats", [IN_ROOM, IN_GARDEN, UNDER_TREE, UP_TREE, AT_DOOR, IN_BOX], [BIG, SMALL, CUTE, FAST]),
          ("狗", "条", "dog", "dogs", [IN_ROOM, IN_GARDEN, UNDER_TREE, AT_DOOR], [BIG, SMALL, CUTE, FAST]),
          ("鸟", "只", "bird", "birds", [IN_GARDEN, UP_TREE, UNDER_TREE], [BIG, SMALL, CUTE, FINE]),
          ("鱼", "条", "fish", "fish", [IN_WATER], [BIG, SMALL, FINE, FAST]),
          ("自行车", "辆", "bicycle", "bicycles", [AT_DOOR, UNDER_TREE, IN_GARDEN], [NEW, OLD, DEAR, CHEAP, FAST])]
COLOURS = [("红色", "red"), ("白色", "white"), ("黑色", "black"), ("蓝色", "blue"), ("黄色", "yellow")]
COLOURED = {"杯子": "红白黑蓝黄", "椅子": "红白黑蓝黄", "花": "红白蓝黄", "猫": "白黑黄", "狗": "白黑黄", "鸟": "红白黑蓝黄",
            "自行车": "红白黑蓝黄"}
PRESENTS = [t for t in THINGS if t[0] in ("书", "杯子", "苹果", "照片", "花", "自行车", "椅子")]
HOURS = NUMBERS[5:]

# ---- Frames: what each returns is Chinese, English ---------------------------------------------------


class Frames:
    def __init__(self, rng):
        self.rng = rng

    def one(self, things):
        return things[int(self.rng.random() * len(things))]

    def maybe(self, things, p=0.5):
        return self.one(things) if self.rng.random() < p else ("", "")

    def deed(self, place=0.5):
        """Chinese, English: plain, s, past, ing, with what follows; the place, which may be empty."""
        zh, plain, s, past, ing, rest, where = self.one(DEEDS)
        at = self.maybe(where, place)
        return zh, [words(v, rest) for v in (plain, s, past, ing)], at

    def every_day(self):
        (who, en, _, s), (do, forms, at) = self.one(PEOPLE), self.deed()
        return f"{who}每天{on(at)}{do}。", sentence(en, forms[s], at[1], "every day.")

    def yesterday(self):
        (who, en, _, _), (do, forms, at) = self.one(PEOPLE), self.deed()
        return f"{who}昨天{on(at)}{do}了。", sentence(en, forms[2], at[1], "yesterday.")

    def now(self):
        (who, en, _, s), (do, forms, at) = self.one(PEOPLE), self.deed()
        zh = f"正在{at[0]}" if at[0] else "正在"
        return f"{who}现在{zh}{do}。", sentence(en, be(en, s), forms[3], at[1], "now.")

    def tomorrow(self):
        (who, en, _, _), (do, forms, at) = self.one(PEOPLE), self.deed()
        return f"{who}明天会{on(at)}{do}。", sentence(en, "will", forms[0], at[1], "tomorrow.")

    def negative(self):
        (who, en, _, s), (do, forms, at) = self.one(PEOPLE), self.deed(0.3)
        return self.one([
            (f"{who}不{on(at)}{do}。", sentence(en, "does not" if s else "do not", forms[0], at[1] + ".")),
            (f"{who}昨天没有{on(at)}{do}。", sentence(en, "did not", forms[0], at[1], "yesterday.")),
            (f"{who}明天不会{on(at)}{do}。", sentence(en, "will not", forms[0], at[1], "tomorrow."))])

    def question(self):
        (who, en, _, s), (do, forms, at) = self.one(OTHERS), self.deed(0.3)
        return self.one([
            (f"{who}每天{on(at)}{do}吗？", sentence("does" if s else "do", en, forms[0], at[1], "every day?")),
            (f"{who}昨天{on(at)}{do}了吗？", sentence("did", en, forms[0], at[1], "yesterday?")),
            (f"{who}明天会{on(at)}{do}吗？", sentence("will", en, forms[0], at[1], "tomorrow?"))])

    def wish(self):
        (who, en, _, s), (do, forms, _) = self.one(PEOPLE), self.deed(0)
        return self.one([
            (f"{who}想{do}。", sentence(en, "wants to" if s else "want to", forms[0] + ".")),
            (f"{who}不想{do}。", sentence(en, "does not want to" if s else "do not want to", forms[0] + ".")),
            (f"{who}喜欢{do}。", sentence(en, "likes" if s else "like", forms[3] + ".")),
            (f"{who}不喜欢{do}。", sentence(en, "does not like" if s else "do not like", forms[3] + "."))])

    def ask_wish(self):
        (who, en, _, s), (do, forms, _) = self.one(OTHERS), self.deed(0)
        return self.one([
            (f"{who}喜欢{do}吗？", sentence("does" if s else "do", en, "like", forms[3] + "?")),
            (f"{who}想{do}吗？", sentence("does" if s else "do", en, "want to", forms[0] + "?"))])

    def where_is(self):
        zh, measure, one, many, places, _ = self.one(THINGS)
        (n, number), at = self.one(NUMBERS), self.one(places)
        there, thing = ("there is", f"{a(one)} {one}") if n == "一" else ("there are", f"{number} {many}")
        return f"{at[0]}有{n}{measure}{zh}。", sentence(there, thing, at[1] + ".")

    def how_many(self):
        zh, measure, _, many, places, _ = self.one(THINGS)
        at = self.one(places)
        return f"{at[0]}有几{measure}{zh}？", sentence("how many", many, "are there", at[1] + "?")

    def is_like(self):
        zh, measure, one, many, _, kinds = self.one(THINGS)
        kind, en, _ = self.one(kinds)
        this, which = self.one([("这", "this"), ("那", "that")])
        these = {"this": "these", "that": "those"}[which]
        thing = f"{this}{measure}{zh}"
        return self.one([
            (f"{thing}很{kind}。", sentence(which, one, "is very", en + ".")),
            (f"{thing}不{kind}。", sentence(which, one, "is not", en + ".")),
            (f"{thing}{kind}吗？", sentence("is", which, one, en + "?")),
            (f"{this}些{zh}很{kind}。", sentence(these, many, "are very", en + ".")),
            (f"{this}些{zh}{kind}吗？", sentence("are", these, many, en + "?"))])

    def colour(self):
        zh, measure, one, many, _, _ = self.one([t for t in THINGS if t[0] in COLOURED])
        c, en = self.one([c for c in COLOURS if c[0][0] in COLOURED[zh]])
        this, which = self.one([("这", "this"), ("那", "that")])
        return self.one([
            (f"{this}{measure}{zh}是{c}的。", sentence(which, one, "is", en + ".")),
            (f"{this}{measure}{zh}不是{c}的。", sentence(which, one, "is not", en + ".")),
            (f"{this}{measure}{zh}是{c}的吗？", sentence("is", which, one, en + "?"))])

    def compare(self):
        zh, measure, one, _, _, kinds = self.one(THINGS)
        kind, _, en = self.one(kinds)
        this, that, which, other = self.one([("这", "那", "this", "that"), ("那", "这", "that", "this")])
        return (f"{this}{measure}{zh}比{that}{measure}{zh}{kind}。",
                sentence(which, one, "is", en, "than", other, one + "."))

    def present(self):
        who, to = self.one(PEOPLE), self.one(PEOPLE)
        while {who[0], to[0]} in [{"我", "我们"}, {"我"}, {"我们"}, {"你"}] or who[0] == to[0]:
            who, to = self.one(PEOPLE), self.one(PEOPLE)
        zh, measure, one, many, _, _ = self.one(PRESENTS)
        n, number = self.one(NUMBERS[:5])
        thing = f"{a(one)} {one}" if n == "一" else f"{number} {many}"
        verb, past = self.one([("买", "bought"), ("送", "gave")])
        zh = f"{who[0]}给{to[0]}买了{n}{measure}{zh}。" if verb == "买" else f"{who[0]}送给了{to[0]}{n}{measure}{zh}。"
        return zh, sentence(who[1], past, to[2], thing + ".")

    def clock(self):
        (who, en, _, s), (hour, number) = self.one(PEOPLE), self.one(HOURS)
        when, of_day = ("早上", "in the morning") if hour in "六七八" else ("晚上", "in the evening")
        up = of_day == "in the morning"
        verb = [["go to bed", "goes to bed"], ["get up", "gets up"]][up][s]
        return (f"{who}{when}{hour}点{'起床' if up else '睡觉'}。",
                sentence(en, verb, "at", number, "o'clock", of_day + "."))

    def rain(self):
        (who, en, _, _), (do, forms, at) = self.one(PEOPLE), self.deed(0.7)
        while at in (PARK, GARDEN):
            do, forms, at = self.deed(0.7)
        return f"如果明天下雨，{who}就{on(at)}{do}。", sentence("if it rains tomorrow,", en, "will", forms[0], at[1] + ".")

    def two(self):
        first, second = self.one(PEOPLE), self.one(PEOPLE)
        while first[0] == second[0]:
            second = self.one(PEOPLE)
        (do, forms, _), (also, others, _) = self.deed(0), self.deed(0)
        while do == also:
            also, others, _ = self.deed(0)
        return (f"{first[0]}{do}，{second[0]}{also}。",
                sentence(first[1], forms[first[3]] + ",", "and", second[1], others[second[3]] + "."))


# How often each kind occurs.
WEIGHTS = [("every_day", 3), ("yesterday", 3), ("now", 3), ("tomorrow", 3), ("negative", 4), ("question", 4),
           ("wish", 3), ("ask_wish", 2), ("where_is", 4), ("how_many", 1), ("is_like", 4), ("colour", 2), ("compare", 2),
           ("present", 4), ("clock", 1), ("rain", 2), ("two", 3)]

# ---- Putting words together --------------------------------------------------------------------------


def words(*parts):
    return " ".join(p for p in parts if p)


def sentence(*parts):
    text = words(*parts).replace(" .", ".")
    return text[0].upper() + text[1:]


def on(at):
    return "在" + at[0] if at[0] else ""


def a(word):
    return "an" if word[0] in "aeiou" else "a"


def be(who, s):
    return "am" if who == "I" else "is" if s else "are"


def pairs(count):
    rng = random.Random(8)
    frames = Frames(rng)
    kinds = [name for name, weight in WEIGHTS for _ in range(weight)]
    zh_of, en_of, out = {}, {}, []
    while len(out) < count:
        zh, en = getattr(frames, frames.one(kinds))()
        assert zh_of.setdefault(en, zh) == zh, (en, zh, zh_of[en])
        if en_of.setdefault(zh, en) != en:
            raise AssertionError((zh, en, en_of[zh]))
        if (zh, en) not in out:
            out.append((zh, en))
    return out


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    rows = pairs(sum(SIZES.values()))
    for name, count in SIZES.items():
        with open(os.path.join(folder, name + ".tsv"), "w", encoding="utf-8") as f:
            f.writelines(f"{zh}\t{en}\n" for zh, en in rows[:count])
        rows = rows[count:]


if __name__ == "__main__":
    main()
