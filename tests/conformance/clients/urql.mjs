// urql with graphcache: requests over HTTP, subscriptions with graphql-ws.
import { documented, iterate, options } from "./program.mjs";
import { getIntrospectionQuery } from "graphql";
import { onEnd, pipe, subscribe } from "wonka";
import { runScenario } from "./scenario.mjs";

const { connect } = await documented("urql.js");
const introspection = await fetch(options.url, {
  method: "POST",
  headers: { "Content-Type": "application/json", authorization: `Bearer ${options.token}` },
  body: JSON.stringify({ query: getIntrospectionQuery() }),
});
const { client, socket } = connect(options.url, options.token, (await introspection.json()).data);

function data(result) {
  if (result.error) throw result.error;
  return result.data;
}

async function run(name, variables) {
  const text = options.operations[name];
  const execute = text.startsWith("mutation") ? client.mutation : client.query;
  return data(await execute.call(client, text, variables, { requestPolicy: "network-only" }).toPromise());
}

async function* events(name, variables) {
  const source = client.subscription(options.operations[name], variables);
  const values = iterate(({ next, complete }) => pipe(source, onEnd(complete), subscribe(next)).unsubscribe);
  for await (const result of values) {
    const event = data(result);
    if (!result.hasNext) return;
    yield event;
  }
}

await runScenario({ run, events, uploads: true, cached: (name, variables) => client.readQuery(options.operations[name], variables)?.data ?? null });
await socket.dispose();
