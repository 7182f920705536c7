"""OTHER: plain computing, quick and slow, where iterations and efficiency can be seen to differ."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from curio_tracking import FeatureCategory, track, track_feature

if TYPE_CHECKING:
    from pathlib import Path

    from curio_tracking.demo.tally import Tally


@track_feature("sieve_primes", FeatureCategory.OTHER, target_seconds=0.02)
def sieve_primes(limit: int) -> list[int]:
    """Return the primes below `limit`, by the sieve of Eratosthenes."""
    is_prime = bytearray([1]) * limit
    for number in range(2, int(limit**0.5) + 1):
        if is_prime[number]:
            for multiple in range(number * number, limit, number):
                is_prime[multiple] = 0
    return [number for number in range(2, limit) if is_prime[number]]


def approach_root(square: float, tolerance: float) -> float:
    """Return the square root by Newton's method; the fewer steps, the better the efficiency."""
    with track("approach_root", FeatureCategory.OTHER, target_iterations=5) as run:
        guess, steps = square, 0
        while abs(guess * guess - square) > tolerance:
            guess = (guess + square / guess) / 2
            steps += 1
        run.iterations = max(1, steps)
        run.add_metadata(tolerance=tolerance)
    return guess


@track_feature  # bare: the function's own name, category OTHER
def divide_cake(guests: int) -> float:
    """Return everybody's share; without guests this is an error."""
    return 1 / guests


def walk_randomly(steps: int, seed: int) -> int:
    """Return how far from home a random walk ends."""
    with track("walk_randomly") as run:
        choice = random.Random(seed)  # noqa: S311 - a walk, not a secret
        position = sum(choice.choice((-1, 1)) for _ in range(steps))
        run.iterations = steps
        run.add_metadata(seed=seed)
    return abs(position)


def use(_folder: Path, tally: Tally) -> None:
    """Compute a little of everything; the big sieve is the slow call of the demo."""
    for limit in (1_000, 10_000, 2_000_000):
        sieve_primes(limit)
        tally.count("sieve_primes")
    for square in (2.0, 1_000.0, 1e9):
        approach_root(square, tolerance=1e-6)
        tally.count("approach_root")
    for seed in range(3):
        walk_randomly(2_000, seed)
        tally.count("walk_randomly")
    divide_cake(8)
    tally.count("divide_cake")
    with tally.failing("divide_cake", ZeroDivisionError):
        divide_cake(0)
