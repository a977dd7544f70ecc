// The desk as people use it: Chromium against a real `convene run`. Screenshots go to $ARTEFACTS.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { Server } from "./server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.ARTEFACTS;
const copd = "J44.9", pressure = "I10", pain = "G89.4", unknown = "Z99.999";

let server, browser, people = {};

before(async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  server = await Server.start();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
});

after(async () => {
  await browser?.close();
  await server?.end();
});

// Whatever a page asks of elsewhere, or complains of, fails the test that opened it.
const complaints = [];
const watched = (page) => {
  page.on("request", (r) => { if (!r.url().startsWith(server.url)) complaints.push(`asks for ${r.url()}`); });
  page.on("console", (m) => { if (m.type() === "error" && !/Failed to load resource|ERR_/.test(m.text())) complaints.push(m.text()); });
  page.on("pageerror", (e) => complaints.push(e.message));
  return page;
};
const quiet = () => assert.deepEqual(complaints.splice(0), []);

// as opens a page of a person who has signed in once with their link.
async function as(person, options = {}) {
  if (!people[person]) {
    const context = await browser.newContext();
    const page = watched(await context.newPage());
    await page.goto(server.links[person]);
    assert.doesNotMatch(page.url(), /sign-in/);
    people[person] = await context.storageState();
    await context.close();
  }
  const context = await browser.newContext({ storageState: people[person], locale: "en-US", ...options });
  return watched(await context.newPage());
}

const rowOf = (key) => `#rows li:has(a[href="/referral/north/${key}"])`;

test("without a link nobody comes in, and a link works once", async () => {
  const page = watched(await (await browser.newContext()).newPage());
  assert.equal((await page.goto(server.url + "/now")).status(), 401);
  const link = server.links.vera;
  assert.equal((await page.goto(link)).status(), 200);
  const other = await (await browser.newContext()).newPage();
  assert.equal((await other.goto(link)).status(), 401);
  quiet();
});

let first, second, walker, review, offered;

test("a confirmation appears at once after its event", async () => {
  const page = await as("ana");
  await page.goto(server.url + "/now");
  await page.locator("#live-state[data-state=live]").waitFor();
  first = server.send("Okafor", copd);
  const began = Date.now();
  await page.locator(rowOf(first)).waitFor({ timeout: 5000 });
  const took = Date.now() - began;
  console.log(`# appeared ${took} ms after it was stored`);
  assert.ok(took < 1000, `${took} ms`);
  assert.match(await page.locator(rowOf(first)).innerText(), /Okafor, Testa/);
  second = server.send("Nguyen", copd);
  walker = server.send("Abara", pressure);
  review = server.send("Silva", unknown);
  offered = server.send("Diaz", pain);
  await page.locator(rowOf(offered)).waitFor();
  await page.locator("#counts .s-waitlisted strong", { hasText: "1" }).waitFor();
  quiet();
});

