// urql with graphcache: requests over HTTP, subscriptions through graphql-ws.
import { given, documented, loop } from "./telling.mjs";
import { getIntrospectionQuery } from "graphql";
import { onEnd, pipe, subscribe } from "wonka";
import { tell } from "./story.mjs";

const { connect } = await documented("urql.js");
const asked = await fetch(given.url, {
  method: "POST",
  headers: { "Content-Type": "application/json", authorization: `Bearer ${given.token}` },
  body: JSON.stringify({ query: getIntrospectionQuery() }),
});
const { client, socket } = connect(given.url, given.token, (await asked.json()).data);

function data(result) {
  if (result.error) throw result.error;
  return result.data;
}

async function run(name, variables) {
  const text = given.operations[name];
  const ask = text.startsWith("mutation") ? client.mutation : client.query;
  return data(await ask.call(client, text, variables, { requestPolicy: "network-only" }).toPromise());
}

async function* events(name, variables) {
  const source = client.subscription(given.operations[name], variables);
  const values = loop(({ next, complete }) => pipe(source, onEnd(complete), subscribe(next)).unsubscribe);
  for await (const result of values) {
    const told = data(result);
    if (!result.hasNext) return;
    yield told;
  }
}

await tell({ run, events, uploads: true, cached: (name, variables) => client.readQuery(given.operations[name], variables)?.data ?? null });
await socket.dispose();
