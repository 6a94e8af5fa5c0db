// The recommended rules and those of Relay. Run from the root of the repository, to which the paths are relative.
import graphql from "@graphql-eslint/eslint-plugin";
import valueTypes from "./value_types.json" with { type: "json" };

const { configs, parser } = graphql;
const schema = "schema/schema.graphql";
const operations = "tests/operations/**/*.graphql";
const plugins = { "@graphql-eslint": graphql };

// Types that are not stored by themselves have no id: parts of lists, results of mutations, events and values.
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
      // Lists that do not grow (tags, models, readings) are not paged; all others are connections.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      // The directive is defined by GraphQL; Strawberry prints it without a description.
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
      // As recommended, except for suffixes: Relay requires names that end with `Query`, `Mutation` or `Subscription`.
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
