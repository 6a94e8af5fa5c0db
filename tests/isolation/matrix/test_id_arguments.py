"""Every id argument of the schema, with an id of every kind of place, sent by every user.

What a user may not see gives, byte for byte, the response for an id that never existed. What a user sees and may not
change gives FORBIDDEN. A refused operation changes no row and sends no event.
"""

from pathlib import Path

import pytest

from persistence.database.database import Database
from tests.access import PEOPLE
from tests.isolation.matrix.id_arguments import IdArgument, id_arguments, outcome_of
from tests.isolation.matrix.placements import NEVER, OTHER_TYPE, OWN, places_of
from tests.isolation.matrix.rules import FORBIDDEN, NOTHING, REJECTED, RULES
from tests.isolation.matrix.world import World, open_world

REFUSED = (NOTHING, FORBIDDEN, REJECTED)


def test_every_id_argument_of_the_schema_has_a_rule() -> None:
    assert sorted(argument.name for argument in id_arguments()) == sorted(RULES)


async def test_a_change_is_seen_in_rows_and_events_and_can_be_undone(database: Database, tmp_path: Path) -> None:
    rename = next(each for each in id_arguments() if each.name == "updateDocument.input.id")
    async with open_world(database, tmp_path, "reader") as world:
        assert await world.is_unchanged()
        await world.send(rename, world.ids["Document", OWN])
        assert not await world.is_unchanged()
        assert world.events
        await world.restore()
        assert await world.is_unchanged()


@pytest.mark.parametrize("operation", ["query", "mutation", "subscription"])
@pytest.mark.parametrize("user", PEOPLE)
async def test_an_id_has_the_outcome_that_its_rule_states(
    database: Database, tmp_path: Path, user: str, operation: str
) -> None:
    faults: list[str] = []
    async with open_world(database, tmp_path, user) as world:
        for argument in id_arguments():
            if argument.operation == operation:
                faults += await check_argument(world, argument)
    assert faults == [], faults


async def check_argument(world: World, argument: IdArgument) -> list[str]:
    """Send an id of every place; return a description of each response that is not as the rule states."""
    rule, faults = RULES[argument.name], []
    for kind, place in places_of(rule.kinds):
        global_id = world.ids[kind, place]
        body = await world.send(argument, global_id)
        expected, outcome = rule.outcome(world.user, kind, place), outcome_of(argument, body)
        case = f"{argument.name}: {kind} {place} for {world.user}"
        if outcome != expected:
            faults.append(f"{case}: {expected} expected, not {outcome}: {body[:200]}")
        if outcome == NOTHING and rule.outcome(world.user, kind, NEVER) == NOTHING:
            never = world.ids[kind, NEVER]
            expected = (await world.send(argument, never)).replace(never, "ID")
            if expected != body.replace(global_id, "ID") and not (place == OTHER_TYPE and rule.beside):
                faults.append(f"{case}: the response differs from that for an id that never existed: {body} {expected}")
        if argument.operation == "mutation":
            if outcome in REFUSED or outcome.endswith("Error"):
                if await world.is_unchanged():
                    continue
                faults.append(f"{case}: {outcome}, but something has changed")
            await world.restore()
    return faults
