"""Parses and validates the text of a query and checks the limits of its size. The last documents are cached."""

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

from records.configuration import Limits
from transport.errors import PARSE_FAILED, VALIDATION_FAILED, OperationRejected
from transport.execution.operation_limits import limit_violations

CACHED_DOCUMENTS = 512
MAX_CACHED_TEXT = 16_384
"""Maximum length, in characters, of a query whose document is cached. Longer queries are rarely repeated."""


class OneOfRule(OneOfInputValidationRule):
    """Strawberry's rule without its `KeyError` for undefined variables, which another rule reports.

    Checked against strawberry-graphql 0.341.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.variable_definitions = {}

    def validate_one_of(self, node: ObjectValueNode, type: GraphQLInputObjectType) -> None:  # type: ignore[override]
        with suppress(KeyError):
            super().validate_one_of(node, type)


class DocumentReader:
    """Parses and validates documents for one schema. While a text is cached, it is not parsed and validated again."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, introspection: bool) -> None:
        self._schema = schema
        self._limits = limits
        self._hide_suggestions = not introspection
        self._rules: tuple[type[ASTValidationRule], ...] = (*specified_rules, MaybeNullValidationRule, OneOfRule)
        if not introspection:
            self._rules += (NoSchemaIntrospectionCustomRule,)
        self._read_cached = lru_cache(CACHED_DOCUMENTS)(self._read)

    def read(self, text: str) -> DocumentNode:
        """Parse and validate a document and return it.

        Raises `OperationRejected`, with at most `max_errors` errors, if it is invalid or exceeds a limit.
        """
        return self._read_cached(text) if len(text) <= MAX_CACHED_TEXT else self._read(text)

    def _read(self, text: str) -> DocumentNode:
        document = self._parse(text)
        if errors := limit_violations(self._schema, document, self._limits):
            raise OperationRejected([{**error.formatted} for error in errors])
        if errors := self._validate(document):
            raise OperationRejected([_with_code(error, VALIDATION_FAILED) for error in errors])
        return document

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self._limits.max_tokens)
        except GraphQLSyntaxError as error:
            raise OperationRejected([_with_code(error, PARSE_FAILED)]) from None

    def _validate(self, document: DocumentNode) -> list[GraphQLError]:
        max_errors = self._limits.max_errors - 1  # graphql-core adds one that says that there are more
        return validate(self._schema, document, self._rules, max_errors, self._hide_suggestions)


def _with_code(error: GraphQLError, code: str) -> dict[str, Any]:
    formatted: dict[str, Any] = {**error.formatted}
    return formatted | {"extensions": {"code": code, **formatted.get("extensions", {})}}
