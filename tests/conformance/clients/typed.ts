// What a front end writes against the generated types: it compiles only where results narrow by `__typename`, and where
// every member of a result is answered for.
import { ResultOf, VariablesOf } from "@graphql-typed-document-node/core";
import { useFragment } from "./graph";
import {
  ChatEventsSubscriptionDocument,
  ChunkFieldsFragmentDoc,
  DocumentsUploadMutationDocument,
  SearchQueryDocument,
} from "./graph/graphql";

export const asked: VariablesOf<typeof SearchQueryDocument> = { input: { query: "bolts", mode: "HYBRID" } };

export function found({ search }: ResultOf<typeof SearchQueryDocument>): string[] {
  switch (search.__typename) {
    case "SearchResults":
      return search.hits.map((hit) => useFragment(ChunkFieldsFragmentDoc, hit.chunk).text);
    case "NotFoundError":
      return [search.missingId, search.message];
    case "InvalidInputError":
      return [...(search.path ?? []), search.message];
  }
}

export function written({ messageEvents }: ResultOf<typeof ChatEventsSubscriptionDocument>): string {
  return messageEvents.__typename === "TextDelta" ? messageEvents.text : "";
}

export function refused({ uploadDocument }: ResultOf<typeof DocumentsUploadMutationDocument>): number | undefined {
  return uploadDocument.__typename === "TooLargeError" ? uploadDocument.limitBytes : undefined;
}
