// Compare two schemas, given as JSON {released, served}; print the breaking changes of parts that were not deprecated.
import { readFileSync } from "node:fs";
import { CriticalityLevel, DiffRule, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const { released, served } = JSON.parse(readFileSync(0, "utf8"));

// Yield the parts of the released schema at a path: a field, an enum value or an input field, and one of its arguments.
function* partsAt(schema, path) {
  const [typeName, memberName, argumentName] = path.split(".");
  const type = schema.getType(typeName);
  const member = type?.getFields?.()[memberName] ?? type?.getValue?.(memberName);
  yield member;
  yield member?.args?.find(({ name }) => name === argumentName);
}

// GraphQL Inspector allows the removal of deprecated parts; this rule allows other changes of them.
function allowChangeOfDeprecated({ changes, oldSchema }) {
  const wasDeprecated = ({ path }) => path && [...partsAt(oldSchema, path)].some((part) => part?.deprecationReason);
  return changes.filter((change) => !wasDeprecated(change));
}

const rules = [DiffRule.suppressRemovalOfDeprecatedField, allowChangeOfDeprecated];
const changes = await diff(buildSchema(released), buildSchema(served), rules);
const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
process.stdout.write(JSON.stringify(breaking.map(({ message }) => message)));
