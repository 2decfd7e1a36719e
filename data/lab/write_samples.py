#!/usr/bin/env python3
"""Writes the samples of this folder from small grammars and lines written by hand.  usage: write_samples.py

The same bytes each time.  No line is taken from anywhere else.
"""
import random
from pathlib import Path

HERE = Path(__file__).resolve().parent

# ---- Sentences for the verb cloze: what stands to the right of a word tells which one it is ---------

BE = {"I": "am", "you": "are", "we": "are", "they": "are", "he": "is", "she": "is", "Tom": "is", "Anna": "is"}
STATES = ["hungry", "tired", "thirsty", "happy", "busy", "cold"]
REASONS = {
    "not": ["because lunch was good", "since all is well", "after such a long rest", "for once"],
    "still": ["even now", "although it is late", "hours after we began", "as before"],
    "now": ["all of a sudden", "since a minute ago", "from here on", "and it came quickly"],
    "always": ["every single day", "day and night", "whatever we do", "all year round"],
}
BEASTS = {
    "dog": ["barked at the postman", "wagged its tail", "fetched the stick", "guarded the gate"],
    "cat": ["purred on the sofa", "chased a mouse", "licked its paws", "climbed the curtain"],
    "horse": ["galloped over the field", "pulled the old cart", "neighed in the stable", "ate the hay"],
    "bird": ["sang in the tree", "built a nest", "spread its wings", "flew to the south"],
    "fish": ["swam in the pond", "hid under the water plants", "took the hook", "lived in the river"],
    "bee": ["flew from flower to flower", "stung the gardener", "made sweet honey", "buzzed in the hive"],
}
MANY = {"dogs": "dog", "cats": "cat", "horses": "horse", "birds": "bird"}
THINGS = {
    "tea": ["poured", "into the cup"], "soup": ["poured", "into the bowl"], "milk": ["gave", "to the kitten"],
    "letter": ["put", "into the envelope"], "key": ["turned", "in the lock"], "car": ["drove", "to the station"],
    "bread": ["cut", "with a knife"], "paper": ["cut", "with scissors"], "lamp": ["lit", "when it grew dark"],
    "song": ["sang", "for the children"], "book": ["read", "to the last page"], "window": ["opened", "to let the air in"],
}
ADJECTIVES = ["old", "young", "small", "big", "brown", "white", "quiet", "clever"]
PLACES = ["in the morning", "at noon", "last night", "on Sunday", "again"]
ENGLISH = """\
I am not very hungry because lunch was good
the kettle sang and the tea was ready
nobody heard the bell but the old cat did
she put her coat on because it was cold outside
they were late so the train left without them
open the window and let the warm wind in
the river was high after three days of rain
he wrote a letter and put it into the envelope
a small light burned in the window all night
we walked home under the stars
bread and butter and a cup of tea
when the bell rings the children run out
"""


def english(chance):
    kind = chance.randrange(10)
    if kind < 3:
        who, word = chance.choice(list(BE)), chance.choice(list(REASONS))
        return f"{who} {BE[who]} {word} very {chance.choice(STATES)} {chance.choice(REASONS[word])}"
    if kind < 6:
        beast, adjective = chance.choice(list(BEASTS)), chance.choice(ADJECTIVES)
        article = chance.choice(["the", "their", "our"])
        end = chance.choice(["", " " + chance.choice(PLACES)])
        return f"{article} {adjective} {beast} {chance.choice(BEASTS[beast])}{end}"
    if kind < 7:
        many = chance.choice(list(MANY))
        one = chance.random() < 0.5
        return f"the {MANY[many] if one else many} {'was' if one else 'were'} {chance.choice(['asleep', 'outside', 'hungry', 'here'])}"
    thing = chance.choice(list(THINGS))
    verb, end = THINGS[thing]
    return f"{chance.choice(['she', 'he', 'Anna', 'Tom'])} {verb} the {thing} {end}"


WHO = ["我", "你", "他", "她", "我们", "他们", "小明", "妈妈"]
WHY = {
    "不": ["因为刚吃过", "所以先走了", "一点也没有事"],
    "还": ["到现在也没好", "都半天了", "和刚才一样"],
    "真": ["你看得出来吧", "快帮帮忙", "走不动了"],
    "常": ["天天这样", "一年到头", "每到这时候就是"],
}
HOW = ["很饿", "很累", "很冷", "很忙", "很高兴", "很渴"]
ANIMALS = {
    "狗": ["看着大门", "对着生人叫", "摇着尾巴", "把骨头埋了"], "猫": ["抓住了老鼠", "在沙发上打呼噜", "舔着爪子", "爬上了窗台"],
    "马": ["在草原上跑", "拉着车", "在马房里叫", "吃着干草"], "鸟": ["在树上唱歌", "飞到南方去了", "张开翅膀", "在树上做窝"],
    "鱼": ["在水里游", "上了钩", "躲在水草下面", "生活在河里"], "牛": ["在田里拉犁", "挤出了牛奶", "在山坡上吃草", "顶着两只角"],
}
OBJECTS = {
    "茶": ["把", "倒进杯子里"], "汤": ["把", "倒进碗里"], "信": ["把", "放进信封里"], "门": ["把", "关上了，外面冷"],
    "灯": ["把", "点亮了，天黑了"], "书": ["把", "读到最后一页"], "米": ["把", "放进锅里煮"], "琴": ["把", "弹给大家听"],
}
LOOKS = ["小", "大", "老", "白", "黑", "花"]
CHINESE = """\
我现在不很饿，因为刚吃过饭
水开了，茶也泡好了
天黑了，妈妈把灯点亮了
下了三天雨，河水涨高了
他写了一封信，放进信封里
铃一响，孩子们都跑出来
窗外的风是暖的
我们在星星下面走回家
老猫听见了门响
天冷，她穿上了大衣
"""


