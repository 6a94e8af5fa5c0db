// The first session of a new user, in a browser that can reach the server only: upload a document, open the documentation
// explorer, and run the example operations one by one. Prints the observations as JSON and writes screenshots into a folder.
import { chromium } from "playwright-core";

const [address, executablePath, file, screenshots] = process.argv.slice(2);
const { host } = new URL(address);
const TIMEOUT_MS = 60_000;

const observed = { foreignRequests: [], consoleMessages: [], events: [], statesShown: 0, results: {} };

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-background-networking", `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${host.split(":")[0]}`],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
page.setDefaultTimeout(TIMEOUT_MS);

await page.route("**/*", (route) => {
  const url = route.request().url();
  if (new URL(url).host === host) return route.continue();
  observed.foreignRequests.push(url);
  return route.abort();
});
page.on("console", (line) => ["error", "warning"].includes(line.type()) && observed.consoleMessages.push(line.text()));
page.on("pageerror", (error) => observed.consoleMessages.push(String(error)));
page.on("websocket", (socket) => {
  if (new URL(socket.url()).host !== host) observed.foreignRequests.push(socket.url());
  socket.on("framereceived", ({ payload }) => {
    const { type, payload: result } = JSON.parse(payload);
    if (type === "next" && result.data.messageEvents) observed.events.push(result.data.messageEvents.__typename);
  });
});

const takeScreenshot = (name) => page.screenshot({ path: `${screenshots}/${name}.png` });
const readResult = () => page.locator(".result-window .CodeMirror").evaluate((editor) => editor.CodeMirror.getValue());
const results = page.locator(".result-window");

// Count how often the result in the page changes.
async function countStates() {
  await page.exposeFunction("resultShown", () => (observed.statesShown += 1));
  await page.locator(".result-window .CodeMirror").evaluate((editor) => editor.CodeMirror.on("change", () => window.resultShown()));
}

async function replacePlaceholder(placeholder, id) {
  await page.locator(".graphiql-query-editor .CodeMirror").evaluate(
    ({ CodeMirror: editor }, [from, to]) => editor.setValue(editor.getValue().replaceAll(`"${from}"`, `"${to}"`)),
    [placeholder, id],
  );
}

// Run one of the operations in the editor, and wait until its result contains `ending`.
async function run(operation, ending) {
  await page.getByRole("button", { name: "Execute query" }).click();
  await page.getByRole("menuitem", { name: operation }).click();
  await results.getByText(ending).first().waitFor();
  await takeScreenshot(operation);
  observed.results[operation] = JSON.parse(await readResult());
  return observed.results[operation].data;
}

await page.goto(address);
await page.getByText("Welcome to Graphlore").waitFor();
await takeScreenshot("Welcome");

await page.locator("#choose").setInputFiles(file);
await page.locator("#documents li.READY").waitFor();
observed.panel = await page.locator("#documents li :is(.name, .state)").allTextContents();
await takeScreenshot("Documents");

await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
await page.locator(".graphiql-doc-explorer").getByText("Mutation", { exact: true }).waitFor();
observed.types = await page.locator(".graphiql-doc-explorer-type-name").allTextContents();
await page.locator(".graphiql-doc-explorer").getByText("Query", { exact: true }).first().click();
await page.locator(".graphiql-doc-explorer").getByText("documents", { exact: true }).waitFor();
await takeScreenshot("Schema");
await page.getByRole("button", { name: "Hide Documentation Explorer" }).click();

await run("Overview", "totalCount");
const { createSession } = await run("NewSession", "session");
await replacePlaceholder("SESSION", createSession.session.id);
const { sendMessage } = await run("Ask", "answer");
await replacePlaceholder("ANSWER", sendMessage.answer.id);
await countStates();
await run("Watch", "MessageCompleted");

await browser.close();
process.stdout.write(JSON.stringify(observed));