test("the list is narrowed by status and by text; the name stays out of address and title", async () => {
  const page = await as("ana");
  await page.goto(server.url + "/now");
  await page.getByLabel("Status").selectOption("waitlisted");
  await page.waitForURL(/status=waitlisted/);
  assert.equal(await page.locator("#rows li").count(), 1);
  await page.getByRole("link", { name: "Show all" }).click();
  await page.getByLabel("Name, key or words").fill("okafor");
  await page.keyboard.press("Enter");
  await page.waitForURL(/text=/);
  assert.equal(await page.locator("#rows li").count(), 1);
  assert.doesNotMatch(page.url(), /okafor/i);
  await page.locator(rowOf(first)).getByRole("link").first().press("Enter");
  await page.waitForURL(/\/referral\//);
  assert.doesNotMatch(await page.title() + page.url(), /okafor/i);
  quiet();
});

test("a story tells why, and why not the others", async () => {
  const page = await as("vera");
  await page.goto(`${server.url}/referral/north/${second}`);
  await page.getByText("Why not the others").click();
  await page.getByText("All seats are taken.").waitFor();
  await page.getByText("number 1 of 1 in line").waitFor();
  await page.getByText("As it came").first().click();
  await page.getByText("convene.referral.created").waitFor();
  assert.equal(await page.locator(".acts").count(), 0, "a viewer may not act");
  quiet();
});

test("a review is approved in spite of a rule, and the seat is taken", async () => {
  const page = await as("sam");
  await page.goto(server.url + "/needs");
  await page.locator(".q-review").getByRole("link", { name: /Silva/ }).click();
  await page.getByText("Place in spite of a rule").click();
  const form = page.locator('form[action*="override-place"]');
  await form.locator("select[name=group]").selectOption("walk-1");
  await form.getByRole("checkbox", { name: /no-overlap/ }).check();
  await form.getByLabel("Reason").fill("seen in clinic");
  await form.getByRole("button", { name: "See what it does" }).click();
  await form.locator(".effects").getByText("Placed").waitFor();
  await form.getByRole("button", { name: "Do it" }).click();
  await page.getByRole("status").getByText(/Done/).waitFor();
  await page.getByText("Sam Supra acted").waitFor();
  await page.goto(server.url + "/group/north/walk-1");
  assert.equal(await page.locator(".seats .seat.taken").count(), 2);
  quiet();
});

test("a leader takes attendance of the own group, and sees no other", async () => {
  const page = await as("lena");
  await page.goto(server.url + "/");
  await page.getByRole("link", { name: "Walking every day" }).click();
  await page.getByRole("group", { name: /Abara/ }).getByLabel("came").check();
  await page.locator(".attendance").getByRole("button", { name: "See what it does" }).click();
  await page.locator(".attendance .effects").getByText("Enrolled").waitFor();
  await page.getByRole("button", { name: "Do it" }).click();
  await page.getByRole("status").getByText(/Done/).waitFor();
  await page.locator("table").getByText("Enrolled").waitFor();
  for (const path of ["/now", "/needs", `/referral/north/${walker}`]) assert.equal((await page.goto(server.url + path)).status(), 403, path);
  assert.equal((await page.goto(server.url + "/group/north/copd-1")).status(), 404);
  quiet();
});

test("of two coordinators the second is told, and nothing is lost", async () => {
  const ana = await as("ana"), bo = await as("bo");
  for (const page of [ana, bo]) {
    await page.goto(`${server.url}/referral/north/${first}`);
    await page.getByText("Release the seat").click();
    const form = page.locator('form[action*="release"]');
    await form.getByLabel("Outcome").selectOption("closed");
    await form.getByLabel("Reason").fill("moved away");
    await form.getByRole("button", { name: "See what it does" }).click();
    await form.locator(".effects").getByText(second).waitFor(); // who moves up
  }
  await ana.getByRole("button", { name: "Do it" }).click();
  await ana.getByRole("status").getByText(/Done/).waitFor();
  await bo.getByRole("button", { name: "Do it" }).click();
  await bo.getByRole("alert").getByText("Ana Ruiz changed this referral").waitFor();
  await bo.goto(`${server.url}/referral/north/${second}`);
  await bo.locator(".placement .badge", { hasText: "Placed" }).waitFor();
  quiet();
});

test("a seat is added to a group, and of two editors the second is told", async () => {
  const sam = await as("sam"), late = await as("sam");
  for (const page of [sam, late]) {
    await page.goto(server.url + "/group/north/pain-1");
    await page.getByText("Change leader, seats, time").click();
    const form = page.locator('form[action="/catalog/north/change/preview"]');
    await form.getByLabel("Seats").fill(page === sam ? "7" : "8");
    await form.getByRole("button", { name: "See what it does" }).click();
    await form.locator(".diff .in").getByText(page === sam ? "max: 7" : "max: 8").waitFor();
  }
  await sam.getByRole("button", { name: "Put it in force" }).click();
  await sam.getByRole("status").waitFor();
  assert.equal(await sam.locator(".seats .seat").count(), 7);
  await late.getByRole("button", { name: "Put it in force" }).click();
  await late.getByRole("alert").getByText("Sam Supra changed the catalog").waitFor();
  quiet();
});

test("a group is added, a session left out, the start put off: with whom it concerns", async () => {
  const page = await as("sam");
  await page.goto(server.url + "/groups");
  await page.getByRole("link", { name: "Add a group" }).click();
  await page.getByLabel("Id, for the file").fill("copd-9");
  await page.locator("select[name=program]").selectOption("copd-ed");
  await page.locator("select[name=leader]").selectOption("omar");
  await page.getByLabel("Minimum to start").fill("1");
  await page.getByLabel("Seats").fill("3");
  await page.locator("select[name=site]").selectOption("hall");
  await page.locator("input[name=start]").fill("2046-01-09");
  await page.locator("input[name=time]").fill("09:30");
  await page.getByLabel("Sessions (empty: ongoing)").fill("6");
  await page.getByRole("button", { name: "See what it does" }).click();
  await page.locator(".diff .in").getByText("copd-9").waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  if (shots) await page.screenshot({ path: `${shots}/add-preview-1280-light.png`, fullPage: true });
  await page.getByRole("button", { name: "Put it in force" }).click();
  await page.getByRole("heading", { name: "Living with COPD" }).waitFor();
  await page.getByText("Leave this session out").click();
  const session = page.locator('form[action="/catalog/north/session/preview"]');
  await session.locator("select[name=session]").selectOption("2046-01-16");
  await session.getByLabel("Instead of it").selectOption("none");
  await session.getByRole("button", { name: "See what it does" }).click();
  await session.getByText("It concerns nobody").waitFor();
  await session.getByRole("button", { name: "Put it in force" }).click();
  await page.locator(".sessions li").nth(4).waitFor();
  assert.equal(await page.locator(".sessions li").count(), 5);
  quiet();
});

test("a session is moved, and the member's story tells it", async () => {
  const page = await as("sam");
  await page.goto(server.url + "/group/north/pain-1");
  await page.getByText("Move this session").click();
  const move = page.locator('form[action="/catalog/north/move/preview"]');
  const session = await move.locator("select[name=session] option").nth(2).getAttribute("value");
  const day = (n) => new Date(Date.parse(session) + n * 86_400_000).toISOString().slice(0, 10);
  await move.locator("select[name=session]").selectOption(session);
  await move.getByLabel("New day").fill(day(7));
  await move.getByRole("button", { name: "See what it does" }).click();
  await move.getByRole("alert").getByText("the group meets already on").waitFor();
  await move.getByLabel("New day").fill(day(2));
  await move.getByLabel("New time").fill("18:30");
  await move.getByRole("button", { name: "See what it does" }).click();
  await move.locator(".effects").getByText("is moved to").waitFor();
  await move.locator(".effects").getByText(offered).waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  if (shots) await page.screenshot({ path: `${shots}/move-preview-1280-light.png`, fullPage: true });
  await move.getByRole("button", { name: "Put it in force" }).click();
  await page.locator(".sessions li").nth(2).getByText("instead of").waitFor();
  const story = await as("ana");
  await story.goto(`${server.url}/referral/north/${offered}`);
  await story.locator(".story").getByText(/is moved to .*6:30 pm/).waitFor();
  quiet();
});

test("a leader and a place are added, and a group can have them", async () => {
  const page = await as("sam");
  await page.goto(server.url + "/groups");
  await page.getByRole("link", { name: "Programs, leaders, places" }).click();
  await page.getByRole("link", { name: "Add a leader" }).click();
  await page.getByLabel("Id, for the file").fill("mara");
  await page.getByLabel("Given names").fill("Mara");
  await page.getByLabel("Family name").fill("Novak");
  await page.getByLabel("Who it is").selectOption("professional");
  await page.getByLabel("Title").first().fill("RN");
  await page.getByLabel("State").first().fill("MA");
  await page.getByRole("button", { name: "See what it does" }).click();
  await page.getByRole("alert").getByText("a date is missing").waitFor();
  await page.getByLabel("Valid until").first().fill("2049-12-31");
  await page.getByRole("button", { name: "See what it does" }).click();
  await page.locator(".diff .in").getByText("Novak").waitFor();
  await page.getByRole("button", { name: "Put it in force" }).click();
  await page.getByText("RN, MA, until Dec 31, 2049").last().waitFor();
  await page.getByRole("link", { name: "Community Hall" }).click();
  await page.getByLabel("for wheelchairs").check();
  await page.getByRole("button", { name: "See what it does" }).click();
  await page.locator(".diff .in").getByText("access: [wheelchair]").waitFor();
  await page.getByRole("button", { name: "Put it in force" }).click();
  await page.getByText("for wheelchairs").waitFor();
  await page.goto(server.url + "/catalog/north/add");
  assert.equal(await page.locator("select[name=leader] option[value=mara]").innerText(), "Mara Novak");
  quiet();
});

test("a coordinator answers an offer for the patient, and changes no catalog", async () => {
  const page = await as("ana");
  await page.goto(`${server.url}/referral/north/${offered}`);
  await page.getByText("Accept the offer").click();
  const form = page.locator('form[action*="/accept/"]');
  await form.getByRole("button", { name: "See what it does" }).click();
  await form.locator(".effects").getByText("Placed").waitFor();
  await page.goto(server.url + "/group/north/pain-1");
  assert.equal(await page.getByText("Change the catalog").count(), 0);
  assert.equal((await page.goto(server.url + "/catalog/north/add")).status(), 403);
  quiet();
});

test("a list goes on after the server restarted, without loss or repeat", async () => {
  const page = await as("ana");
  await page.goto(server.url + "/now");
  await page.locator("#live-state[data-state=live]").waitFor();
  const before = await page.locator("#rows li").evaluateAll((l) => l.map((e) => e.id));
  await page.evaluate(() => { window.mark = true; });
  await server.stop();
  await page.locator("#live-state[data-state=away]").waitFor();
  await server.run();
  const missed = [server.send("Moreau", pressure), server.send("Haddad", pressure)];
  for (const key of missed) await page.locator(rowOf(key)).waitFor({ timeout: 15000 });
  const now = await page.locator("#rows li").evaluateAll((l) => l.map((e) => e.id));
  assert.deepEqual(now.slice(missed.length), before);
  assert.equal(new Set(now).size, now.length);
  assert.ok(await page.evaluate(() => window.mark), "the page was not loaded anew");
  complaints.length = 0; // of the server that was away
});

const pages = () => ({ now: "/now", needs: "/needs", groups: "/groups", group: "/group/north/walk-1", referral: `/referral/north/${second}`, offer: `/referral/north/${offered}`, add: "/catalog/north/add", items: "/catalog/north", program: "/catalog/north/new/program", leader: "/catalog/north/leader/omar", place: "/catalog/north/site/hall", audit: "/audit", nothing: "/nothing" });

for (const [width, height, locale] of [[320, 740, "es-US"], [1024, 768, "en-US"], [1920, 1080, "en-US"]])
  for (const colorScheme of ["light", "dark"])
    test(`every page is fit for everyone, ${width} px, ${colorScheme}`, async () => {
      const page = await as("sam", { viewport: { width, height }, colorScheme, locale });
      for (const [name, path] of Object.entries(pages())) {
        await page.goto(server.url + path);
        await page.evaluate(() => { for (const d of document.querySelectorAll("main details")) d.open = true; });
        await page.waitForLoadState("networkidle", { timeout: 1000 }).catch(() => {}); // a live list never is
        await page.evaluate(() => scrollTo(0, 0));
        if (shots) await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png`, fullPage: true });
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run());
        assert.deepEqual(violations.map((v) => `${name}: ${v.id}: ${v.nodes[0].html}`), []);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${name} is ${over} px too wide`);
        assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
      }
      await page.context().close();
      quiet();
    });

