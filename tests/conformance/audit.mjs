// Audit the server at an address against the GraphQL over HTTP specification; print the results as JSON.
// The second argument, if there is one, is the access token to send.
import { auditServer } from "graphql-http";

const [, , url, token] = process.argv;
const withToken = (input, init) =>
  fetch(input, { ...init, headers: { ...init?.headers, authorization: `Bearer ${token}` } });
const audits = await auditServer({ url, fetchFn: token ? withToken : fetch });
const results = audits.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
process.stdout.write(JSON.stringify(results));
