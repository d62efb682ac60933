"""What a planner must know of a learner besides the cards: the memory model and its prices."""

from dataclasses import dataclass

from quizapp.domain.scheduling import DEFAULT_WEIGHTS

Row = tuple[float, float, float, float]


@dataclass(frozen=True)
class Habits:
    """How a learner answers, and what an answer costs.

    ``first`` are the chances of Again, Hard, Good, Easy at a first sight, ``passed`` those of
    Hard, Good, Easy among recalled answers. ``seconds_*`` are seconds of study for one card on
    one day, the learning steps of that day included. ``learning`` and ``relearning`` are chances
    of the next rating in same-day steps after Again, Hard, Good. The defaults are the population
    values of the default simulator configuration of fsrs-rs 6.6.
    """

    weights: tuple[float, ...] = DEFAULT_WEIGHTS
    first: Row = (0.24, 0.094, 0.495, 0.171)
    passed: tuple[float, float, float] = (0.224, 0.631, 0.145)
    seconds_new: float = 34.0
    seconds_recalled: float = 13.0
    seconds_forgotten: float = 36.0
    learning: tuple[Row, Row, Row] = (
        (0.3686, 0.0628, 0.5108, 0.0577),
        (0.0442, 0.4553, 0.4457, 0.0549),
        (0.0519, 0.0470, 0.8462, 0.0550),
    )
    relearning: tuple[Row, Row, Row] = (
        (0.2157, 0.0643, 0.6595, 0.0604),
        (0.0500, 0.4638, 0.4475, 0.0387),
        (0.1057, 0.1434, 0.7266, 0.0244),
    )
    learning_steps: int = 2
    relearning_steps: int = 1
