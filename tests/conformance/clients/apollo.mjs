// Apollo Client: its cache, uploads by apollo-upload-client, subscriptions through graphql-ws.
import { given, documented, loop } from "./telling.mjs";
import { loadDevMessages, loadErrorMessages } from "@apollo/client/dev";
import { parse } from "graphql";
import { tell } from "./story.mjs";

loadDevMessages();
loadErrorMessages();
const { connect } = await documented("apollo.js");
const { client, socket } = connect(given.url, given.token);
const documents = Object.fromEntries(Object.entries(given.operations).map(([name, text]) => [name, parse(text)]));

async function run(name, variables) {
  const { data } = given.operations[name].startsWith("mutation")
    ? await client.mutate({ mutation: documents[name], variables })
    : await client.query({ query: documents[name], variables, fetchPolicy: "network-only" });
  return data;
}

async function* events(name, variables) {
  const source = client.subscribe({ query: documents[name], variables });
  for await (const { data, error } of loop((sink) => ((subscription) => () => subscription.unsubscribe())(source.subscribe(sink)))) {
    if (error) throw error;
    yield data;
  }
}

await tell({ run, events, uploads: true, cached: (name, variables) => client.readQuery({ query: documents[name], variables }) });
client.stop();
await socket.dispose();
