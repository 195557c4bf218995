#!/usr/bin/env python3
"""Measure what one core does: rate.py FILE... prints processor time and size per file, for planning."""

import os
import sys
import time

import timbrel

files = sys.argv[1:]
timbrel.classify_file(files[0])  # tables are computed once
began = time.process_time()
for file in files:
    timbrel.classify_file(file)
seconds = (time.process_time() - began) / len(files)
size = sum(map(os.path.getsize, files)) / len(files)
print(f"{len(files)} files: {seconds:.3f} s of processor time and {size / 1e6:.2f} MB each")
