"""Check a CMSIS-Pack description against the rules of the published schema, PACK.xsd 1.7, that it touches.

    pdsc.py FILE.pdsc                    fails with a list of what is wrong
    pdsc.py --without-missing FILE.pdsc  removes the <file>s that are not there, and conditions that only they use
"""

import os
import re
import sys
import xml.etree.ElementTree as ElementTree

NAMES = {"name", "vendor"}
REQUIRED = ["name", "vendor", "description", "url", "releases"]
CHILDREN = REQUIRED + ["license", "keywords", "taxonomy", "conditions", "components"]
VERSION = r"(0|[1-9]\d*)\.\d+\.\d+(-[0-9A-Za-z.-]+)?"
CATEGORIES = "doc header include library object source linkerScript utility image other".split()
VALUES = {
    "Dcore": ["Cortex-" + core for core in "M0 M0+ M1 M3 M4 M7 M23 M33 M35P M52 M55 M85".split()],
    "Dfpu": ["NO_FPU", "FPU", "SP_FPU", "DP_FPU"],
    "Ddsp": ["NO_DSP", "DSP"],
    "Dmve": ["NO_MVE", "MVE", "FP_MVE"],
    "Dendian": ["Little-endian", "Big-endian", "Configurable"],
    "Tcompiler": ["GCC", "ARMCC", "IAR", "CLANG", "Tasking", "GHS", "Cosmic", "XC", "Renesas"],
    "Toptions": ["AC5", "AC6", "AC6LTO"],
}
IDENTIFIERS = {"Cclass", "Cgroup", "Csub", "condition"}
PART = r"[A-Za-z0-9][A-Za-z0-9_+()'/\-\s.]{1,31}"


def problems(path):
    """Yield what is wrong with the file."""
    package = ElementTree.parse(path).getroot()
    if package.tag != "package" or not package.get("schemaVersion"):
        yield "the root is not a <package> with a schemaVersion"
    tags = [child.tag for child in package]
    for tag in REQUIRED:
        if tags.count(tag) != 1:
            yield f"<{tag}> is there {tags.count(tag)} times"
    for tag in tags:
        if tag not in CHILDREN or tags.count(tag) > 1:
            yield f"<{tag}> is unknown or repeated"
    for tag in NAMES:
        if not re.fullmatch(r"[-_A-Za-z0-9]+", package.findtext(tag, "")):
            yield f"<{tag}> has other characters than letters, digits, - and _"
    if os.path.basename(path) != f"{package.findtext('vendor')}.{package.findtext('name')}.pdsc":
        yield "the file is not called VENDOR.NAME.pdsc"
    for release in package.iter("release"):
        if not re.fullmatch(VERSION, release.get("version", "")) or not re.fullmatch(r"\d{4}-\d\d-\d\d", release.get("date", "")):
            yield "a <release> has no semantic version and date"
    yield from conditions(package)
    yield from components(package, os.path.dirname(path))


def conditions(package):
    known = [condition.get("id") for condition in package.iter("condition")]
    if len(set(known)) != len(known) or not all(known):
        yield "conditions need different ids"
    for condition in package.iter("condition"):
        if [child.tag for child in condition][:1] != ["description"]:
            yield f"condition {condition.get('id')}: <description> is not the first element"
        for rule in list(condition)[1:]:
            if rule.tag not in ("accept", "require", "deny"):
                yield f"condition {condition.get('id')}: <{rule.tag}>"
            for key, value in rule.attrib.items():
                if key not in IDENTIFIERS and value not in VALUES.get(key, []):
                    yield f"condition {condition.get('id')}: {key}={value}"
            if "Toptions" in rule.attrib and "Tcompiler" not in rule.attrib:
                yield f"condition {condition.get('id')}: Toptions without Tcompiler"
    for element in package.iter():
        if element.get("condition", known[0] if known else None) not in known:
            yield f"<{element.tag}>: no condition {element.get('condition')}"


def components(package, folder):
    for component in package.iter("component"):
        for key in ("Cclass", "Cgroup", "Csub"):
            if not re.fullmatch(PART, component.get(key, "")):
                yield f"component: {key}={component.get(key)}"
        if not re.fullmatch(VERSION, component.get("Cversion", "")):
            yield "component: no Cversion"
        if sorted(child.tag for child in component) != ["description", "files"]:
            yield "component: wants <description> and <files>"
        for file in component.iter("file"):
            if file.get("category") not in CATEGORIES:
                yield f"file {file.get('name')}: category {file.get('category')}"
            if not os.path.isfile(os.path.join(folder, file.get("name", ""))):
                yield f"file {file.get('name')} is not in the pack"
            if file.get("attr") == "template" and not file.get("select"):
                yield f"file {file.get('name')}: a template without select"


def without_missing(path):
    """Remove the files that are not there, with the conditions that no other element names."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    folder = os.path.dirname(path)
    for line in re.findall(r'^.*<file category="library".*$\n', text, flags=re.MULTILINE):
        name, condition = re.search(r'name="([^"]+)" condition="([^"]+)"', line).groups()
        if not os.path.isfile(os.path.join(folder, name)):
            text = text.replace(line, "")
            text = re.sub(rf'^ *<accept condition="{re.escape(condition)}"/>\n', "", text, flags=re.MULTILINE)
            text = re.sub(rf'^ *<condition id="{re.escape(condition)}">.*?</condition>\n', "", text, flags=re.MULTILINE | re.DOTALL)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    if sys.argv[1] == "--without-missing":
        without_missing(sys.argv[2])
        sys.argv[1:] = sys.argv[2:]
    found = list(problems(sys.argv[1]))
    for problem in found:
        print(f"{sys.argv[1]}: {problem}", file=sys.stderr)
    sys.exit(bool(found))
