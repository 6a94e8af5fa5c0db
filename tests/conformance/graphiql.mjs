// What a new user does on the page, in a browser that reaches the server and nothing else: gives it a document, opens the
// documentation, and runs the welcome's operations one by one. Writes what was seen as JSON, and screenshots into a folder.
import { chromium } from "playwright-core";

const [address, executablePath, file, screenshots] = process.argv.slice(2);
const { host } = new URL(address);
const SECONDS = 60_000;

const seen = { foreign: [], complaints: [], events: [], shown: 0, results: {} };

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-background-networking", `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${host.split(":")[0]}`],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
page.setDefaultTimeout(SECONDS);

await page.route("**/*", (route) => {
  const asked = route.request().url();
  if (new URL(asked).host === host) return route.continue();
  seen.foreign.push(asked);
  return route.abort();
});
page.on("console", (line) => ["error", "warning"].includes(line.type()) && seen.complaints.push(line.text()));
page.on("pageerror", (error) => seen.complaints.push(String(error)));
page.on("websocket", (socket) => {
  if (new URL(socket.url()).host !== host) seen.foreign.push(socket.url());
  socket.on("framereceived", ({ payload }) => {
    const { type, payload: told } = JSON.parse(payload);
    if (type === "next" && told.data.messageEvents) seen.events.push(told.data.messageEvents.__typename);
  });
});

const picture = (name) => page.screenshot({ path: `${screenshots}/${name}.png` });
const response = () => page.locator(".result-window .CodeMirror").evaluate((editor) => editor.CodeMirror.getValue());
const results = page.locator(".result-window");

// Counts the states of the result that were really on the page.
async function countResults() {
  await page.exposeFunction("resultShown", () => (seen.shown += 1));
  await page.locator(".result-window .CodeMirror").evaluate((editor) => editor.CodeMirror.on("change", () => window.resultShown()));
}

async function fillIn(placeholder, id) {
  await page.locator(".graphiql-query-editor .CodeMirror").evaluate(
    ({ CodeMirror: editor }, [from, to]) => editor.setValue(editor.getValue().replaceAll(`"${from}"`, `"${to}"`)),
    [placeholder, id],
  );
}

// Runs one of the operations that stand in the editor, and waits until its result shows `ending`.
async function run(operation, ending) {
  await page.getByRole("button", { name: "Execute query" }).click();
  await page.getByRole("menuitem", { name: operation }).click();
  await results.getByText(ending).first().waitFor();
  await picture(operation);
  seen.results[operation] = JSON.parse(await response());
  return seen.results[operation].data;
}

await page.goto(address);
await page.getByText("Welcome to Graphlore").waitFor();
await picture("Welcome");

await page.locator("#choose").setInputFiles(file);
await page.locator("#documents li.READY").waitFor();
seen.panel = await page.locator("#documents li :is(.name, .state)").allTextContents();
await picture("Documents");

await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
await page.locator(".graphiql-doc-explorer").getByText("Mutation", { exact: true }).waitFor();
seen.types = await page.locator(".graphiql-doc-explorer-type-name").allTextContents();
await page.locator(".graphiql-doc-explorer").getByText("Query", { exact: true }).first().click();
await page.locator(".graphiql-doc-explorer").getByText("documents", { exact: true }).waitFor();
await picture("Schema");
await page.getByRole("button", { name: "Hide Documentation Explorer" }).click();

await run("Overview", "totalCount");
const { createSession } = await run("NewSession", "session");
await fillIn("SESSION", createSession.session.id);
const { sendMessage } = await run("Ask", "answer");
await fillIn("ANSWER", sendMessage.answer.id);
await countResults();
await run("Watch", "MessageCompleted");

await browser.close();
process.stdout.write(JSON.stringify(seen));
