"""Places in an operation's arguments, as the graph spells them."""

from collections.abc import Mapping


def graph_name(field: str) -> str:
    """Return the graph's spelling of a field: `top_p` becomes `topP`."""
    head, *rest = field.split("_")
    return head + "".join(word.capitalize() for word in rest)


def argument_path(field: str, arguments: Mapping[str, object]) -> list[str]:
    """Return the path of the argument that an `ExpectedError` names.

    `field` is dotted where it is nested: `load.context_length`. Mutations take one argument, `input`, below which all
    fields are.
    """
    path = [graph_name(part) for part in field.split(".")]
    return ["input", *path] if "input" in arguments and path[0] != "input" else path
