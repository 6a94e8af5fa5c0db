// What a person does with Graphlore, from the first document to the last, told through one client.
//
// A client has `run(name, variables)` for the data of a query or mutation, `events(name, variables)` for the data of
// a subscription as a loop, `uploads` where it can send files, and `cached(name, variables)` where it has a cache: what a
// query gives without asking the server, null where that does not do.
import { readFileSync } from "node:fs";
import { given, say } from "./telling.mjs";

const LONG = "The store holds bolts, nuts and washers of every size in rows of labelled drawers. ".repeat(3000);

export async function tell(client) {
  const teller = new Teller(client);
  const model = await aboutSystemAndModels(teller);
  const documents = await documentsComeIn(teller);
  await documentsAreRead(teller, documents);
  await indexingIsAskedFor(teller);
  await ingestionIsStopped(teller);
  const session = await aSession(teller, documents);
  const answer = await anAnswer(teller, session);
  await anAnswerIsStopped(teller, session);
  await nodes(teller, [model.id, documents[0], session, answer]);
  await everythingIsErased(teller, documents, session, answer);
  await modelsAreSet(teller, model);
}

class Teller {
  constructor(client) {
    this.client = client;
  }

  async run(operation, variables = {}) {
    try {
      const got = await this.client.run(operation, variables);
      say({ operation, got });
      return Object.values(got)[0];
    } catch (error) {
      say({ operation, failed: String(error?.stack ?? JSON.stringify(error)) });
      throw error;
    }
  }

  /** The events up to the one that `last` says is enough, `last` included; all where there is no `last`. */
  async watch(operation, variables, last = () => false) {
    const got = [];
    try {
      for await (const data of this.client.events(operation, variables)) {
        const event = Object.values(data)[0];
        got.push(event);
        if (await last(event)) break;
      }
      say({ operation, got });
      return got;
    } catch (error) {
      say({ operation, got, failed: String(error?.stack ?? JSON.stringify(error)) });
      throw error;
    }
  }

  /** What the cache has for a query now. */
  look(cached, variables, behind) {
    if (this.client.cached) say({ cached, behind, got: this.client.cached(cached, variables) });
  }
}

async function aboutSystemAndModels(teller) {
  await teller.run("SystemLimitsQuery");
  await teller.run("SystemSettingsQuery");
  await teller.run("SystemStatusQuery");
  let seen = 0;
  await teller.watch("SystemMetricsSubscription", { intervalMs: 250 }, () => ++seen === 2);
  await teller.run("ModelsProvidersQuery");
  await untilModelIs(teller, "READY");
  const models = await teller.run("ModelsListQuery", { filter: { nameContains: "" } });
  const model = models.find((each) => each.isDefault);
  await teller.run("ModelsDetailsQuery", { id: model.id, settings: { contextLength: 1024 } });
  return model;
}

const untilModelIs = (teller, status) =>
  teller.watch("ModelsEventsSubscription", {}, ({ model }) => model?.isDefault && model.status === status);

async function documentsComeIn(teller) {
  const words = `The blue valve of ${given.name} opens at 73 bar.`;
  const source = { text: `# Valves\n\n${words}\n\n# Pumps\n\nThe pump of ${given.name} runs at night.` };
  const imported = await teller.run("DocumentsImportMutation", {
    input: { source, name: `${given.name} valves`, mediaType: "text/markdown", tags: [given.name], metadata: { shelf: 7 } },
  });
  const ids = [imported.document.id];
  if (teller.client.uploads) {
    const file = new File([readFileSync(given.file)], `${given.name}.pdf`);
    ids.push((await teller.run("DocumentsUploadMutation", { input: { file, tags: [given.name] } })).document.id);
  }
  for (const documentId of ids) {
    let status;
    await teller.watch("DocumentsEventsSubscription", { documentId }, ({ change, document }) => {
      status = document?.status ?? status;
      return change !== "SNAPSHOT" && ["READY", "FAILED"].includes(status);
    });
  }
  return ids;
}

async function documentsAreRead(teller, [id]) {
  const filter = { tags: [given.name] };
  const { pageInfo } = await teller.run("DocumentsListQuery", { first: 1, filter });
  await teller.run("DocumentsListQuery", { first: 1, after: pageInfo.endCursor, filter });
  teller.look("DocumentsListQuery", { first: 1, filter }, "DocumentsListQuery");
  await teller.run("DocumentsDetailsQuery", { id });
  await teller.run("DocumentsTextQuery", { id, length: 8 });
  const { chunks } = await teller.run("DocumentsChunksQuery", { id, first: 5 });
  await teller.run("DocumentsOpeningQuery", { id });
  await teller.run("DocumentsChunkQuery", { id: chunks.edges[0].node.id });
  await teller.run("DocumentsUpdateMutation", { input: { id, name: `${given.name} valves, revised`, metadata: { shelf: 8 } } });
  teller.look("DocumentsDetailsQuery", { id }, "DocumentsUpdateMutation");
  await teller.run("SearchQuery", { input: { query: `blue valve of ${given.name}`, topK: 3, tags: [given.name] } });
  await teller.run("SearchQuery", { input: { query: " " } });
}

