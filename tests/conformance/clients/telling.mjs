// What every client's program begins with: what it was given, what it says, and streams as loops.
//
// It says one line of JSON for each thing that it did. Whatever a library warns of is such a line too: import this first.
import { readFileSync } from "node:fs";
import { format } from "node:util";

export const given = JSON.parse(readFileSync(0, "utf8"));

export function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

for (const level of ["warn", "error"]) {
  console[level] = (...words) => say({ warning: format(...words) });
}

/** A code block of docs/clients.md, as a module. */
export const documented = (name) => import(`${given.folder}/${name}`);

/**
 * The values that `subscribe` hands over, as a loop; breaking out of it unsubscribes.
 *
 * @param subscribe takes `{ next, error, complete }` and gives back what ends the subscription.
 */
export async function* loop(subscribe) {
  const arrived = [];
  let wake = () => {};
  const put = (item) => {
    arrived.push(item);
    wake();
  };
  const stop = subscribe({
    next: (value) => put({ value }),
    error: (error) => put({ error }),
    complete: () => put({ end: true }),
  });
  try {
    for (;;) {
      while (arrived.length === 0) await new Promise((resolve) => (wake = resolve));
      const { value, error, end } = arrived.shift();
      if (error) throw error;
      if (end) return;
      yield value;
    }
  } finally {
    stop();
  }
}
