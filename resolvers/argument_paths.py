"""Names and paths of an operation's arguments, as GraphQL spells them.

Below the resolvers an argument is named by `ExpectedError.field`: snake_case, dotted if nested (`load.context_length`).
"""

from collections.abc import Mapping


def graphql_name(name: str) -> str:
    """Return the GraphQL spelling of a snake_case name: `top_p` becomes `topP`."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def argument_name(field: str) -> str:
    """Return the GraphQL name of the argument that `field` names; the index of a list's item is left out."""
    return graphql_name(next(part for part in reversed(field.split(".")) if not part.isdigit()))


def argument_path(field: str, arguments: Mapping[str, object]) -> list[str]:
    """Return the path of the argument that `field` names in the arguments of an operation.

    Mutations take a single argument, `input`; every field is below it.
    """
    path = [graphql_name(part) for part in field.split(".")]
    return ["input", *path] if "input" in arguments and path[0] != "input" else path
