"""Whether each crate of the workspace can be built with the Rust that it states.

Every dependency's own rust-version must not be newer, and where exactly that Rust is installed, the crate is checked with it.
Clippy's `incompatible_msrv` holds the crates' own code to it in every run.
"""

import json
import os
import subprocess

# options of a crate that state another Rust, and that Rust: core/Cargo.toml has it too
NEWER = {"timbrel-core": ("tract", "1.91")}


def number(version: str) -> tuple[int, ...]:
    """Return a version such that versions compare."""
    parts = [int(part) for part in version.split(".")]
    return (*parts, 0, 0)[:3]


def metadata(package: str, *features: str) -> dict:
    """Return what cargo knows of a package with its default features and these."""
    path = {member["name"]: member["manifest_path"] for member in members()}[package]
    options = [f"--features={','.join(features)}"] if features else []
    command = ["cargo", "metadata", "--format-version=1", "--locked", f"--manifest-path={path}", *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def members() -> list[dict]:
    """Return the packages of the workspace."""
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--no-deps"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["packages"]


def newest(package: str, *features: str) -> tuple[str, str]:
    """Return the newest Rust that anything asks for which a package is built from, and who asks."""
    options = [f"--features={','.join(features)}"] if features else []
    command = ["cargo", "tree", "--locked", "--quiet", "-p", package, "-e", "normal,build", "--prefix=none",
               "--format={p}", "--target=all", *options]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    used = {tuple(line.split()[:2]) for line in lines if line}
    found = metadata(package, *features)["packages"]
    asked = [(other["rust_version"], f"{other['name']} {other['version']}") for other in found
             if other["rust_version"] and (other["name"], f"v{other['version']}") in used]
    return max(asked, key=lambda pair: number(pair[0]))


def check(package: str, version: str, *features: str) -> None:
    """Fail unless everything that a package is built from takes this Rust, and check it if that Rust is installed."""
    most, by = newest(package, *features)
    name = " ".join([package, *features])
    if number(most) > number(version):
        raise SystemExit(f"{name} states Rust {version}, and {by} needs {most}")
    toolchain = ".".join(map(str, number(version)))
    environment = {**os.environ, "RUSTUP_TOOLCHAIN": toolchain}
    if subprocess.run(["rustc", "--version"], env=environment, capture_output=True).returncode:
        print(f"{name}: Rust {version}, its dependencies ask for {most} at most ({by})")
        print(f"skipped: no Rust {toolchain} to check {name} with")
        return
    options = [f"--features={','.join(features)}"] if features else []
    subprocess.run(["cargo", "check", "--quiet", "--locked", "-p", package, *options], env=environment, check=True)
    print(f"{name}: checked with Rust {version}, its dependencies ask for {most} at most ({by})")


def main() -> None:
    """Check every crate."""
    for member in members():
        check(member["name"], member["rust_version"])
        if member["name"] in NEWER:
            feature, version = NEWER[member["name"]]
            check(member["name"], version, feature)


main()
