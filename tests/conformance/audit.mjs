// Audit the server at an address against the GraphQL over HTTP specification; print the results as JSON.
import { auditServer } from "graphql-http";

const audits = await auditServer({ url: process.argv[2] });
const results = audits.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
process.stdout.write(JSON.stringify(results));
