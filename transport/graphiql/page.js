// GraphiQL for this server: HTTP for queries and mutations, graphql-transport-ws for subscriptions.
"use strict";

// The example operations in the first tab. Lines are short, so that they fit beside the panel on a small screen.
const WELCOME = `# Welcome to Graphlore.
#
# 1. Upload a document in the panel
#    on the left, and wait until its
#    status is READY.
# 2. Run these operations in order.
#    The run button shows a menu.
#
# Ctrl-Space completes names.
# The book icon opens the schema
# reference.

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

# Replace SESSION by the id that
# NewSession returned.
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

# Replace ANSWER by the id that Ask
# returned. The subscription starts
# with the first event, whenever you
# run it.
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

// Return the WebSocket URL of a path on this server.
function socketAddress(path) {
  const address = new URL(path, document.baseURI);
  address.protocol = address.protocol.replace("http", "ws");
  return address.href;
}

function showTokenForm() {
  document.getElementById("access").hidden = false;
}

const socket = graphqlWs.createClient({
  url: socketAddress("graphql"),
  lazy: true,
  retryAttempts: Infinity,
  shouldRetry: (event) => event.code !== 4403,
  connectionParams: () => access.headers,
  on: { closed: (event) => { if (event.code === 4403) showTokenForm(); } },
});

async function fetchWithToken(address, options) {
  const reply = await fetch(address, { ...options, headers: { ...options.headers, ...access.headers } });
  if (reply.status === 401) showTokenForm();
  return reply;
}

const graphlore = { access, showTokenForm, socket };

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