test("all of every page is reached by keyboard, and shows where it is", async () => {
  const page = await as("sam");
  for (const [name, path] of Object.entries(pages())) {
    await page.goto(server.url + path);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip", name);
    await page.keyboard.press("Enter");
    for (const closed of await page.locator("details:not([open]) > summary").all()) if (await closed.isVisible()) await closed.press("Enter");
    const missed = await page.evaluate(() => {
      const kinds = "a[href], button, input:not([type=hidden]):not([type=radio]), select, summary, [tabindex='0']";
      window.wanted = new Set([...document.querySelectorAll(kinds)].filter((e) => e.checkVisibility() && !e.disabled));
      document.body.tabIndex = -1;
      document.body.focus();
      return wanted.size;
    });
    const dim = [];
    for (let i = 0; i < missed + 40; i++) {
      await page.keyboard.press("Tab");
      const hidden = await page.evaluate(() => {
        const e = document.activeElement;
        wanted.delete(e);
        return e === document.body || getComputedStyle(e).outlineStyle !== "none" ? "" : e.outerHTML.slice(0, 120);
      });
      if (hidden) dim.push(hidden);
    }
    const left = await page.evaluate(() => [...wanted].filter((e) => e.isConnected).map((e) => e.outerHTML.slice(0, 120)));
    assert.deepEqual(left, [], name);
    assert.deepEqual(dim, [], `${name}: focus that does not show`);
  }
  quiet();
});

test("pages print without what only a screen needs", async () => {
  const page = await as("sam", { viewport: { width: 794, height: 1123 } });
  await page.emulateMedia({ media: "print" });
  for (const name of ["now", "needs", "group", "referral"]) {
    await page.goto(server.url + pages()[name]);
    for (const gone of [".top", ".filter", ".acts"]) for (const e of await page.locator(gone).all()) assert.ok(!(await e.isVisible()), `${name}: ${gone}`);
    assert.ok(await page.locator("h1").isVisible());
    if (shots) await page.screenshot({ path: `${shots}/${name}-print.png`, fullPage: true });
  }
  quiet();
});
