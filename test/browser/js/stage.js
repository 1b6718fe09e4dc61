// What the tests have in common: a page in a fresh browser, whose console must stay silent, and the
// people on it.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { chromium } from "playwright-core";

const { PAGE, DEV_PAGE, LEDGER, GUICHET, CHROMIUM, PICTURES } = process.env;

let browser;
before(async () => {
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  browser = await chromium.launch({ executablePath: CHROMIUM, args: [...args, "--mute-audio"] });
});
after(() => browser.close());

/** withPage runs a test on the page. people are those whose phones are there: [person, name]; null stands for those who are there at first. With dev, it is guichet dev's. */
export async function withPage({ dev, ...options }, people, run) {
  const address = dev ? DEV_PAGE : PAGE;
  const context = await browser.newContext({ reducedMotion: "reduce", viewport: { width: 1440, height: 900 }, ...options });
  const complaints = [];
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const own = request.url().startsWith("blob:") || new URL(request.url()).origin === new URL(address).origin;
    if (!own) complaints.push(`asked ${request.url()}`);
  });
  const phones = people?.map(([person, name]) => ({ person, name }));
  if (phones) await page.addInitScript((stored) => localStorage.setItem("guichet.phones", stored), JSON.stringify(phones));
  try {
    await page.goto(address);
    await page.getByText("live", { exact: true }).waitFor();
    await run(page);
    assert.deepEqual(complaints, [], "the console's errors");
  } finally {
    await context.close();
  }
}

/** picture keeps a screenshot. */
export function picture(page, name) {
  return page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
}

export function phoneOf(page, name) {
  return page.getByRole("article", { name: `${name}'s phone` });
}

export function desk(page) {
  return page.getByRole("region", { name: "The business's desk" });
}

/** write has somebody write, and waits until the desk has it. */
export async function write(page, name, text) {
  await page.getByLabel(`Write as ${name}`).fill(text);
  await page.getByRole("button", { name: `Send as ${name}` }).click();
  await phoneOf(page, name).getByText(text).waitFor();
}

/** talkTo chooses whom the desk talks to. */
export function talkTo(page, name) {
  return desk(page).getByRole("button", { name: `Talk to ${name}` }).click();
}

/** choose says what kind of message the desk writes. */
export function choose(page, kind) {
  return page.getByRole("radiogroup", { name: "Kind of message" }).getByText(kind, { exact: true }).click();
}

/** answer sends a text from the desk. */
export async function answer(page, name, text) {
  await choose(page, "Text");
  await page.getByLabel(`Message to ${name}`).fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

/** sendTemplate sends a template with the examples of its definition, but for the name. */
export async function sendTemplate(page, template, name) {
  await choose(page, "Template");
  await page.getByRole("combobox", { name: "Template" }).selectOption({ label: template });
  if (name) await page.getByLabel("{{1}}", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

/** lineOf is the line of the desk's conversation that has a text. */
export function lineOf(page, text) {
  return desk(page).locator(".line").filter({ hasText: text }).last();
}

/** figure reads a number of the account's column. */
export function figure(page, name) {
  return page.locator(`.account [data-figure="${name}"]`).first().textContent();
}

/** ledgerTotals are what `guichet ledger totals` says of a store; of a month, or of its only one. */
export function ledgerTotals(store = LEDGER, month) {
  const printed = execFileSync(GUICHET, ["ledger", "totals", "--store", store, "--output", "json"], { encoding: "utf8" });
  const lines = printed.trim().split("\n").map((line) => JSON.parse(line));
  const head = lines.at(-1);
  const ofMonth = lines.filter(({ period }) => period && (!month || period === month));
  return { whole: ofMonth.find((line) => !line.category), categories: ofMonth.filter((line) => line.category), head };
}

/** eventually waits until an assertion holds. */
export async function eventually(check) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
