"""What can be changed. Mutations start things and answer at once; subscriptions watch them."""

import strawberry

from schema.document_mutations import DocumentMutations
from schema.indexing import IndexingMutations
from schema.message_mutations import MessageMutations
from schema.model_mutations import ModelMutations
from schema.session_mutations import SessionMutations


@strawberry.type(description="What can be changed. Expected failures are members of the results.")
class Mutation(DocumentMutations, SessionMutations, MessageMutations, ModelMutations, IndexingMutations):
    pass
