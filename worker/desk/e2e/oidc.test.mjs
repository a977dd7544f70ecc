// Signing in where the organization does, in Chromium against a real `convene run` and a provider of this test's own; and what
// needs two people who are signed in.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { Issuer } from "./issuer.mjs";
import { Server } from "./server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.ARTEFACTS;

// What the provider says of each; the last four are not let in.
const claims = {
  "Sam Supra": { sub: "sam", name: "Sam Supra", groups: ["everyone", "chiefs"] },
  "Dana Cho": { sub: "cho", name: "Dana Cho", groups: ["psychiatrists"] },
  "Ned Nurse": { sub: "ned", name: "Ned Nurse", groups: ["nurses"] },
  "Wrong audience": { sub: "sam", name: "Sam Supra", groups: ["chiefs"], aud: "another-client" },
  "Another issuer": { sub: "sam", groups: ["chiefs"], iss: "https://elsewhere.example" },
  "Over already": { sub: "sam", groups: ["chiefs"], exp: 1_000_000_000 },
  "No role": { sub: "guest", groups: ["guests"] },
};

let issuer, server, browser;

before(async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  issuer = await Issuer.start(claims, "convene-desk", "not a secret");
  server = await Server.start({ issuer: issuer.url, client: "convene-desk", secret: "not a secret", grants: `
  - {value: chiefs, role: supervisor, function: nurse}
  - {value: psychiatrists, role: viewer, function: psychiatrist}
  - {value: nurses, role: viewer, function: Nurse}` });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
});

after(async () => {
  await browser?.close();
  await server?.end();
  await issuer?.end();
});

// signing in as somebody whom the provider knows; gives the page that it leads to.
async function signedIn(name, options = {}) {
  const page = await (await browser.newContext({ locale: "en-US", ...options })).newPage();
  assert.equal((await page.goto(server.url + "/now")).status(), 401);
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Clinic sign-in" }).waitFor();
  await page.getByRole("link", { name }).click();
  await page.waitForURL((u) => u.href.startsWith(server.url));
  return page;
}

async function fit(page, name) {
  for (const [width, height, colorScheme] of [[320, 740, "light"], [320, 740, "dark"], [1024, 768, "light"], [1024, 768, "dark"]]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    if (shots) await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    assert.deepEqual(violations.map((v) => `${name}: ${v.id}: ${v.nodes[0].html}`), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is too wide`);
  }
}

test("the provider's claim gives the role, and signing out ends it", async () => {
  const page = await signedIn("Sam Supra");
  await page.locator("summary", { hasText: "Sam Supra" }).click();
  await page.getByText("Supervisor: reads, acts, overrides").waitFor();
  assert.equal((await page.goto(server.url + "/catalog/north/add")).status(), 200);
  await page.locator("summary", { hasText: "Sam Supra" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("link", { name: "Sign in" }).waitFor();
  assert.equal((await page.goto(server.url + "/now")).status(), 401);
  await fit(page, "sign-in");

  const reader = await signedIn("Dana Cho");
  assert.equal((await reader.goto(server.url + "/now")).status(), 200);
  assert.equal((await reader.goto(server.url + "/catalog/north/add")).status(), 403);
});

for (const [name, status, says] of [["Wrong audience", 401, "Signing in did not work"], ["Another issuer", 401, "Signing in did not work"], ["Over already", 401, "Signing in did not work"], ["No role", 403, "No role at this desk"]])
  test(`not let in: ${name}`, async () => {
    const page = await signedIn(name);
    await page.getByRole("heading", { name: says }).waitFor();
    assert.equal((await page.goto(server.url + "/now")).status(), 401);
  });

test("a callback without its attempt is refused", async () => {
  const page = await (await browser.newContext()).newPage();
  assert.equal((await page.goto(server.url + "/sign-in/callback?code=x&state=y")).status(), 401);
});

test("two people, each from a session of their own, set a safety stop aside", async () => {
  const key = server.send("Okafor", "J44.9", "", "R45.851");
  const sam = await signedIn("Sam Supra"), ned = await signedIn("Ned Nurse"), dana = await signedIn("Dana Cho");
  await sam.goto(server.url + "/needs");
  await sam.locator(".q-stop").getByRole("link", { name: /Okafor/ }).click();
  await sam.getByText("Set a rule aside").click();
  const form = sam.locator('form[action$="/override/preview"]');
  await form.getByRole("checkbox", { name: /suicide_acute/ }).check();
  await form.getByLabel("Reason").fill("seen today, safe");
  await form.getByRole("button", { name: "See what it does" }).click();
  await form.locator(".effects").getByText("Placed").waitFor();
  assert.equal(await form.getByRole("button", { name: "Do it" }).count(), 0);
  await form.getByRole("button", { name: "Ask a second person" }).click();
  await sam.getByText("You have asked.").waitFor();
  assert.equal(await sam.getByRole("button", { name: "I agree" }).count(), 0, "the same person twice");
  await fit(sam, "second-own");

  await ned.goto(server.url + "/needs");
  await ned.locator(".q-second").getByRole("link", { name: /Look and decide/ }).click();
  await ned.getByText("Both of you decide in the same role").waitFor();
  assert.equal(await ned.getByRole("button", { name: "I agree" }).count(), 0);

  await dana.goto(server.url + "/needs");
  await fit(dana, "needs-second");
  await dana.locator(".q-second").getByRole("link", { name: /Look and decide/ }).press("Enter");
  await dana.getByText("You decide as Dana Cho, in the role psychiatrist.").waitFor();
  await fit(dana, "second");
  await dana.getByRole("button", { name: "I agree; do it" }).press("Enter");
  await dana.getByRole("status").getByText(/Done/).waitFor();
  await dana.getByText("and Dana Cho (psychiatrist) agreed").waitFor();
  assert.doesNotMatch(dana.url() + await dana.title(), /okafor/i);

  await sam.goto(server.url + "/audit");
  await sam.getByLabel("Key").fill(key);
  await sam.getByRole("button", { name: "Show" }).click();
  await sam.locator(".looks").getByText("Agreed as second person").waitFor();
  assert.doesNotMatch(sam.url(), new RegExp(`key=${key}\\b`));
  await fit(sam, "audit");
});
