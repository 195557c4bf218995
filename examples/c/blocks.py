#!/usr/bin/env python3
"""Writes the C blocks of the documents as programs that a compiler can check: `blocks.py FOLDER`.

A block that is a whole program or a function stays as it is. The statements of any other go into a function, with
declarations of whatever the text leaves to the reader."""
import pathlib
import re
import sys

PRELUDE = """#include <stddef.h>
#include <stdint.h>
#include "timbrel.h"
#pragma GCC diagnostic ignored "-Wunused"
"""
READER = """
extern const uint8_t *model;
extern size_t model_len;
extern timbrel_config config;
extern timbrel_classifier *classifier;
const int16_t *next_block(size_t *count);
void wait_for_interrupt(void), classify(const int16_t *samples, size_t count), show(void);
void microphone_off(void), microphone_on(void), sleep_ms(uint32_t), lost(void);
"""


def program(block):
    """Return a block of C as a program."""
    if "#include" in block:
        return block
    if re.search(r"^\w[\w *]*\(.*\)[^;\n]*\n\{", block, re.M):
        return PRELUDE + block
    outside, inside, depth = [], [], 0
    for line in block.splitlines():
        top = re.match(r"(static|extern|volatile|__attribute__|void )", line) or depth
        (outside if top else inside).append(line)
        if top:
            depth += line.count("{") - line.count("}")
    body = "\n".join(inside)
    samples = "    size_t count = 0;\n" if "&count" in body else ""
    return f"{PRELUDE}{READER}" + "\n".join(outside) + f"\nvoid block(void)\n{{\n{samples}{body}\n}}\n"


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    out = pathlib.Path(sys.argv[1])
    for document in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        blocks = re.findall(r"^```c\n(.*?)^```$", document.read_text(), re.M | re.S)
        for number, block in enumerate(blocks):
            (out / f"{document.stem}-{number}.c").write_text(program(block))


main()
