// The base of every client's program: its options, its reports, and subscriptions as async iterators.
//
// A program reads its options as JSON from standard input and prints one report, a line of JSON, for each step. Warnings of
// the libraries are reports too: import this module first.
import { readFileSync } from "node:fs";
import { format } from "node:util";

export const options = JSON.parse(readFileSync(0, "utf8"));

export function report(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

for (const level of ["warn", "error"]) {
  console[level] = (...words) => report({ warning: format(...words) });
}

/** Import a module of docs/clients.md. */
export const documented = (name) => import(`${options.folder}/${name}`);

/**
 * Iterate over the values of a subscription; leaving the loop unsubscribes.
 *
 * @param subscribe takes `{ next, error, complete }` and returns the function that unsubscribes.
 */
export async function* iterate(subscribe) {
  const queue = [];
  let wake = () => {};
  const put = (item) => {
    queue.push(item);
    wake();
  };
  const unsubscribe = subscribe({
    next: (value) => put({ value }),
    error: (error) => put({ error }),
    complete: () => put({ end: true }),
  });
  try {
    for (;;) {
      while (queue.length === 0) await new Promise((resolve) => (wake = resolve));
      const { value, error, end } = queue.shift();
      if (error) throw error;
      if (end) return;
      yield value;
    }
  } finally {
    unsubscribe();
  }
}
