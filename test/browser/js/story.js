// The story of a parcel, told by clicking.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answer, choose, desk, eventually, figure, ledgerTotals, lineOf, phoneOf, picture, sendTemplate, talkTo, withPage, write,
} from "./stage.js";

const ana = ["5511987654321", "Ana Souza"];
const priya = ["919812345678", "Priya Nair"];

/** forecast is what the desk says of a message while it is being written. */
const forecast = (page) => desk(page).locator(".forecast");

test("a window opens, a text is refused, a template is priced", () =>
  withPage({}, [ana, priya], async (page) => {
    await write(page, "Ana Souza", "Where is my parcel?");
    await desk(page).getByRole("img", { name: /^Window open for 23 hours/ }).first().waitFor();
    await answer(page, "Ana Souza", "It left Recife this morning.");
    await phoneOf(page, "Ana Souza").getByText("It left Recife this morning.").waitFor();
    const free = lineOf(page, "It left Recife");
    await free.getByRole("img", { name: "read" }).waitFor();
    await free.getByText("free", { exact: true }).waitFor();

    await talkTo(page, "Priya");
    await desk(page).getByText("templates only").waitFor();
    await page.getByLabel("Message to Priya Nair").fill("Good morning");
    await forecast(page).getByText(/^131047: /).waitFor();
    await choose(page, "Template");
    await forecast(page).getByText(/USD now/).waitFor();
    await choose(page, "Text");
    await answer(page, "Priya Nair", "Good morning, Priya.");
    const refused = lineOf(page, "Good morning, Priya.");
    await refused.getByText("Refused · 131047").waitFor();
    assert.equal(await phoneOf(page, "Priya Nair").getByText("Good morning").count(), 0, "it never left");

    await sendTemplate(page, "parcel_delivery · utility · en_US", "Priya");
    await phoneOf(page, "Priya Nair").getByText("your parcel arrives on Monday").waitFor();
    await lineOf(page, "your parcel arrives").getByText("0.0014 USD").waitFor();
    await eventually(async () => assert.equal(await figure(page, "billed"), ledgerTotals().whole.billed));
    await choose(page, "Text");
    await picture(page, "page");

    await phoneOf(page, "Priya Nair").getByRole("button", { name: "Another day, please" }).click();
    await desk(page).getByRole("img", { name: /^Window open/ }).nth(1).waitFor();
    await answer(page, "Priya Nair", "Is Wednesday better?");
    await lineOf(page, "Is Wednesday better?").getByRole("img", { name: "read" }).waitFor();
  }));

test("pictures, cards and voices travel", () =>
  withPage({}, [ana, priya], async (page) => {
    const phone = phoneOf(page, "Ana Souza");
    await page.getByRole("button", { name: "Send a photo as Ana Souza" }).click();
    await page.getByRole("menuitem", { name: "A parcel" }).click();
    await desk(page).getByRole("img", { name: "Photo" }).first().waitFor();

    await page.getByRole("button", { name: "Record a voice note as Ana Souza" }).click();
    await page.getByRole("button", { name: "Send the voice note as Ana Souza" }).click();
    await desk(page).getByRole("button", { name: "Play the voice note" }).first().waitFor();

    await talkTo(page, "Ana");
    await sendTemplate(page, "parcel_photo · utility · en_US");
    await phone.getByText("we have left your parcel at the door").waitFor();
    await eventually(async () => {
      const width = await phone.getByRole("img", { name: "Photo" }).last().evaluate((image) => image.naturalWidth);
      assert.equal(width, 640, "the header's picture is there");
    });
    await phone.getByRole("button", { name: "Show the receipt" }).click();
    await page.getByText("Ana Souza would open https://acme.example/r").waitFor();

    await sendTemplate(page, "winter_offers · marketing · en_US");
    await phone.getByRole("button", { name: "Take ten" }).click();
    await lineOf(page, "Take ten").waitFor();

    await choose(page, "Question");
    await page.getByLabel("Message to Ana Souza").fill("Did it arrive?");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await phone.getByRole("button", { name: "Yes" }).click();
    await desk(page).locator(".line[data-mine=false]").filter({ hasText: "Yes" }).waitFor();
    await picture(page, "media");
  }));

