// Relay's runtime with the operations that its compiler made. What a result masks is read out of the store, fragment by fragment.
import { given, documented, loop } from "./telling.mjs";
import relay from "relay-runtime";
import { tell } from "./story.mjs";

const { commitMutation, createOperationDescriptor, fetchQuery, getRequest, getSelector, requestSubscription } = relay;
const { connect } = await documented("relay.js");
const { environment, socket } = connect(given.url, given.token);
const compiled = {};
for (const name of given.compiled) compiled[name] = (await import(`${given.folder}/compiled/${name}.graphql.js`)).default;

/** The value with what its fragments select in it, read from the store. */
function whole(value) {
  if (Array.isArray(value)) return value.map(whole);
  if (value === null || typeof value !== "object") return value;
  const { __id, __fragments, __fragmentOwner, ...own } = value;
  const all = Object.fromEntries(Object.entries(own).map(([name, inner]) => [name, whole(inner)]));
  for (const name of Object.keys(__fragments ?? {})) join(all, fragment(name, value));
  return all;
}

function fragment(name, reference) {
  const snapshot = environment.lookup(getSelector(compiled[name], reference));
  if (snapshot.isMissingData) throw new Error(`Relay's store lacks something of ${name}`);
  return whole(snapshot.data);
}

/** Puts `more` into `all`, deeply: two fragments may select within one object. */
function join(all, more) {
  for (const [name, value] of Object.entries(more)) {
    const both = all[name] && value && typeof value === "object" && !Array.isArray(value);
    if (both) join(all[name], value);
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
  if (name.endsWith("Mutation")) return whole(await commit(node, variables));
  return whole(await fetchQuery(environment, node, variables, { fetchPolicy: "network-only" }).toPromise());
}

async function* events(name, variables) {
  const subscription = compiled[name];
  const values = loop(({ next, error, complete }) => {
    const { dispose } = requestSubscription(environment, {
      subscription, variables, onNext: next, onError: error, onCompleted: complete,
    });
    return dispose;
  });
  for await (const data of values) yield whole(data);
}

function cached(name, variables) {
  const operation = createOperationDescriptor(getRequest(compiled[name]), variables);
  const snapshot = environment.lookup(operation.fragment);
  return snapshot.isMissingData ? null : whole(snapshot.data);
}

await tell({ run, events, cached, uploads: true });
await socket.dispose();
