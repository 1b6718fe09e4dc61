// Every figure on the page is the ledger's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, figure, ledgerTotals, sendTemplate, talkTo, withPage, write } from "./stage.js";

const businesses = [
  { of: "a gateway", options: {}, ledger: process.env.LEDGER, sends: [["Maya", "parcel_delivery · utility · en_US"], ["Priya", "winter_offers · marketing · en_US"]] },
  { of: "guichet dev", options: { dev: true }, ledger: process.env.DEV_LEDGER, sends: [["Maya", "parcel_delivery · utility · en_US"], ["Priya", "appointment_reminder · utility · en_US"]] },
];

for (const { of, options, ledger, sends } of businesses) {
  test(`figures of ${of} are those of guichet ledger on the same folder`, () =>
    withPage(options, [["14155552671", "Maya Brooks"], ["919812345678", "Priya Nair"]], async (page) => {
      if (options.dev) {
        // The samples' account writes only to those who have written, and the window must be over.
        await write(page, "Maya Brooks", "Hello");
        await write(page, "Priya Nair", "Hello");
        await page.getByRole("button", { name: "Advance the clock by 25 hours" }).click();
        await page.getByText("templates only").waitFor();
      }
      for (const [name, template] of sends) {
        await talkTo(page, name);
        await sendTemplate(page, template);
      }
      await eventually(async () => {
        assert.equal(await figure(page, "reserved"), "0", "everything is settled");
        const { whole, categories, head } = ledgerTotals(ledger, await page.locator(".budget h2 small").textContent());
        assert.ok(whole.charged >= 2, "two messages at least were charged");
        assert.equal(await figure(page, "billed"), whole.billed);
        assert.equal(await figure(page, "messages"), String(whole.messages));
        const shown = await page.locator(".chart li").evaluateAll((lines) =>
          lines.map((line) => [line.dataset.category, line.querySelector("[data-figure=category]").textContent, parseInt(line.querySelector(".count").textContent, 10)]),
        );
        assert.deepEqual(shown.sort(), categories.map((one) => [one.category, one.billed, one.messages]).sort());
        await page.getByText(`${head.sequence} records`).waitFor({ timeout: 500 });
        const newest = await page.locator(".ledger .hash").first().getAttribute("title");
        assert.ok(newest.includes(head.hash), `${newest} is the head, ${head.hash}`);
      });
    }));
}
