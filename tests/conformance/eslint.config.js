// The recommended rules and Relay's. Run from the repository's root, which the paths begin at.
import graphql from "@graphql-eslint/eslint-plugin";
import valueTypes from "./value_types.json" with { type: "json" };

const { configs, parser } = graphql;
const schema = "schema/schema.graphql";
const operations = "tests/operations/**/*.graphql";
const plugins = { "@graphql-eslint": graphql };

// What is not kept by itself has no id: the parts of a list, what an operation answers, what a stream tells, and values.
const withoutId = {
  suffixes: ["Connection", "Edge", "PageInfo", "Success", "Event", "Error"],
  types: Object.values(valueTypes).flat(),
};

export default [
  {
    files: [schema],
    languageOptions: { parser, parserOptions: { graphQLConfig: { schema } } },
    plugins,
    rules: {
      ...configs["flat/schema-recommended"].rules,
      ...configs["flat/schema-relay"].rules,
      "@graphql-eslint/strict-id-in-types": ["error", { exceptions: withoutId }],
      // A list that does not grow (tags, models, readings) needs no pages; a list that does is a connection.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      // GraphQL's own directive, which Strawberry prints without words.
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          DirectiveDefinition: true,
          rootField: true,
          ignoredSelectors: ["DirectiveDefinition[name.value=oneOf]"],
        },
      ],
    },
  },
  {
    files: [operations],
    languageOptions: { parser, parserOptions: { graphQLConfig: { schema, documents: operations } } },
    plugins,
    rules: {
      ...configs["flat/operations-recommended"].rules,
      // As recommended, but for the suffixes: Relay's compiler wants `Query`, `Mutation` and `Subscription` at the end.
      "@graphql-eslint/naming-convention": [
        "error",
        {
          VariableDefinition: "camelCase",
          OperationDefinition: { style: "PascalCase", forbiddenPrefixes: ["Query", "Mutation", "Subscription", "Get"] },
          FragmentDefinition: { style: "PascalCase", forbiddenPrefixes: ["Fragment"], forbiddenSuffixes: ["Fragment"] },
        },
      ],
    },
  },
];
