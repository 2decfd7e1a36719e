/* pinyin/listen_examples.c -- commands that help and man page show. */
#include "listen.h"

const char *const listen_train_examples[] = {
    "refrain-pinyin listen-train words.tsv --where split=train --model 听.safetensors",
    "# Short words, compressed recordings.\n"
    "refrain-pinyin listen-train words.tsv --where split=train --normalise training \\\n"
    "    --noise-floor 60 --tones-apart --pitch --model 听.safetensors",
    "# English digits, of single words and of words joined.\n"
    "refrain-pinyin listen-train digits.tsv --units words --rate 8000 --join 6 \\\n"
    "    --model digits.safetensors",
    "# For streams: from left to right alone, normalised by what was heard up to now.\n"
    "refrain-pinyin listen-train digits.tsv --units words --no-bidirectional --stack 2 \\\n"
    "    --normalise running --model live.safetensors",
    "# Stop it at any time; go on where it was.\n"
    "refrain-pinyin listen-train words.tsv --model 听.safetensors --resume",
    NULL};

const char *const listen_examples[] = {
    "refrain-pinyin listen 你好.mp3 --model 听.safetensors",
    "# What else could it be, and when is it said?\n"
    "refrain-pinyin listen 你好.mp3 --model 听.safetensors --nbest 5\n"
    "refrain-pinyin listen 你好.mp3 --model 听.safetensors --times --plot 你好.svg",
    "# As it is spoken.\n"
    "arecord -q -f S16_LE -r 16000 -t raw | \\\n"
    "    refrain-pinyin listen --raw 16000 --stream --model live.safetensors",
    NULL};

const char *const listen_eval_examples[] = {
    "refrain-pinyin listen-eval words.tsv --where split=test --model 听.safetensors",
    "# Beside the nearest recording of the training.\n"
    "refrain-pinyin listen-eval words.tsv --where split=test --templates words.tsv \\\n"
    "    --templates-where split=train --model 听.safetensors",
    "# Digits in a row, and the errors of each speaker.\n"
    "refrain-pinyin listen-eval digits.tsv --join 7 --model digits.safetensors\n"
    "refrain-pinyin listen-eval digits.tsv --by speaker --model digits.safetensors",
    NULL};
