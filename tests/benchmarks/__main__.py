"""make bench: prints what the app costs, with the size beside each figure.

python -m tests.benchmarks [start] [server] [planning] [browser]   (all without an argument)
"""

import sys

from tests.benchmarks import browser, planning, server, start

PARTS = {
    "start": start.main,
    "server": server.main,
    "planning": planning.main,
    "browser": browser.main,
}


def main() -> None:
    """Run the named parts."""
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
