"""From a query's text to a document that may be executed: parsed, within the limits, valid. The last ones are remembered."""

from contextlib import suppress
from functools import lru_cache
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    ObjectValueNode,
    ValidationContext,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from records.settings import Limits
from transport.execution.limits import within_limits
from transport.security.refusals import PARSE_FAILED, VALIDATION_FAILED, OperationRefused

REMEMBERED = 512
LONGEST_REMEMBERED = 16_384
"""Characters; longer texts are mostly made by programs, a new one each time."""


class OneOfRule(OneOfInputValidationRule):
    """Strawberry's rule ends with a `KeyError` at variables that are not defined; another rule reports those."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.variable_definitions = {}

    def validate_one_of(self, node: ObjectValueNode, type: GraphQLInputObjectType) -> None:  # type: ignore[override]
        with suppress(KeyError):
            super().validate_one_of(node, type)


class DocumentReader:
    """The rules are put together once: the same text is parsed and validated once as long as it is remembered."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, introspection: bool) -> None:
        self._schema = schema
        self._limits = limits
        self._hide_suggestions = not introspection
        self._rules: tuple[type[ASTValidationRule], ...] = (*specified_rules, MaybeNullValidationRule, OneOfRule)
        if not introspection:
            self._rules += (NoSchemaIntrospectionCustomRule,)
        self._remembered = lru_cache(REMEMBERED)(self._read)

    def read(self, text: str) -> DocumentNode:
        """Raises `OperationRefused` with all that is wrong, `max_errors` of it at most."""
        return self._remembered(text) if len(text) <= LONGEST_REMEMBERED else self._read(text)

    def _read(self, text: str) -> DocumentNode:
        document = self._parse(text)
        if errors := within_limits(self._schema, document, self._limits):
            raise OperationRefused([{**error.formatted} for error in errors])
        if errors := self._validate(document):
            raise OperationRefused([_coded(error, VALIDATION_FAILED) for error in errors])
        return document

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self._limits.max_tokens)
        except GraphQLSyntaxError as error:
            raise OperationRefused([_coded(error, PARSE_FAILED)]) from None

    def _validate(self, document: DocumentNode) -> list[GraphQLError]:
        most = self._limits.max_errors - 1  # the last one says that there are more
        return validate(self._schema, document, self._rules, most, self._hide_suggestions)


def _coded(error: GraphQLError, code: str) -> dict[str, Any]:
    formatted: dict[str, Any] = {**error.formatted}
    return formatted | {"extensions": {"code": code, **formatted.get("extensions", {})}}
