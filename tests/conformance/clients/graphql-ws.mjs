// graphql-ws: every operation over one WebSocket, and an answer that resumes after the socket was cut.
import { documented, iterate, options, report } from "./program.mjs";
import WebSocket from "ws";
import { runScenario } from "./scenario.mjs";

const { connect, follow } = await documented("graphql-ws.js");
const sockets = [];

class RecordedWebSocket extends WebSocket {
  constructor(...args) {
    super(...args);
    sockets.push(this);
  }
}

const socket = connect(options.url, options.token, { webSocketImpl: RecordedWebSocket, retryWait: async () => {} });

async function* events(name, variables) {
  const payload = { query: options.operations[name], variables };
  for await (const { data, errors } of iterate((sink) => socket.subscribe(payload, sink))) {
    if (errors) throw new Error(JSON.stringify(errors));
    yield data;
  }
}

async function run(name, variables) {
  for await (const data of events(name, variables)) return data;
}

async function followAnswerOverCuts() {
  const { session } = (await run("SessionsCreateMutation", { input: { name: "cut" } })).createSession;
  const input = { sessionId: session.id, content: "Tell a story.", sampling: { maxTokens: 60, seed: 7 }, thinkingMode: "DIRECT" };
  const messageId = (await run("ChatSendMutation", { input })).sendMessage.answer.id;
  const followed = [];
  let cuts = 0;
  for await (const event of follow(socket, options.operations.ChatEventsSubscription, messageId)) {
    followed.push(event);
    if (event.__typename === "TextDelta" && cuts < 3) {
      cuts += 1;
      sockets.at(-1).terminate();
    }
  }
  const replayed = [];
  for await (const data of events("ChatEventsSubscription", { messageId })) replayed.push(data.messageEvents);
  report({ followed, replayed, cuts });
  await run("SessionsDeleteMutation", { input: { id: session.id } });
}

await runScenario({ run, events });
await followAnswerOverCuts();
await socket.dispose();
