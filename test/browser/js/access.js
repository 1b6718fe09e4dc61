// Without a mouse, in the dark, on a narrow screen, by ear.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, choose, desk, lineOf, phoneOf, picture, talkTo, withPage, write } from "./stage.js";

const zoe = ["33612345678", "Zoé Martin"];
const diego = ["525512345678", "Diego Luna"];
const ana = ["5511987654321", "Ana Souza"];
const priya = ["919812345678", "Priya Nair"];

/** tabTo presses Tab until what has a label has the focus. */
async function tabTo(page, label) {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText);
    if (focused === label) return;
  }
  assert.fail(`Tab never reaches ${label}`);
}

test("the keyboard is enough", () =>
  withPage({}, [zoe], async (page) => {
    await tabTo(page, "What else Zoé Martin can do");
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter"); // STOP is written
    await phoneOf(page, "Zoé Martin").getByText("STOP").waitFor();
    await tabTo(page, "Write as Zoé Martin");
    await page.keyboard.type("Sorry. START");
    await page.keyboard.press("Enter");
    await phoneOf(page, "Zoé Martin").getByText("Sorry. START").waitFor();
    await tabTo(page, "Message to Zoé Martin");
    await page.keyboard.type("No harm done.");
    await page.keyboard.press("Enter");
    await lineOf(page, "No harm done.").getByRole("img", { name: "read" }).waitFor();
  }));

test("everything that can be pressed or filled in has a name", () =>
  withPage({}, [ana, priya], async (page) => {
    await choose(page, "Template");
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll("button, a, input, select, textarea, [role=img], [role=log]")]
        .filter((one) => !(one.getAttribute("aria-label") ?? "").trim() && !one.textContent.trim() && !one.labels?.length)
        .map((one) => one.outerHTML),
    );
    assert.deepEqual(nameless, []);
  }));

test("it is dark where the system is", () =>
  withPage({ colorScheme: "dark" }, [ana, priya], async (page) => {
    await write(page, "Ana Souza", "Good evening");
    await talkTo(page, "Ana");
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(16, 21, 19)");
    assert.deepEqual(await faint(page), []);
    await picture(page, "dark");
    await page.getByRole("button", { name: /^Theme: auto/ }).click();
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(246, 245, 241)");
    assert.deepEqual(await faint(page), []);
  }));

test("380 pixels are enough", () =>
  withPage({ viewport: { width: 380, height: 780 } }, [diego], async (page) => {
    await write(page, "Diego Luna", "¿Dónde está mi paquete?");
    await fits(page);
    await picture(page, "narrow-phone");
    await page.getByRole("button", { name: "Desk", exact: true }).click();
    await answer(page, "Diego Luna", "Llega mañana.");
    await lineOf(page, "Llega mañana.").getByText("free", { exact: true }).waitFor();
    await fits(page);
    await choose(page, "Template");
    await fits(page);
    await picture(page, "narrow-desk");
    await page.getByRole("button", { name: "Account", exact: true }).click();
    await page.getByRole("heading", { name: /^Ledger/ }).waitFor();
    assert.equal(await desk(page).isVisible(), false);
    await fits(page);
    await picture(page, "narrow-account");
  }));

async function fits(page) {
  assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth), 380, "nothing is cut off");
}

/** faint lists texts whose contrast with what is behind them is below 4.5. */
function faint(page) {
  return page.evaluate(() => {
    const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
      const linear = [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const behind = (element) => {
      for (let one = element; one; one = one.parentElement) {
        const colour = channels(getComputedStyle(one).backgroundColor);
        if (colour.length < 4 || colour[3] === 1) return colour;
      }
      return [255, 255, 255];
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      const shown = texts.currentNode.data.trim() && element.checkVisibility() && !element.closest("button:disabled, .notice, noscript");
      if (!shown) continue;
      const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) found.push(`${texts.currentNode.data.trim().slice(0, 30)}: ${contrast.toFixed(2)}`);
    }
    return found;
  });
}