def chinese(chance):
    kind = chance.randrange(10)
    if kind < 4:
        word = chance.choice(list(WHY))
        return f"{chance.choice(WHO)}{word}{chance.choice(HOW)}，{chance.choice(WHY[word])}"
    if kind < 7:
        animal = chance.choice(list(ANIMALS))
        return f"{chance.choice(['那只', '这头', '他家的', '我们的'])}{chance.choice(LOOKS)}{animal}{chance.choice(ANIMALS[animal])}"
    thing = chance.choice(list(OBJECTS))
    return f"{chance.choice(WHO)}{OBJECTS[thing][0]}{thing}{OBJECTS[thing][1]}"


def sentences(write, lines, count, chance):
    """Different sentences, those written by hand among them."""
    seen = dict.fromkeys(lines.splitlines())
    while len(seen) < count:
        seen.setdefault(write(chance))
    out = list(seen)
    chance.shuffle(out)
    return "".join(x + "\n" for x in out)


# ---- Reviews for the verbs classify-...: label, then text ------------------------------------------

GOOD = ["a warm and funny {n}", "the best {n} of the year", "{n} and people full of life", "I loved every minute of this {n}",
        "a clever {n} that never bores", "what a lovely {n}", "gentle , wise and moving", "I would see this {n} again",
        "a bright and tender {n}", "played with great charm", "a joy from the first scene to the last",
        "this {n} made me laugh and cry"]
BAD = ["a cold and tedious {n}", "the worst {n} of the year", "{n} without a single idea", "I wanted to leave after ten minutes of this {n}",
       "a dull {n} that goes nowhere", "what a waste of a good {n}", "loud , empty and far too long", "I would not see this {n} again",
       "a grey and clumsy {n}", "played without any charm", "boring from the first scene to the last",
       "this {n} put me to sleep"]
NOUNS = ["film", "story", "comedy", "drama", "picture", "show", "play", "tale"]
MORE_GOOD = ["and the music is fine too", "and the end is a surprise", "not bad at all", "though it is a little long", ""]
MORE_BAD = ["and the music is awful too", "and the end is no surprise", "not good at all", "though it is mercifully short", ""]
PRAISE = ["房间很干净", "服务员很热情", "早餐很丰富", "离车站很近，很方便", "床很舒服，睡得很好", "下次还住这里", "性价比很高", "环境很安静",
       "前台的态度特别好", "窗外的风景很美", "值得推荐给朋友", "一点也不吵，满意"]
BLAME = ["房间又小又脏", "服务员态度很差", "早餐很难吃", "离车站很远，不方便", "床很硬，一夜没睡好", "下次不会再来了", "价格太贵，不值", "隔壁太吵",
            "前台没有人理我", "窗户对着一堵墙", "不推荐任何人住", "空调坏了，很失望"]


def review_en(chance, good):
    text = chance.choice(GOOD if good else BAD).format(n=chance.choice(NOUNS))
    more = chance.choice(MORE_GOOD if good else MORE_BAD)
    return f"{text} {more}".strip()


def review_zh(chance, good):
    return "，".join(chance.sample(PRAISE if good else BLAME, chance.choice([1, 2, 2, 3])))


def reviews(write, count, chance):
    seen = {}
    while len(seen) < count:
        good = len(seen) % 2 == 0
        seen.setdefault(write(chance, good), "good" if good else "bad")
    rows = list(seen.items())
    chance.shuffle(rows)
    return "label\ttext\n" + "".join(f"{label}\t{text}\n" for text, label in rows)


# ---- Frames: a hand that rests, rises, waves and sinks; a label for each ---------------------------

def frames(chance):
    """Four recordings in one table: their number, two coordinates, the phase of each frame."""
    rows = ["recording,x,y,phase\n"]
    for recording in range(1, 5):
        x = y = 0.0
        for _ in range(4):
            for phase, steps, dx, dy in (("rest", 12, 0, 0), ("rise", 6, 0, 0.5), ("wave", 12, 0.8, 0), ("sink", 6, 0, -0.5)):
                for k in range(steps + chance.randrange(4)):
                    turn = (1 if k // 2 % 2 else -1) if phase == "wave" else 0
                    x += dx * turn + chance.gauss(0, 0.03)
                    y += dy + chance.gauss(0, 0.03)
                    rows.append(f"{recording},{x:.3f},{y:.3f},{phase}\n")
    return "".join(rows)


def main():
    for name, text in (
            ("cloze-en.txt", sentences(english, ENGLISH, 1400, random.Random(1))),
            ("cloze-zh.txt", sentences(chinese, CHINESE, 900, random.Random(2))),
            ("reviews.tsv", reviews(review_en, 400, random.Random(3))),
            ("pinglun.tsv", reviews(review_zh, 400, random.Random(4))),
            ("waving.csv", frames(random.Random(5)))):
        (HERE / name).write_bytes(text.encode())


if __name__ == "__main__":
    main()
