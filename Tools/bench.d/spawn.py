"""Runs one command and writes down what it took: `spawn.py FILE COMMAND...`.

A program of its own, as small as can be: the kernel counts the memory of the process that starts a command
as the command's, until that has grown larger.
"""

import os
import sys
import time

start = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write(f"{seconds} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss * 1024}")
sys.exit(os.waitstatus_to_exitcode(status) & 255)