async function indexingIsAskedFor(teller) {
  await teller.run("IndexingStatusQuery");
  await teller.run("IndexingStartMutation", { input: { now: false } });
  await teller.watch("IndexingEventsSubscription", {}, () => true);
  await teller.run("IndexingStopMutation", { input: { reason: `${given.name} has seen it` } });
}

async function ingestionIsStopped(teller) {
  const source = { text: `${given.name}. ${LONG}` };
  const { document } = await teller.run("DocumentsImportMutation", { input: { source, name: "long" } });
  await teller.run("DocumentsCancelIngestionMutation", { input: { id: document.id } });
  await teller.run("DocumentsReprocessMutation", { input: { id: document.id, chunking: { maxTokens: 100 } } });
  await teller.run("DocumentsDeleteMutation", { input: { id: document.id } });
}

async function aSession(teller, documentIds) {
  const settings = { thinkingMode: given.thinkingMode, topK: 2, sampling: { maxTokens: 12, temperature: 0 } };
  const input = { name: `Talk of ${given.name}`, documentIds, settings };
  const { id } = (await teller.run("SessionsCreateMutation", { input })).session;
  await teller.run("SessionsListQuery", { first: 5, filter: { documentId: documentIds[0] } });
  await teller.run("SessionsDetailsQuery", { id });
  await teller.run("SessionsPickerQuery", { id });
  await teller.watch("SessionsEventsSubscription", { sessionId: id }, async ({ change }) => {
    if (change === "SNAPSHOT_END") {
      await teller.run("SessionsUpdateMutation", { input: { id, name: `Talk of ${given.name}, continued` } });
    }
    return change === "UPDATED";
  });
  teller.look("SessionsDetailsQuery", { id }, "SessionsUpdateMutation");
  return id;
}

async function anAnswer(teller, sessionId) {
  const content = `At how many bar does the blue valve of ${given.name} open?`;
  const { answer } = await teller.run("ChatSendMutation", { input: { sessionId, content } });
  await teller.watch("ChatEventsSubscription", { messageId: answer.id });
  await teller.run("ChatMessageQuery", { id: answer.id });
  await teller.run("ChatMessagesQuery", { sessionId, last: 2 });
  await teller.run("ChatRateMutation", { input: { id: answer.id, rating: "UP" } });
  teller.look("ChatMessageQuery", { id: answer.id }, "ChatRateMutation");
  return answer.id;
}

async function anAnswerIsStopped(teller, sessionId) {
  const input = { sessionId, content: "Tell a long story.", thinkingMode: "DIRECT", sampling: { maxTokens: 500 } };
  const { answer } = await teller.run("ChatSendMutation", { input });
  let asked = false;
  await teller.watch("ChatEventsSubscription", { messageId: answer.id }, async ({ __typename }) => {
    if (__typename === "TextDelta" && !asked) {
      asked = true;
      await teller.run("ChatCancelMutation", { input: { messageId: answer.id } });
    }
    return false;
  });
  await teller.run("ChatDeleteMutation", { input: { id: answer.id } });
}

async function nodes(teller, ids) {
  for (const id of ids) await teller.run("SystemNodeQuery", { id });
  await teller.run("SystemNodesQuery", { ids });
}

async function everythingIsErased(teller, documents, session, answer) {
  await teller.run("SessionsDeleteMutation", { input: { id: session } });
  await teller.run("ChatRateMutation", { input: { id: answer, rating: "DOWN" } });
  for (const id of documents) await teller.run("DocumentsDeleteMutation", { input: { id } });
}

async function modelsAreSet(teller, { id: modelId }) {
  const seen = ["ModelsDetailsQuery", { id: modelId, settings: { contextLength: 1024 } }];
  await teller.run("ModelsUpdateSettingsMutation", { input: { modelId, sampling: { temperature: given.temperature } } });
  teller.look(...seen, "ModelsUpdateSettingsMutation");
  await teller.run("ModelsUnloadMutation", { input: { modelId } });
  await untilModelIs(teller, "UNLOADED");
  await teller.run("ModelsLoadMutation", { input: { modelId } });
  await untilModelIs(teller, "READY");
  teller.look(...seen, "ModelsEventsSubscription");
  const spare = (await teller.run("ModelsListQuery", { filter: { nameContains: given.spare } }))[0];
  await teller.run("ModelsDeleteMutation", { input: { modelId: spare.id } });
}
