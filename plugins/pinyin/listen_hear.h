/* pinyin/listen_hear.h -- rf.hear/1 of this plugin. */
#ifndef PINYIN_LISTEN_HEAR_H
#define PINYIN_LISTEN_HEAR_H

#include <refrain/hear.h>

extern const rf_hear listen_hear;

#endif
