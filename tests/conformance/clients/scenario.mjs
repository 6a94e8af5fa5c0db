// The scenario that every client executes: it uses each operation of tests/operations/ at least once.
//
// A client has `run(name, variables)`, which returns the data of a query or mutation, and `events(name, variables)`, which
// iterates over the data of a subscription. `uploads` is true where it can upload files. `cached(name, variables)`, where
// the client has a cache, returns the data of a query from the cache alone, or null where the cache lacks a part.
import { readFileSync } from "node:fs";
import { options, report } from "./program.mjs";

const LONG = "The store holds bolts, nuts and washers of every size in rows of labelled drawers. ".repeat(3000);

export async function runScenario(client) {
  const scenario = new Scenario(client);
  const model = await readSystemAndModels(scenario);
  await useAccounts(scenario);
  const documents = await addDocuments(scenario);
  await readDocuments(scenario, documents);
  await startAndStopIndexing(scenario);
  await cancelIngestion(scenario);
  const session = await useSession(scenario, documents);
  await useCollections(scenario, documents, session);
  const answer = await generateAnswer(scenario, session);
  await cancelAnswer(scenario, session);
  await readNodes(scenario, [model.id, documents[0], session, answer]);
  await deleteEverything(scenario, documents, session, answer);
  await changeModels(scenario, model);
}

class Scenario {
  constructor(client) {
    this.client = client;
  }

  async run(operation, variables = {}) {
    try {
      const result = await this.client.run(operation, variables);
      report({ operation, result });
      return Object.values(result)[0];
    } catch (error) {
      report({ operation, failed: String(error?.stack ?? JSON.stringify(error)) });
      throw error;
    }
  }

  /** Return the events of a subscription up to the first one for which `isLast` is true; all events without `isLast`. */
  async watch(operation, variables, isLast = () => false) {
    const result = [];
    try {
      for await (const data of this.client.events(operation, variables)) {
        const event = Object.values(data)[0];
        result.push(event);
        if (await isLast(event)) break;
      }
      report({ operation, result });
      return result;
    } catch (error) {
      report({ operation, result, failed: String(error?.stack ?? JSON.stringify(error)) });
      throw error;
    }
  }

  /** Report what the cache has for a query after another operation. */
  readCache(cached, variables, after) {
    if (this.client.cached) report({ cached, after, result: this.client.cached(cached, variables) });
  }
}

async function readSystemAndModels(scenario) {
  await scenario.run("SystemLimitsQuery");
  await scenario.run("SystemSettingsQuery");
  await scenario.run("SystemStatusQuery");
  await scenario.run("StatisticsQuery");
  let samples = 0;
  await scenario.watch("SystemMetricsSubscription", { intervalMs: 250 }, () => ++samples === 2);
  await scenario.run("ModelsProvidersQuery");
  await watchModelUntil(scenario, "READY");
  const models = await scenario.run("ModelsListQuery", { filter: { nameContains: "" } });
  const model = models.find((each) => each.isDefault);
  await scenario.run("ModelsDetailsQuery", { id: model.id, settings: { contextLength: 1024 } });
  return model;
}

const watchModelUntil = (scenario, status) =>
  scenario.watch("ModelsEventsSubscription", {}, ({ model }) => model?.isDefault && model.status === status);

async function addDocuments(scenario) {
  const words = `The blue valve of ${options.name} opens at 73 bar.`;
  const source = { text: `# Valves\n\n${words}\n\n# Pumps\n\nThe pump of ${options.name} runs at night.` };
  const imported = await scenario.run("DocumentsImportMutation", {
    input: { source, name: `${options.name} valves`, mediaType: "text/markdown", tags: [options.name], metadata: { shelf: 7 } },
  });
  const ids = [imported.document.id];
  if (scenario.client.uploads) {
    const file = new File([readFileSync(options.file)], `${options.name}.pdf`);
    ids.push((await scenario.run("DocumentsUploadMutation", { input: { file, tags: [options.name] } })).document.id);
  }
  for (const documentId of ids) {
    let status;
    await scenario.watch("DocumentsEventsSubscription", { documentId }, ({ change, document }) => {
      status = document?.status ?? status;
      return change !== "SNAPSHOT" && ["READY", "FAILED"].includes(status);
    });
  }
  return ids;
}

