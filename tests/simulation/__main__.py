"""python -m tests.simulation: what each way of studying is worth on the exam day.

Prints the blueprint-weighted true recall of simulated learners after the same minutes, under
nine simple policies and the planner of the app; then how well the planner's forecasts hold.
--scenarios, --kinds, --policies and --learners make quick runs.
"""

import os

# One thread per process: the matrices are small, and the processes are as many as the cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from tests.simulation.examined import ITEMS, DomainInterval, Examined, domains, examine
from tests.simulation.policies import POLICIES, SIMPLE
from tests.simulation.runs import Outcome, run
from tests.simulation.scenarios import SCENARIOS

FIRST_SEED = 4000
SAID = (0, 10, 20, 28)
Job = tuple[str, str, str, int, bool, bool]


def main() -> None:
    """Run what was asked for and print the tables."""
    asked = _asked()
    started = time.monotonic()
    with ProcessPoolExecutor(asked.processes) as pool:
        if not asked.only_forecasts:
            for kind in asked.kinds:
                _table(pool, asked, kind, skipping=False)
            if not asked.no_skipping:
                _table(pool, asked, asked.kinds[0], skipping=True)
        if not asked.no_forecasts:
            _first_forecasts(pool, asked)
            _coverage(pool, asked)
            _domains(pool, asked)
    print(f"\n{(time.monotonic() - started) / 60:.1f} minutes")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--kinds", nargs="+", default=["noisy", "actr"])
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=list(POLICIES))
    parser.add_argument("--learners", type=int, default=12)
    parser.add_argument("--examined", type=int, default=40, help="learners for the intervals")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--no-skipping", action="store_true")
    parser.add_argument("--no-forecasts", action="store_true")
    parser.add_argument("--only-forecasts", action="store_true")
    return parser.parse_args()


def _table(pool: ProcessPoolExecutor, asked: argparse.Namespace, kind: str, skipping: bool) -> None:
    seeds = range(asked.seed, asked.seed + asked.learners)
    jobs: list[Job] = [
        (scenario, kind, policy, seed, skipping, False)
        for scenario in asked.scenarios
        for policy in asked.policies
        for seed in seeds
    ]
    done = dict(zip(jobs, pool.map(_run, jobs, chunksize=2), strict=True))
    days = ", one day in four skipped" if skipping else ""
    print(f"\nTrue recall at the exam, %: {kind} learners ({len(seeds)}){days}\n")
    print(" " * 28 + "".join(f"{s:>10}" for s in asked.scenarios))
    means = {}
    for policy in asked.policies:
        for s in asked.scenarios:
            means[s, policy] = np.array(
                [done[s, kind, policy, seed, skipping, False].recall for seed in seeds]
            )
        row = "".join(f"{means[s, policy].mean():10.1f}" for s in asked.scenarios)
        print(f"{policy:28s}{row}")
    simple = [p for p in asked.policies if p in SIMPLE]
    if "look-ahead" not in asked.policies or not simple:
        return
    gains, spreads, shorter, minutes = [], [], [], []
    for s in asked.scenarios:
        best = max(simple, key=lambda p: float(means[s, p].mean()))
        gain = means[s, "look-ahead"] - means[s, best]
        gains.append(gain.mean())
        spreads.append(1.96 * gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else np.nan)
        shorter.append(100 * gain.mean() / (100 - means[s, best].mean()))
        used = [
            np.mean([done[s, kind, p, seed, skipping, False].minutes for seed in seeds])
            for p in ("look-ahead", best)
        ]
        minutes.append(f"{used[0]:.0f}/{used[1]:.0f}")
    print(f"{'gain on the best simple one':28s}" + "".join(f"{x:+10.2f}" for x in gains))
    print(f"{'  ± (95 %, paired)':28s}" + "".join(f"{x:10.2f}" for x in spreads))
    print(f"{'  shortfall smaller by, %':28s}" + "".join(f"{x:10.0f}" for x in shorter))
    print(f"{'  minutes, its and the best':28s}" + "".join(f"{x:>10}" for x in minutes), flush=True)


def _first_forecasts(pool: ProcessPoolExecutor, asked: argparse.Namespace) -> None:
    print("\nForecast of day 0 less the outcome, points: exact learners, their weights known\n")
    seeds = range(asked.seed, asked.seed + min(asked.learners, 8))
    jobs: list[Job] = [
        (s, "exact", "look-ahead", seed, False, True) for s in asked.scenarios for seed in seeds
    ]
    done = list(pool.map(_run, jobs))
    for i, scenario in enumerate(asked.scenarios):
        mine = done[i * len(seeds) : (i + 1) * len(seeds)]
        off = np.array([x.forecast - x.recall for x in mine if x.forecast is not None])
        used = np.mean([x.minutes / x.planned_minutes for x in mine])
        print(
            f"{scenario:12s} mean {off.mean():+5.2f}  sd {off.std():4.2f}"
            f"  minutes used/planned {used:.3f}",
            flush=True,
        )


def _coverage(pool: ProcessPoolExecutor, asked: argparse.Namespace) -> None:
    print(f"\nThe 90 % interval for an exam of {ITEMS} items, final30 with mini mock exams\n")
    for kind in ("exact", "noisy", "actr"):
        seeds = range(asked.seed, asked.seed + asked.examined)
        found = list(pool.map(_examine, [("final30", kind, seed) for seed in seeds]))
        print(
            f"{kind:12s} covers {100 * np.mean([x.covered for x in found]):5.1f} %"
            f"  width {np.mean([x.high - x.low for x in found]):4.1f}"
            f"  bias {np.mean([x.expected - x.score for x in found]):+5.2f}",
            flush=True,
        )


def _domains(pool: ProcessPoolExecutor, asked: argparse.Namespace) -> None:
    print("\nThe 90 % intervals of domains, said on days of final30, for the exam of day 30\n")
    for kind in ("exact", "noisy", "actr"):
        seeds = range(asked.seed, asked.seed + min(asked.learners, asked.examined))
        found = [x for each in pool.map(_said, [(kind, seed) for seed in seeds]) for x in each]
        for day in SAID:
            mine = [x for x in found if x.day == day]
            print(
                f"{kind:12s} day {day:2d} covers {100 * np.mean([x.covered for x in mine]):5.1f} %"
                f"  width {np.mean([x.width for x in mine]):4.1f}",
                flush=True,
            )


def _said(job: tuple[str, int]) -> list[DomainInterval]:
    kind, seed = job
    return domains(SCENARIOS["final30"], kind, seed, SAID)


def _run(job: Job) -> Outcome:
    return run(*job)


def _examine(job: tuple[str, str, int]) -> Examined:
    scenario, kind, seed = job
    return examine(SCENARIOS[scenario], kind, seed)


if __name__ == "__main__":
    main()
