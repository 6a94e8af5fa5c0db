"""The search query and its result."""

from typing import Annotated

import strawberry

from resolvers import chunks
from schema.common.errors import InvalidInputError, NotFoundError
from schema.common.info import Info
from schema.search.inputs import SearchInput
from schema.search.types import SearchResults

SearchResult = Annotated[
    SearchResults | InvalidInputError | NotFoundError,
    strawberry.union("SearchResult", description="Result of `search`."),
]


@strawberry.type
class SearchQueries:
    @strawberry.field(description="Search the chunks of documents by keywords, by semantic similarity, or by both.")
    async def search(
        self, info: Info, input: Annotated[SearchInput, strawberry.argument(description="Query and options.")]
    ) -> SearchResult:
        return SearchResults.from_record(await chunks.search(info.context, input.to_record()))