async function readDocuments(scenario, [id]) {
  const filter = { tags: [options.name] };
  const { pageInfo } = await scenario.run("DocumentsListQuery", { first: 1, filter });
  await scenario.run("DocumentsListQuery", { first: 1, after: pageInfo.endCursor, filter });
  scenario.readCache("DocumentsListQuery", { first: 1, filter }, "DocumentsListQuery");
  await scenario.run("DocumentsDetailsQuery", { id });
  await scenario.run("DocumentsTextQuery", { id, length: 8 });
  const { chunks } = await scenario.run("DocumentsChunksQuery", { id, first: 5 });
  await scenario.run("DocumentsOpeningQuery", { id });
  await scenario.run("DocumentsChunkQuery", { id: chunks.edges[0].node.id });
  await scenario.run("DocumentsUpdateMutation", { input: { id, name: `${options.name} valves, revised`, metadata: { shelf: 8 } } });
  scenario.readCache("DocumentsDetailsQuery", { id }, "DocumentsUpdateMutation");
  await scenario.run("SearchQuery", { input: { query: `blue valve of ${options.name}`, topK: 3, tags: [options.name] } });
  await scenario.run("SearchQuery", { input: { query: " " } });
}

/** Use the accounts of a server that has none: the viewer is the local user, and accounts must not be enabled. */
async function useAccounts(scenario) {
  const { user } = await scenario.run("AccountsViewerQuery");
  await scenario.run("AccountsSignUpOptionsQuery");
  await scenario.run("AccountsUserQuery", { id: user.id });
  await scenario.run("AccountsUsersQuery", { filter: { active: true } });
  const account = { email: "ada@example.org", name: "Ada", password: "short" };
  await scenario.run("AccountsEnableMutation", { input: account });
  await scenario.run("AccountsSignUpMutation", { input: { ...account, invitation: "unknown" } });
  await scenario.run("AccountsLogInMutation", { input: { email: account.email, password: "unknown", delivery: "BODY" } });
  await scenario.run("AccountsRefreshMutation", { input: { refreshToken: "unknown" } });
  await scenario.run("AccountsLogOutMutation", { input: {} });
  await scenario.run("AccountsChangePasswordMutation", { input: { code: "unknown", password: "short" } });
  await scenario.run("AccountsUpdateUserMutation", { input: { id: user.id, name: `The person of ${options.name}` } });
  await scenario.run("AccountsResetPasswordMutation", { input: { id: user.id } });
  const { invitation } = await scenario.run("AccountsInviteMutation", { input: { email: "ben@example.org" } });
  await scenario.run("AccountsInvitationsQuery");
  await scenario.run("AccountsRevokeInvitationMutation", { input: { id: invitation.id } });
  const { apiKey } = await scenario.run("AccountsCreateKeyMutation", { input: { name: "robot" } });
  await scenario.run("AccountsRevokeKeyMutation", { input: { id: apiKey.id } });
  await scenario.run("AccountsAuditQuery", { filter: { action: ["INVITED"] } });
  await scenario.run("AccountsDeleteUserMutation", { input: { id: user.id } });
}

/** Assign a collection with a document to a group, draw on it in a session, and delete all but the document. */
async function useCollections(scenario, [document], session) {
  const { user } = await scenario.run("AccountsViewerQuery");
  const named = { name: `Group of ${options.name}`, memberIds: [user.id] };
  const { group } = await scenario.run("CollectionsCreateGroupMutation", { input: named });
  await scenario.run("CollectionsUpdateGroupMutation", { input: { id: group.id, name: `${named.name}, renamed` } });
  await scenario.run("CollectionsGroupsQuery");
  const created = { name: `Collection of ${options.name}`, systemPrompt: "Answer briefly." };
  const { id } = (await scenario.run("CollectionsCreateMutation", { input: created })).collection;
  const placed = { collectionId: id, documentIds: [document] };
  await scenario.run("CollectionsAddDocumentsMutation", { input: placed });
  const granted = { collectionId: id, principalIds: [group.id, user.id] };
  await scenario.run("CollectionsGrantMutation", { input: { ...granted, level: "WRITE" } });
  await scenario.run("SessionsUpdateMutation", { input: { id: session, collectionIds: [id] } });
  await scenario.run("CollectionsSessionQuery", { id: session });
  await scenario.run("CollectionsCollectionQuery", { id });
  await scenario.run("CollectionsListQuery", { nameContains: created.name });
  await scenario.run("CollectionsPersonQuery", { id: user.id });
  await scenario.watch("CollectionsEventsSubscription", { collectionId: id }, async ({ change }) => {
    if (change === "SNAPSHOT_END") {
      await scenario.run("CollectionsUpdateMutation", { input: { id, name: `${created.name}, renamed` } });
    }
    return change === "UPDATED";
  });
  await scenario.run("SessionsUpdateMutation", { input: { id: session, collectionIds: [] } });
  await scenario.run("CollectionsRevokeMutation", { input: granted });
  await scenario.run("CollectionsRemoveDocumentsMutation", { input: placed });
  await scenario.run("CollectionsDeleteMutation", { input: { id } });
  await scenario.run("CollectionsDeleteGroupMutation", { input: { id: group.id } });
}

