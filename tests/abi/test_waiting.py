#!/usr/bin/env python3
"""What computes waits by its own gates alone: of the C library's locks none is called outside of the host,
whose log may come from any thread.  usage: test_waiting.py LIBREFRAIN.a"""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import tap  # noqa: E402

LIB = sys.argv[1]
LOCKS = ("pthread_mutex_", "pthread_cond_", "pthread_rwlock_", "pthread_spin_", "pthread_barrier_", "mtx_", "cnd_", "sem_")


def undefined():
    """(object file, name) of everything that the library's files take from elsewhere."""
    out = subprocess.run(["nm", "-A", "--undefined-only", LIB], stdout=subprocess.PIPE, check=True, text=True).stdout
    for line in out.splitlines():
        where, _, name = line.rpartition(" U ")
        yield os.path.basename(where.rstrip(": ").rpartition(":")[2]), name.split("@")[0]


class Waiting(unittest.TestCase):
    def test_no_locks(self):
        users = {(o, n) for o, n in undefined() if n.startswith(LOCKS)}
        self.assertEqual({u for u in users if not u[0].startswith("host_")}, set())

    def test_the_names_are_read(self):
        self.assertIn(("tensor_pool.c.o", "syscall"), set(undefined()))


if __name__ == "__main__":
    tap.main()
