// Relay's runtime with compiled operations. Masked data is read from the store, fragment by fragment.
import { documented, iterate, options } from "./program.mjs";
import relay from "relay-runtime";
import { runScenario } from "./scenario.mjs";

const { commitMutation, createOperationDescriptor, fetchQuery, getRequest, getSelector, requestSubscription } = relay;
const { connect } = await documented("relay.js");
const { environment, socket } = connect(options.url, options.token);
const compiled = {};
for (const name of options.compiled) compiled[name] = (await import(`${options.folder}/compiled/${name}.graphql.js`)).default;

/** Return a value with the data of its fragments, read from the store. */
function unmask(value) {
  if (Array.isArray(value)) return value.map(unmask);
  if (value === null || typeof value !== "object") return value;
  const { __id, __fragments, __fragmentOwner, ...own } = value;
  const all = Object.fromEntries(Object.entries(own).map(([name, inner]) => [name, unmask(inner)]));
  for (const name of Object.keys(__fragments ?? {})) merge(all, readFragment(name, value));
  return all;
}

function readFragment(name, reference) {
  const snapshot = environment.lookup(getSelector(compiled[name], reference));
  if (snapshot.isMissingData) throw new Error(`the store lacks data of ${name}`);
  return unmask(snapshot.data);
}

/** Merge `more` into `all` recursively: several fragments may select fields of one object. */
function merge(all, more) {
  for (const [name, value] of Object.entries(more)) {
    const both = all[name] && value && typeof value === "object" && !Array.isArray(value);
    if (both) merge(all[name], value);
    else all[name] = value;
  }
}

function commit(mutation, { input: { file, ...input } }) {
  return new Promise((onCompleted, onError) => {
    commitMutation(environment, {
      mutation,
      variables: { input: file ? { ...input, file: null } : input },
      uploadables: file && { "variables.input.file": file },
      onCompleted: (data, errors) => (errors ? onError(new Error(JSON.stringify(errors))) : onCompleted(data)),
      onError,
    });
  });
}

async function run(name, variables) {
  const node = compiled[name];
  if (name.endsWith("Mutation")) return unmask(await commit(node, variables));
  return unmask(await fetchQuery(environment, node, variables, { fetchPolicy: "network-only" }).toPromise());
}

async function* events(name, variables) {
  const subscription = compiled[name];
  const values = iterate(({ next, error, complete }) => {
    const { dispose } = requestSubscription(environment, {
      subscription, variables, onNext: next, onError: error, onCompleted: complete,
    });
    return dispose;
  });
  for await (const data of values) yield unmask(data);
}

function cached(name, variables) {
  const operation = createOperationDescriptor(getRequest(compiled[name]), variables);
  const snapshot = environment.lookup(operation.fragment);
  return snapshot.isMissingData ? null : unmask(snapshot.data);
}

await runScenario({ run, events, cached, uploads: true });
await socket.dispose();
