// Every figure on the page is the ledger's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, figure, ledgerTotals, sendTemplate, talkTo, withPage } from "./stage.js";

test("figures are those of guichet ledger on the same folder", () =>
  withPage({}, [["14155552671", "Maya Brooks"], ["919812345678", "Priya Nair"]], async (page) => {
    await talkTo(page, "Maya");
    await sendTemplate(page, "parcel_delivery · utility · en_US");
    await talkTo(page, "Priya");
    await sendTemplate(page, "winter_offers · marketing · en_US");
    await eventually(async () => {
      assert.equal(await figure(page, "reserved"), "0", "everything is settled");
      const { whole, categories, head } = ledgerTotals();
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
