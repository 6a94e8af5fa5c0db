// Compares two schemas, read as JSON {released, served}; writes the breaking changes that nobody was warned of.
import { readFileSync } from "node:fs";
import { CriticalityLevel, DiffRule, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const { released, served } = JSON.parse(readFileSync(0, "utf8"));

// What the released schema had at a path: a field, an enum's value or an input's field, and with it one of its arguments.
function* partsAt(schema, path) {
  const [typeName, memberName, argumentName] = path.split(".");
  const type = schema.getType(typeName);
  const member = type?.getFields?.()[memberName] ?? type?.getValue?.(memberName);
  yield member;
  yield member?.args?.find(({ name }) => name === argumentName);
}

// GraphQL Inspector lets deprecated parts be removed; they may be changed as well.
function allowChangeOfDeprecated({ changes, oldSchema }) {
  const wasDeprecated = ({ path }) => path && [...partsAt(oldSchema, path)].some((part) => part?.deprecationReason);
  return changes.filter((change) => !wasDeprecated(change));
}

const rules = [DiffRule.suppressRemovalOfDeprecatedField, allowChangeOfDeprecated];
const changes = await diff(buildSchema(released), buildSchema(served), rules);
const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
process.stdout.write(JSON.stringify(breaking.map(({ message }) => message)));
