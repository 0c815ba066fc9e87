"""``python -m tests.fuzz``: damaged files for every reader; exits with 1 when one is not met as it should be."""

from __future__ import annotations

import argparse
import importlib.util
import sys

from tests.fuzz import campaign
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"default: all of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=float, default=60, help="for each target (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="another one makes other files (default: 0)")
    args = parser.parse_args()
    has_blender = importlib.util.find_spec("bpy") is not None
    failed = False
    for name in args.targets or TARGETS:
        if TARGETS[name].needs_blender and not has_blender:
            print(f"{name:<24} left out: Blender as a Python module is not installed")
            continue
        count, found = campaign.run(name, seed=args.seed, seconds=args.seconds)
        print(
            f"{name:<24} seed {args.seed}: {count} files, {len(found)} findings", *found[:20], sep="\n    ", flush=True
        )
        failed = failed or bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
