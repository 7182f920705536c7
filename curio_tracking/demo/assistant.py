"""AI_PROVIDER: a writing assistant without any service behind it.

A chain of word pairs, learned on the spot from a short text, continues a prompt word by word. Streaming shows tracked
generators: read to the end they succeed, closed early they are partial.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from curio_tracking import FeatureCategory, track_feature

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from curio_tracking.demo.tally import Tally

Model = dict[tuple[str, str], list[str]]

TEXT: Final = """
A feature is a promise that a program makes to the people who use it. A feature that nobody uses is a promise that
nobody asked for, and a feature that often fails is a promise that the program does not keep. The people who use a
program seldom say which feature they need, and the people who write a program seldom see which feature is used. So the
program may count for itself: which feature is used, by how many of the people, how long the people wait for a feature,
and how often a feature fails. What a program counts should stay with the people who use it, and what the program counts
should never slow the program down.
"""
STREAM_WORDS: Final = 40


@track_feature("train_model", FeatureCategory.AI_PROVIDER)
def train_model(text: str) -> Model:
    """Learn which words follow each pair of words."""
    words = text.split()
    model: Model = {}
    for first, second, third in zip(words, words[1:], words[2:], strict=False):
        model.setdefault((first, second), []).append(third)
    return model


@track_feature("stream_text", FeatureCategory.AI_PROVIDER)
def stream_text(model: Model, prompt: str, seed: int) -> Generator[str, None, None]:
    """Yield the words that follow the prompt, one by one, until the chain ends or there are enough.

    Raises:
        ValueError: the prompt is shorter than two words.
    """
    if len(prompt.split()) < 2:
        raise ValueError("give at least two words to continue from")
    choice = random.Random(seed)  # noqa: S311 - for prose, not for secrets
    first, second = prompt.split()[-2:]
    for _ in range(STREAM_WORDS):
        following = model.get((first, second))
        if following is None:
            return
        first, second = second, choice.choice(following)
        yield second


@track_feature("complete_text", FeatureCategory.AI_PROVIDER, target_size=200, partial_if=lambda text: len(text) < 40)
def complete_text(model: Model, prompt: str, seed: int) -> str:
    """Return the prompt with what follows; a text that hardly grew counts as a partial answer."""
    return " ".join([prompt, *stream_text(model, prompt, seed)])


def use(_folder: Path, tally: Tally) -> None:
    """Train, complete, stream, stop a stream early, ask a question it knows nothing about, and ask badly."""
    model = train_model(TEXT)
    tally.count("train_model")
    for seed, prompt in enumerate(("A feature", "the people", "the program", "which feature")):
        complete_text(model, prompt, seed)
        tally.count("complete_text")
        tally.count("stream_text")
    complete_text(model, "purple elephants", seed=0)
    tally.count("complete_text", "partial")
    tally.count("stream_text")
    stream = stream_text(model, "the program", seed=7)
    next(stream)
    stream.close()
    tally.count("stream_text", "partial")
    with tally.failing("complete_text", ValueError):
        complete_text(model, "Hello", seed=0)
    tally.count("stream_text", "failed")
