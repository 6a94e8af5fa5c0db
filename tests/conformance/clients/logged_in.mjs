// A session of docs/clients.md with Apollo Client, urql and graphql-ws: prints what each of them finds.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [folder, url] = process.argv.slice(2);
const { logIn } = await import(`${folder}/log-in.js`);
const VIEWER = "query { viewer { user { name } } }";

const session = await logIn(url, "ben@example.org", "the geese of the north shore");
const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url, fetch: session.fetch }) });
const urql = new Client({ url, exchanges: [fetchExchange], fetch: session.fetch, preferGetMethod: false });
const socket = createClient({
  url: url.replace("http", "ws"),
  connectionParams: session.connectionParams,
  webSocketImpl: WebSocket,
  retryAttempts: 5,
});

async function ask() {
  const { data } = await apollo.query({ query: gql(VIEWER), fetchPolicy: "no-cache" });
  const found = await urql.query(VIEWER, {}).toPromise();
  if (found.error) throw found.error;
  return [data.viewer?.user.name, found.data.viewer?.user.name];
}

const first = await ask();
const snapshots = [];
for await (const event of socket.iterate({ query: "subscription { sessionEvents { change } }" })) {
  if (event.data.sessionEvents.change !== "SNAPSHOT_END") continue;
  snapshots.push("SNAPSHOT_END");
  if (snapshots.length === 2) break;
  // An administrator changes the role: the server closes the connection, and the client connects again.
  process.stderr.write("connected\n");
}
const failed = await logIn(url, "ben@example.org", "a wrong password of geese").catch((error) => error.message);
process.stdout.write(JSON.stringify({ first, second: await ask(), snapshots, failed }));
await socket.dispose();
