"""make bench: prints what the app costs, with the size beside each figure.

python -m tests.benchmarks [start] [server] [packages] [imports] [planning] [browser]
    [frames]

Without an argument: all.
"""

import sys

from tests.benchmarks import browser, frames, imports, packages, planning, server, start

PARTS = {
    "start": start.main,
    "server": server.main,
    "packages": packages.main,
    "imports": imports.main,
    "planning": planning.main,
    "browser": browser.main,
    "frames": frames.main,
}


def main() -> None:
    """Run the named parts."""
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
