"""Fail where the tests cover less than 95 % of the domain."""

import json
import sys
from pathlib import Path

LEAST = 95


def main() -> None:
    """Read the coverage report and judge quizapp/domain."""
    report = json.loads(Path(".coverage.json").read_text())
    covered = total = 0
    for name, file in report["files"].items():
        if name.startswith("quizapp/domain/"):
            covered += file["summary"]["covered_lines"] + file["summary"]["covered_branches"]
            total += file["summary"]["num_statements"] + file["summary"]["num_branches"]
    share = 100 * covered / total
    print(f"quizapp/domain: {share:.1f} % of lines and branches covered")
    if share < LEAST:
        sys.exit(f"The domain must be covered to {LEAST} %.")


if __name__ == "__main__":
    main()
