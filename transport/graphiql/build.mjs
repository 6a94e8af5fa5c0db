// Copy the files that the page loads from node_modules to dist/, with their licenses. Nothing is bundled.
import { cp, mkdir, rm } from "node:fs/promises";

const FILES = {
  "graphiql/graphiql.min.js": "graphiql.min.js",
  "graphiql/graphiql.min.css": "graphiql.min.css",
  "graphiql/LICENSE": "graphiql.LICENSE",
  "graphql-ws/umd/graphql-ws.min.js": "graphql-ws.min.js",
  "graphql-ws/LICENSE.md": "graphql-ws.LICENSE",
  "react/umd/react.production.min.js": "react.production.min.js",
  "react/LICENSE": "react.LICENSE",
  "react-dom/umd/react-dom.production.min.js": "react-dom.production.min.js",
  "react-dom/LICENSE": "react-dom.LICENSE",
};

const here = new URL("./", import.meta.url);
const dist = new URL("dist/", here);

await rm(dist, { recursive: true, force: true });
await mkdir(dist);
for (const [from, to] of Object.entries(FILES)) {
  await cp(new URL(`node_modules/${from}`, here), new URL(to, dist));
}
