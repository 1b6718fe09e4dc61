// Runs steps of one library, whose name and theirs are the arguments. Standard input has the circumstances as JSON, see main.go; standard
// output gets a line of JSON for each step.
import { readFileSync } from "node:fs";

const [library, ...names] = process.argv.slice(2);
const circumstances = JSON.parse(readFileSync(0, "utf8"));
const { default: prepare } = await import(`./${library}.js`);
const say = console.log;
const steps = prepare(circumstances);

for (const step of names) {
  let failure;
  try {
    if (!steps[step]) {
      say(JSON.stringify({ step, absent: true }));
      continue;
    }
    await steps[step]();
  } catch (error) {
    failure = [error?.message ?? String(error), error?.cause?.message, await answerOf(error)].filter(Boolean).join(": ");
  }
  say(JSON.stringify({ step, failure }));
}
process.exit(0); // some libraries keep timers

// answerOf is the body of the answer that an error is about, where the library keeps it.
async function answerOf(error) {
  try {
    return await error?.response?.clone?.().text?.();
  } catch {
    return undefined;
  }
}
