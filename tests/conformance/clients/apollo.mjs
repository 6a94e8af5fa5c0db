// Apollo Client with its cache, uploads with apollo-upload-client, and subscriptions with graphql-ws.
import { documented, iterate, options } from "./program.mjs";
import { loadDevMessages, loadErrorMessages } from "@apollo/client/dev";
import { parse } from "graphql";
import { runScenario } from "./scenario.mjs";

loadDevMessages();
loadErrorMessages();
const { connect } = await documented("apollo.js");
const { client, socket } = connect(options.url, options.token);
const documents = Object.fromEntries(Object.entries(options.operations).map(([name, text]) => [name, parse(text)]));

async function run(name, variables) {
  const { data } = options.operations[name].startsWith("mutation")
    ? await client.mutate({ mutation: documents[name], variables })
    : await client.query({ query: documents[name], variables, fetchPolicy: "network-only" });
  return data;
}

async function* events(name, variables) {
  const source = client.subscribe({ query: documents[name], variables });
  for await (const { data, error } of iterate((sink) => ((subscription) => () => subscription.unsubscribe())(source.subscribe(sink)))) {
    if (error) throw error;
    yield data;
  }
}

await runScenario({ run, events, uploads: true, cached: (name, variables) => client.readQuery({ query: documents[name], variables }) });
client.stop();
await socket.dispose();
