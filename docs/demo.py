#!/usr/bin/env python3
"""Write what the program says of its demo tune into the documents that show it.

    docs/demo.py PROGRAM            writes README.md, examples/classify/README.md and docs/terminal.svg
    docs/demo.py --check PROGRAM    fails if one of them is out of date

PROGRAM is the command line, such as target/release/classify. A new model changes what it says.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINE = 24
INK, QUIET, LEADER = "#f3eee8", "#b8aea3", "#3fb8ab"


def block(text, said):
    """Return a document with the answer in its block of text."""
    found, count = re.subn(r"(?<=```text\n)demo tune.*?(?=```)", lambda _: said, text, flags=re.S)
    assert count == 1, "one block of text with the demo tune"
    return found


def picture(said):
    """Return the terminal as SVG. Columns have places of their own, as browsers do not agree on spaces."""
    head, length, *rows = said.splitlines()
    height = 142 + LINE * len(rows)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" width="720" height="{height}" role="img" '
        'aria-label="classify in a terminal">',
        f'<rect width="720" height="{height}" rx="12" fill="#171412"/>',
        '<g fill="#4a423a"><circle cx="24" cy="22" r="6"/><circle cx="44" cy="22" r="6"/><circle cx="64" cy="22" r="6"/></g>',
        "<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"15\">",
        f'<text x="24" y="60" fill="{QUIET}">$ classify</text>',
        f'<text x="24" y="84" fill="{INK}">{head}</text>',
        f'<text x="42" y="108" fill="{INK}">{length.strip()}</text>',
    ]
    for number, row in enumerate(rows):
        genre, share, bar = re.fullmatch(r"  (\w+) +([\d.]+ %) *(█*)", row).groups()
        at = 132 + LINE * number
        line = f'<text x="42" y="{at}" fill="{INK}">{genre}</text>'
        line += f'<text x="195" y="{at}" text-anchor="end" fill="{INK}">{share}</text>'
        if bar:
            line += f'<rect x="213" y="{at - 13}" width="{9 * len(bar)}" height="17" fill="{QUIET if number else LEADER}"/>'
        out.append(line)
    return "\n".join([*out, "</g>", "</svg>", ""])


def main():
    check = sys.argv[1:2] == ["--check"]
    if len(sys.argv) != 2 + check:
        sys.exit(__doc__)
    said = subprocess.run([sys.argv[-1]], check=True, stdout=subprocess.PIPE, text=True).stdout
    wanted = {name: block((ROOT / name).read_text(), said) for name in ("README.md", "examples/classify/README.md")}
    wanted["docs/terminal.svg"] = picture(said)
    stale = [name for name, text in wanted.items() if (ROOT / name).read_text() != text]
    if check and stale:
        sys.exit(f"out of date: {', '.join(stale)}; run docs/demo.py PROGRAM")
    for name in stale:
        (ROOT / name).write_text(wanted[name])
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
