// Audits the server at an address against the GraphQL over HTTP specification; writes every verdict as JSON.
import { auditServer } from "graphql-http";

const verdicts = await auditServer({ url: process.argv[2] });
const written = verdicts.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
process.stdout.write(JSON.stringify(written));
