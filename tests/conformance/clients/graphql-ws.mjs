// graphql-ws: everything over one WebSocket, and answers that are followed on after the socket was cut.
import { given, documented, loop, say } from "./telling.mjs";
import WebSocket from "ws";
import { tell } from "./story.mjs";

const { connect, follow } = await documented("graphql-ws.js");
const sockets = [];

class Cuttable extends WebSocket {
  constructor(...how) {
    super(...how);
    sockets.push(this);
  }
}

const socket = connect(given.url, given.token, { webSocketImpl: Cuttable, retryWait: async () => {} });

async function* events(name, variables) {
  const payload = { query: given.operations[name], variables };
  for await (const { data, errors } of loop((sink) => socket.subscribe(payload, sink))) {
    if (errors) throw new Error(JSON.stringify(errors));
    yield data;
  }
}

async function run(name, variables) {
  for await (const data of events(name, variables)) return data;
}

async function anAnswerIsFollowedOverCuts() {
  const { session } = (await run("SessionsCreateMutation", { input: { name: "cut" } })).createSession;
  const input = { sessionId: session.id, content: "Tell a story.", sampling: { maxTokens: 60, seed: 7 }, thinkingMode: "DIRECT" };
  const messageId = (await run("ChatSendMutation", { input })).sendMessage.answer.id;
  const got = [];
  let cuts = 0;
  for await (const event of follow(socket, given.operations.ChatEventsSubscription, messageId)) {
    got.push(event);
    if (event.__typename === "TextDelta" && cuts < 3) {
      cuts += 1;
      sockets.at(-1).terminate();
    }
  }
  const again = [];
  for await (const data of events("ChatEventsSubscription", { messageId })) again.push(data.messageEvents);
  say({ followed: got, again, cuts });
  await run("SessionsDeleteMutation", { input: { id: session.id } });
}

await tell({ run, events });
await anAnswerIsFollowedOverCuts();
await socket.dispose();
