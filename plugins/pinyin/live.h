/* pinyin/live.h -- typing: what is typed, what was picked, what could be meant. */
#ifndef PINYIN_LIVE_H
#define PINYIN_LIVE_H

#include <refrain/live.h>

#include "pinyin.h"

/* rf.live/1 of this plugin. */
extern const rf_live py_live;

#endif