async function startAndStopIndexing(scenario) {
  await scenario.run("IndexingStatusQuery");
  await scenario.run("IndexingStartMutation", { input: { now: false } });
  await scenario.watch("IndexingEventsSubscription", {}, () => true);
  await scenario.run("IndexingStopMutation", { input: { reason: `stopped by ${options.name}` } });
}

async function cancelIngestion(scenario) {
  const source = { text: `${options.name}. ${LONG}` };
  const { document } = await scenario.run("DocumentsImportMutation", { input: { source, name: "long" } });
  await scenario.run("DocumentsCancelIngestionMutation", { input: { id: document.id } });
  await scenario.run("DocumentsReprocessMutation", { input: { id: document.id, chunking: { maxTokens: 100 } } });
  await scenario.run("DocumentsDeleteMutation", { input: { id: document.id } });
}

async function useSession(scenario, documentIds) {
  const settings = { thinkingMode: options.thinkingMode, topK: 2, sampling: { maxTokens: 12, temperature: 0 } };
  const input = { name: `Talk of ${options.name}`, documentIds, settings };
  const { id } = (await scenario.run("SessionsCreateMutation", { input })).session;
  await scenario.run("SessionsListQuery", { first: 5, filter: { documentId: documentIds[0] } });
  await scenario.run("SessionsDetailsQuery", { id });
  await scenario.run("SessionsPickerQuery", { id });
  await scenario.watch("SessionsEventsSubscription", { sessionId: id }, async ({ change }) => {
    if (change === "SNAPSHOT_END") {
      await scenario.run("SessionsUpdateMutation", { input: { id, name: `Talk of ${options.name}, continued` } });
    }
    return change === "UPDATED";
  });
  scenario.readCache("SessionsDetailsQuery", { id }, "SessionsUpdateMutation");
  return id;
}

async function generateAnswer(scenario, sessionId) {
  const content = `At how many bar does the blue valve of ${options.name} open?`;
  const { answer } = await scenario.run("ChatSendMutation", { input: { sessionId, content } });
  await scenario.watch("ChatEventsSubscription", { messageId: answer.id });
  await scenario.run("ChatMessageQuery", { id: answer.id });
  await scenario.run("ChatMessagesQuery", { sessionId, last: 2 });
  await scenario.run("ChatRateMutation", { input: { id: answer.id, rating: "UP" } });
  scenario.readCache("ChatMessageQuery", { id: answer.id }, "ChatRateMutation");
  const { session: fork } = await scenario.run("ChatForkMutation", { input: { messageId: answer.id } });
  const second = (await scenario.run("ChatRegenerateMutation", { input: { messageId: answer.id } })).answer;
  await scenario.watch("ChatEventsSubscription", { messageId: second.id });
  await scenario.run("SessionsDeleteMutation", { input: { id: fork.id } });
  return answer.id;
}

async function cancelAnswer(scenario, sessionId) {
  const input = { sessionId, content: "Tell a long story.", thinkingMode: "DIRECT", sampling: { maxTokens: 500 } };
  const { answer } = await scenario.run("ChatSendMutation", { input });
  let canceled = false;
  await scenario.watch("ChatEventsSubscription", { messageId: answer.id }, async ({ __typename }) => {
    if (__typename === "TextDelta" && !canceled) {
      canceled = true;
      await scenario.run("ChatCancelMutation", { input: { messageId: answer.id } });
    }
    return false;
  });
  await scenario.run("ChatDeleteMutation", { input: { id: answer.id } });
}

async function readNodes(scenario, ids) {
  for (const id of ids) await scenario.run("SystemNodeQuery", { id });
  await scenario.run("SystemNodesQuery", { ids });
}

async function deleteEverything(scenario, documents, session, answer) {
  await scenario.run("SessionsDeleteMutation", { input: { id: session } });
  await scenario.run("ChatRateMutation", { input: { id: answer, rating: "DOWN" } });
  for (const id of documents) await scenario.run("DocumentsDeleteMutation", { input: { id } });
}

async function changeModels(scenario, { id: modelId }) {
  const details = ["ModelsDetailsQuery", { id: modelId, settings: { contextLength: 1024 } }];
  await scenario.run("ModelsUpdateSettingsMutation", { input: { modelId, sampling: { temperature: options.temperature } } });
  scenario.readCache(...details, "ModelsUpdateSettingsMutation");
  await scenario.run("ModelsUnloadMutation", { input: { modelId } });
  await watchModelUntil(scenario, "UNLOADED");
  await scenario.run("ModelsLoadMutation", { input: { modelId } });
  await watchModelUntil(scenario, "READY");
  scenario.readCache(...details, "ModelsEventsSubscription");
  const spare = (await scenario.run("ModelsListQuery", { filter: { nameContains: options.spare } }))[0];
  await scenario.run("ModelsDeleteMutation", { input: { modelId: spare.id } });
}
