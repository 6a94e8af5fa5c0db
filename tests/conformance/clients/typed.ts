// Code of a front end that uses the generated types. It compiles only if results narrow by `__typename` and every member of a
// result is handled.
import { ResultOf, VariablesOf } from "@graphql-typed-document-node/core";
import { useFragment } from "./graph";
import {
  ChatEventsSubscriptionDocument,
  ChunkFieldsFragmentDoc,
  DocumentsUploadMutationDocument,
  SearchQueryDocument,
} from "./graph/graphql";

export const variables: VariablesOf<typeof SearchQueryDocument> = { input: { query: "bolts", mode: "HYBRID" } };

export function searchTexts({ search }: ResultOf<typeof SearchQueryDocument>): string[] {
  switch (search.__typename) {
    case "SearchResults":
      return search.hits.map((hit) => useFragment(ChunkFieldsFragmentDoc, hit.chunk).text);
    case "NotFoundError":
      return [search.missingId, search.message];
    case "InvalidInputError":
      return [...(search.path ?? []), search.message];
  }
}

export function deltaText({ messageEvents }: ResultOf<typeof ChatEventsSubscriptionDocument>): string {
  return messageEvents.__typename === "TextDelta" ? messageEvents.text : "";
}

export function uploadLimit({ uploadDocument }: ResultOf<typeof DocumentsUploadMutationDocument>): number | undefined {
  return uploadDocument.__typename === "TooLargeError" ? uploadDocument.limitBytes : undefined;
}
