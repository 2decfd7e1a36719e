#!/bin/sh
# abidiff's opinion: nothing of ABI 1.0 has changed in a way that old plugins would notice.
# usage: test_abidiff.sh CC SOURCE      (exit 77: abidiff is not installed)
set -eu
command -v abidiff >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/all.c" <<'END'
#include <refrain/plugin.h>
RF_API rf_plugin use_plugin; RF_API rf_verb use_verb; RF_API rf_option use_option; RF_API rf_setting use_setting;
RF_API rf_event use_event; RF_API rf_record use_record; RF_API rf_field use_field;
RF_API rf_host use_host; RF_API rf_run use_run; RF_API rf_build use_build;
END
for version in old now; do
    mkdir "$work/$version"
    cp -r "$2/core/include/refrain" "$work/$version/"
done
cp "$2/tests/abi/plugin_1_0.h" "$work/old/refrain/plugin.h"
for version in old now; do
    $1 -g -shared -fPIC -I"$work/$version" -o "$work/$version.so" "$work/all.c"
done
status=0
abidiff "$work/old.so" "$work/now.so" || status=$?
# Bit 3 (value 8): an incompatible change; bits 0 and 1: abidiff itself failed.
[ $((status & 11)) -eq 0 ]