test("a customer stops, blocks, and comes by an advertisement", () =>
  withPage({}, [["4915112345678", "Jonas Weber"]], async (page) => {
    const act = async (name) => {
      await page.getByRole("button", { name: "What else Jonas Weber can do" }).click();
      await page.getByRole("menuitem", { name }).or(page.getByRole("menuitemcheckbox", { name })).click();
    };
    await act("Tap an ad and write");
    await desk(page).getByText("came by an ad").waitFor();
    await answer(page, "Jonas Weber", "Welcome!");
    await desk(page).getByText(/ad: all free until/).waitFor();
    await lineOf(page, "Welcome!").getByText(/free entry point/).waitFor();

    await act("Stop offers");
    await desk(page).getByText("wants no offers").waitFor();
    await sendTemplate(page, "winter_offers · marketing · en_US");
    await lineOf(page, "two offers").getByText(/^(Refused|Failed) · 131050/).waitFor();

    await act("Block the business");
    await answer(page, "Jonas Weber", "Are you there?");
    await lineOf(page, "Are you there?").getByRole("img", { name: "sent" }).waitFor();
    assert.equal(await phoneOf(page, "Jonas Weber").getByText("Are you there?").count(), 0);

    await desk(page).getByRole("button", { name: "Block", exact: true }).click();
    await desk(page).getByText("blocked", { exact: true }).waitFor();
    await page.getByLabel("Write as Jonas Weber").fill("Hello?");
    await page.keyboard.press("Enter");
    await page.getByText("the business has blocked this phone").waitFor();
  }));

test("people write to a page on Messenger", () =>
  withPage({}, [ana], async (page) => {
    await page.getByRole("combobox", { name: "Business" }).selectOption({ label: "Acme on Messenger" });
    await write(page, "Ana Souza", "Are you on Messenger, too?");
    await answer(page, "Ana Souza", "We are.");
    await phoneOf(page, "Ana Souza").getByText("We are.").waitFor();
    await choose(page, "Question");
    await page.getByLabel("Message to Ana Souza").fill("Shall we go on here?");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await phoneOf(page, "Ana Souza").getByRole("button", { name: "Yes" }).click();
    await desk(page).locator(".line[data-mine=false]").filter({ hasText: "Yes" }).waitFor();
  }));

test("phones of both networks are side by side, on one bill", () =>
  withPage({ dev: true }, null, async (page) => {
    await phoneOf(page, "Ana Souza").getByText("Business on WhatsApp").waitFor();
    await phoneOf(page, "Léa Moreau").getByText("Business on Messenger").waitFor();
    await talkTo(page, "Léa");
    await page.getByLabel("Message to Léa Moreau").fill("Good morning");
    await forecast(page).getByText(/^10: /).waitFor();
    await answer(page, "Léa Moreau", "Good morning, Léa.");
    await lineOf(page, "Good morning, Léa.").getByText("Refused · 10").waitFor();

    await write(page, "Léa Moreau", "Where is my parcel?");
    await desk(page).getByRole("img", { name: /^Window open for 23 hours/ }).last().waitFor();
    await answer(page, "Léa Moreau", "It left Recife this morning.");
    const free = lineOf(page, "It left Recife");
    await free.getByRole("img", { name: "read" }).waitFor();
    await free.getByText(/^free service window · service/).waitFor();
    await page.getByText(/^\{"object":"page"/).first().waitFor();

    await page.getByRole("button", { name: "Advance the clock by 25 hours" }).click();
    await desk(page).getByText("templates only").waitFor();
    await choose(page, "Person");
    await page.getByLabel("Message to Léa Moreau").fill("Fatou here: it comes tomorrow.");
    await forecast(page).getByText(/^free: the service window is open/).waitFor();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await lineOf(page, "Fatou here").getByText(/^free service window · service/).waitFor();
    await sendTemplate(page, "parcel_waiting · utility · en_US");
    await lineOf(page, "waits for you at our counter").getByText(/^0 USD utility/).waitFor();
    await phoneOf(page, "Léa Moreau").getByRole("button", { name: "Keep it longer" }).click();
    await desk(page).locator(".line[data-mine=false]").filter({ hasText: "Keep it longer" }).waitFor();

    await page.getByRole("combobox", { name: "Whom the phone writes to" }).selectOption({ label: "Messenger · 108181820024680" });
    await page.getByLabel("Name of another person").fill("Kim Lee");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "What else Kim Lee can do" }).click();
    await page.getByRole("menuitem", { name: "Tap an ad and write" }).click();
    await talkTo(page, "Kim");
    await desk(page).getByText("came by an ad").waitFor();
    await desk(page).getByRole("img", { name: /^Window open for 167 hours/ }).waitFor();
    await answer(page, "Kim Lee", "Hello, Kim.");
    await phoneOf(page, "Kim Lee").getByText("Hello, Kim.").waitFor();
    await talkTo(page, "Léa");
    await picture(page, "messenger");
  }));

test("tomorrow is a button away", () =>
  withPage({ dev: true }, [ana], async (page) => {
    await write(page, "Ana Souza", "Where is my parcel?");
    await answer(page, "Ana Souza", "It left Recife this morning.");
    await lineOf(page, "It left Recife").getByText("free", { exact: true }).waitFor();

    await page.getByRole("button", { name: "Advance the clock by 25 hours" }).click();
    await desk(page).getByText("templates only").waitFor();
    await answer(page, "Ana Souza", "Are you at home?");
    await lineOf(page, "Are you at home?").getByText("Refused · 131047").waitFor();
    await sendTemplate(page, "parcel_delivery · utility · en_US");
    await lineOf(page, "your parcel will be delivered").getByText("0.0068 USD").waitFor();
  }));
