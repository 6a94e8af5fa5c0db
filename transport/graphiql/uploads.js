// The panel: uploads files with uploadDocument, and shows the state of each document from documentEvents.
"use strict";

(() => {
  const UPLOAD = `mutation ($input: UploadDocumentInput!) {
    uploadDocument(input: $input) {
      ... on UploadDocumentSuccess { document { id } }
      ... on Error { message }
    }
  }`;
  const WATCH = `subscription {
    documentEvents { change documentId document { id name status progress error { message } } }
  }`;
  const BUSY = ["PENDING", "PARSING", "CHUNKING", "EMBEDDING", "DELETING"];

  const list = document.getElementById("documents");
  const state = document.getElementById("state");
  const drop = document.getElementById("drop");
  const choose = document.getElementById("choose");
  const rows = new Map();

  function element(name, className, text = "") {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
  }

  // Return the row of a document or a running upload; create it where there is none.
  function row(key) {
    if (!rows.has(key)) {
      rows.set(key, element("li", ""));
      list.prepend(rows.get(key));
    }
    return rows.get(key);
  }

  function removeRow(key) {
    rows.get(key)?.remove();
    rows.delete(key);
  }

  function copyButton(id) {
    const button = element("button", "copy", "copy id");
    button.title = id;
    button.addEventListener("click", () => navigator.clipboard.writeText(id).then(() => (button.textContent = "copied")));
    return button;
  }

  // Show the state of a row; `fraction` (0 to 1) adds a progress bar.
  function show(key, { name, status, fraction = null, reason = null, id = null }) {
    const item = row(key);
    item.className = status;
    const line = element("div", "status");
    line.append(element("span", "state", status));
    if (id) line.append(copyButton(id));
    item.replaceChildren(element("div", "name", name), line);
    if (fraction !== null) {
      const bar = element("progress", "");
      bar.value = fraction;
      bar.setAttribute("aria-label", status);
      item.append(bar);
    }
    if (reason) item.append(element("p", "reason", reason));
  }

  function handleEvent({ change, documentId, document: found }) {
    if (change === "REMOVED") return removeRow(documentId);
    if (!found) return undefined;
    const { id, name, status, progress, error } = found;
    return show(id, { id, name, status, reason: error?.message, fraction: BUSY.includes(status) ? progress : null });
  }

  // XMLHttpRequest reports the progress of an upload; fetch does not.
  function send(file, onProgress) {
    const body = new FormData();
    body.append("operations", JSON.stringify({ query: UPLOAD, variables: { input: { file: null } } }));
    body.append("map", JSON.stringify({ file: ["variables.input.file"] }));
    body.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", "graphql");
    request.setRequestHeader("GraphQL-Require-Preflight", "1");
    for (const [name, value] of Object.entries(graphlore.access.headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded / event.total));
    return new Promise((resolve, reject) => {
      request.addEventListener("load", () => resolve(request));
      request.addEventListener("error", () => reject(new Error("The upload failed: the server could not be reached, or rejected the file.")));
      request.send(body);
    });
  }

  // Throw an error with the reason where the server rejected the file.
  function checkAccepted(request) {
    if (request.status === 401) graphlore.showTokenForm();
    const { data, errors } = JSON.parse(request.responseText);
    const result = data?.uploadDocument;
    if (!result?.document) throw new Error(errors?.[0].message ?? result?.message ?? "The server rejected the file.");
  }

  async function upload(file) {
    const key = Symbol(file.name);
    show(key, { name: file.name, status: "UPLOADING", fraction: 0 });
    try {
      checkAccepted(await send(file, (fraction) => show(key, { name: file.name, status: "UPLOADING", fraction })));
      removeRow(key);
    } catch (error) {
      show(key, { name: file.name, status: "REJECTED", reason: error.message });
    }
  }

  async function uploadAll(files) {
    for (const file of files) await upload(file);
  }

  function watch() {
    graphlore.socket.subscribe(
      { query: WATCH },
      {
        next: ({ data }) => data && handleEvent(data.documentEvents),
        error: (event) => (state.textContent = event.code === 4403 ? "" : "Document updates are not available. Reload the page."),
        complete: () => {},
      },
    );
    // A new connection starts with a new snapshot, which lacks the documents that were deleted in the meantime.
    graphlore.socket.on("connected", () => [...rows.keys()].filter((key) => typeof key === "string").forEach(removeRow));
  }

  choose.addEventListener("change", () => {
    uploadAll([...choose.files]);
    choose.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    uploadAll([...event.dataTransfer.files]);
  });

  watch();
})();
