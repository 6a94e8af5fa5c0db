"""The actions of one user change nothing that another one receives: responses, counts, scores, ranks and events.

The quick form plays few steps. `NON_INTERFERENCE_STEPS=10000` plays so many. Left out are values that users of one server
share by design: positions in queues, rate limits and the duration of operations.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.isolation.observers.actors import READING, VERBS
from tests.isolation.observers.two_worlds import OBSERVER, OTHER, OneWorld, open_one_world

STEPS = int(os.environ.get("NON_INTERFERENCE_STEPS", "160"))
LENGTH = 40
"""Steps of one example."""
ADMIN_VERBS = ("assign to both", "assign to the other", "assign to none", "change the group", "import")
OTHER_VERBS = tuple(verb for verb in VERBS if verb != "import into the collection")
"""The other user has at most the level READ in the collection: its documents are seen by the observer."""

Step = tuple[str, str, int]
steps = st.one_of(
    st.tuples(st.just(OBSERVER), st.sampled_from([*VERBS, *READING]), st.integers(0, 41)),
    st.tuples(st.just(OTHER), st.sampled_from(OTHER_VERBS), st.integers(0, 41)),
    st.tuples(st.just("local"), st.sampled_from(ADMIN_VERBS), st.integers(0, 41)),
)


async def play(world: OneWorld, step: Step, *, is_shared: bool) -> list[Any]:
    """Carry out a step. Return what the observer receives: the response to the own action, and events."""
    user, verb, number = step
    reply = None
    if user == OBSERVER:
        reply = world.names.replace(await world.observer.act(verb, number))
    elif user == "local":
        await administrate(world, verb, number, is_shared=is_shared)
    elif is_shared:
        await world.other.act(verb, number)
    return [reply, await world.settle()]


async def administrate(world: OneWorld, verb: str, number: int, *, is_shared: bool) -> None:
    """Carry out an action of the administrator. What concerns only the other user happens in the shared world alone."""
    if verb == "assign to both":
        await world.assign((OBSERVER,), ("READ", "WRITE")[number % 2])
    elif verb == "assign to none":
        await world.assign((OBSERVER,), "")
    elif verb == "change the group":
        members = ((), (OBSERVER,))[number % 2]
        await world.set_group((*members, OTHER) if is_shared and number % 3 else members)
    elif verb == "import":
        await world.admin.act("import into the collection", number)
    if verb.startswith("assign") and is_shared:
        await world.assign((OTHER,), "" if verb == "assign to none" else "READ")


def describe(number: int, step: Step, received: list[Any], expected: list[Any]) -> str:
    """Return the parts of both worlds that differ in a step."""
    [reply, events], [reply_alone, events_alone] = received, expected
    replies = [] if reply == reply_alone else [("with the other user", reply), ("alone", reply_alone)]
    more, less = (
        [each for each in some if each not in others]
        for some, others in ((events, events_alone), (events_alone, events))
    )
    return f"step {number}, {step}: {replies}; events with the other user {more}, alone {less}"


@settings(
    max_examples=max(1, STEPS // LENGTH), deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(played=st.lists(steps, min_size=LENGTH, max_size=LENGTH))
async def test_the_actions_of_others_change_nothing_that_a_user_receives(template: Path, played: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            open_one_world(template, Path(folder) / "alone") as alone,
            open_one_world(template, Path(folder) / "shared") as shared,
        ):
            for number, step in enumerate(played):
                expected = await play(alone, step, is_shared=False)
                received = await play(shared, step, is_shared=True)
                assert received == expected, describe(number, step, received, expected)
