// GraphiQL over this server's two ways: HTTP for queries and mutations, graphql-transport-ws for subscriptions.
"use strict";

// Its lines are short, so that a small laptop shows them whole beside the panel.
const WELCOME = `# Welcome to Graphlore.
#
# Give it a document in the panel on
# the left. Once it is READY, run
# these one by one: the button with
# the arrow asks which. Ctrl-Space
# completes; the book on the left
# explains everything.

query Overview {
  documents(first: 10) {
    totalCount
    nodes { id name status }
  }
  models { id name status }
}

mutation NewSession {
  createSession(input: { settings: {
    thinkingMode: RAG
    documentScope: ALL
  } }) {
    ... on CreateSessionSuccess {
      session { id name }
    }
    ... on Error { code message }
  }
}

# SESSION is the id from NewSession.
mutation Ask {
  sendMessage(input: {
    sessionId: "SESSION"
    content: """
    What is this document about?
    """
  }) {
    ... on SendMessageSuccess {
      answer { id status }
    }
    ... on Error { code message }
  }
}

# ANSWER is the id from Ask. Run again,
# it tells all from the first word.
subscription Watch {
  messageEvents(messageId: "ANSWER") {
    __typename
    cursor
    ... on TextDelta { text }
    ... on MessageFailed {
      error { code message }
    }
    ... on MessageCompleted {
      message {
        content
        citations {
          marker documentName
          page quote
        }
      }
    }
  }
}
`;

const access = {
  get token() { return sessionStorage.getItem("token"); },
  set token(value) { sessionStorage.setItem("token", value); },
  get headers() { return this.token ? { Authorization: `Bearer ${this.token}` } : {}; },
};

// The address of a WebSocket on the path of a page's own server.
function socketAddress(path) {
  const address = new URL(path, document.baseURI);
  address.protocol = address.protocol.replace("http", "ws");
  return address.href;
}

function askForToken() {
  document.getElementById("access").hidden = false;
}

const socket = graphqlWs.createClient({
  url: socketAddress("graphql"),
  lazy: true,
  retryAttempts: Infinity,
  shouldRetry: (event) => event.code !== 4403,
  connectionParams: () => access.headers,
  on: { closed: (event) => { if (event.code === 4403) askForToken(); } },
});

async function fetchWithToken(address, options) {
  const reply = await fetch(address, { ...options, headers: { ...options.headers, ...access.headers } });
  if (reply.status === 401) askForToken();
  return reply;
}

const graphlore = { access, askForToken, socket };

document.getElementById("access").addEventListener("submit", (event) => {
  event.preventDefault();
  access.token = document.getElementById("token").value;
  location.reload();
});

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({
      url: "graphql",
      fetch: fetchWithToken,
      wsClient: socket,
      enableIncrementalDelivery: false,
    }),
    defaultTabs: [{ query: WELCOME }],
    defaultEditorToolsVisibility: false,
    schemaDescription: true,
    inputValueDeprecation: true,
  }),
);
